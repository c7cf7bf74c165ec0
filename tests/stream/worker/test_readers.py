from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from models.options import EpochOptions
from models.requests.ingestion import BatchBuilder
from schemas.codec import decode_requests
from stream.batches import Batches
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
