"""Detection without a signal: what it alone could see is then unseen, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from bench.ablation import Judged, found_after, inputs_of, rows_without, without
from bench.detection import LEFT_OUT
from bench.ties import LabelledTies
from models.evidence.tie_score import INPUT_NAMES
from models.requests.kinds import TieKind
from models.signals import SIGNALS

FAMILIES = [family for pair in LEFT_OUT for family in pair]
TELLING = INPUT_NAMES.index("age.level")


def ties_of(seed: int, *, guilty: bool) -> LabelledTies:
    """Ties of noise; of campaigns, whose members are young, one in ten where there are any."""
    random = np.random.default_rng(seed)
    count = 2_400
    inputs = random.normal(0.0, 0.1, (count, len(INPUT_NAMES))).astype(np.float32)
    families = np.array([""] * count, dtype="U16")
    if guilty:
        families[::10] = np.resize(FAMILIES, count // 10)
        inputs[::10, TELLING] -= 3.0
    keys = (random.integers(1, 2**50, count).astype(np.uint64) << np.uint64(4)) | np.uint64(
        TieKind.FRAGMENT
    )
    epochs = np.sort(random.integers(0, 3_000, count))
    shares = np.where(families != "", 1.0, 0.0)
    return LabelledTies(epochs, keys, inputs, shares, families, np.full(count, 9), 4_000_000)


@pytest.fixture(scope="module")
def runs() -> list[LabelledTies]:
    return [ties_of(seed, guilty=seed < 3) for seed in range(5)]


@pytest.fixture(scope="module")
def judged() -> Judged:
    return Judged([ties_of(11, guilty=True)], [ties_of(12, guilty=False)])


def test_every_input_belongs_to_one_signal() -> None:
    places = np.concatenate([inputs_of(signal) for signal in SIGNALS])
    assert sorted(places.tolist()) == list(range(len(INPUT_NAMES)))


def test_a_signal_that_says_nothing_is_not_missed(runs: list[LabelledTies], judged: Judged) -> None:
    rows = list(rows_without("rhythm", runs, judged))
    assert [row["family"] for row in rows] == FAMILIES
    assert {row["found"] for row in rows} == {"1/1"}


def test_without_the_signal_that_tells_nothing_is_found(
    runs: list[LabelledTies], judged: Judged
) -> None:
    assert {row["found"] for row in rows_without("youth", runs, judged)} == {"0/1"}


def test_what_is_left_out_does_not_reach_the_tests_given() -> None:
    ties = ties_of(1, guilty=True)
    before = ties.inputs.copy()
    left = without(ties, inputs_of("youth"))
    assert (ties.inputs == before).all()
    assert not left.inputs[:, inputs_of("youth")].any()


def test_time_runs_from_the_first_test_of_the_campaign() -> None:
    ties = ties_of(2, guilty=True)
    own = ties.families == "drip"
    scores = np.where(own & (ties.epochs >= np.sort(ties.epochs[own])[5]), 1.0, -1.0)
    expected = (np.sort(ties.epochs[own])[5] - ties.epochs[own].min()) / 12
    assert found_after(ties, scores, "drip", 0.0) == pytest.approx(expected)
    assert found_after(ties, scores, "drip", 2.0) == float("inf")
