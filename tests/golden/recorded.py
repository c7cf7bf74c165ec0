"""A small recording in which everything happens that a saved state may hold."""

from __future__ import annotations

from functools import cache

from schemas.codec import decode_alert
from tests.stream.traffic import (
    DAY,
    START,
    Heard,
    line,
    load_run,
    open_run,
    play,
    recording,
    time_of,
)

PARTITIONS = 2
PLACE = 840
"""Where the recording was cut: after its first alert."""

_YEAR_2100 = 4_102_444_800


def lines() -> list[bytes]:
    """A campaign among few accounts; a bad line, a repeated, a late and a far one, an odd field."""
    rows = recording(accounts=130, requests=4, members=20)
    late = {"time": time_of(rows[400]) - 0.5 * DAY, "account": "late-comer"}
    far = {"time": _YEAR_2100, "account": "dreamer", "colour": "red"}
    rows.insert(300, b'{"id": "bad"}')
    rows.insert(450, rows[449])
    rows.insert(PLACE - 60, line(id="late", **late))
    rows.insert(200, line(id="far", **far))
    return rows


def facts() -> list[bytes]:
    """Of accounts that are there, that come later, and that never come; some of a later time."""
    told = [
        line(account=f"user-{number}", time=START + number % 3 * DAY, plan="enterprise")
        for number in range(0, 130, 9)
    ]
    return [*told, line(account="nobody", time=START, org="org-x", payment="card-x")]


@cache
def feedback() -> list[bytes]:
    """Verdicts of a time after the cut: on the first alert, and on one that there never was."""
    run = open_run(PARTITIONS)
    run.add_facts(facts())
    first = decode_alert(play(run, lines()).alerts[0]).alert_id
    late = START + 2.6 * DAY
    return [
        line(alert_id=first, time=late, verdict="dismiss", by="ada", reason="a course"),
        line(alert_id="none", time=late, verdict="confirm"),
    ]


def saved_half(partitions: int = PARTITIONS) -> bytes:
    """The state of a run that has seen the recording up to its place."""
    run = open_run(partitions)
    run.add_facts(facts())
    run.add_feedback(feedback())
    play(run, lines()[:PLACE], finish=False)
    return run.save()


def second_half(saved: bytes, partitions: int = PARTITIONS) -> tuple[Heard, object]:
    """What a run that goes on from a state says of the rest, and its counters.

    It is told the verdicts, since states of old know of none; what a state knows is told twice.
    """
    run = load_run(saved, partitions)
    run.add_feedback(feedback())
    heard = play(run, lines()[PLACE:])
    return heard, run.counters


def whole() -> tuple[Heard, object]:
    """What one run says of the whole recording, and its counters."""
    run = open_run(PARTITIONS)
    run.add_facts(facts())
    run.add_feedback(feedback())
    return play(run, lines()), run.counters
