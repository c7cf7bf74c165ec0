"""What an honest entity that stays odd, or an attacker who waits, must not be able to make."""

from __future__ import annotations

from math import log2

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.evidence import baseline
from models.evidence.baseline import FEATURES, RankTables
from models.features import BINS
from models.layouts import EDGE
from models.requests.batch import COHORTS
from models.ties.stage import TieStage
from models.wire.messages import TieBatch, TieOptions
from tests.stream.traffic import scored

OPTIONS = TieOptions(epoch_seconds=300, most_members=500)
TOLD = np.dtype([(name, np.uint64) for name in ("account", "owner", "payment", "network")])
TIE = np.uint64((77 << 4) + 1)
HALF_A_STEP = 0.5 / 255


def shown_by(accounts: NDArray[np.int64], requests: int) -> TieBatch:
    """One epoch in which so many accounts show one value, all of them utterly odd."""
    told = np.zeros(len(accounts), TOLD)
    told["account"] = accounts
    edges = np.zeros(len(accounts), EDGE)
    edges["slot"], edges["tie"] = np.arange(len(accounts)), TIE
    edges["count"] = requests
    each = np.full(len(accounts), requests, np.int32)
    ranks = np.full((len(accounts), FEATURES), 255, np.uint8)
    return TieBatch(told, each, ranks, True, edges, {})


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 50)), min_size=1, max_size=60),
    st.integers(0, 1000),
)
def test_a_tie_that_stays_odd_is_tested_once_a_doubling(
    epochs: list[tuple[int, int]], seed: int
) -> None:
    random = np.random.default_rng(seed)
    stage = TieStage(scored(), 10_000)
    tests = volume = 0
    members: set[int] = set()
    for epoch, (accounts, requests) in enumerate(epochs):
        chosen = random.choice(60, accounts, replace=False) + 1
        report = stage.close(epoch, [shown_by(chosen, requests)], OPTIONS)
        tests += int(report.ties.tested.sum())
        volume += accounts * requests
        members.update(chosen.tolist())
    assert tests <= 2 + log2(max(len(members), 1)) + log2(volume)


def test_twice_the_time_brings_one_test_more() -> None:
    def tests_within(epochs: int) -> int:
        stage = TieStage(scored(), 10_000)
        batch = shown_by(np.arange(1, 6), 1)
        closed = (stage.close(epoch, [batch], OPTIONS) for epoch in range(epochs))
        return sum(int(report.ties.tested.sum()) for report in closed)

    assert tests_within(288) >= 3
    assert tests_within(2 * 288) == tests_within(288) + 1


def bins_of(random: np.random.Generator, accounts: int) -> NDArray[np.uint8]:
    return random.integers(0, BINS, (accounts, FEATURES)).astype(np.uint8)


def mixed_ranks(tables: RankTables) -> NDArray[np.float64]:
    ranks = tables.tables()
    assert ranks is not None
    return ranks.astype(np.float64) / 255


@settings(max_examples=50)
@given(
    st.integers(100, 2_000), st.integers(0, 500), st.integers(1, 1_000), st.integers(0, BINS - 1),
    st.integers(0, 1000),
)  # fmt: skip
def test_patient_attackers_move_ranks_by_no_more_than_their_share(
    honest: int, peers: int, attackers: int, where: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    ranks = RankTables()
    ranks.add(np.zeros(honest, np.intp), bins_of(random, honest))
    ranks.add(np.ones(peers, np.intp), bins_of(random, peers))
    before = mixed_ranks(ranks)
    # Accounts that nothing flags, all alike, on one plan: the most that they can teach.
    ranks.add(np.ones(attackers, np.intp), np.full((attackers, FEATURES), where, np.uint8))
    moved = np.abs(mixed_ranks(ranks) - before).max(axis=(1, 2))
    of_all = attackers / (honest + peers + attackers)
    of_plan = attackers / (peers + attackers + baseline._PARENT_WEIGHT)
    assert moved[1] <= of_plan + of_all + 2 * HALF_A_STEP
    others = np.delete(moved, 1)
    assert len(others) == COHORTS - 1
    assert others.max() <= of_all + 2 * HALF_A_STEP
