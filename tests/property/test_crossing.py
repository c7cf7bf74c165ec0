"""Pools that carry sessions from account to account, in the whole detector."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain
from random import Random
from typing import Any

import pytest

from schemas.alert import AlertEvent
from schemas.codec import decode_alert
from tests.stream.traffic import DAY, START, Heard, load_run, open_run, play, recording

POOL = [f"pool-{number}" for number in range(12)]


Requests = Iterator[dict[str, Any]]


def pool(owners: int, mark: str = "payment") -> Requests:
    """Sessions of twelve accounts of so many owners; each turn may come from another account."""
    random = Random(9)
    for session in range(100):
        moment = START + DAY + random.uniform(0, 1.8) * DAY
        issued: list[str] = []
        for turn in range(4):
            number = random.randrange(len(POOL))
            signature = f"signature-{session}-{turn}"
            yield {
                "id": f"s{session}-{turn}",
                "time": moment + 200 * turn,
                "account": POOL[number],
                "payment": f"card-pool-{number}",
                mark: f"owner-pool-{number % owners}",
                "account_created": START - random.randrange(400) * DAY,
                "ip": f"10.250.{number}.{random.randrange(250)}",
                "signatures_issued": [signature],
                "signatures_presented": issued,
                "input_tokens": random.randrange(20, 900),
                "output_tokens": random.randrange(20, 900),
            }
            issued = [*issued, signature]


def presenting(account: str, number: int, signatures: list[str]) -> dict[str, Any]:
    """A request on the last day."""
    return {
        "id": f"{account}-presents-{number}",
        "time": START + 2.85 * DAY + number,
        "account": account,
        "signatures_presented": signatures,
    }


def leaked() -> Requests:
    """Three accounts of the pool each go on with the conversations of ten honest ones."""
    for number in range(90, 100):
        signatures = [f"sig-{number}-{request}-{part}" for request in (0, 1) for part in (0, 1)]
        yield from (presenting(taker, number, signatures) for taker in POOL[:3])


def published() -> Requests:
    """Honest accounts take up conversations of the pool, three of them the same one."""
    for number in range(100, 106):
        session = max(number, 103) - 100
        yield presenting(
            f"user-{number}", number, [f"signature-{session}-{turn}" for turn in (0, 1)]
        )


@cache
def lines(owners: int) -> tuple[bytes, ...]:
    return tuple(recording(accounts=130, requests=6, pool=pool(owners)))


def heard(owners: int, partitions: int = 1, shuffle: int | None = None) -> Heard:
    return play(open_run(partitions, shuffle), lines(owners))


def crossing(found: Heard) -> list[AlertEvent]:
    alerts = [decode_alert(one) for one in found.alerts]
    return [alert for alert in alerts if any(tie.kind == "signature" for tie in alert.ties)]


def test_a_pool_is_named_whole_and_nobody_with_it() -> None:
    alerts = crossing(heard(owners=12))
    assert len({alert.alert_id for alert in alerts}) == 1
    named = [account for alert in alerts for account in alert.accounts]
    assert sorted(named) == sorted(POOL)
    assert alerts[-1].evidence[0].signal == "gauger.sharing"
    assert 2 <= alerts[-1].evidence[0].value < len(POOL)
    assert all(0 < alert.p_value <= 1 and 0 <= alert.score <= 1 for alert in alerts)


def named_with(*requests: Requests) -> list[str]:
    """Accounts that are named because of signatures."""
    found = play(open_run(), recording(accounts=130, requests=6, pool=chain(*requests)))
    return sorted(account for alert in crossing(found) for account in alert.accounts)


def test_neither_victims_of_a_pool_nor_who_found_its_conversations_are_named() -> None:
    assert named_with(pool(12), leaked(), published()) == sorted(POOL)
    assert named_with(leaked(), published()) == []


@pytest.mark.parametrize("mark", ["payment", "org"])
def test_one_owner_may_move_sessions_as_he_likes(mark: str) -> None:
    assert named_with(pool(1, mark)) == []


@pytest.mark.parametrize(("partitions", "shuffle"), [(3, None), (7, 4), (1, 8)])
def test_neither_partitions_nor_order_show(partitions: int, shuffle: int | None) -> None:
    assert heard(12, partitions, shuffle).alerts == heard(12).alerts


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_saved_run_goes_on_where_it_stood(share: float) -> None:
    rows = lines(12)
    cut = round(share * len(rows))
    run = open_run()
    first = play(run, rows[:cut], finish=False)
    second = play(load_run(run.save()), rows[cut:])
    assert first.alerts + second.alerts == heard(12).alerts
