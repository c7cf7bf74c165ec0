"""The whole detector in one process: what must not show in its results, and what is counted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from random import Random

import msgspec
import pytest

from schemas.codec import decode_alert
from schemas.errors import InvalidRecord
from schemas.times import to_microseconds
from stream.local import LocalRun
from tests.stream.traffic import (
    CANARY,
    DAY,
    EPOCH,
    KEY_CANARY,
    PAYMENT_CANARY,
    SETTINGS,
    START,
    Heard,
    line,
    load_run,
    open_run,
    play,
    recording,
    time_of,
)

ROOT = Path(__file__).resolve().parent.parent.parent
YEAR_2100 = 4_102_444_800


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return recording()


@pytest.fixture(scope="module")
def whole(lines: list[bytes]) -> Heard:
    """What one partition says, in order; a recording that raises nothing would prove nothing."""
    heard = play(open_run(), lines)
    assert len(heard.alerts) >= 3
    assert len(heard.scores) >= 200
    assert heard.dead_letters == []
    return heard


def quiet(count: int, step: float = 60.0, accounts: int = 7) -> list[bytes]:
    """Plain requests in order of time."""
    return [
        line(id=f"q{row}", time=START + row * step, account=f"plain-{row % accounts}")
        for row in range(count)
    ]


def fingerprint(heard: Heard) -> str:
    return blake2b(b"\n".join([*heard.alerts, *heard.scores])).hexdigest()


@pytest.mark.parametrize("partitions", [3, 7])
def test_partitions_do_not_show(lines: list[bytes], whole: Heard, partitions: int) -> None:
    heard = play(open_run(partitions), lines)
    assert heard.alerts == whole.alerts
    assert heard.scores == whole.scores


def test_partitions_do_not_show_where_all_accounts_come_at_once() -> None:
    random = Random(8)
    rows = [
        line(
            id=f"b{burst}-{account}",
            time=START + burst * 6 * 3_600 + account * 4,
            account=f"punctual-{account}",
            input_tokens=round(random.lognormvariate(3 + account % 5, 1)),
            output_tokens=round(random.lognormvariate(5, 0.2 * (account % 7))),
        )
        for burst in range(16)
        for account in range(150)
    ]
    whole = play(open_run(), rows)
    assert len(whole.scores) > 150
    assert play(open_run(5), rows).scores == whole.scores


@pytest.mark.parametrize("seed", range(5))
def test_shuffling_does_not_show(lines: list[bytes], whole: Heard, seed: int) -> None:
    heard = play(open_run(partitions=1 + 2 * (seed % 2), shuffle=seed), lines)
    assert heard.alerts == whole.alerts
    assert heard.scores == whole.scores


@pytest.mark.parametrize("seed", [11, 12])
def test_arrival_within_the_lateness_and_cuts_do_not_show(
    lines: list[bytes], whole: Heard, seed: int
) -> None:
    random = Random(seed)
    late = SETTINGS.epoch.lateness_seconds
    arrivals = sorted(lines, key=lambda one: time_of(one) + random.uniform(0, late - 1))
    assert arrivals != lines
    run = open_run()
    heard = play(run, arrivals, size=random.randrange(20, 400))
    assert run.counters.late == 0
    assert heard.alerts == whole.alerts
    assert heard.scores == whole.scores


def test_the_hash_seed_of_the_interpreter_does_not_show(whole: Heard) -> None:
    script = (
        "from tests.stream.traffic import open_run, play, recording\n"
        "from tests.stream.test_local import fingerprint\n"
        "print(fingerprint(play(open_run(2), recording())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == fingerprint(whole)


def test_the_planted_campaign_is_what_is_named(whole: Heard) -> None:
    alerts = [decode_alert(alert) for alert in whole.alerts]
    named = {account for alert in alerts for account in alert.accounts}
    mules = {account for account in named if account.startswith("mule-")}
    assert len(mules) >= 16
    assert len(mules) >= 0.8 * len(named)
    begin = (START + 0.75 * DAY) * 1e6
    assert all(to_microseconds(alert.time, "time") > begin for alert in alerts)


def test_alert_events_are_well_formed_lives(whole: Heard) -> None:
    alerts = [decode_alert(alert) for alert in whole.alerts]
    assert len({alert.event_id for alert in alerts}) == len(alerts)
    for alert_id in {alert.alert_id for alert in alerts}:
        life = [alert for alert in alerts if alert.alert_id == alert_id]
        assert [alert.sequence for alert in life] == list(range(len(life)))
        assert [alert.activity for alert in life].count("create") == 1
        assert life[0].activity == "create"
        assert len({alert.entity.id for alert in life}) == 1
        named = [account for alert in life for account in alert.accounts]
        assert len(set(named)) == len(named) == life[-1].accounts_total
        assert [alert.time for alert in life] == sorted(alert.time for alert in life)
        assert all(alert.last_seen <= alert.time for alert in life)
        assert all(example.time <= alert.time for alert in life for example in alert.examples)


@pytest.mark.parametrize("days", [1.0, 1.5, 2.25])
def test_a_file_cut_between_epochs_says_what_the_whole_file_said_by_then(
    lines: list[bytes], whole: Heard, days: float
) -> None:
    cut = START + days * DAY
    assert cut % EPOCH == 0
    heard = play(open_run(), [one for one in lines if time_of(one) < cut])
    assert 0 < len(heard.alerts) < len(whole.alerts)
    assert heard.alerts == whole.alerts[: len(heard.alerts)]
    assert heard.scores == whole.scores[: len(heard.scores)]
    following = decode_alert(whole.alerts[len(heard.alerts)])
    assert to_microseconds(following.time, "time") > cut * 1e6


@pytest.mark.parametrize("share", [0.41, 0.63])
def test_a_file_cut_anywhere_says_nothing_that_the_whole_file_takes_back(
    lines: list[bytes], whole: Heard, share: float
) -> None:
    heard = play(open_run(), lines[: round(share * len(lines))], finish=False)
    assert heard.scores
    assert heard.alerts == whole.alerts[: len(heard.alerts)]
    assert heard.scores == whole.scores[: len(heard.scores)]


def test_an_alert_comes_after_every_request_it_rests_on(lines: list[bytes], whole: Heard) -> None:
    first = decode_alert(whole.alerts[0])
    named = set(first.accounts)
    known = [
        one
        for one in lines
        if (event := msgspec.json.decode(one))["account"] in named
        and event["time"] * 1e6 < to_microseconds(first.time, "time")
    ]
    assert first.requests <= len(known)


def stopped_and_resumed(
    lines: Sequence[bytes], places: Sequence[int], partitions: int = 1
) -> tuple[Heard, LocalRun]:
    run = open_run(partitions)
    heard = Heard()
    for start, end in zip([0, *places], [*places, len(lines)], strict=True):
        part = play(run, lines[start:end], finish=end == len(lines))
        heard.alerts += part.alerts
        heard.scores += part.scores
        if end < len(lines):
            run = load_run(run.save(), partitions)
    return heard, run


@pytest.mark.parametrize(("shares", "partitions"), [([0.5], 1), ([0.3, 0.55], 3)])
def test_stopping_and_going_on_does_not_show(
    lines: list[bytes], whole: Heard, shares: list[float], partitions: int
) -> None:
    places = [round(share * len(lines)) for share in shares]
    heard, run = stopped_and_resumed(lines, places, partitions)
    assert heard.alerts == whole.alerts
    assert heard.scores == whole.scores
    assert run.counters.events == len(lines)


def test_stopping_right_after_an_alert_does_not_show(lines: list[bytes], whole: Heard) -> None:
    made = to_microseconds(decode_alert(whole.alerts[0]).time, "time") / 1e6
    place = sum(time_of(one) < made for one in lines) + 1
    run = open_run()
    assert play(run, lines[:place], finish=False).alerts == whole.alerts[:1]
    saved = run.save()
    assert load_run(saved).save() == saved
    heard, _ = stopped_and_resumed(lines, [place])
    assert heard.alerts == whole.alerts
    assert heard.scores == whole.scores


def test_a_state_says_the_same_again(lines: list[bytes]) -> None:
    run = open_run()
    play(run, lines[:1500], finish=False)
    saved = run.save()
    assert run.save() == saved
    assert load_run(saved).save() == saved
    assert load_run(saved).counters == run.counters


def test_a_state_of_other_partitions_is_refused() -> None:
    run = open_run(2)
    play(run, quiet(100), finish=False)
    with pytest.raises(InvalidRecord, match="2 partitions"):
        load_run(run.save(), 3)


def test_no_canary_leaves_ingestion(lines: list[bytes], whole: Heard) -> None:
    canaries = [canary.encode() for canary in (CANARY, PAYMENT_CANARY, KEY_CANARY)]
    assert all(any(canary in one for one in lines) for canary in canaries)
    run = open_run(2)
    heard = play(run, lines[: len(lines) // 2 + 7], finish=False)
    assert heard.alerts
    given = b"\n".join([run.save(), *whole.alerts, *whole.scores])
    assert b"mule-3" in given
    assert [canary for canary in canaries if canary in given] == []


def test_no_secret_field_is_in_the_state() -> None:
    secrets = {
        name: f"{name}-secret-canary"
        for name in ("system", "prompt", "payment", "api_key", "session", "end_user")
    }
    words = {
        name: f"{text} " * 30 for name, text in secrets.items() if name in {"system", "prompt"}
    }
    rows = [
        line(id=f"s{row}", time=START + row, account=f"holder-{row % 5}", **{**secrets, **words})
        for row in range(80)
    ]
    run = open_run()
    play(run, rows, finish=False)
    saved = run.save()
    assert b"holder-3" in saved
    assert b"secret-canary" not in saved


def test_a_request_counts_once_however_often_it_comes() -> None:
    rows = quiet(120)
    twice, once = open_run(), open_run()
    heard = play(twice, [row for row in rows for _ in range(2)], size=37)
    assert (twice.counters.events, twice.counters.duplicates) == (120, 120)
    assert heard.scores == play(once, rows).scores
    assert twice.counters.reused_ids == 0


def test_a_request_of_another_account_or_time_is_no_duplicate() -> None:
    same = {"id": "one", "time": START + 1000}
    rows = [
        *quiet(100),
        line(account="first", **same),
        line(account="second", **same),
        line(account="first", id="one", time=START + 1001),
    ]
    run = open_run()
    play(run, rows)
    assert (run.counters.events, run.counters.duplicates) == (103, 0)
    assert run.counters.reused_ids == 1


def test_a_late_request_counts_in_the_next_open_epoch() -> None:
    rows = quiet(400)
    run = open_run()
    play(run, [*rows, line(id="late", time=START + 60.5, account="plain-0")])
    assert run.counters.late == 1
    assert run.counters.events == 401


def test_a_request_from_2100_is_one_dead_letter() -> None:
    rows = quiet(300)
    rows.insert(150, line(id="far", time=YEAR_2100, account="plain-1"))
    run = open_run()
    heard = play(run, rows)
    [letter] = heard.dead_letters
    assert (letter.field, letter.offset, letter.raw) == ("time", 150, rows[150])
    assert run.counters.events == 300
    assert run.counters.bad == 1
    assert run.counters.late == 0
    assert run.counters.parked == 0


def test_a_request_from_2100_may_come_first() -> None:
    rows = [line(id="far", time=YEAR_2100, account="plain-1"), *quiet(300)]
    run = open_run()
    heard = play(run, rows)
    assert [letter.offset for letter in heard.dead_letters] == [0]
    assert run.counters.events == 300
    assert run.watermark == (START + 299 * 60) * 1_000_000


def test_a_request_from_1970_is_late() -> None:
    rows = quiet(300)
    rows.insert(150, line(id="old", time=0, account="plain-1"))
    run = open_run()
    heard = play(run, rows, size=100)
    assert heard.dead_letters == []
    assert (run.counters.events, run.counters.late) == (301, 1)


def test_a_request_from_1970_may_come_first_in_a_short_file() -> None:
    run = open_run()
    heard = play(run, [line(id="old", time=0, account="plain-1"), *quiet(20)])
    assert heard.dead_letters == []
    assert run.counters.events == 21
    assert run.watermark_of(0) == (START + 19 * 60) * 1_000_000


def test_a_short_file_counts_whole() -> None:
    run = open_run()
    heard = play(run, quiet(3, step=7_200))
    assert heard.dead_letters == []
    assert run.counters.events == 3


def test_broken_lines_become_dead_letters_in_their_place() -> None:
    rows = quiet(60)
    rows.insert(10, b'{"id": "x", "time": "yesterday", "account": "a"}')
    rows.insert(20, b"not json")
    run = open_run()
    heard = play(run, rows, size=7)
    assert [(letter.offset, letter.raw) for letter in heard.dead_letters] == [
        (10, rows[10]),
        (20, b"not json"),
    ]
    assert heard.dead_letters[0].field == "time"
    assert run.counters.events == 60
    assert run.counters.bad == 2


def test_unknown_fields_are_counted() -> None:
    run = open_run()
    play(
        run, [line(id=f"u{row}", time=START + row, account="a", colour="red") for row in range(40)]
    )
    assert run.counters.unknown_fields == {"colour": 40}


def test_an_empty_source_holds_nobody_back() -> None:
    run = open_run()
    empty, full = run.open_source(), run.open_source()
    run.feed(full, 0, quiet(200))
    before = run.watermark
    run.close_source(empty)
    assert (before, run.watermark) == (None, (START + 199 * 60) * 1_000_000)
    run.close_source(full)
    run.finish()
    assert run.counters.events == 200


def test_two_sources_are_one_recording(lines: list[bytes], whole: Heard) -> None:
    run = open_run()
    sources = [run.open_source(), run.open_source()]
    heard = Heard()
    for first in range(0, len(lines), 150):
        block = lines[first : first + 150]
        for number, source in enumerate(sources):
            heard.take(run.feed(source, first, block[number::2]))
    for source in sources:
        heard.take(run.close_source(source))
    heard.take(run.finish())
    assert heard.alerts == whole.alerts
    assert heard.scores == whole.scores
