"""Detection quality of alerts that lie in files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from models.judging.judge import judge
from models.judging.judgement import Judgement, Traffic
from schemas.errors import InvalidRecord
from schemas.times import EventTime, to_microseconds
from stream.recordings.blocks import Recording
from stream.recordings.files import read_alerts, read_truth


class _Timed(msgspec.Struct, gc=False):
    time: EventTime


_decoder = msgspec.json.Decoder(_Timed)


class Evaluation(NamedTuple):
    """A judgement, and the recordings that broke off, each told in one line."""

    judgement: Judgement
    truncated: list[str]


def evaluate(alerts: str, truth: str, events: Sequence[str]) -> Evaluation:
    """Judge the alerts in a file against the truth of the recorded events.

    Raises:
        RecordingError: A file cannot be opened.
        FailedRun: The alerts or the truth do not hold what they should.
    """
    labels = read_truth(truth)
    stream = list(read_alerts(alerts))
    traffic, truncated = measure(events)
    return Evaluation(judge(stream, labels, traffic), truncated)


def measure(events: Sequence[str]) -> tuple[Traffic, list[str]]:
    """Number and span of the requests in recordings, and which of these broke off.

    Lines without a valid time do not count.

    Raises:
        RecordingError: A file cannot be opened.
    """
    requests, first, last = 0, None, 0
    truncated = []
    for name in events:
        with Recording(name) as recording:
            for block in recording.blocks():
                times = _times(block.lines)
                if times:
                    requests += len(times)
                    first = min(times if first is None else [first, *times])
                    last = max([last, *times])
            if recording.truncated:
                truncated.append(f"{name}: {recording.truncated}")
    return Traffic(requests=requests, first=first or 0, last=last), truncated


def _times(lines: list[bytes]) -> list[int]:
    times = []
    for line in lines:
        try:
            times.append(to_microseconds(_decoder.decode(line).time, "time"))
        except (msgspec.DecodeError, UnicodeDecodeError, InvalidRecord):
            # The replay has already told about broken lines, and why each is one.
            continue
    return times
