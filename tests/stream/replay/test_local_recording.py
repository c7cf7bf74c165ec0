"""A whole recording in one process: what it says, and what must not show in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.lib.recfunctions import repack_fields

from models.options import LearningOptions
from models.wire.state import decode_state
from schemas.codec import decode_alert
from schemas.times import to_microseconds
from stream.replay.local import LocalRun
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
    scored,
    time_of,
)

ROOT = Path(__file__).resolve().parents[3]


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
        "from tests.stream.replay.test_local_recording import fingerprint\n"
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


def content(state: Any) -> Any:
    """A state as plain values; the order of records, as a table happens to hold them, is open."""
    if isinstance(state, dict):
        return {key: content(value) for key, value in state.items()}
    if isinstance(state, list):
        return [content(value) for value in state]
    if isinstance(state, np.ndarray):
        return (state.dtype, state.shape, sorted(row.tobytes() for row in repack_fields(state)))
    return state


def assert_says_the_same_again(run: LocalRun) -> None:
    saved = run.save()
    assert run.save() == saved
    assert content(decode_state(load_run(saved).save())) == content(decode_state(saved))


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
    assert_says_the_same_again(run)
    heard, _ = stopped_and_resumed(lines, [place])
    assert heard.alerts == whole.alerts
    assert heard.scores == whole.scores


def test_a_state_says_the_same_again(lines: list[bytes]) -> None:
    run = open_run()
    play(run, lines[:1500], finish=False)
    assert_says_the_same_again(run)
    assert load_run(run.save()).counters == run.counters


def test_no_canary_leaves_ingestion(lines: list[bytes], whole: Heard) -> None:
    canaries = [canary.encode() for canary in (CANARY, PAYMENT_CANARY, KEY_CANARY)]
    assert all(any(canary in one for one in lines) for canary in canaries)
    run = open_run(2)
    heard = play(run, lines[: len(lines) // 2 + 7], finish=False)
    assert heard.alerts
    given = b"\n".join([run.save(), *whole.alerts, *whole.scores])
    assert b"mule-3" in given
    assert [canary for canary in canaries if canary in given] == []


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


def test_tests_made_while_learning_never_enter_the_null() -> None:
    settings = replace(SETTINGS, learning=LearningOptions(hours=15.0))
    run = LocalRun(settings, keep_reports=True, score=scored())
    source = run.open_source()
    day = [one for one in recording(accounts=600) if time_of(one) < START + DAY]
    reports = [*run.feed(source, 0, day).reports, *run.close_source(source).reports]
    reports += run.finish().reports
    tested = {
        epoch
        for epoch, report in reports
        if (report.ties.tested & (report.ties.statistics["known"] > 0)).any()
    }
    waiting = decode_state(run.save())["detector"]["head"]["calibration"]["waiting"]
    learned = min(epoch for epoch, _ in reports) + settings.learning.hours * 3_600 / EPOCH
    assert any(epoch < learned for epoch in tested)
    assert {one[0] for one in waiting} == {epoch for epoch in tested if epoch >= learned}
