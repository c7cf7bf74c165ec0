from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Coroutine
from hashlib import sha256
from typing import Any

import aiohttp
import orjson
import pytest
import zstandard

from stream.edge import Sketcher
from stream.receive.refusal import Refusal
from stream.serving.tokens import Tokens
from tests.stream.receive.http import door

PROMPT = "Describe the harbour in the morning, the boats, the gulls and the smell of tar and salt."
PROTOBUF = "application/x-protobuf"
SPANS = b'{"resourceSpans":[{"scopeSpans":[]}]}'
TOKENS = Tokens({"east": sha256(b"open sesame").digest()})
FACT = b'{"account":"a","time":1789000000,"plan":"pro"}'
VERDICT = b'{"alert_id":"f","time":1789000000,"verdict":"dismiss"}'

Scenario = Callable[[], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def _formats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "stream.receive.application.format_names", lambda: ["auto", "kong", "litellm", "native"]
    )


def line(number: int, **more: object) -> bytes:
    return orjson.dumps({"id": f"r{number}", "time": 1_789_000_000, "account": "a", **more})


def running(scenario: Scenario) -> Callable[[], None]:
    """A test of a scenario on an event loop."""

    def test() -> None:
        asyncio.run(scenario())

    test.__name__ = scenario.__name__
    return test


@running
async def test_arrays_lines_and_single_records_are_written_as_they_came() -> None:
    async with door() as one:
        array = b'[ {"id": 1} ,{"id": 2}]'
        assert await one.post("/ingest/litellm", array) == (200, b'{"records":2}')
        assert await one.post("/ingest/litellm", b'{"id": 3}\n{"id": 4}\n') == (
            200,
            b'{"records":2}',
        )
        assert await one.post("/ingest/native", line(5)) == (200, b'{"records":1}')
        assert await one.post("/ingest/auto", b"") == (200, b'{"records":0}')
        expected = [b'{"id": %d}' % number for number in (1, 2, 3, 4)]
        assert one.kafka.requests == [*expected, line(5)]
        assert one.tally.records == {"anybody": 5}


@running
async def test_a_format_that_workers_do_not_read_is_refused() -> None:
    async with door("native") as one:
        status, told = await one.post("/ingest/litellm", b"{}")
        assert (status, b"kafka.input_format" in told) == (409, True)
        assert (await one.post("/v1/traces", SPANS, content_type="application/json"))[0] == 409
        assert (await one.post("/ingest/native", line(1)))[0] == 200
        assert (await one.post("/ingest/telepathy", b"{}"))[0] == 404
        assert (await one.post("/elsewhere", b"{}"))[0] == 404
        assert one.tally.refused == {409: 2, 404: 1}


@running
async def test_exports_of_traces_are_answered_as_otlp_says() -> None:
    async with door() as one:
        assert await one.post("/v1/traces", SPANS, content_type="application/json") == (200, b"{}")
        packed = gzip.compress(b"\x0a\x03abc")
        answer = await one.post(
            "/v1/traces", packed, content_type=PROTOBUF, content_encoding="gzip"
        )
        assert answer == (200, b"")
        assert one.kafka.requests == [SPANS, b"\x0a\x03abc"]
        status, told = await one.post("/v1/traces", b"\x0a\x09abc", content_type=PROTOBUF)
        # google.rpc.Status: code 3 (INVALID_ARGUMENT), then the message.
        assert (status, told[:3]) == (400, b"\x08\x03\x12")
        assert told[4:] == b"not an OTLP export in protobuf"
        status, told = await one.post("/v1/traces", b"[]", content_type="application/json")
        assert (status, orjson.loads(told)["code"]) == (400, 3)
        assert (await one.post("/v1/traces", SPANS, content_type="text/plain"))[0] == 415


@running
async def test_facts_and_verdicts_go_to_their_topics_all_or_none() -> None:
    async with door() as one:
        assert (await one.post("/facts", FACT + b"\n" + FACT))[0] == 200
        assert (await one.post("/feedback", b"[" + VERDICT + b"]"))[0] == 200
        assert one.kafka.records == {
            "gauger.facts": [(b"a", FACT)] * 2,
            "gauger.feedback": [(b"f", VERDICT)],
        }
        status, told = await one.post("/facts", FACT + b'\n{"account":"s3cret"}')
        assert status == 422
        assert orjson.loads(told)["error"].startswith("record 1: time")
        assert b"s3cret" not in told
        assert len(one.kafka.records["gauger.facts"]) == 2


@running
async def test_nobody_without_a_token_is_let_in() -> None:
    async with door(tokens=TOKENS) as one:
        for headers in ({}, {"authorization": "Bearer sesame"}, {"authorization": "open sesame"}):
            assert (await one.post("/ingest/native", line(1), **headers))[0] == 401
        assert (await one.post("/nowhere", b""))[0] == 401
        known = {"authorization": "Bearer open sesame"}
        assert (await one.post("/ingest/native", line(1), **known))[0] == 200
        assert one.kafka.requests == [line(1)]
        assert one.tally.records == {"east": 1}
        assert [await one.get(path) for path in ("/healthz", "/readyz")] == [200, 200]


@running
async def test_browsers_are_not_let_in() -> None:
    async with door() as one:
        assert (await one.post("/facts", FACT, origin="https://example.org"))[0] == 403
        assert not one.kafka.records


@running
async def test_large_bodies_and_bombs_are_refused() -> None:
    async with door(most_body_bytes=2_000, most_unpacked_bytes=50_000) as one:
        assert (await one.post("/ingest/native", b" " * 2_001))[0] == 413

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b" " * 100

        assert (await one.post("/ingest/native", endless()))[0] == 413
        for pack, name in ((gzip.compress, "gzip"), (zstandard.compress, "zstd")):
            body = b"[" + b" " * 49_000 + b"]"
            answer = await one.post("/ingest/native", pack(body), content_encoding=name)
            assert answer == (200, b'{"records":0}')
            bomb = pack(b" " * 50_001)
            assert len(bomb) < 2_000
            assert (await one.post("/ingest/native", bomb, content_encoding=name))[0] == 413
            cut = pack(line(1))[:-3]
            assert (await one.post("/ingest/native", cut, content_encoding=name))[0] == 400
        assert (await one.post("/ingest/native", b"", content_encoding="br"))[0] == 415
        assert not one.kafka.requests


@running
async def test_a_client_that_is_slow_is_not_waited_for() -> None:
    async with door(body_seconds=0.1) as one:

        async def slow() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.sleep(30)

        assert (await one.post("/ingest/native", slow()))[0] == 408


@running
async def test_while_kafka_is_slow_more_is_refused_and_nothing_held_is_lost() -> None:
    async with door(most_held_bytes=3_000) as one:
        one.kafka.open.clear()
        body = line(1, prompt="x" * 1_300)
        waiting = [asyncio.create_task(one.post("/ingest/native", body)) for _ in range(2)]
        await one.kafka.is_waited_for(2)
        async with one.session.post(one.serving.url + "/ingest/native", data=body) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
        one.kafka.open.set()
        assert [await each for each in waiting] == [(200, b'{"records":1}')] * 2
        assert (await one.post("/ingest/native", body))[0] == 200
        assert one.kafka.requests == [body] * 3


@running
async def test_nothing_is_acknowledged_that_kafka_does_not_have() -> None:
    async with door() as one:
        one.kafka.failure = Refusal(503, "Kafka does not take what is sent", 5)
        async with one.session.post(
            one.serving.url + "/v1/traces", data=SPANS, headers={"content-type": "application/json"}
        ) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            assert orjson.loads(await answer.read())["code"] == 14
        assert (await one.post("/facts", FACT))[0] == 503
        one.kafka.is_ready = False
        assert [await one.get(path) for path in ("/healthz", "/readyz")] == [200, 503]
        assert not one.tally.records


@running
async def test_with_sketches_no_text_reaches_kafka() -> None:
    sketcher = Sketcher(None)
    async with door("native", sketcher=sketcher) as one:
        body = b"\n".join([line(1, prompt=PROMPT, system=PROMPT), b'{"prompt":"s3cret"}', line(2)])
        status, told = await one.post("/ingest/native", body)
        assert (status, orjson.loads(told)) == (
            200,
            {"records": 2, "dropped": 1, "reason": "record 1: id: required field is missing"},
        )
        assert one.kafka.records["gauger.requests"] == [
            (b"a", line(1, sketch=sketcher.sketch(PROMPT, PROMPT)).replace(b"00,", b"00.0,")),
            (b"a", line(2).replace(b"00,", b"00.0,")),
        ]
        assert (await one.post("/ingest/native", b'{"prompt":"s3cret"}'))[0] == 422
        assert one.tally.dropped == 1


@running
async def test_a_stop_lets_requests_that_were_begun_come_to_their_end() -> None:
    async with door() as one:
        one.kafka.open.clear()
        begun = asyncio.create_task(one.post("/ingest/native", line(1)))
        await one.kafka.is_waited_for(1)
        stopping = asyncio.create_task(one.serving.stop())
        await asyncio.wait([stopping], timeout=0.1)
        with pytest.raises(aiohttp.ClientConnectorError):
            await one.get("/healthz")
        one.kafka.open.set()
        assert await begun == (200, b'{"records":1}')
        await stopping


def test_what_was_taken_and_refused_is_told_as_metrics_to_whoever_may_send() -> None:
    tokens = Tokens({"gateway": sha256(b"good").digest()})

    async def scenario() -> tuple[int, str]:
        async with door(tokens=tokens) as one:
            assert await one.get("/metrics") == 401
            good = {"Authorization": "Bearer good"}
            assert (await one.post("/ingest/native", b"{}\n{}", **good))[0] == 200
            assert (await one.post("/ingest/native", b"{}"))[0] == 401
            async with one.session.get(one.serving.url + "/metrics", headers=good) as answer:
                return answer.status, await answer.text()

    status, text = asyncio.run(scenario())
    lines = text.splitlines()
    assert status == 200
    assert "gauger_received_records_total 2.0" in lines
    assert 'gauger_received_refused_total{status="401"} 2.0' in lines
    assert "gauger_receive_seconds_count 1.0" in lines
    assert "gateway" not in text
