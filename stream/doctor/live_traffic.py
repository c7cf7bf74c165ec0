"""Checks of live traffic: what requests carry now, against what they carried before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kafka.errors import KafkaError

from models.requests.coverage import SIGHT, Coverage, CoverageCount, has_vanished, lost_sight
from schemas.formats import InputFormat, input_format
from schemas.reading.paths import FormatPaths
from schemas.times import to_rfc3339
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.samples import Samples, open_samples
from stream.checks import Check
from stream.clock import now
from stream.errors import FailedRun

_SAMPLE = 3_000
_LEAST_SAMPLE = 100
_PROBE = 200
_HALVINGS = 6
_MOST_BAD = 0.01
_FATAL_BAD = 0.5


class _Past(NamedTuple):
    """A look at the topic's past: how far into the topic, and what requests carried there."""

    share: float
    coverage: Coverage


def traffic_checks(options: KafkaOptions, paths: FormatPaths | None = None) -> Iterator[Check]:
    """What the request topics carry; what cannot be looked at is a warning, never an exception."""
    decode = input_format(options.input_format, paths)
    for topic in TopicNames.of(options).requests:
        name = f"traffic {topic}"
        try:
            with open_samples(options, topic) as samples:
                yield from _topic(name, samples, decode)
        except (FailedRun, KafkaError) as error:
            yield Check(name, "warning", f"cannot be looked at: {' '.join(str(error).split())}")


def _topic(name: str, samples: Samples, decode: InputFormat) -> Iterator[Check]:
    size = min(_SAMPLE, samples.count // 4)
    if size < _LEAST_SAMPLE:
        yield Check(name, "ok", f"{samples.count:,} records: too few to judge")
        return
    latest = _coverage(samples.before(1.0, size), decode)
    yield from _bad(name, latest)
    if latest.requests == 0:
        return
    pasts = [
        _Past(share, _coverage(samples.before(share, size), decode))
        for share in (size / samples.count, 0.5)
    ]
    lost = [
        (field, past)
        for field in {field: None for past in pasts for field in past.coverage.fill}
        for past in [max(pasts, key=lambda past: past.coverage.fill.get(field, 0.0))]
        if has_vanished(past.coverage.fill.get(field, 0.0), latest.fill.get(field, 0.0))
    ]
    missing = {field for field, _ in lost}
    for field, past in lost:
        since = _since(field, past, samples, decode)
        yield Check(name, "problem", _told(field, past.coverage, latest, missing, since))
    blind = [what for what in latest.blind if what not in lost_sight(missing, latest.fill)]
    if blind:
        yield Check(name, "warning", f"blind for {', '.join(blind)}: see gauger doctor FILE")
    if not lost:
        newest = _time(latest.last)
        text = f"{latest.requests:,} of the latest requests carry what earlier ones did"
        yield Check(name, "ok", f"{text}; they come to {newest}")


def _bad(name: str, coverage: Coverage) -> Iterator[Check]:
    read = coverage.requests + coverage.bad
    share = coverage.bad / max(read, 1)
    text = f"{share:.1%} of the latest {read:,} records are refused"
    if share >= _FATAL_BAD:
        yield Check(name, "problem", f"{text}: is kafka.input_format right?")
    elif share > _MOST_BAD:
        yield Check(name, "warning", f"{text}: the topic of dead letters says why")


def _coverage(lines: list[bytes], decode: InputFormat) -> Coverage:
    count = CoverageCount(now() / 1e6)
    decoded = decode(lines)
    count.add(decoded.events, len(decoded.rejects), decoded.unknown_fields)
    return count.result()


def _since(field: str, past: _Past, samples: Samples, decode: InputFormat) -> float | None:
    """About when a field vanished, Unix seconds: found by halving the topic again and again."""
    usual = past.coverage.fill[field]
    early, late = past.share, 1.0
    found: float | None = None
    for _ in range(_HALVINGS):
        middle = (early + late) / 2
        probe = _coverage(samples.before(middle, _PROBE), decode)
        if has_vanished(usual, probe.fill.get(field, 0.0)):
            late, found = middle, probe.first
        else:
            early, found = middle, probe.last
    return found


def _told(
    field: str, past: Coverage, latest: Coverage, missing: set[str], since: float | None
) -> str:
    was, is_now = past.fill[field], latest.fill.get(field, 0.0)
    about = f" since about {_time(since)}"
    blind = [what for what in lost_sight(missing, latest.fill) if field in SIGHT[what]]
    harm = f"blind for {', '.join(blind)}{about}" if blind else f"less is seen{about}"
    shares = f"in {was:.0%} of earlier requests, in {is_now:.0%} of the latest"
    return f"{field} vanished: {shares}: {harm}; mend whatever writes the topic"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "an unknown time"
    return f"{to_rfc3339(round(seconds * 1e6))[:16].replace('T', ' ')}Z"
