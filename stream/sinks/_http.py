"""POST requests to one address, and what their answers mean for what was sent."""

from __future__ import annotations

import urllib.request
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from ipaddress import ip_address
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from stream.broker.security import tls_context
from stream.clock import now
from stream.errors import UsageError
from stream.forwarding.options import ForwardOptions
from stream.sinks import SinkRefused, SinkUnavailable

_MOST_ANSWER = 65_536
_MOST_SHOWN = 200
_TOO_EARLY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
# They speak of the login or the address. No message is at fault, so none is put aside for them.
_ABOUT_US = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    HTTPStatus.GONE,
}


class Poster:
    """POST requests, through the environment's proxy if it names one.

    Args:
        url: `http` or `https`; the host must not hold a login.
        options: Token, TLS, patience.
        token_scheme: The word before the token; None: that of the options.

    Raises:
        UsageError: This is no such address, or the token would travel in clear.
    """

    def __init__(
        self, url: str, options: ForwardOptions, *, token_scheme: str | None = None
    ) -> None:
        _check(url, options)
        self._url = url
        self._seconds = options.timeout_seconds
        self._headers = {"User-Agent": "gauger"}
        if options.token:
            scheme = token_scheme or options.token_scheme
            self._headers["Authorization"] = f"{scheme} {options.token}"
        try:
            tls = urllib.request.HTTPSHandler(context=tls_context(options))
        except ValueError as error:
            raise UsageError(f"forward.{error}") from error
        self._opener = urllib.request.build_opener(tls, _NoRedirect)

    def post(self, body: bytes, content_type: str) -> bytes:
        """Send a body.

        Returns:
            The first 64 KiB of an answer that says that it was taken.

        Raises:
            SinkUnavailable: Nobody takes it now, or the sink does not let us in.
            SinkRefused: It does not take this body.
        """
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self._url, body, {**self._headers, "Content-Type": content_type}, method="POST"
        )
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                taken: bytes = answer.read(_MOST_ANSWER)
                return taken
        except HTTPError as error:
            with error:
                raise _meaning(error) from None
        except URLError as error:
            raise SinkUnavailable(f"cannot be reached: {error.reason}") from None
        except (OSError, HTTPException) as error:
            raise SinkUnavailable(f"breaks off: {str(error) or type(error).__name__}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A POST that is sent on becomes a GET, whose answer would be taken for an arrival."""

    def redirect_request(
        self, req: Any, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _check(url: str, options: ForwardOptions) -> None:
    try:
        parts = urlsplit(url)
        legal = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        legal = False
    if not legal or any(character <= " " or character > "~" for character in url):
        raise UsageError("the address of the sink is no web address, as https://host:port/path")
    if parts.username is not None or parts.password is not None:
        raise UsageError("the address of the sink holds a login: set forward.token_file instead")
    if options.token and parts.scheme == "http" and not _loopback(parts.hostname or ""):
        raise UsageError("forward.token would travel in clear: the sink needs https")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _meaning(error: HTTPError) -> Exception:
    """What an answer that is no success means."""
    said = " ".join(error.read(_MOST_ANSWER).decode("utf-8", "replace").split())[:_MOST_SHOWN]
    reason = f"HTTP {error.code} {error.reason}" + (f": {said}" if said else "")
    client_error = HTTPStatus.BAD_REQUEST <= error.code < HTTPStatus.INTERNAL_SERVER_ERROR
    if client_error and error.code not in _TOO_EARLY | _ABOUT_US:
        return SinkRefused(reason)
    return SinkUnavailable(reason, _seconds_to_wait(error.headers.get("Retry-After")))


def _seconds_to_wait(value: str | None) -> float | None:
    """What `Retry-After` asks for: seconds, or a date; None if it is neither."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
        return max(0.0, date.timestamp() - now() / 1e6)
    except (ValueError, OverflowError):
        return None
