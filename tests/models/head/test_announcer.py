from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from models.evidence.tie_score import INPUT_NAMES, TieScore
from models.head.announcer import Announcer
from models.head.cluster import Cluster
from models.head.clusters import Clusters
from models.head.tie_finding import TieFinding
from models.requests.kinds import TieKind
from models.wire.messages import Holder
from schemas.alert import MAX_ACCOUNTS, MAX_EXAMPLES, AlertEvent
from schemas.codec import decode_alert, encode
from schemas.times import to_microseconds
from tests.models.references import REFERENCE
from tests.models.tie_findings import tie

EPOCH = 300
MINUTE = 60_000_000


def announcer() -> Announcer:
    score = TieScore({"dominance": 2.0}, {"fragment": 0.0}, REFERENCE)
    return Announcer(EPOCH, 120, score)


def holders(accounts: range) -> dict[int, Holder]:
    return {
        account: Holder(
            f"account-{account}", 10, account * MINUTE, (account + 1) * MINUTE,
            f"request-{account}", account * MINUTE,
        )
        for account in accounts
    }  # fmt: skip


def grow(cluster: Cluster, accounts: range, epoch: int) -> None:
    inputs = np.full(len(INPUT_NAMES), 0.7)
    Clusters().put(
        cluster,
        TieFinding(
            key=16 * 77 + TieKind.FRAGMENT,
            score=9.0,
            p_value=1e-6,
            q_value=0.01,
            first_epoch=1,
            accounts=np.array(accounts, np.uint64),
            counts=np.full(len(accounts), 4, np.int32),
            affinities=np.ones(len(accounts)),
            inputs=inputs,
            stands_out=True,
        ),
        epoch,
    )


def new_cluster(accounts: range, epoch: int = 5) -> Cluster:
    cluster = Cluster("c1", epoch, epoch, 16 * 77 + TieKind.FRAGMENT, 1.0, 1.0)
    grow(cluster, accounts, epoch)
    return cluster


def say(cluster: Cluster, epoch: int, known: range = range(3_000)) -> list[AlertEvent]:
    """Events of an epoch; one in which no tie of the cluster was seen ends it."""
    alerts = announcer().announce(cluster, epoch, holders(known))
    assert [decode_alert(encode(alert)) for alert in alerts] == alerts
    return alerts


def test_a_cluster_is_announced_once() -> None:
    cluster = new_cluster(range(4))
    [alert] = say(cluster, 5)
    assert (alert.activity, alert.sequence, alert.accounts_total) == ("create", 0, 4)
    assert alert.accounts == [f"account-{number}" for number in range(4)]
    assert alert.requests == 40
    assert to_microseconds(alert.time, "time") == (6 * EPOCH + 120) * 1_000_000
    assert say(cluster, 5) == []


def test_two_accounts_are_no_finding() -> None:
    assert say(new_cluster(range(2)), 5) == []
    assert say(new_cluster(range(9)), 5, known=range(2)) == []


def test_growth_by_a_quarter_is_an_update_with_the_new_accounts_alone() -> None:
    cluster = new_cluster(range(8))
    [created] = say(cluster, 5)
    grow(cluster, range(9), 6)
    assert say(cluster, 6) == []
    grow(cluster, range(10), 7)
    [updated] = say(cluster, 7)
    assert (updated.activity, updated.sequence) == ("update", 1)
    assert updated.accounts == ["account-8", "account-9"]
    assert updated.accounts_total == 10
    assert updated.alert_id == created.alert_id
    assert updated.event_id != created.event_id


def test_a_change_of_severity_is_an_update() -> None:
    cluster = new_cluster(range(18))
    assert say(cluster, 5)[0].severity == "medium"
    grow(cluster, range(20), 6)
    [updated] = say(cluster, 6)
    assert (updated.activity, updated.severity) == ("update", "high")


def test_a_long_list_goes_on_in_updates() -> None:
    alerts = say(new_cluster(range(2 * MAX_ACCOUNTS + 5)), 5)
    assert [len(alert.accounts) for alert in alerts] == [MAX_ACCOUNTS, MAX_ACCOUNTS, 5]
    assert [alert.activity for alert in alerts] == ["create", "update", "update"]
    assert [alert.sequence for alert in alerts] == [0, 1, 2]
    assert len({alert.event_id for alert in alerts}) == 3
    assert len({account for alert in alerts for account in alert.accounts}) == 2_005
    assert all(len(alert.examples) <= MAX_EXAMPLES for alert in alerts)


def test_what_has_ended_is_closed_once() -> None:
    cluster = new_cluster(range(4))
    say(cluster, 5)
    [closed] = say(cluster, 9_000)
    assert (closed.activity, closed.accounts, closed.accounts_total) == ("close", [], 4)
    assert cluster.closed


def test_what_was_never_announced_ends_in_silence() -> None:
    cluster = new_cluster(range(2))
    assert say(cluster, 5) == []
    assert say(cluster, 9_000) == []
    assert cluster.closed


def test_a_closed_cluster_that_grows_is_announced_again_under_its_id() -> None:
    cluster = new_cluster(range(4))
    [created] = say(cluster, 5)
    say(cluster, 9_000)
    grow(cluster, range(8), 9_100)
    [again] = say(cluster, 9_100)
    assert (again.activity, again.sequence) == ("update", 2)
    assert again.alert_id == created.alert_id
    assert not cluster.closed


@pytest.mark.parametrize("epochs", [(5, 6), (5, 5)])
def test_ids_are_hashes_of_entity_and_epoch(epochs: tuple[int, int]) -> None:
    first, second = (say(new_cluster(range(4), epoch), epoch)[0] for epoch in epochs)
    assert (first.alert_id == second.alert_id) is (epochs[0] == epochs[1])
    same = Announcer.entity_id(3, epochs[0]) == Announcer.entity_id(3, epochs[1])
    assert same is (epochs[0] == epochs[1])
    assert Announcer.entity_id(3, 5) != Announcer.entity_id(4, 5)


def test_only_a_cluster_with_news_has_anything_to_say() -> None:
    cluster = new_cluster(range(8))
    told = []
    for epoch, size in enumerate((8, 8, 9, 10, 10), 5):
        grow(cluster, range(size), epoch)
        news = announcer().has_news(cluster, epoch)
        assert news is bool(say(cluster, epoch))
        told.append(news)
    assert told == [True, False, False, True, False]
    assert announcer().has_news(cluster, 9_000)
    assert not announcer().has_news(new_cluster(range(2)), 5)


def test_hidden_values_are_not_shown() -> None:
    [alert] = say(new_cluster(range(4)), 5)
    [shown] = alert.ties
    assert (shown.kind, shown.value, shown.accounts) == ("fragment", None, 4)


def pool(key: int, accounts: Iterable[int]) -> TieFinding:
    return tie(16 * key + TieKind.SIGNATURE, accounts, causes=3)


def test_who_only_pays_like_a_pool_is_not_said_to_have_shown_signatures() -> None:
    clusters, cluster = Clusters(), new_cluster(range(1, 6))
    clusters.put(cluster, pool(78, range(1, 5)), 6)
    clusters.put(cluster, tie(16 * 79 + TieKind.PAYMENT, [1, 5], payer_of=cluster.id), 6)
    [event] = announcer().announce(cluster, 6, holders(range(1, 6)))
    assert event.accounts == [f"account-{one}" for one in range(1, 6)]
    assert event.evidence[0].text.startswith("4 accounts of different owners")


def test_a_group_of_signatures_is_one_piece_of_evidence_whatever_its_key() -> None:
    clusters, cluster = Clusters(), new_cluster(range(1, 4))
    clusters.all[cluster.id] = cluster
    for key, accounts in ((78, range(1, 6)), (79, range(20, 26)), (80, range(4, 9))):
        clusters.put(cluster, pool(key, accounts), 6)
    [event] = announcer().announce(cluster, 6, holders(range(1, 30)))
    texts = [piece.text for piece in event.evidence if "signatures" in piece.text]
    assert sorted(text.split()[0] for text in texts) == ["5", "6"]
    assert {tie.digest for tie in event.ties if tie.kind == "signature"} == {
        f"{16 * key + TieKind.SIGNATURE:016x}" for key in (79, 80)
    }
