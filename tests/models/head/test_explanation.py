from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.evidence.baseline import FEATURES, RankTables
from models.evidence.tie_score import INPUT_NAMES, shipped
from models.features import BINS
from models.head.explanation import explain_account, explain_tie
from models.signals import ACCOUNT_FEATURES, SIGNALS, TIE_FEATURES
from schemas.alert import Evidence

IDS = {signal.id for signal in SIGNALS.values()}
SHIPPED = shipped()
PLACES = {name: place for place, name in enumerate(INPUT_NAMES)}


def explained(inputs: dict[str, float], adds: dict[str, float]) -> list[Evidence]:
    """What is said of a tie with these inputs and contributions; all others are 0."""
    columns = np.zeros((2, len(INPUT_NAMES)))
    for row, values in enumerate((inputs, adds)):
        for name, value in values.items():
            columns[row, PLACES[name]] = value
    return explain_tie(columns[0], columns[1])


def assert_well_said(evidence: list[Evidence]) -> None:
    weights = [piece.weight for piece in evidence]
    assert weights == sorted(weights, reverse=True)
    assert all(np.isfinite([piece.value, piece.baseline, piece.weight]).all() for piece in evidence)
    assert all(piece.signal in IDS and piece.text.strip() for piece in evidence)
    assert len({piece.text for piece in evidence}) == len(evidence)


@given(st.integers(0, 2**32))
def test_the_evidence_of_a_tie_is_told_strongest_first(seed: int) -> None:
    random = np.random.default_rng(seed)
    inputs = random.uniform(-0.5, 0.5, len(INPUT_NAMES))
    evidence = explain_tie(inputs, SHIPPED.contributions(inputs))
    assert len(evidence) <= 6
    assert all(piece.weight >= 0 for piece in evidence)
    assert_well_said(evidence)


def test_only_what_speaks_for_a_tie_is_told() -> None:
    adds = {"dominance": 1.0, "owners": 2.0, "hidden": -3.0, "age.level": 0.5, "pace.level": 0.0}
    evidence = explained({"dominance": 0.9, "age.level": -0.4}, adds)
    assert [piece.weight for piece in evidence] == [2.0, 1.0, 0.5]
    assert explained({}, {}) == []


def test_a_mean_rank_in_the_middle_is_not_told_however_alike_the_members_are() -> None:
    adds = {"age.alike": 3.0, "dominance": 1.0}
    [piece] = explained({"age.level": 0.05, "age.alike": 1.0, "dominance": 0.9}, adds)
    assert piece.weight == 1.0


def test_the_parts_of_an_account_feature_are_one_piece() -> None:
    adds = {"age.level": 1.0, "age.oddness": 0.75, "age.alike": -0.25, "dominance": 1.25}
    young, dominant = explained({"age.level": -0.4, "age.oddness": 0.4, "dominance": 0.9}, adds)
    assert (young.weight, dominant.weight) == (1.5, 1.25)
    assert (young.value, young.baseline) == (0.1, 0.5)
    assert young.text.startswith("young accounts: further out than 90% of comparable accounts")


def test_a_feature_is_told_by_the_side_on_which_it_lies() -> None:
    for level, words in ((0.3, "old accounts: further out than 80%"), (-0.3, "young accounts")):
        [piece] = explained({"age.level": level}, {"age.level": 1.0})
        assert piece.text.startswith(words)
    feature = next(feature for feature in TIE_FEATURES if feature.name == "dominance")
    for value, words in ((0.9, feature.many), (0.1, feature.few)):
        [piece] = explained({"dominance": value}, {"dominance": 1.0})
        assert (piece.text, piece.value, piece.baseline) == (words, value, feature.usual)


def test_members_that_are_alike_are_told_to_be() -> None:
    [alike] = explained({"age.level": -0.3, "age.alike": 0.8}, {"age.level": 1.0})
    [unlike] = explained({"age.level": -0.3, "age.alike": 0.1}, {"age.level": 1.0})
    assert alike.text == f"{unlike.text}, and alike among themselves"


@given(st.lists(st.integers(0, BINS - 1), min_size=FEATURES, max_size=FEATURES), st.integers(1, 9))
def test_the_evidence_of_an_account_is_told_furthest_out_first(ranks: list[int], most: int) -> None:
    evidence = explain_account(
        np.array(ranks, np.uint8), np.array(ranks, np.uint8), RankTables(), most
    )
    assert len(evidence) == most
    assert_well_said(evidence)
    furthest = sorted((abs(rank / 255 - 0.5) for rank in ranks), reverse=True)[:most]
    assert [piece.weight for piece in evidence] == [round(2.0 * one, 4) for one in furthest]


def test_an_account_is_told_in_values_beside_the_median() -> None:
    place = [feature.name for feature in ACCOUNT_FEATURES].index("age")
    feature = ACCOUNT_FEATURES[place]
    ranks, bins = np.full(FEATURES, 128, np.uint8), np.full(FEATURES, 99, np.uint8)
    ranks[place], bins[place] = 255, 200
    baseline = RankTables()
    baseline.medians[place] = 40.0
    [piece] = explain_account(bins, ranks, baseline, 1)
    assert piece.value == round(feature.value_at(200), 4)
    assert piece.baseline == round(feature.value_at(40), 4)
    assert piece.weight == 1.0
    assert piece.text == "old accounts: further out than 100% of comparable accounts"
