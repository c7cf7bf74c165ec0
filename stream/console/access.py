"""Who comes, what they may do, and whether a request is meant by them."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Literal, NamedTuple

from stream.serving.tokens import Tokens

Role = Literal["viewer", "analyst"]
ROLES: tuple[Role, ...] = ("viewer", "analyst")
"""What people may do: look, or decide too."""

COOKIE = "gauger_console"
_SESSION_SECONDS = 12 * 3_600.0
_MOST_SESSIONS = 1_000
_MOST_NAME = 200
_PORT = re.compile(r":\d+$")


class Person(NamedTuple):
    """Somebody who was let in; `session` is what their requests are bound to."""

    name: str
    role: Role
    session: str


class Session(NamedTuple):
    """A sign-in and when it ends, in seconds of `stream.clock.elapsed`."""

    name: str
    role: Role
    ends: float


class Proxy(NamedTuple):
    """A proxy in front of us: the header in which it names people, who decides, where it is."""

    header: str
    analysts: frozenset[str]
    addresses: frozenset[str]


class Access:
    """Sign-ins by token, and people whom a proxy names.

    Args:
        tokens: Tokens of people; None where a proxy alone says who comes.
        proxy: The proxy, if there is one.
        names: Names under which browsers reach us; None: any.
    """

    def __init__(
        self,
        tokens: Tokens | None,
        proxy: Proxy | None,
        names: frozenset[str] | None = None,
    ) -> None:
        self._names = names
        self._tokens = tokens
        self._proxy = proxy
        self._secret = secrets.token_bytes(32)
        self._sessions: dict[str, Session] = {}

    @property
    def by_token(self) -> bool:
        """Whether one can sign in with a token."""
        return self._tokens is not None

    def is_ours(self, host: str) -> bool:
        """Whether a `Host` header names us.

        A site whose name leads to this machine could speak to us as if it were our own page.
        """
        name = host.rpartition(":")[0] if _PORT.search(host) else host
        return self._names is None or name.lower() in self._names

    def sign_in(self, token: str, now: float) -> str | None:
        """The session that a token opens; None where nobody has it."""
        name = self._tokens.holder(token) if self._tokens else None
        if name is None or self._tokens is None:
            return None
        for gone in [one for one, session in self._sessions.items() if session.ends <= now]:
            del self._sessions[gone]
        while len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        session = secrets.token_urlsafe(32)
        role: Role = "analyst" if self._tokens.role(name) == "analyst" else "viewer"
        self._sessions[session] = Session(name, role, now + _SESSION_SECONDS)
        return session

    def sign_out(self, session: str) -> None:
        """End a session."""
        self._sessions.pop(session, None)

    def person(
        self, cookie: str | None, headers: Mapping[str, str], address: str | None, now: float
    ) -> Person | None:
        """Who sends a request.

        Args:
            cookie: The session that it names.
            headers: All its headers.
            address: Where the connection comes from.
            now: Seconds of `stream.clock.elapsed`.
        """
        session = self._sessions.get(cookie) if cookie else None
        if cookie and session is not None and now < session.ends:
            return Person(session.name, session.role, cookie)
        proxy = self._proxy
        if proxy is None or address not in proxy.addresses:
            return None
        name = headers.get(proxy.header, "").strip()
        if not name or len(name) > _MOST_NAME:
            return None
        role: Role = "analyst" if name in proxy.analysts else "viewer"
        return Person(name, role, f"proxy:{name}")

    def proof(self, person: Person) -> str:
        """What this person's own pages know and no other site's: goes with all that changes."""
        return hmac.new(self._secret, person.session.encode(), sha256).hexdigest()

    def is_meant(self, person: Person, headers: Mapping[str, str]) -> bool:
        """Whether a request that changes something comes from our own page."""
        if headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return False
        sent = headers.get("X-Gauger-Proof", "")
        return hmac.compare_digest(sent.encode("utf-8", "replace"), self.proof(person).encode())
