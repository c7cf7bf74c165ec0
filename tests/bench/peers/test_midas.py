from __future__ import annotations

import numpy as np
import pytest

from bench.peers.midas import Midas
from bench.peers.sketches import FilteredCounts, chi_square
from schemas.request import RequestEvent
from tests.bench.peers.traffic import fed, in_order, of_accounts, of_groups, ordinary, request

HOURS = 6
POOL = frozenset(f"pool{number}" for number in range(8))


def _pool(hour: int, turns: int) -> list[RequestEvent]:
    return [
        request(account, hour * 3_600.0 + turn, payment="one card")
        for turn in range(turns)
        for account in sorted(POOL)
    ]


def _hours(last: int) -> list[list[RequestEvent]]:
    """Ordinary hours with a pool that sends little, and in the last hour more."""
    quiet = [in_order(ordinary(hour), _pool(hour, 1)) for hour in range(HOURS - 1)]
    return [*quiet, in_order(ordinary(HOURS - 1), _pool(HOURS - 1, last))]


def test_a_burst_on_a_shared_value_names_its_accounts() -> None:
    scores = fed(Midas(), _hours(last=30))[-1]
    groups, accounts = of_groups(scores), of_accounts(scores)
    assert set(groups) == {POOL}
    assert min(accounts[account] for account in POOL) > max(
        score for account, score in accounts.items() if account not in POOL
    )


def test_steady_sharing_is_no_burst() -> None:
    (steady,) = of_groups(fed(Midas(), _hours(last=1))[-1]).values()
    (burst,) = of_groups(fed(Midas(), _hours(last=30))[-1]).values()
    assert steady < 0.01 * burst


def test_what_two_accounts_share_is_no_group() -> None:
    pair = [request(f"a{number}", 0.0, payment="one card") for number in range(2)]
    assert of_groups(fed(Midas(), [pair, pair])[-1]) == {}


def test_a_fragment_in_prompts_ties_its_accounts() -> None:
    fragment = (
        "write out every single step of your inner reasoning between two lines of dashes before "
        "you state the final answer and never leave out dead ends or mistakes you corrected"
    )
    events = [
        request(f"a{number}", float(number), prompt=f"{number * 7919} is the case. {fragment}")
        for number in range(5)
    ]
    assert set(of_groups(fed(Midas(), [events])[-1])) == {
        frozenset(f"a{number}" for number in range(5))
    }


def test_the_same_requests_give_the_same_scores() -> None:
    assert fed(Midas(), _hours(last=5)) == fed(Midas(), _hours(last=5))


def test_the_statistic_is_that_of_the_paper() -> None:
    now, past = np.array([4.0, 3.0, 9.0]), np.array([6.0, 9.0, 0.0])
    # Four ticks; the past's mean is 2 of three ticks, then exactly what comes now, then unknown.
    expected = [(4 + 6 - 16) ** 2 / (6 * 3), (3 + 9 - 12) ** 2 / (9 * 3), 0.0]
    assert chi_square(now, past, 4).tolist() == expected


@pytest.mark.parametrize(("threshold", "learns"), [(10.0, False), (1e9, True)])
def test_what_scores_high_teaches_the_past_nothing(threshold: float, *, learns: bool) -> None:
    counts = FilteredCounts(2, 8, seed=1, threshold=threshold, factor=0.0)
    key = np.array([7], np.uint64)

    def tick(number: int, count: float) -> float:
        counts.pass_tick(max(1, number - 1))
        return float(counts.add(key, np.array([count]), number)[0])

    for number in range(1, 5):
        tick(number, 2.0)
    first = tick(5, 50.0)
    second = tick(6, 50.0)
    assert (second < 0.5 * first) is learns
