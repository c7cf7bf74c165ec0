from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from river.anomaly import HalfSpaceTrees

from models.evidence import baseline
from models.evidence.baseline import FEATURES, Population, RankTables
from models.features import BINS
from models.requests.batch import COHORTS
from models.signals import ACCOUNT_FEATURES
from models.wire.state import decode_state, encode_state

Counts = tuple[NDArray[np.intp], NDArray[np.uint8]]
Ranks = NDArray[np.uint8]

NAMES = [feature.name for feature in ACCOUNT_FEATURES]


def counts(seed: int, cohorts: dict[int, int]) -> Counts:
    """Accounts of some cohorts with random bins of every feature."""
    random = np.random.default_rng(seed)
    rows, bins = [np.empty(0, np.intp)], [np.empty((0, FEATURES), np.uint8)]
    for cohort, accounts in cohorts.items():
        drawn = random.normal(90 + 20 * cohort, 30, (accounts, FEATURES))
        rows.append(np.full(accounts, cohort, np.intp))
        bins.append(np.clip(drawn, 0, BINS - 1).astype(np.uint8))
    return np.concatenate(rows), np.concatenate(bins)


def tables_of(*counted: Counts) -> Ranks:
    ranks = RankTables()
    for each in counted:
        ranks.add(*each)
    tables = ranks.tables()
    assert tables is not None
    return tables


@settings(max_examples=25)
@given(
    st.integers(0, 1000),
    st.dictionaries(st.integers(0, COHORTS - 1), st.integers(0, 300), min_size=1),
)
def test_ranks_never_fall_with_the_bin(seed: int, cohorts: dict[int, int]) -> None:
    tables = tables_of(counts(seed, {**cohorts, 0: 150}))
    assert tables.dtype == np.uint8
    assert tables.shape == (COHORTS, FEATURES, BINS)
    assert (np.diff(tables.astype(int), axis=2) >= 0).all()


def test_ranks_are_those_of_the_cohort_where_it_is_large() -> None:
    tables = tables_of(counts(1, {0: 20_000, 4: 20_000}))
    medians = [int(np.searchsorted(tables[cohort, 0], 128)) for cohort in (0, 4)]
    assert medians == pytest.approx([90, 170], abs=5)
    assert (tables[0, :, 0] < 3).all()
    assert (tables[0, :, -1] > 252).all()


def test_a_small_cohort_is_drawn_to_the_whole() -> None:
    large = counts(2, {0: 20_000})
    whole = tables_of(large)
    alone, few, many = (tables_of(large, counts(3, {4: size})) for size in (0, 20, 4_000))
    far = [np.abs(tables[4].astype(int) - whole[0]).mean() for tables in (alone, few, many)]
    assert far[0] <= 1.0
    assert far[0] < far[1] < far[2]
    assert far[1] < 0.3 * far[2]


def test_too_few_accounts_rank_nobody() -> None:
    ranks = RankTables()
    ranks.add(*counts(4, {0: 60, 1: 39}))
    assert ranks.tables() is None
    ranks.add(*counts(5, {2: 1}))
    assert ranks.tables() is not None


def test_old_accounts_fade_to_half_in_three_days() -> None:
    ranks = RankTables()
    ranks.add(*counts(6, {0: 150}))
    for _ in range(72):
        ranks.fade()
    assert ranks.tables() is None
    ranks.add(*counts(6, {0: 26}))
    assert ranks.tables() is not None


def test_loaded_ranks_are_the_same() -> None:
    ranks, loaded = RankTables(), RankTables()
    ranks.add(*counts(7, {0: 500, 3: 20}))
    ranks.fade()
    loaded.load(decode_state(encode_state({"it": ranks.dump()}))["it"])
    for one in (ranks, loaded):
        one.add(*counts(8, {1: 77}))
    assert np.array_equal(loaded.tables(), ranks.tables())  # type: ignore[arg-type]  # both are ready


def points(seed: int, count: int) -> Ranks:
    return np.random.default_rng(seed).integers(0, 256, (count, FEATURES), np.uint8)


def named(row: Ranks) -> dict[str, float]:
    """A point as river takes it."""
    return dict(zip(NAMES, (row / 255.0).tolist(), strict=True))


def test_the_arrays_score_as_river_does() -> None:
    model = HalfSpaceTrees(
        n_trees=baseline._TREES,
        height=baseline._HEIGHT,
        window_size=baseline._WINDOW,
        seed=baseline._SEED,
    )
    learned, asked = points(1, 3 * baseline._WINDOW + 50), points(2, 300)
    # Half of the sample lies together, as ordinary accounts do.
    learned[::2] = np.clip(learned[::2] // 8 + 100, 0, 255)
    asked[::3] = np.clip(asked[::3] // 8 + 100, 0, 255)
    population = Population()
    population.learn(learned)
    for row in learned:
        model.learn_one(named(row))  # type: ignore[no-untyped-call]  # river tells no types
    expected = [
        model.score_one(named(row))  # type: ignore[no-untyped-call]  # as above
        for row in asked
    ]
    assert population.arrays is not None
    scores = population.arrays.score(asked)
    assert len(set(scores.tolist())) > 50
    assert np.abs(scores - expected).max() <= 1e-12
    assert ((scores >= 0) & (scores <= 1)).all()


def test_nothing_is_scored_before_the_first_window() -> None:
    population = Population()
    population.learn(points(3, baseline._WINDOW - 1))
    assert population.arrays is None
    population.learn(points(4, 1))
    assert population.arrays is not None


def test_cuts_of_the_sample_do_not_show() -> None:
    rows = points(5, 700)
    whole, cut = Population(), Population()
    whole.learn(rows)
    for first in range(0, len(rows), 64):
        cut.learn(rows[first : first + 64])
    asked = points(6, 100)
    assert whole.arrays is not None
    assert cut.arrays is not None
    assert np.array_equal(whole.arrays.score(asked), cut.arrays.score(asked))


@pytest.mark.parametrize("known", [100, 256, 300, 700, 1_100])
def test_a_loaded_population_goes_on_as_before(known: int) -> None:
    population, loaded = Population(), Population()
    population.learn(points(7, known))
    loaded.load(decode_state(encode_state(population.dump())))
    asked, more = points(8, 100), points(9, 600)
    for rows in (more[:0], more):
        for one in (population, loaded):
            one.learn(rows)
        assert (population.arrays is None) is (loaded.arrays is None)
        if population.arrays is not None and loaded.arrays is not None:
            assert np.array_equal(loaded.arrays.masses, population.arrays.masses)
            assert np.array_equal(loaded.arrays.score(asked), population.arrays.score(asked))
    assert population.arrays is not None


def test_a_feature_that_is_not_known_yet_ranks_everybody_in_the_middle() -> None:
    ranks = RankTables()
    ranks.add(*counts(6, {0: 500}))
    state = ranks.dump()
    state["histogram"][:, 2] = 0.0
    ranks.load(state)
    tables = ranks.tables()
    assert tables is not None
    assert (tables[:, 2] == baseline.MIDDLE).all()
    assert (tables[:, 3, -1] > 250).all()


def test_a_feature_of_everyone_is_ranked_the_same_in_every_cohort() -> None:
    tables = tables_of(counts(7, {0: 5_000, 4: 5_000}))
    everyone = np.array([feature.everyone for feature in ACCOUNT_FEATURES])
    assert (tables[0, everyone] == tables[4, everyone]).all()
    assert (tables[0, ~everyone] != tables[4, ~everyone]).any()
