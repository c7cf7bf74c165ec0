from __future__ import annotations

import pytest

from models.evidence.calibration import Bulk
from tests.models.own_ties import bulk_at, calibrated, p_values, rates, untaught
from tests.models.references import REFERENCE

ROOMY = REFERENCE._replace(highest=Bulk(-3.0, 0.0))
"""A reference whose runs differed: in the worst, half of the tests reached -3, a tenth 0."""


@pytest.mark.parametrize("middle", [-9.0, -4.0, -3.0])
@pytest.mark.parametrize("width", [0.5, 2.0, 3.0])
def test_own_ties_within_what_attack_free_runs_show_change_nothing(
    middle: float, width: float
) -> None:
    calibration = calibrated(bulk_at(middle, width), reference=ROOMY)
    assert p_values(calibration) == p_values(untaught(ROOMY)) == p_values(untaught())
    assert rates(calibration) == rates(untaught(ROOMY)) == rates(untaught())


@pytest.mark.parametrize(("middle", "width"), [(-2.0, 3.0), (4.0, 1.5), (-3.0, 6.0), (-9.0, 12.0)])
def test_own_ties_beyond_what_attack_free_runs_show_draw_scores_back(
    middle: float, width: float
) -> None:
    calibration = calibrated(bulk_at(middle, width), reference=ROOMY)
    for beyond in (1.0, 2.0, 5.0):
        score = middle + beyond * width
        expected = REFERENCE.tests.at(min(-3.0 + beyond * min(3.0, width), score))
        assert calibration.p_value(score) == pytest.approx(expected)
    assert calibration.p_value(middle + width) > untaught().p_value(middle + width)
