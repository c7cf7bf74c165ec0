"""Which listed ties come to something, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from models.evidence.budget import Budget
from models.evidence.calibration import Calibration
from models.evidence.tie_score import INPUT_NAMES, TieScore
from models.head.allowlist import AllowList
from models.head.announcer import Announcer
from models.head.placing import Placing
from models.options import AllowEntry, BudgetOptions
from models.requests.kinds import TieKind
from models.signals import ACCOUNT_FEATURES
from models.tie_layouts import MEMBER
from models.ties.stage import STATISTICS
from models.wire import messages
from models.wire.messages import TieReport
from tests.models.references import REFERENCE

PER_DAY = 288.0
ODD, FAIR = 14.0, 0.0
FOR_EVER = 2**62


def placing(*allowed: AllowEntry) -> Placing:
    score = TieScore({"dominance": 2.0}, {"fragment": 0.0}, REFERENCE)
    budget = Budget(BudgetOptions(), PER_DAY)
    budget.pass_epoch(1, 1_000, 10)
    announcer = Announcer(300, 120, score)
    calibration = Calibration(REFERENCE, 576, PER_DAY)
    return Placing(score, calibration, budget, AllowList(allowed, int, int), announcer, PER_DAY)


def key(value: int, kind: TieKind = TieKind.FRAGMENT) -> int:
    return value << 4 | kind


def report(
    ties: Iterable[tuple[int, Iterable[int], float]],
    *,
    tested: bool = True,
    issued: Iterable[int] = (),
) -> TieReport:
    """Ties with their accounts and scores, by key."""
    rows = [(one, list(accounts), score) for one, accounts, score in sorted(ties)]
    statistics = np.zeros(len(rows), STATISTICS)
    statistics["tie"] = [one for one, _, _ in rows]
    listed = [account for _, accounts, _ in rows for account in accounts]
    members = np.zeros(len(listed), MEMBER)
    members["account"], members["count"], members["ranked"] = listed, 2, 1
    members["issued"] = np.isin(listed, list(issued))
    members["ranks"] = 200
    return TieReport(
        messages.TestedTies(
            statistics,
            np.array([score for _, _, score in rows]),
            np.zeros((len(rows), len(INPUT_NAMES))),
            np.full(len(rows), 3, np.int32),
            np.full(len(rows), tested),
            members,
            np.cumsum([len(accounts) for _, accounts, _ in rows]),
            {one: f"client {one}" for one, _, _ in rows},
        ),
        0, 0, 0,
    )  # fmt: skip


def changed(
    stage: Placing, *reports: TieReport, epoch: int = 7, learning: bool = False
) -> dict[int, set[int]]:
    """Ties that clusters which changed in an epoch hold, each with its accounts."""
    clusters = stage.judge(epoch, reports, learning=learning).values()
    return {
        one: set(tie.accounts.tolist()) for cluster in clusters for one, tie in cluster.ties.items()
    }


def test_an_odd_tie_founds_a_cluster_of_its_members_by_account() -> None:
    stage = placing()
    assert changed(stage, report([(key(1), [9, 4, 6], ODD)])) == {key(1): {4, 6, 9}}
    [cluster] = stage.joining.clusters.all.values()
    tie = cluster.ties[key(1)]
    assert tie.accounts.tolist() == [4, 6, 9]
    assert (tie.score, tie.first_epoch, cluster.first_epoch) == (ODD, 3, 7)
    assert 0 < tie.p_value < 1e-6
    assert stage.watched == {key(1)}


def test_an_ordinary_tie_comes_to_nothing() -> None:
    stage = placing()
    assert changed(stage, report([(key(1), range(5), FAIR)])) == {}
    assert stage.joining.ties == set()


def test_two_accounts_are_too_few() -> None:
    assert changed(placing(), report([(key(1), [1, 2], ODD)])) == {}
    assert changed(placing(), report([(key(1), [1, 2, 3], ODD)])) != {}


def test_while_learning_an_odd_tie_waits() -> None:
    stage = placing()
    assert changed(stage, report([(key(1), range(5), ODD)]), learning=True) == {}
    assert stage.joining.ties == {key(1)}


def test_what_is_dismissed_is_not_looked_at_again() -> None:
    stage = placing()
    changed(stage, report([(key(1), range(5), ODD)]))
    [cluster] = stage.joining.clusters.all.values()
    stage.joining.clusters.let_go(cluster)
    assert changed(stage, report([(key(1), range(9), ODD)]), epoch=8) == {}


@pytest.mark.parametrize(("vouched", "left"), [([1], {2, 3, 4, 5}), ([1, 2, 3], set[int]())])
def test_allowed_accounts_are_left_out(vouched: list[int], left: set[int]) -> None:
    allowed = [
        AllowEntry(kind="account", value=str(one), reason="", owner="", expires=FOR_EVER)
        for one in vouched
    ]
    found = changed(placing(*allowed), report([(key(1), range(1, 6), ODD)]))
    assert found == ({key(1): left} if left else {})


def test_a_look_without_a_test_finds_nothing_new_but_follows_what_is_held() -> None:
    stage = placing()
    assert changed(stage, report([(key(1), range(5), ODD)], tested=False)) == {}
    changed(stage, report([(key(1), range(5), ODD)]))
    again = report([(key(1), range(6), ODD)], tested=False)
    assert changed(stage, again, epoch=8) == {key(1): set(range(6))}


def test_to_whom_a_signature_was_issued_may_be_a_victim() -> None:
    signature = key(1, TieKind.SIGNATURE)
    stage = placing()
    assert changed(stage, report([(signature, range(1, 6), ODD)], issued=[1])) == {
        signature: {2, 3, 4, 5}
    }
    fragment = report([(key(2), range(11, 16), ODD)], issued=[11])
    assert changed(stage, fragment)[key(2)] == set(range(11, 16))


def test_accounts_without_ranks_have_no_affinity() -> None:
    made = report([(key(1), range(4), ODD)])
    made.ties.members["ranked"][1:] = 0
    score = TieScore({f"{ACCOUNT_FEATURES[0].name}.level": 3.0}, {"fragment": 0.0}, REFERENCE)
    stage = Placing(
        score, Calibration(REFERENCE, 576, PER_DAY), Budget(BudgetOptions(), PER_DAY),
        AllowList((), int, int), Announcer(300, 120, score), PER_DAY,
    )  # fmt: skip
    stage.judge(7, [made], learning=False)
    [cluster] = stage.joining.clusters.all.values()
    # Ranks are uniform in the population: of variance 1/12 in each weight.
    expected = (200 / 255 - 0.5) * np.sqrt(12)
    assert list(cluster.affinities.values()) == pytest.approx([expected, 0.0, 0.0, 0.0])


def test_neither_partitions_nor_their_order_show() -> None:
    ties = [(key(number), range(10 * number, 10 * number + 5), ODD) for number in range(1, 5)]
    every = []
    for reports in ([ties], [ties[:1], ties[1:]], [ties[2:], ties[:2]]):
        stage = placing()
        stage.judge(7, [report(one) for one in reports], learning=False)
        every.append([(one.id, one.q_value) for one in stage.joining.clusters.all.values()])
    assert every[0] == every[1] == every[2]


def test_texts_are_kept_for_ties_that_are_held_alone() -> None:
    stage = placing()
    held, waits, plain = key(1), key(2), key(3)
    ties = [(held, range(5), ODD), (waits, range(20, 25), 4.5), (plain, range(40, 45), FAIR)]
    stage.judge(7, [report(ties)], learning=False)
    assert stage.joining.ties == {held, waits}
    stage.expire(8)
    texts = stage._announcer.dump()
    assert texts == {held: f"client {held}", waits: f"client {waits}"}
    [cluster] = stage.joining.clusters.all.values()
    alert = stage._announcer._event(cluster, "create", [], 8, {}, "low")
    assert [tie.value for tie in alert.ties] == [f"client {held}"]


def test_a_loaded_stage_goes_on_as_before() -> None:
    stage, loaded = placing(), placing()
    stage.judge(
        7, [report([(key(1), range(5), ODD), (key(2), range(20, 25), 4.5)])], learning=False
    )
    loaded.load(stage.dump())
    more = [(key(1), range(7), ODD), (key(2), range(5), 4.5)]
    for one in (stage, loaded):
        one.judge(8, [report(more)], learning=False)
    assert loaded.watched == stage.watched == {key(1), key(2)}
    stage.forget(3)
    assert all(3 not in one.holdings for one in stage.joining.clusters.all.values())
