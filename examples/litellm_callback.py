"""LiteLLM's requests to Gauger, sketched: no prompt leaves the gateway.

Beside the proxy's `config.yaml`, with Gauger installed in the proxy's environment:

    litellm_settings:
      callbacks: litellm_callback.gauger

`GAUGER_RECEIVER` says where `gauger receive` listens, `GAUGER_KEY_FILE` names the key of the
workers, `GAUGER_TOKEN_FILE` a file with the bearer token, if one is asked for. The gateway never
waits: payloads go into a queue, and a thread sketches and sends them. What does not get there is
counted, by reason, and logged once a minute.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from http.client import HTTPException
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import orjson

from schemas.codec import encode
from schemas.formats import input_format
from stream.edge import Sketcher

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    CustomLogger = object

_log = logging.getLogger("gauger")

_MOST_WAITING = 20_000
_MOST_AT_ONCE = 500
_GATHER_SECONDS = 1.0
_SEND_SECONDS = 30.0
_TELL_SECONDS = 60.0
_LONGEST_PAUSE = 60.0
_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class GaugerLogger(CustomLogger):
    """Sketches what LiteLLM logs and posts it to `gauger receive`.

    Args:
        receiver: Where it listens, as `https://gauger.example:8318`.
        key_file: The key of texts that the workers have.
        token: The bearer token.
        previous_key_file: The key before, while the key of texts rotates.

    Attributes:
        sent: Requests that Kafka has.
        lost: Requests that it will not get, by reason.
    """

    def __init__(
        self,
        receiver: str,
        key_file: str | None,
        token: str | None = None,
        previous_key_file: str | None = None,
    ) -> None:
        super().__init__()
        self.sent = 0
        self.lost: Counter[str] = Counter()
        self._url = f"{receiver.rstrip('/')}/ingest/native"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._sketcher = Sketcher(key_file, previous_key_file)
        self._decode = input_format("litellm")
        self._waiting: Queue[Any] = Queue(_MOST_WAITING)
        self._ending = Event()
        self._counting = Lock()
        self._told, self._told_at = 0, time.monotonic()
        self._thread = Thread(target=self._work, name="gauger", daemon=True)
        self._thread.start()

    def log_success_event(self, kwargs: Any, *_: Any) -> None:
        """A request that was answered."""
        self._take(kwargs)

    def log_failure_event(self, kwargs: Any, *_: Any) -> None:
        """A request that failed."""
        self._take(kwargs)

    async def async_log_success_event(self, kwargs: Any, *_: Any) -> None:
        """A request that was answered."""
        self._take(kwargs)

    async def async_log_failure_event(self, kwargs: Any, *_: Any) -> None:
        """A request that failed."""
        self._take(kwargs)

    def close(self, seconds: float = _SEND_SECONDS) -> None:
        """Send what waits, for so long at most; what is left then is lost, and counted."""
        self._ending.set()
        self._thread.join(seconds)
        self._lose("shutdown", self._waiting.qsize())

    def _take(self, kwargs: Any) -> None:
        payload = kwargs.get("standard_logging_object")
        if payload is None:
            self._lose("no payload")
            return
        try:
            self._waiting.put_nowait(payload)
        except Full:
            self._lose("queue full")

    def _work(self) -> None:
        while not (self._ending.is_set() and self._waiting.empty()):
            lines = self._sketched(self._gathered())
            if lines:
                self._deliver(lines)
            self._tell()

    def _gathered(self) -> list[Any]:
        """Payloads of a second, or as many as go into one body."""
        payloads: list[Any] = []
        end = time.monotonic() + _GATHER_SECONDS
        while len(payloads) < _MOST_AT_ONCE and (left := end - time.monotonic()) > 0:
            try:
                payloads.append(self._waiting.get(timeout=0 if self._ending.is_set() else left))
            except Empty:
                break
        return payloads

    def _sketched(self, payloads: list[Any]) -> list[bytes]:
        try:
            decoded = self._decode([orjson.dumps(one, default=str) for one in payloads])
            self._lose("not understood", len(decoded.rejects))
            return [encode(event) for event in self._sketcher.events(decoded.events)]
        except Exception:  # noqa: BLE001 - whatever a payload holds, the next ones are sent
            self._lose("not understood", len(payloads))
            return []

    def _deliver(self, lines: list[bytes]) -> None:
        """Send a body again and again until it is taken, or refused for good."""
        pause = 1.0
        while True:
            try:
                again = self._post(lines)
            except (OSError, HTTPException):
                again = pause
            if again is None:
                return
            if self._ending.wait(min(max(again, pause), _LONGEST_PAUSE)):
                self._lose("shutdown", len(lines))
                return
            pause = min(2 * pause, _LONGEST_PAUSE)
            self._tell()

    def _post(self, lines: list[bytes]) -> float | None:
        """Send a body once; seconds until it should be sent again, None when it need not be."""
        request = Request(self._url, b"\n".join(lines), self._headers)  # noqa: S310 - the operator's
        try:
            urlopen(request, timeout=_SEND_SECONDS).close()  # noqa: S310 - as above
        except HTTPError as error:
            with error:
                if error.code in _TRY_AGAIN:
                    told = error.headers.get("Retry-After", "")
                    return float(told) if told.isdecimal() else 1.0
            self._lose(f"refused with {error.code}", len(lines))
        else:
            self.sent += len(lines)
        return None

    def _lose(self, reason: str, count: int = 1) -> None:
        # Counted by the gateway's threads and by ours.
        with self._counting:
            self.lost[reason] += count

    def _tell(self) -> None:
        lost = self.lost.total()
        if lost > self._told and time.monotonic() - self._told_at >= _TELL_SECONDS:
            _log.warning("gauger: %d requests lost so far: %s", lost, dict(self.lost))
            self._told, self._told_at = lost, time.monotonic()


def _token() -> str | None:
    file = os.environ.get("GAUGER_TOKEN_FILE")
    return Path(file).read_text("utf-8").strip() if file else None


if "GAUGER_RECEIVER" in os.environ:
    gauger = GaugerLogger(
        os.environ["GAUGER_RECEIVER"], os.environ.get("GAUGER_KEY_FILE"), _token()
    )
