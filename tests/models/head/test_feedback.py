"""Verdicts: what a dismissal takes back, what a confirmation keeps, what both cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evidence.budget import Budget
from models.head.announcer import Announcer
from models.head.cluster import Cluster
from models.head.clusters import Clusters
from models.head.feedback import Feedback, Heeded, VerdictCounts
from models.head.verdicts import Verdict, WaitingVerdicts
from models.options import BudgetOptions
from models.wire.state import decode_state, encode_state
from tests.models.head.test_announcer import announcer, grow, holders, new_cluster
from tests.models.tie_findings import tie

OPTIONS = BudgetOptions()

said = st.sampled_from(
    [("confirm", 0, ""), ("dismiss", 0, ""), ("dismiss", 50, ""), ("dismiss", 40, "accounts")]
)
verdicts = st.builds(
    lambda time, alert, words: Verdict(time, alert, *words),
    st.integers(0, 5),
    st.sampled_from("abc"),
    said,
)

MILDEST = [("dismiss", 40, "accounts"), ("dismiss", 0, ""), ("dismiss", 50, ""), ("confirm", 0, "")]
"""What of one moment holds, by how little it hides."""


@given(st.lists(verdicts, max_size=12), st.randoms(use_true_random=False))
def test_the_latest_verdict_holds_whatever_the_order(given_verdicts: list[Verdict], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = [*given_verdicts, *given_verdicts]
    random.shuffle(shuffled)
    found = []
    for several in (given_verdicts, shuffled):
        waiting = WaitingVerdicts()
        for verdict in several:
            waiting.add(verdict)
        again = WaitingVerdicts()
        again.load(decode_state(encode_state({"it": waiting.dump()}))["it"])
        assert waiting.any_before(3) is any(verdict.time < 3 for verdict in several)
        found.append([waiting.due(3), waiting.due(9), waiting.due(9)])
        assert [again.due(3), again.due(9), again.due(9)] == found[-1]
    assert found[0] == found[1]
    for start, end, due in ((0, 3, found[0][0]), (3, 9, found[0][1])):
        for alert in "abc":
            mine = [
                one for one in given_verdicts if one.alert_id == alert and start <= one.time < end
            ]
            last = max(mine, key=lambda one: (one.time, MILDEST.index(one[2:])), default=None)
            assert [one for one in due if one.alert_id == alert] == ([last] if last else [])
    assert found[0][2] == []


class World:
    """Two findings that share an account, and what people say of them."""

    def __init__(self) -> None:
        self.clusters, self.budget = Clusters(), Budget(OPTIONS, 288)
        self.feedback = Feedback(self.clusters, self.budget)
        self.findings = {
            "one": self.found("c1", 1, range(5)),
            "two": self.found("c2", 2, range(4, 9)),
        }

    def found(self, name: str, key: int, accounts: range) -> Cluster:
        cluster = Cluster(name, 1, 1, key, 1.0, 1.0)
        self.clusters.put(cluster, tie(key, accounts), 1)
        cluster.named, cluster.sequence = dict.fromkeys(accounts, 1), 0
        return cluster

    def say(
        self, time: int, alert_id: str, verdict: str, until: int = 0, scope: str = ""
    ) -> Heeded:
        self.feedback.waiting.add(Verdict(time, alert_id, verdict, until, scope))
        return self.feedback.heed(100, self.findings)


def test_a_dismissal_releases_those_whom_no_other_finding_names() -> None:
    world = World()
    heeded = world.say(1, "one", "dismiss")
    assert heeded.judged == [world.findings["one"]]
    assert (heeded.released, heeded.flagged) == ({0, 1, 2, 3}, set())
    assert world.say(2, "two", "dismiss").released == {4, 5, 6, 7, 8}


def test_ties_that_were_dismissed_count_no_more_and_others_do() -> None:
    world = World()
    world.say(1, "one", "dismiss")
    assert (world.clusters.by_tie, world.clusters.dismissed) == ({2: "c2"}, {1})
    assert world.clusters.find(tie(3, range(5))) is None
    loaded = Clusters()
    loaded.load(decode_state(encode_state({"it": world.clusters.dump()}))["it"])
    assert (loaded.by_tie, loaded.dismissed) == (world.clusters.by_tie, world.clusters.dismissed)


def test_a_later_confirmation_takes_a_dismissal_back() -> None:
    world = World()
    world.say(1, "one", "dismiss")
    heeded = world.say(2, "one", "confirm")
    assert (heeded.flagged, heeded.released) == ({0, 1, 2, 3, 4}, set())
    assert (world.clusters.by_tie, world.clusters.dismissed) == ({1: "c1", 2: "c2"}, set())
    assert world.budget.overrun == 1.0
    assert world.clusters.find(tie(3, range(5))) is world.findings["one"]


def test_a_verdict_older_than_the_one_that_holds_changes_nothing() -> None:
    world = World()
    world.say(5, "one", "dismiss")
    before = world.clusters.dump()
    for time, verdict in ((5, "dismiss"), (4, "confirm"), (5, "confirm")):
        assert world.say(time, "one", verdict) == Heeded()
    assert str(world.clusters.dump()) == str(before)
    assert world.feedback.counts.dismissed == 1


def test_a_dismissal_that_expires_lets_the_finding_stand_again() -> None:
    world = World()
    world.say(1, "one", "dismiss", until=500)
    assert world.feedback.lapse(500) == set()
    assert world.clusters.dismissed == {1}
    assert world.feedback.lapse(501) == {0, 1, 2, 3, 4}
    assert (world.clusters.by_tie, world.clusters.dismissed) == ({1: "c1", 2: "c2"}, set())
    assert not world.findings["one"].dismissed
    assert world.feedback.lapse(502) == set()
    assert world.budget.overrun > 1.0


def test_a_dismissal_without_expiry_or_taken_back_never_lapses() -> None:
    world = World()
    world.say(1, "one", "dismiss")
    world.say(1, "two", "dismiss", until=500)
    world.say(2, "two", "confirm")
    assert world.feedback.lapse(10**18) == set()
    assert world.findings["two"].verdict == "confirm"


def test_accounts_that_are_dismissed_leave_whoever_has_not_named_them() -> None:
    world = World()
    world.clusters.put(world.findings["two"], tie(3, range(4, 12)), 1)
    world.say(1, "two", "dismiss", 500, "accounts")
    other = world.found("c3", 4, range(20, 23))
    world.clusters.put(other, tie(5, [8, 20, 21]), 1)
    assert world.clusters.excused() == {4, 5, 6, 7, 8}
    other.excuse(world.clusters.excused())
    assert 8 not in other.holdings
    world.findings["one"].excuse(world.clusters.excused())
    assert 4 in world.findings["one"].holdings
    world.feedback.lapse(501)
    assert world.clusters.excused() == set()


@pytest.mark.parametrize(("scope", "left"), [("accounts", {20, 21}), ("", {8, 20, 21})])
def test_accounts_that_are_dismissed_leave_findings_that_hold_them_already(
    scope: str, left: set[int]
) -> None:
    world = World()
    other = world.found("c3", 4, range(20, 22))
    world.clusters.put(other, tie(5, [8, 20, 21]), 1)
    world.say(1, "two", "dismiss", 500, scope)
    assert set(other.holdings) == left


def test_of_a_dismissal_that_has_ended_nothing_is_left() -> None:
    world = World()
    world.say(1, "one", "dismiss", 500, "accounts")
    world.feedback.lapse(501)
    finding = world.findings["one"]
    assert (finding.verdict, finding.until, finding.scope) == ("", 0, "")


def test_scope_and_expiry_outlive_a_restart() -> None:
    world = World()
    world.say(1, "one", "dismiss", 500, "accounts")
    loaded = Clusters()
    loaded.load(decode_state(encode_state({"it": world.clusters.dump()}))["it"])
    assert loaded.excused() == world.clusters.excused() == {0, 1, 2, 3, 4}
    assert loaded.all["c1"].until == 500


def test_verdicts_on_unknown_findings_are_counted_and_no_more() -> None:
    world = World()
    assert world.say(1, "three", "dismiss") == Heeded(unknown=["three"])
    assert world.feedback.counts.unknown == 1
    assert world.budget.overrun == 1.0


def test_verdicts_are_counted_by_what_became_of_them_and_stay_counted() -> None:
    world = World()
    for time, alert_id, verdict in (
        (1, "one", "dismiss"), (2, "one", "confirm"), (3, "two", "confirm"), (4, "no", "confirm"),
    ):  # fmt: skip
        world.say(time, alert_id, verdict)
    world.feedback.waiting.add(Verdict(200, "one", "confirm", 0, ""))
    again = Feedback(world.clusters, world.budget)
    again.load(decode_state(encode_state({"it": world.feedback.dump()}))["it"])
    assert again.counts == VerdictCounts(confirmed=2, dismissed=1, unknown=1)
    assert again.heed(201, world.findings).judged == [world.findings["one"]]


def spent(budget: Budget, days: int, requests: int = 100_000) -> Budget:
    for _ in range(days):
        budget.pass_epoch(288, requests, 500)
    return budget


@given(st.integers(0, 30), st.integers(1, 40), st.floats(1e-4, 10.0))
def test_dismissals_only_ever_tighten_and_are_forgotten(
    dismissals: int, days: int, findings_per_million: float
) -> None:
    plain, charged = spent(Budget(OPTIONS, 288), days), spent(Budget(OPTIONS, 288), days)
    before = charged.overrun
    for _ in range(dismissals):
        charged.charge()
        assert charged.overrun >= before >= 1.0
        before = charged.overrun
    assert plain.overrun == 1.0
    if charged.admits(findings_per_million, 0.01):
        assert plain.admits(findings_per_million, 0.01)
    assert spent(charged, 14 * 12).overrun < 1.05


def test_more_dismissals_than_the_budget_allows_move_the_threshold() -> None:
    budget = spent(Budget(OPTIONS, 288), 14)
    assert budget.admits(0.9, 0.01)
    for _ in range(3):
        budget.charge()
    assert not budget.admits(0.9, 0.01)
    assert budget.admits(0.1, 0.01)


def test_the_budget_goes_on_from_its_state() -> None:
    budget = spent(Budget(OPTIONS, 288), 3)
    budget.charge()
    again = Budget(OPTIONS, 288)
    again.load(decode_state(encode_state(budget.dump())))
    assert again.overrun == budget.overrun > 1.0


def judged(verdict: str, accounts: int = 4) -> tuple[Announcer, Cluster]:
    speaker, cluster = announcer(), new_cluster(range(accounts))
    speaker.announce(cluster, 5, holders(range(99)))
    cluster.verdict = verdict
    return speaker, cluster


def test_a_dismissed_finding_is_closed_once_and_says_no_more() -> None:
    speaker, cluster = judged("dismiss")
    assert speaker.has_news(cluster, 6)
    [closed] = speaker.announce(cluster, 6, holders(range(99)))
    assert (closed.activity, closed.severity, closed.sequence) == ("close", "info", 1)
    assert (closed.accounts, closed.accounts_total, closed.response.action) == ([], 4, "watch")
    assert speaker.announce(cluster, 7, holders(range(99))) == []


def test_a_confirmed_finding_is_of_high_severity_and_says_so_once() -> None:
    speaker, cluster = judged("confirm")
    assert speaker.has_news(cluster, 6)
    [update] = speaker.announce(cluster, 6, holders(range(99)))
    assert (update.activity, update.severity, update.accounts) == ("update", "high", [])
    assert update.response.action == "hold"
    assert not speaker.has_news(cluster, 6)
    grow(cluster, range(9), 7)
    assert speaker.announce(cluster, 7, holders(range(99)))[0].severity == "high"


def test_a_confirmation_wakes_no_finding_that_has_ended() -> None:
    speaker, cluster = judged("")
    speaker.announce(cluster, 9_000, holders(range(99)))
    cluster.verdict = "confirm"
    assert speaker.announce(cluster, 9_001, holders(range(99))) == []


def test_a_finding_whose_dismissal_has_ended_is_told_again() -> None:
    speaker, cluster = judged("dismiss")
    speaker.announce(cluster, 6, holders(range(99)))
    cluster.verdict = ""
    [update] = speaker.announce(cluster, 7, holders(range(99)))
    assert (update.activity, update.severity, update.sequence) == ("update", "low", 2)
    assert (update.accounts, update.accounts_total) == ([], 4)
    assert not speaker.has_news(cluster, 8)
