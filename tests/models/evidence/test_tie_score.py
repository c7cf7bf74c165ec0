from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.evidence.tie_score import INPUT_NAMES, TieScore, read_score, shipped
from models.requests.kinds import TieKind
from models.signals import ACCOUNT_FEATURES
from tests.models.references import REFERENCE

Inputs = NDArray[np.float64]

FILE = """
[reference.tests]
values = [0.5, 0.1, 0.001]
scores = [-4.0, -2.0, 3.0]
scale = 1.5
[reference.epochs]
values = [100.0, 1.0]
scores = [1.0, 5.0]
scale = 1.0
[kinds]
fragment = -3.0
payment = 1.5
[weights]
"age.level" = -2.0
dominance = 4.0
"""


def key_of(kind: TieKind, value: int = 77) -> int:
    return value << 4 | kind


def scores(score: TieScore, keys: list[int], inputs: Inputs) -> list[float]:
    found: list[float] = score.score(np.array(keys, np.uint64), inputs).tolist()
    return found


def inputs_with(**values: float) -> Inputs:
    row = np.zeros((1, len(INPUT_NAMES)))
    for name, value in values.items():
        row[0, INPUT_NAMES.index(name.replace("__", "."))] = value
    return row


def test_a_score_is_its_kind_and_its_weighted_inputs() -> None:
    score = read_score(FILE)
    row = inputs_with(age__level=-0.5, dominance=0.25, members=9.0)
    assert scores(score, [key_of(TieKind.FRAGMENT)], row) == [-3.0 + 1.0 + 1.0]
    assert scores(score, [key_of(TieKind.PAYMENT)], row) == [1.5 + 1.0 + 1.0]


def test_kinds_that_are_missing_are_not_scored() -> None:
    score = read_score(FILE)
    unscored = [kind for kind in TieKind if kind not in {TieKind.FRAGMENT, TieKind.PAYMENT}]
    row = np.repeat(inputs_with(dominance=1e6), len(unscored), axis=0)
    keys = [key_of(kind) for kind in unscored]
    assert scores(score, keys, row) == [float("-inf")] * len(unscored)


@given(st.integers(0, 1_000), st.integers(1, 40))
def test_a_tie_scores_the_same_in_any_company(seed: int, ties: int) -> None:
    random = np.random.default_rng(seed)
    weights = dict(zip(INPUT_NAMES, random.normal(0, 3, len(INPUT_NAMES)).tolist(), strict=True))
    score = TieScore(weights, {"tools": 0.3, "shape": -0.7}, REFERENCE)
    keys = [key_of(TieKind(int(kind)), 5) for kind in random.choice([6, 7], ties)]
    inputs = random.normal(0, 1, (ties, len(INPUT_NAMES)))
    alone = [scores(score, [keys[row]], inputs[row : row + 1])[0] for row in range(ties)]
    assert scores(score, keys, inputs) == alone


def test_contributions_add_up_to_the_score() -> None:
    score = shipped()
    inputs = np.random.default_rng(2).uniform(-1, 1, (1, len(INPUT_NAMES)))
    fragment = [key_of(TieKind.FRAGMENT)]
    base = scores(score, fragment, np.zeros_like(inputs))[0]
    added = score.contributions(inputs[0]).sum()
    assert scores(score, fragment, inputs)[0] == pytest.approx(base + added)


def test_affinity_follows_the_levels_of_an_account() -> None:
    score = TieScore({"age.level": -2.0, "dominance": 50.0}, {"fragment": 0.0}, REFERENCE)
    place = [feature.name for feature in ACCOUNT_FEATURES].index("age")
    ranks = np.full((3, len(ACCOUNT_FEATURES)), 128, np.uint8)
    ranks[:, place] = [0, 128, 255]
    young, middling, old = score.affinity(ranks).tolist()
    assert young == pytest.approx(1.0, abs=0.02)
    assert middling == pytest.approx(0.0, abs=0.02)
    assert old == pytest.approx(-1.0, abs=0.02)


def test_weights_of_unknown_inputs_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"agee\.level, zeal"):
        TieScore({"zeal": 1.0, "agee.level": 1.0, "age.level": 1.0}, {}, REFERENCE)


WITH_BULK = FILE.replace("[kinds]", "[reference.bulk]\nmiddle = -3.5\nupper = -1.0\n[kinds]")


def test_a_file_may_say_how_high_the_bulk_of_its_runs_lay() -> None:
    assert read_score(WITH_BULK).reference.bulk == (-3.5, -1.0)
    assert read_score(FILE).reference.bulk == pytest.approx((-4.0, -2.0))


@pytest.mark.parametrize("upper", ["-3.5", "-3.4", "nan", '"high"'])
def test_a_bulk_without_width_is_refused(upper: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_score(WITH_BULK.replace("upper = -1.0", f"upper = {upper}"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FILE, "[reference"),
        (FILE, ""),
        (FILE, "reference = 3\nweights = {}\nkinds = {}\n"),
        ("dominance", "dominanze"),
        ("dominance = 4.0", 'dominance = "much"'),
        ("payment", "planet"),
        ("fragment = -3.0", 'fragment = "much"'),
        ("[reference.epochs]", "[reference.epoch]"),
        ("scale = 1.0", ""),
        ("scale = 1.0", "scale = 0.0"),
        ("scale = 1.0", 'scale = "wide"'),
        ("scale = 1.0", "scale = 1.0\nwidth = 2.0"),
        ("values = [0.5, 0.1, 0.001]", "values = [0.5, 0.1]"),
        ("values = [0.5, 0.1, 0.001]", "values = [0.1, 0.5, 0.001]"),
        ("scores = [1.0, 5.0]", "scores = [5.0, 1.0]"),
    ],
)
def test_a_file_that_holds_no_score_is_refused(old: str, new: str) -> None:
    assert old in FILE
    with pytest.raises(ValueError, match=r"."):
        read_score(FILE.replace(old, new))


def test_the_shipped_score_scores_every_kind_and_knows_what_that_means() -> None:
    score = shipped()
    keys = [key_of(kind) for kind in TieKind]
    found = scores(score, keys, np.zeros((len(keys), len(INPUT_NAMES))))
    assert np.isfinite(found).all()
    assert np.isfinite(score.weights).all()
    assert np.count_nonzero(score.weights) > 10
    assert score.reference.bulk.middle < score.reference.bulk.upper
    assert score.reference.tests.score_at(1e-3) < score.reference.tests.score_at(1e-6)
