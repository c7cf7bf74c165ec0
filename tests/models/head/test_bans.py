"""Bans: who is banned teaches nobody, stays in its finding, and makes room for who replaces it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.accounts.options import AccountOptions
from models.accounts.stage import AccountStage
from models.head.announcer import Announcer
from models.requests.ingestion import BatchBuilder
from models.wire.messages import AccountReport, Control, Holder
from schemas.codec import decode_facts
from tests.models.head.test_announcer import announcer, grow, holders, new_cluster
from tests.models.rows import Row, batch_of
from tests.strategies import KEY

SECONDS = 300
FIRST = 5_000_000
BUILDER = BatchBuilder(KEY)


def told(stage: AccountStage, account: int, epoch: int, status: str) -> None:
    record = decode_facts(b'{"account":"a","time":1,"status":"%b"}' % status.encode())
    stage.add_facts(account, epoch * SECONDS * 1_000_000, BUILDER.fact_values(record))


def closed(stage: AccountStage, epoch: int) -> AccountReport:
    """An epoch in which accounts 1 to 3 send enough to teach the baseline."""
    moment = epoch * SECONDS * 1_000_000
    batch = batch_of([Row(moment + row, 1 + row % 3) for row in range(12)], epoch * 12 - FIRST * 12)
    stage.add(replace(batch, epoch=np.full(12, epoch)))
    return stage.close(epoch, Control())


def new_stage() -> AccountStage:
    return AccountStage(replace(AccountOptions.of(SECONDS), contribution=1), 1)


def test_a_banned_account_leaves_the_baseline_until_the_ban_is_lifted() -> None:
    stage = new_stage()
    told(stage, 2, FIRST + 1, "banned")
    told(stage, 3, FIRST + 1, "limited")
    told(stage, 2, FIRST + 3, "active")
    reports = [closed(stage, epoch) for epoch in range(FIRST, FIRST + 4)]
    assert [len(report.cohorts) for report in reports] == [3, 2, 2, 3]
    assert [list(report.banned) for report in reports] == [[], [2], [], []]
    assert [list(report.reinstated) for report in reports] == [[], [], [], [2]]


def test_a_ban_changes_no_tie() -> None:
    stages = [new_stage(), new_stage()]
    told(stages[1], 2, FIRST, "banned")
    one, other = (closed(stage, FIRST).tie_batches[0] for stage in stages)
    assert one.accounts.tolist() == other.accounts.tolist()
    assert one.edges.tolist() == other.edges.tolist()


@pytest.mark.parametrize("status", ["active", "limited"])
def test_what_is_no_ban_is_none(status: str) -> None:
    stage = new_stage()
    told(stage, 1, FIRST, status)
    report = closed(stage, FIRST)
    assert (list(report.banned), list(report.reinstated)) == ([], [])


def test_the_head_hears_whether_an_account_is_banned() -> None:
    stage = new_stage()
    told(stage, 1, FIRST, "banned")
    closed(stage, FIRST)
    known = stage.answer(np.array([1, 2], np.uint64))
    assert {key: holder.banned for key, holder in known.items()} == {1: True, 2: False}


def events(speaker: Announcer, accounts: range, epoch: int, banned: range) -> list[list[str]]:
    """Accounts that each event names, once a cluster of 16 has lost some and gained others."""
    cluster = new_cluster(range(16))
    speaker.announce(cluster, 5, holders(range(99)))
    cluster.note_bans(banned, ())
    grow(cluster, accounts, epoch)
    return [event.accounts for event in speaker.announce(cluster, epoch, holders(range(99)))]


def test_a_replacement_is_news_where_another_newcomer_is_not() -> None:
    assert events(announcer(), range(17), 6, range(0)) == []
    assert events(announcer(), range(17), 6, range(3, 4)) == [["account-16"]]
    assert events(announcer(), range(17), 6, range(40, 50)) == []


def test_only_as_many_replacements_are_news_as_were_banned() -> None:
    cluster, speaker = new_cluster(range(16)), announcer()
    speaker.announce(cluster, 5, holders(range(99)))
    cluster.note_bans([3, 4], ())
    told_of = []
    for epoch, size in enumerate(range(17, 23), 6):
        grow(cluster, range(size), epoch)
        told_of.append(bool(speaker.announce(cluster, epoch, holders(range(99)))))
    assert told_of == [True, True, False, True, False, False]
    assert (cluster.severity, cluster.at_large, cluster.strength) == ("high", 18, 18)


def test_a_lifted_ban_makes_no_room() -> None:
    cluster, speaker = new_cluster(range(16)), announcer()
    speaker.announce(cluster, 5, holders(range(99)))
    cluster.note_bans([3, 4], ())
    cluster.note_bans([], [3, 4])
    grow(cluster, range(17), 6)
    assert speaker.announce(cluster, 6, holders(range(99))) == []


def test_who_was_banned_before_it_was_named_is_not_at_large() -> None:
    known = holders(range(9))
    known[2] = replace(known[2], banned=True)
    cluster = new_cluster(range(4))
    announcer().announce(cluster, 5, known)
    assert (cluster.at_large, cluster.strength, cluster.banned) == (3, 3, {2})
    assert isinstance(known[2], Holder)
