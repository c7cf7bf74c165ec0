"""Seeds of each target: the samples and golden files of this tree, and the finds in `corpus/`.

`corpus/TARGET/` holds what once was a find, by the name of what it was (`.bin`).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import orjson
import zstandard

from models.layouts import EDGE
from models.requests.request_sketch import RequestSketcher
from models.requests.sketch_record import encode_sketches
from models.wire.arrays import encode_values
from models.wire.codec import read_frame, to_frames
from models.wire.protocol import Ask, Facts
from tests.fuzz.raw_http import chunked, request
from tests.fuzz.targets import FORMER_KEY, SKETCH_KEY, TARGETS
from tests.schemas.formats.samples import SAMPLES
from tests.strategies import KEY

FOLDER = Path(__file__).parent / "corpus"
ROOT = Path(__file__).resolve().parents[2]

NATIVE = {
    "id": "r", "time": "2026-01-02T03:04:05Z", "account": "a", "org": "o", "ip": "2001:db8::1",
    "tools": ["b", "a"], "n": 2, "max_tokens": 1e3, "temperature": 0.5, "status": 200,
    "signatures_presented": ["s"], "signatures_issued": ["t"], "prompt": "one two three four five",
    "system": "six seven eight nine ten", "user_agent": "sdk/1", "payment": "p", "plan": "free",
    "account_created": 1, "refused": True, "unheard_of": {"of": [1]},
}  # fmt: skip
FACT = {"account": "a", "time": 1, "plan": "pro", "status": "banned", "account_created": "x"}
VERDICT = {"alert_id": "f", "time": "2026-01-02T03:04:05+01:00", "verdict": "dismiss"}


def _native() -> Iterator[bytes]:
    yield orjson.dumps(NATIVE)
    yield b"\n".join([orjson.dumps(NATIVE), b"[" * 300, b'{"id":"\\ud800"}', b'{"a":1e999}'])


def _samples(form: str) -> Iterator[bytes]:
    for sample in SAMPLES:
        if form in (sample.form, "auto"):
            yield orjson.dumps(sample.record)


def _state() -> Iterator[bytes]:
    edges = np.zeros(2, EDGE)
    yield encode_values({"a": edges, "b": [1, 2.5, None, b"x", "y"], 3: {"c": np.arange(3)}})
    yield encode_values({"detector": {"partitions": 1, "accounts": [], "ties": [], "head": {}}})
    # Arrays in NumPy's own format, as the first version had them.
    file = BytesIO()
    np.lib.format.write_array(file, edges)
    yield msgspec.msgpack.encode({"a": msgspec.msgpack.Ext(1, file.getvalue())})


def _messages() -> Iterator[bytes]:
    for message in (Ask(7, [1, 2]), Facts("facts/0", 0, 1, [(1, 2, 3, {"plan": 2})])):
        [frame] = to_frames(message)
        yield frame
        yield read_frame(frame).part


def _sketch() -> Iterator[bytes]:
    sketches = RequestSketcher(KEY).sketch(["one two three four five six " * 9], ["a b c d e f"])
    for key, renewed in ((SKETCH_KEY, None), (FORMER_KEY, (SKETCH_KEY, sketches))):
        for text in encode_sketches(sketches, ["a b c d e f"], key, renewed):
            yield text.encode()


def _bodies() -> Iterator[bytes]:
    lines = b"\n".join([orjson.dumps(NATIVE)] * 2)
    spans = b'{"resourceSpans":[{"scopeSpans":[]},{"scopeSpans":[{"spans":[{}]}]}]}'
    protobuf = b"\x0a\x03abc\x0a\x02de"
    yield from (lines, b"[" + lines.replace(b"\n", b",") + b"]", spans, protobuf)
    yield from (gzip.compress(lines, mtime=0), zstandard.compress(spans))


def _http() -> Iterator[bytes]:
    line, gzipped = orjson.dumps(NATIVE), gzip.compress(orjson.dumps(NATIVE), mtime=0)
    native, json = "/ingest/native", "Content-Type: application/json"
    yield request(native, line, "Authorization: Bearer t", "Expect: 100-continue")
    yield request(native, gzipped, "Content-Encoding: gzip") + request("/healthz", method="GET")
    yield request("/v1/traces", b'{"resourceSpans":[]}', json) + request("/facts", b"{}")
    yield request("/v1/traces", b"\x0a\x03abc", "Content-Type: application/x-protobuf")
    yield chunked("/feedback", [line[:40], line[40:]]) + request("/metrics", method="GET")
    yield request(native, line).replace(b"Content-Length: ", b"Content-Length: 9")
    yield request(native, line, "Transfer-Encoding: chunked", "Upgrade: h2c", "Connection: Upgrade")


def _settings() -> Iterator[bytes]:
    yield (ROOT / "examples" / "gauger.toml").read_bytes()
    yield b'[epoch]\nseconds = 300\n[formats.kong]\naccount = "a.b"\n'
    yield b"\n".join([
        b'[[allow]]\nkind = "network"\nvalue = "10.0.0.0/8"',
        b'reason = "r"\nowner = "o"\nexpires = 2030-01-01',
    ])  # fmt: skip


def _records() -> Iterator[bytes]:
    yield from map(orjson.dumps, (FACT, VERDICT))


@cache
def seeds(target: str) -> tuple[bytes, ...]:
    """The seeds of a target, finds last."""
    made = {
        "requests-native": _native,
        "records": _records,
        "settings": _settings,
        "state": _state,
        "messages": _messages,
        "sketch": _sketch,
        "bodies": _bodies,
        "http": _http,
    }.get(target, lambda: _samples(target.removeprefix("requests-")))
    finds = sorted((FOLDER / target).glob("*")) if target in TARGETS else []
    return (*made(), *(path.read_bytes() for path in finds))
