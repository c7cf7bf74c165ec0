"""The callback for LiteLLM, with payloads of LiteLLM's form and a receiver of our own."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas import formats
from schemas.codec import DecodedRequests, decode_requests
from stream.edge import Sketcher

FILE = Path(__file__).parents[2] / "examples" / "litellm_callback.py"
PROMPT = "Rewrite the tale of the fox and the grapes for somebody who has never seen a vineyard."


def payload(number: int, account: str | None = "u1") -> dict[str, Any]:
    """What LiteLLM hands to a callback."""
    return {
        "standard_logging_object": {
            "id": f"chatcmpl-{number}",
            "call_type": "acompletion",
            "status": "success",
            "startTime": 1_789_000_000.25 + number,
            "endTime": 1_789_000_002.5 + number,
            "model": "m-1",
            "metadata": {"user_api_key_user_id": account, "user_api_key_hash": "9f"},
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "end_user": "",
            "messages": [{"role": "user", "content": PROMPT}],
            "response": {"choices": [{"finish_reason": "stop"}]},
            "model_parameters": {},
        }
    }


def decoded(lines: list[bytes]) -> DecodedRequests:
    """A stand-in for the input format, which has tests of its own."""
    payloads = [orjson.loads(line) for line in lines]
    return decode_requests([
        orjson.dumps({
            "id": one["id"],
            "time": one["startTime"],
            "account": one["metadata"]["user_api_key_user_id"],
            "prompt": one["messages"][0]["content"],
        })
        for one in payloads
    ])  # fmt: skip


class Receiver:
    """Keeps bodies and headers, and answers as it is told: 200 once it has run out of orders."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.orders: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.orders.pop(0) if receiver.orders else 200
                if status == 200:
                    receiver.bodies.append(body)
                    receiver.headers.append(dict(self.headers))
                self.send_response(status)
                self.send_header("Retry-After", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for body in self.bodies for line in body.splitlines()]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("litellm_callback", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "_GATHER_SECONDS", 0.05)
    monkeypatch.setattr(module, "_LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(module, "input_format", lambda _: decoded)
    return module


@pytest.fixture
def logger(module: Any, receiver: Receiver) -> Callable[..., Any]:
    return lambda **more: module.GaugerLogger(receiver.url + "/", None, **more)


def test_what_is_sent_holds_sketches_and_no_text(
    logger: Callable[..., Any], receiver: Receiver
) -> None:
    made = logger(token="sesame")
    asyncio.run(made.async_log_success_event(payload(1), None, 0, 0))
    made.log_success_event(payload(2), None, 0, 0)
    asyncio.run(made.async_log_failure_event(payload(3), None, 0, 0))
    made.log_failure_event(payload(4), None, 0, 0)
    made.close()
    events = receiver.events
    assert [event["id"] for event in events] == [f"chatcmpl-{number}" for number in (1, 2, 3, 4)]
    assert {event["sketch"] for event in events} == {Sketcher(None).sketch(prompt=PROMPT)}
    assert not any(b"vineyard" in body for body in receiver.bodies)
    assert {headers["Authorization"] for headers in receiver.headers} == {"Bearer sesame"}
    assert (made.sent, made.lost.total()) == (4, 0)


def test_what_is_not_taken_now_is_sent_again(
    logger: Callable[..., Any], receiver: Receiver
) -> None:
    receiver.orders = [429, 503, 503]
    made = logger()
    made.log_success_event(payload(1))
    while not receiver.bodies:
        made._thread.join(0.01)
    made.close()
    assert len(receiver.events) == made.sent == 1
    assert made.lost.total() == 0


def test_nothing_is_lost_without_being_counted(
    logger: Callable[..., Any], receiver: Receiver
) -> None:
    receiver.orders = [422]
    made = logger()
    made.log_success_event({})
    made.log_success_event(payload(1, account=None))
    made.log_success_event(payload(2))
    made.close()
    made = [made, logger()]
    made[1].log_success_event({"standard_logging_object": {"odd": object()}})
    made[1].close()
    lost = [{reason: count for reason, count in one.lost.items() if count} for one in made]
    assert lost == [
        {"no payload": 1, "not understood": 1, "refused with 422": 1},
        {"not understood": 1},
    ]
    assert not receiver.bodies


def test_a_gateway_never_waits(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 3)
    monkeypatch.setattr(module, "_MOST_AT_ONCE", 1)
    # Nobody listens there: one payload is being sent, three wait.
    made = module.GaugerLogger("http://127.0.0.1:9", None)
    for number in range(20):
        made.log_success_event(payload(number))
    made.close()
    assert made.lost["queue full"] >= 16
    assert (made.sent, made.lost.total()) == (0, 20)


def test_payloads_are_understood(
    logger: Callable[..., Any], module: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "input_format", formats.input_format)
    made = logger()
    made.log_success_event(payload(1))
    made.close()
    [event] = receiver.events
    assert (event["account"], event["model"]) == ("u1", "m-1")
    assert event["sketch"] == Sketcher(None).sketch(prompt=PROMPT)
