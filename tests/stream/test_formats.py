"""Records of several requests, through the whole detector and through a worker's reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.requests.ingestion import BatchBuilder
from models.wire.protocol import Admitted, Rows
from schemas.formats import input_format
from stream.batches import Batches
from stream.enrichment import Enricher
from stream.replay import local
from stream.replay.local import LocalRun
from stream.worker.readers import RequestReader
from tests.stream.traffic import EPOCH, SETTINGS, START, Heard, play, recording, scored

PATHS = {"litellm": {"plan": ["plan"], "account_created": ["account_created"]}}
PAYING = replace(SETTINGS, formats=PATHS)
YEAR_2100 = 4_102_444_800


def as_litellm(row: bytes) -> dict[str, Any]:
    """A native request as LiteLLM would log it."""
    event = orjson.loads(row)
    return {
        "id": event["id"],
        "startTime": event["time"],
        "call_type": "acompletion",
        "metadata": {"user_api_key_user_id": event["account"]},
        "requester_ip_address": event.get("ip"),
        "user_agent": event.get("user_agent"),
        "messages": [{"role": "user", "content": event.get("prompt") or ""}],
        "prompt_tokens": event.get("input_tokens"),
        "completion_tokens": event.get("output_tokens"),
        "plan": event.get("plan"),
        "account_created": event.get("account_created"),
    }


def packed(items: Sequence[object], size: int) -> list[bytes]:
    return [orjson.dumps(items[start : start + size]) for start in range(0, len(items), size)]


def run_of(form: str = "litellm") -> LocalRun:
    with patch.object(local, "shipped", scored):
        return LocalRun(PAYING, form=form)


@pytest.fixture(scope="module")
def items() -> list[dict[str, Any]]:
    return [as_litellm(row) for row in recording(accounts=100, requests=6)]


@pytest.fixture(scope="module")
def alone(items: list[dict[str, Any]]) -> Heard:
    return play(run_of(), [orjson.dumps(item) for item in items])


def test_a_campaign_is_found_in_what_a_gateway_writes(alone: Heard) -> None:
    assert alone.alerts
    assert not alone.dead_letters


@pytest.mark.parametrize(("size", "form"), [(7, "litellm"), (64, "auto")])
def test_how_requests_are_packed_into_records_changes_nothing(
    items: list[dict[str, Any]], alone: Heard, size: int, form: str
) -> None:
    run = run_of(form)
    heard = play(run, packed(items, size), size=11)
    assert (heard.alerts, heard.scores) == (alone.alerts, alone.scores)
    assert run.counters.events == len(items)


def test_requests_count_once_though_their_records_overlap(items: list[dict[str, Any]]) -> None:
    run = run_of()
    play(run, [*packed(items[:200], 9), *packed(items[100:200], 4)])
    assert (run.counters.events, run.counters.duplicates) == (200, 100)


def test_bad_requests_in_a_record_cost_themselves_alone(items: list[dict[str, Any]]) -> None:
    nobody, future = dict(items[3], metadata={}), dict(items[4], startTime=YEAR_2100)
    lone = {**items[0], "startTime": START - 40 * 86_400, "id": "late"}
    rows = [*items[:100], nobody, future, 7, *items[100:200], lone]
    run = run_of()
    heard = play(run, packed(rows, 50))
    letters = [(letter.reason.partition(":")[0], letter.raw) for letter in heard.dead_letters]
    assert letters == [
        ("no account", orjson.dumps(nobody)),
        ("not a JSON object", b"7"),
        ("time is far ahead of the stream and nothing confirms it", orjson.dumps(future)),
    ]
    assert (run.counters.events, run.counters.late, run.counters.bad) == (201, 1, 3)


def _records(values: Iterable[bytes]) -> list[Any]:
    return [SimpleNamespace(offset=at, value=value, headers=()) for at, value in enumerate(values)]


def _read(values: list[bytes], cuts: Sequence[int]) -> tuple[dict[int, list[Rows]], list[bytes]]:
    """What a worker's reader deals to each account partition, and what it refuses."""
    decode, builder = input_format("litellm", PATHS), BatchBuilder(bytes(32))
    enricher = Enricher(SETTINGS.enrichment)
    reader = RequestReader("t/0", 3, SETTINGS.epoch, Batches(decode, builder, enricher))
    reader.join()
    reader.hear(Admitted("t/0", 0))
    dealt: dict[int, list[Rows]] = {number: [] for number in range(3)}
    refused: list[bytes] = []
    records = _records(values)
    edges = sorted({0, *(cut for cut in cuts if cut < len(records)), len(records)})
    for start, end in pairwise(edges):
        read = reader.read(records[start:end])
        refused += [one.record for one in read.refused]
        for number, message in read.sent.accounts:
            assert isinstance(message, Rows)
            dealt[number].append(message)
    return dealt, refused


def _rows(messages: Sequence[Rows]) -> list[tuple[int, int, int]]:
    batches = [message.batch for message in messages if message.batch is not None]
    return [
        row
        for batch in batches
        for row in zip(
            batch.position.tolist(), batch.request.tolist(), batch.epoch.tolist(), strict=True
        )
    ]


@given(st.lists(st.integers(0, 40), max_size=6), st.integers(1, 9))
def test_rows_of_a_record_stay_together_however_a_topic_is_read(cuts: list[int], size: int) -> None:
    several = [
        {
            "id": f"r{row}",
            "startTime": START + row * EPOCH / 20,
            "call_type": "completion",
            "end_user": f"u{row % 5}" if row % 7 else "",
        }
        for row in range(120)
    ]
    values = packed(several, size)
    dealt, refused = _read(values, cuts)
    once, refused_once = _read(values, [])
    assert sorted(refused) == sorted(refused_once)
    assert refused == [orjson.dumps(item) for item in several if not item["end_user"]]
    for number, messages in dealt.items():
        assert _rows(messages) == _rows(once[number])
        for message in messages:
            # A partition drops rows at or below the position it has: none may come after it.
            within = [position for position, _, _ in _rows([message])]
            assert all(message.previous < position <= message.position for position in within)
    assert sum(len(_rows(messages)) for messages in dealt.values()) + len(refused) == 120
