"""Checks of where ingest stands in its sources, and which of them holds event time back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import aiokafka.errors
from kafka.errors import KafkaError

from models.sources.watermark import Watermark
from schemas.errors import InvalidRecord
from schemas.times import to_rfc3339
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.samples import open_samples
from stream.checks import Check
from stream.errors import FailedRun
from stream.worker.standings import read_standings

_NAME = "sources"
_HOUR = 3_600_000_000
_SHOWN = 5


class SourceState(NamedTuple):
    """Where ingest stands in one source.

    Attributes:
        name: The source.
        waiting: Records that were not read; all that are retained where it has no standing.
        known: Whether it has a standing.
        time: Event time that it has passed, microseconds; None before its first believed request.
        replaced: Whether it ends before where it was read up to.
    """

    name: str
    waiting: int
    known: bool
    time: int | None
    replaced: bool = False


def source_checks(options: KafkaOptions) -> Iterator[Check]:
    """Where ingest stands; what cannot be looked at is a warning, never an exception."""
    try:
        yield from judge_sources(_states(options))
    except (FailedRun, InvalidRecord, KafkaError, aiokafka.errors.KafkaError) as error:
        yield Check(_NAME, "warning", f"cannot be looked at: {' '.join(str(error).split())}")


def _states(options: KafkaOptions) -> list[SourceState]:
    names = TopicNames.of(options)
    standings = asyncio.run(read_standings(options, names))
    states: list[SourceState] = []
    for topic in names.requests:
        with open_samples(options, topic) as samples:
            starts, ends = samples.starts, samples.ends
        for number, end in sorted(ends.items()):
            source = f"{topic}/{number}"
            standing = standings.get(source)
            first = starts[number] if standing is None else standing["position"] + 1
            known, time = standing is not None, _passed(standing)
            states.append(SourceState(source, max(0, end - first), known, time, first > end))
    return states


def _passed(standing: Mapping[str, Any] | None) -> int | None:
    if standing is None:
        return None
    watermark = Watermark()
    watermark.load(standing["source"]["watermark"])
    return watermark.time


def judge_sources(states: list[SourceState]) -> Iterator[Check]:
    """What there is to say of the sources."""
    for state in states:
        if state.replaced:
            text = f"{state.name} ends before where it was read up to: it was made anew"
            yield Check(_NAME, "problem", f"{text}; see 'When state is lost' in docs/operations.md")
    unread = [state for state in states if not state.known and state.waiting]
    if unread:
        waiting = sum(state.waiting for state in unread)
        text = f"nobody has read {_some(unread)}: {waiting:,} records wait; start gauger worker"
        yield Check(_NAME, "warning", text)
    started = [state for state in states if state.known]
    times = [state.time for state in started if state.time is not None]
    if not times:
        yield Check(_NAME, "ok", f"{len(started)} of {len(states)} have been read; no event time")
        return
    yield from _held_back([state for state in started if state.waiting], max(times))
    waiting = sum(state.waiting for state in started)
    text = f"{len(started)} of {len(states)} have been read, {waiting:,} records behind"
    yield Check(_NAME, "ok", f"{text}; they have come to {_time(min(times))} at least")


def _held_back(behind: list[SourceState], furthest: int) -> Iterator[Check]:
    """A source at its end becomes idle; one with records to read holds all others back."""
    if not behind:
        return
    slowest = min(behind, key=lambda state: (state.time or 0, state.name))
    if slowest.time is None:
        text = f"{slowest.name} holds the stream back: no time in it is believed yet"
        yield Check(_NAME, "warning", f"{text}; {slowest.waiting:,} records wait")
    elif furthest - slowest.time > _HOUR:
        hours = (furthest - slowest.time) / _HOUR
        text = f"{slowest.name} holds the stream back at {_time(slowest.time)}"
        apart = f"{hours:,.1f} h of event time behind the furthest"
        yield Check(_NAME, "warning", f"{text}, {apart}; {slowest.waiting:,} records wait")


def _some(states: list[SourceState]) -> str:
    names = ", ".join(state.name for state in states[:_SHOWN])
    return names + (", …" if states[_SHOWN:] else "")


def _time(microseconds: int) -> str:
    return f"{to_rfc3339(microseconds)[:16].replace('T', ' ')}Z"
