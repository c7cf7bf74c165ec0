from __future__ import annotations

import pytest

from bench.evasion_cost import Point, given_up
from bench.evasions import CONDITIONS, Cell, false_share, table, world
from stream.simulator.scenario import EVASIONS


def _cell(family: str, condition: str, leaked: float, false_alerts: int = 0) -> Cell:
    return Cell(family, condition, 1, "w", leaked, 1.0, 24, 4, false_alerts)


def _point(kept: float, alarmed_after: float | None) -> Point:
    return Point("drip", "none", 1, "w", kept * 5.6, kept, alarmed_after, 10)


def test_a_condition_is_an_evasion_by_half_or_none() -> None:
    for condition in CONDITIONS:
        scenario = world(("fragment", "hydra"), condition, 1).scenario
        expected = {condition: 0.5} if condition in EVASIONS else {}
        assert [plan.evasions for plan in scenario.campaigns] == [expected] * 2
        assert scenario.metadata_only == (condition == "metadata")


def test_the_median_is_over_evasions_alone() -> None:
    cells = [_cell("relay", *one) for one in (("none", 1.0), ("cover", 0.1), ("split", 0.3))]
    rows = [row for row in table(cells) if row.startswith("| `relay`")]
    assert rows == ["| `relay` | 100.0 % | 10.0 % | 30.0 % | 20.0 % |"]


def test_alerts_of_a_world_count_once() -> None:
    cells = [
        *(_cell(family, "cover", 0.1, false_alerts=1) for family in ("fragment", "hydra")),
        *(_cell(family, "split", 0.1) for family in ("fragment", "hydra")),
    ]
    assert false_share(cells) == pytest.approx(0.125)


def test_the_highest_rate_that_escapes_tells_what_is_given_up() -> None:
    points = [_point(1.0, 0.5), _point(0.1, None), _point(0.01, None)]
    assert given_up(points) == pytest.approx(0.9)
    assert given_up(points[:1]) is None
