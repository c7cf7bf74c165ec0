"""Bearer tokens: who may come, and as what. Only their hashes are kept."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

_LINE = re.compile(r"(\S{1,64})\s+([0-9a-fA-F]{64})(?:\s+(\S+))?")


class Tokens:
    """Clients by the SHA-256 of their tokens.

    Tokens are drawn at random and long, so a hash that takes no effort to compute will do.

    Args:
        digests: The hash of each client's token.
        roles: What a client may do, where clients differ.
    """

    def __init__(
        self, digests: Mapping[str, bytes], roles: Mapping[str, str] | None = None
    ) -> None:
        self._digests = dict(digests)
        self._roles = dict(roles or {})

    def client(self, authorization: str | None) -> str | None:
        """Name of the client with this `Authorization` header; None of nobody known."""
        scheme, _, token = (authorization or "").partition(" ")
        known = self.holder(token.strip())
        return known if scheme.lower() == "bearer" else None

    def holder(self, token: str) -> str | None:
        """Name of the client with this token; None of nobody known.

        All hashes are compared, each in constant time, whatever the outcome.
        """
        digest = sha256(token.encode("utf-8", "replace")).digest()
        known = [name for name, one in self._digests.items() if hmac.compare_digest(one, digest)]
        return known[0] if known else None

    def role(self, name: str) -> str:
        """The role of a client; empty where clients have none."""
        return self._roles.get(name, "")


def read_tokens(path: Path, roles: Sequence[str] = ()) -> Tokens:
    """The tokens of a file: a line each, name and SHA-256 in hexadecimal digits; `#` comments.

    Args:
        path: The file.
        roles: What may stand as a third word; the first of them holds where none does.

    Raises:
        ValueError: It cannot be read, is empty, or a line is none; no line is repeated.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    digests: dict[str, bytes] = {}
    given: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        found = _LINE.fullmatch(content)
        if found is None or (found[3] and found[3] not in roles):
            word = f", and one of {', '.join(roles)}" if roles else ""
            raise ValueError(f"{path}, line {number}: not a name and a SHA-256{word}")
        if found[1] in digests:
            raise ValueError(f"{path}, line {number}: a second token for {found[1]}")
        digests[found[1]] = bytes.fromhex(found[2])
        given[found[1]] = found[3] or (roles[0] if roles else "")
    if not digests:
        raise ValueError(f"{path} holds no token")
    return Tokens(digests, given)
