"""Any HTTP endpoint that takes alerts by POST: `https://host/path`."""

from __future__ import annotations

from collections.abc import Sequence

from stream.forwarding.options import ForwardOptions, HttpBody
from stream.settings import Settings
from stream.sinks import Message
from stream.sinks._http import Poster

SCHEMES = ("http", "https")
FORMAT = "native"

_LINES = "application/x-ndjson"


class HttpSink:
    """POST requests that hold one message, lines, or a JSON array; any 2xx says it has them.

    Args:
        url: Where to.
        options: `body`, `content_type`, token, TLS.

    Raises:
        UsageError: This is no web address.
    """

    def __init__(self, url: str, options: ForwardOptions) -> None:
        self.most = 1 if options.body == "single" else options.most_messages
        self._body: HttpBody = options.body
        json = options.content_type == ForwardOptions().content_type
        self._content_type = _LINES if json and self._body == "lines" else options.content_type
        self._poster = Poster(url, options)

    def send(self, messages: Sequence[Message]) -> None:
        """Send one request.

        Raises:
            SinkUnavailable, SinkRefused: As `Poster.post`.
        """
        bodies = [message.body for message in messages]
        if self._body == "array":
            body = b"[" + b",".join(bodies) + b"]"
        elif self._body == "lines":
            body = b"".join(one + b"\n" for one in bodies)
        else:
            (body,) = bodies
        self._poster.post(body, self._content_type)

    def close(self) -> None:
        """No connection is held."""


def open_sink(scheme: str, address: str, settings: Settings) -> HttpSink:
    """An endpoint.

    Raises:
        UsageError: This is no web address.
    """
    return HttpSink(f"{scheme}:{address}", settings.forward)
