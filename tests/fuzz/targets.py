"""What is fuzzed: one function a target, from any bytes to nothing; what it raises is a find."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from models.requests.ingestion import BatchBuilder
from models.requests.sketch_record import decode_sketches
from models.wire.codec import Assembler, read_frame
from models.wire.state import decode_state
from schemas.codec import MAX_LINE, decode_alert, decode_facts, decode_feedback, encode
from schemas.errors import InvalidRecord
from schemas.formats import format_names, input_format
from schemas.reading.events import MOST_PART_BYTES
from stream.receive.refusal import Refusal
from stream.receive.splitting import Unsplittable, json_records, json_traces, protobuf_traces
from stream.recordings.decompression import DamagedInput, gzip_members, zstd_frames
from stream.settings import SettingsError, load_settings
from tests.fuzz.raw_http import talk
from tests.fuzz.sealing import framed, sealed
from tests.strategies import KEY

Target = Callable[[bytes], None]

SKETCH_KEY, FORMER_KEY = "0123abcd", "89efcdab"
_MOST_UNPACKED = 1 << 20


@lru_cache(1)
def _builder() -> BatchBuilder:
    return BatchBuilder(KEY)


def _requests(name: str) -> Target:
    def decode(data: bytes) -> None:
        lines = data.split(b"\n")
        decoded = input_format(name)(lines)
        for event in decoded.events:
            encode(event)
        if decoded.events:
            assert len(_builder().build(decoded.events)) == len(decoded.events)
        parts = sum(len(error.part or b"") for _, error in decoded.rejects)
        assert parts <= len(lines) * (MOST_PART_BYTES + MAX_LINE)

    return decode


def _records(data: bytes) -> None:
    """Facts, verdicts, and alerts as consumers of ours read them."""
    for decode in (decode_facts, decode_feedback, decode_alert):
        with suppress(InvalidRecord):
            encode(decode(data))


def _settings(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(data)
        file.flush()
        with suppress(SettingsError):
            load_settings(Path(file.name), {})


def _state(data: bytes) -> None:
    """As it is, and with a digest that fits: what is behind it must hold by itself."""
    for state in (data, sealed(data)):
        with suppress(InvalidRecord):
            decode_state(state)


def _messages(data: bytes) -> None:
    for frame in (data, framed(data)):
        with suppress(InvalidRecord):
            Assembler().add(read_frame(frame))


def _sketch(data: bytes) -> None:
    decode_sketches([data.decode("latin-1")], [(FORMER_KEY, SKETCH_KEY)])


def _bodies(data: bytes) -> None:
    """A body that the receiver took, at each of its doors."""
    for split in (json_records, _json_traces, _protobuf_traces):
        with suppress(Unsplittable):
            for record in split(data):
                assert len(record) <= len(data) + 64
    for decompress in (gzip_members, zstd_frames):
        unpacked = 0
        with suppress(DamagedInput, Refusal):
            for piece in decompress(io.BytesIO(data).read):
                unpacked += len(piece)
                if unpacked > _MOST_UNPACKED:
                    break


def _json_traces(data: bytes) -> list[bytes]:
    return json_traces(data, 200)


def _protobuf_traces(data: bytes) -> list[bytes]:
    return protobuf_traces(data, 200)


TARGETS: dict[str, Target] = {
    **{f"requests-{name}": _requests(name) for name in format_names()},
    "records": _records,
    "settings": _settings,
    "state": _state,
    "messages": _messages,
    "sketch": _sketch,
    "bodies": _bodies,
    "http": talk,
}
