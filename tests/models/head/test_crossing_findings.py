from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from models.evidence.budget import Budget
from models.head.allowlist import AllowList
from models.head.cluster import Cluster
from models.head.clusters import Clusters
from models.head.crossing_findings import CrossingFindings
from models.head.tie_finding import TieFinding
from models.options import AllowEntry, BudgetOptions
from models.requests.kinds import TieKind
from models.wire.messages import CROSSING, Holder, TieReport
from models.wire.state import decode_state, encode_state

PER_DAY = 288.0


def findings(
    allow: Iterable[AllowEntry] = (), clusters: Clusters | None = None
) -> CrossingFindings:
    """With a hundred thousand requests a day behind it."""
    budget = Budget(BudgetOptions(), PER_DAY)
    for _ in range(288):
        budget.pass_epoch(1, 100_000 // 288, 1)
    return CrossingFindings(budget, AllowList(allow, int, int), clusters or Clusters(), PER_DAY)


def key(value: int) -> int:
    return 16 * value + TieKind.SIGNATURE


def report(pairs: Iterable[tuple[int, int]]) -> TieReport:
    """Each of a pair of accounts presents a signature that was issued to the other."""
    rows = np.array(
        [
            (key(1 + issued * 10_000 + other), one, one == issued)
            for first, second in pairs
            for issued, other in ((first, second), (second, first))
            for one in (first, second)
        ],
        CROSSING,
    )
    return TieReport(None, 0, 0, 0, rows)  # type: ignore[arg-type]  # the ties are not looked at


def find(
    crossing: CrossingFindings, pairs: Iterable[tuple[int, int]], *, learning: bool = False
) -> list[TieFinding]:
    crossing.find(6, 0, [report(pairs)], learning=True)
    holders = {one: Holder(str(one), 1, 0, 0, "", 0, owner=one) for one in range(1, 2_000)}
    crossing.crossings.learn(holders)
    return crossing.find(7, 0, [report([])], learning=learning)


def chain(accounts: int, first: int = 1) -> list[tuple[int, int]]:
    return [(account, account + 1) for account in range(first, first + accounts - 1)]


def test_a_pool_stands_out_with_all_its_accounts() -> None:
    [tie] = find(findings(), chain(8))
    assert tie.accounts.tolist() == list(range(1, 9))
    assert tie.stands_out
    assert tie.causes == 7
    assert 0.0 < tie.p_value <= tie.q_value < 0.1


def test_a_pool_of_any_size_has_finite_evidence() -> None:
    [tie] = find(findings(), chain(1_300))
    assert tie.causes == 1_299
    assert 0.0 < tie.p_value <= 1.0
    assert np.isfinite(tie.score)


def test_a_few_who_pass_on_a_conversation_do_not() -> None:
    assert find(findings(), chain(4)) == []
    assert find(findings(), [(1, 2)] * 9) == []


def test_nothing_is_found_while_the_population_is_being_learned() -> None:
    crossing = findings()
    assert find(crossing, chain(8), learning=True) == []
    assert len(crossing.find(8, 0, [report([])], learning=False)) == 1


def test_where_conversations_often_move_more_is_asked_for() -> None:
    pairs = [(account, account + 1) for account in range(20, 98, 2)]
    assert find(findings(), [*chain(8), *pairs]) == []
    assert len(find(findings(), [*chain(19), *pairs])) == 1


def test_what_operators_vouch_for_is_left_out() -> None:
    def allowed(*values: int) -> list[AllowEntry]:
        return [
            AllowEntry(
                kind="account", value=str(value), reason="a router", owner="ada", expires=10**18
            )
            for value in values
        ]

    [tie] = find(findings(allowed(1)), chain(9))
    assert tie.accounts.tolist() == list(range(2, 10))
    assert find(findings(allowed(1, 2, 3, 4, 5)), chain(8)) == []
    star = [(1, customer) for customer in range(2, 10)]
    assert [len(find(findings(allow), star)) for allow in ([], allowed(1))] == [1, 0]


def test_a_dismissed_group_does_not_come_back_when_it_grows() -> None:
    clusters = Clusters()
    crossing = findings(clusters=clusters)
    [tie] = find(crossing, chain(8))
    cluster = Cluster("pool", 7, 7, tie.key, 1.0, 1.0)
    clusters.put(cluster, tie, 7)
    assert crossing.holds(tie.key)
    clusters.let_go(cluster)
    assert find(crossing, chain(6, first=8)) == []


def test_a_dismissed_group_does_not_come_back_when_what_it_was_found_by_is_old() -> None:
    later = 8 + 15 * 288
    found = []
    for dismissed in (True, False):
        clusters = Clusters()
        crossing = findings(clusters=clusters)
        [tie] = find(crossing, chain(8))
        if dismissed:
            cluster = Cluster("pool", 7, 7, tie.key, 1.0, 1.0)
            clusters.put(cluster, tie, 7)
            clusters.let_go(cluster)
        pairs = [(account, account + 2) for account in range(1, 12)]
        crossing.find(later, 0, [report(pairs)], learning=True)
        holders = {one: Holder(str(one), 1, 0, 0, "", 0, owner=one) for one in range(1, 20)}
        crossing.crossings.learn(holders)
        crossing.expire(later)
        found.append(bool(crossing.find(later + 1, 0, [report([])], learning=False)))
    assert found == [False, True]


def test_a_dismissed_group_does_not_come_back_when_its_first_account_only_gives() -> None:
    later = 8 + 15 * 288
    clusters = Clusters()
    crossing = findings(clusters=clusters)
    [tie] = find(crossing, chain(8))
    cluster = Cluster("pool", 7, 7, tie.key, 1.0, 1.0)
    clusters.put(cluster, tie, 7)
    clusters.let_go(cluster)
    crossing.crossings.expire(later, clusters.dismissed)
    assert find(crossing, chain(8, first=2)) == []


def test_the_state_goes_on_where_it_stood() -> None:
    one, other = findings(), findings()
    assert len(find(one, chain(8))) == 1
    other.load(decode_state(encode_state(one.dump())))
    again = [find(each, chain(9)) for each in (one, other)]
    assert [tie.accounts.tolist() for tie in again[0]] == [
        tie.accounts.tolist() for tie in again[1]
    ]
    assert encode_state(other.dump()) == encode_state(one.dump())
