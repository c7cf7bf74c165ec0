from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from models.options import EpochOptions
from models.requests.ingestion import BatchBuilder
from schemas.codec import DecodedRequests, decode_requests
from stream.batches import Batches
from stream.broker.marks import mark_headers
from stream.enrichment import Enricher, EnrichmentOptions
from stream.worker.readers import RequestReader


def records(first: int, *sketches: str) -> list[Any]:
    return [
        SimpleNamespace(
            value=orjson.dumps({"id": f"r{row}", "time": 1e9, "account": "a", "sketch": sketch}),
            offset=row,
            headers=(),
        )
        for row, sketch in enumerate(sketches, first)
    ]


def reading(most_ahead: int = 0) -> RequestReader:
    batches = Batches(decode_requests, BatchBuilder(b"key"), Enricher(EnrichmentOptions()))
    return RequestReader("requests/0", 1, EpochOptions(), batches, most_ahead)


def timed(offset: int, time: float, logged: int | None) -> Any:
    """A record with a request of this time, which the log holds under another (milliseconds)."""
    value = orjson.dumps({"id": f"r{offset}", "time": time, "account": f"a{offset % 3}"})
    return SimpleNamespace(value=value, offset=offset, headers=(), timestamp=logged)


def test_times_far_ahead_of_their_records_are_refused_and_never_believed() -> None:
    """The year 9999 in forty requests of three accounts, as many as time is believed of."""
    year_9999, logged = 253_370_764_800.0, 1_000_000_060_000
    rows = [timed(offset, 1e9 + offset, logged) for offset in range(40)]
    rows += [timed(offset, year_9999 + offset, logged) for offset in range(40, 80)]
    rows += [timed(80, 1e9 + 61, logged), timed(81, 1e9 + 3_660, logged)]
    reader = reading(most_ahead=3_600)
    read = reader.read(rows)
    assert [one.offset for one in read.refused] == list(range(40, 80))
    assert {(one.error.field, one.record) for one in read.refused} == {
        ("time", row.value) for row in rows[40:80]
    }
    assert (read.bad, reader.watermark) == (40, round((1e9 + 3_660) * 1e6))
    unbounded = reading()
    assert not unbounded.read(rows).refused
    assert (unbounded.watermark or 0) >= year_9999 * 1e6


def test_a_mark_is_believed_no_further_than_requests_are() -> None:
    mark = timed(0, 0.0, 1_000_000_000_000)
    mark.headers, mark.value = mark_headers(253_370_764_800_000_000), b""
    bounded, unbounded = reading(most_ahead=60), reading()
    bounded.read([mark])
    unbounded.read([mark])
    assert bounded.watermark == 1_000_000_060_000_000
    assert unbounded.watermark == 253_370_764_800_000_000


@pytest.mark.parametrize("logged", [None, -1, 2**63 - 1])
def test_a_log_without_times_or_with_impossible_ones_bounds_none(logged: int | None) -> None:
    assert not reading(most_ahead=1).read([timed(0, 2e9, logged)]).refused


def test_the_same_records_in_any_cut_are_refused_alike() -> None:
    rows = [timed(offset, 1e9 + 50 * (offset % 7), 1_000_000_000_000) for offset in range(40)]
    whole = [one.offset for one in reading(200).read(rows).refused]
    reader = reading(200)
    parts = [one.offset for row in rows for one in reader.read([row]).refused]
    assert whole == parts
    assert 0 < len(whole) < len(rows)


def test_a_record_of_which_some_requests_can_be_used_is_not_bad() -> None:
    """Else whoever gets one bad request into each export of a gateway stops ingestion."""

    def two_each(lines: Sequence[bytes]) -> DecodedRequests:
        decoded = decode_requests([part for line in lines for part in line.split(b"|")])
        rejects = [(row // 2, error) for row, error in decoded.rejects]
        return decoded._replace(rows=[row // 2 for row in decoded.rows], rejects=rejects)

    good = orjson.dumps({"id": "r", "time": 1e9, "account": "a"})
    values = [good + b"|{}", b"{}|" + good, b"{}|{}", good + b"|" + good]
    rows = [
        SimpleNamespace(value=value, offset=offset, headers=())
        for offset, value in enumerate(values)
    ]
    builder, enricher = BatchBuilder(b"key"), Enricher(EnrichmentOptions())
    read = RequestReader(
        "requests/0", 1, EpochOptions(), Batches(two_each, builder, enricher)
    ).read(rows)
    assert [one.offset for one in read.refused] == [0, 1, 2, 2]
    assert read.bad == 1


def test_dropped_sketches_are_told_now_and_then_and_none_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: moment[0])
    builder = BatchBuilder(b"key")
    reader = RequestReader(
        "requests/0",
        1,
        EpochOptions(),
        Batches(decode_requests, builder, Enricher(EnrichmentOptions())),
    )
    with capture_logs() as told:
        assert not reader.read(records(0, "?", "AAAA")).refused
        reader.read(records(2, "?"))
        moment[0] += 60
        reader.read(records(3, "?"))
        moment[0] += 60
        reader.read(records(4, ""))
    said = [one["reasons"] for one in told if one["event"] == "sketches_dropped"]
    assert said == [{"damaged": 2}, {"damaged": 2}, {"damaged": 1}]
