"""Splunk's HTTP Event Collector: `hec+https://host:8088`, with `forward.token`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import orjson

from stream.errors import UsageError
from stream.settings import Settings
from stream.sinks import Message, SinkUnavailable
from stream.sinks._http import Poster

SCHEMES = ("hec+http", "hec+https")
FORMAT = "hec"

_PATH = "/services/collector/event"
_ENVELOPE = {"event", "fields", "host", "index", "source", "sourcetype", "time"}


class HecSink:
    """Envelopes one after another in a request; code 0 of the answer says that Splunk has them.

    A message that is no envelope (another format, a response) becomes the event of one.

    Args:
        poster: Sends to the collector.
        most: Most messages a request.
    """

    def __init__(self, poster: Poster, most: int) -> None:
        self.most = most
        self._poster = poster

    def send(self, messages: Sequence[Message]) -> None:
        """Send one request.

        Raises:
            SinkUnavailable: As `Poster.post`, and when the answer does not hold code 0.
            SinkRefused: As `Poster.post`.
        """
        body = b"".join(_enveloped(message.body) for message in messages)
        answer = self._poster.post(body, "application/json")
        try:
            acknowledged = orjson.loads(answer)["code"] == 0
        except (orjson.JSONDecodeError, TypeError, KeyError):
            acknowledged = False
        if not acknowledged:
            raise SinkUnavailable("answers without the code of success: is it Splunk's collector?")

    def close(self) -> None:
        """No connection is held."""


def open_sink(scheme: str, address: str, settings: Settings) -> HecSink:
    """A collector; without a path, at its usual one.

    Raises:
        UsageError: This is no web address, or there is no token.
    """
    options = settings.forward
    if not options.token:
        raise UsageError("forward.token_file: is needed for hec+https, as GAUGER_FORWARD__TOKEN is")
    url = f"{scheme.removeprefix('hec+')}:{address}"
    if urlsplit(url).path in {"", "/"}:
        url = url.rstrip("/") + _PATH
    return HecSink(Poster(url, options, token_scheme="Splunk"), options.most_messages)  # noqa: S106


def _enveloped(body: bytes) -> bytes:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        event = body.decode("utf-8", "replace")
    if isinstance(event, dict) and "event" in event and event.keys() <= _ENVELOPE:
        return body
    return orjson.dumps({"event": event})
