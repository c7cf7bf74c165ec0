"""Sketching where requests are made, so that no prompt leaves the gateway.

    sketcher = Sketcher("gauger.key")
    line = sketcher.event(id="r-1", time=1789000000, account="a-17", prompt="Summarise …")

The key must be that of the workers' texts. While it gives way to another, both are given, and every
sketch is made under both. The first sketch of a process takes a second or two, while the
compiled loops are loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import orjson
from msgspec.structs import replace

from models.requests.request_sketch import RequestSketcher
from models.requests.sketch_record import encode_sketches
from schemas.codec import decode_request, encode
from schemas.errors import InvalidRecord
from schemas.request import RequestEvent
from stream.keys import HashKey, read_key


class Sketcher:
    """Replaces texts by sketches; for any number of threads.

    Args:
        key: The key file of the workers, or a key that was read; None: the public demonstration
            key, with which anybody can compute the hashes.
        previous: The same of the key before, until the overlap has ended.

    Raises:
        ValueError: A file cannot be read, or holds no key.
    """

    def __init__(
        self, key: str | Path | HashKey | None, previous: str | Path | HashKey | None = None
    ) -> None:
        # The key before comes first in a record: it is what holds until the overlap has ended.
        keys = [_read(one) for one in ((previous, key) if previous else (key,))]
        self._sketchers = [(one.id, RequestSketcher(one.secret)) for one in keys]
        self._lock = Lock()

    def sketch(self, system: str | None = None, prompt: str | None = None) -> str:
        """The field `sketch` of a request with these texts."""
        return self._sketches([prompt or ""], [system or ""])[0]

    def event(self, **fields: object) -> bytes:
        """A native request event in which a sketch stands for `system` and `prompt`.

        Args:
            fields: Fields of the contract; others are left out. Times may be datetimes.

        Raises:
            InvalidRecord: With the reason and the field at fault.
        """
        try:
            line = orjson.dumps(fields, option=orjson.OPT_NAIVE_UTC)
        except orjson.JSONEncodeError as error:
            raise InvalidRecord(f"cannot be written: {error}") from None
        [event] = self.events([decode_request(line)])
        return encode(event)

    def events(self, events: Sequence[RequestEvent]) -> list[RequestEvent]:
        """The same requests, in their order, without text."""
        rows = [row for row, event in enumerate(events) if event.prompt or event.system]
        made = self._sketches(
            [events[row].prompt or "" for row in rows], [events[row].system or "" for row in rows]
        )
        sketches = dict(zip(rows, made, strict=True))
        return [
            replace(event, system=None, prompt=None, sketch=sketches.get(row, event.sketch))
            for row, event in enumerate(events)
        ]

    def _sketches(self, prompts: list[str], systems: list[str]) -> list[str]:
        # The working memory of the loops is one for all threads.
        with self._lock:
            made = [(name, one.sketch(prompts, systems)) for name, one in self._sketchers]
        name, sketches = made[0]
        return encode_sketches(sketches, systems, name, *made[1:])


def _read(key: str | Path | HashKey | None) -> HashKey:
    return key if isinstance(key, HashKey) else read_key(Path(key) if key else None)
