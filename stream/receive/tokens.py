"""Bearer tokens: who may send. Only their hashes are kept."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

_LINE = re.compile(r"(\S{1,64})\s+([0-9a-fA-F]{64})")


class Tokens:
    """Clients by the SHA-256 of their tokens.

    Tokens are drawn at random and long, so a hash that takes no effort to compute will do.
    """

    def __init__(self, digests: Mapping[str, bytes]) -> None:
        self._digests = dict(digests)

    def client(self, authorization: str | None) -> str | None:
        """Name of the client with this `Authorization` header; None of nobody known.

        All hashes are compared, each in constant time, whatever the outcome.
        """
        scheme, _, token = (authorization or "").partition(" ")
        digest = sha256(token.strip().encode("utf-8", "replace")).digest()
        known = [name for name, one in self._digests.items() if hmac.compare_digest(one, digest)]
        return known[0] if known and scheme.lower() == "bearer" else None


def read_tokens(path: Path) -> Tokens:
    """The tokens of a file: a line each, name and SHA-256 in hexadecimal digits; `#` comments.

    Raises:
        ValueError: It cannot be read, is empty, or a line is none; no line is repeated.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    digests: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        found = _LINE.fullmatch(content)
        if found is None:
            raise ValueError(f"{path}, line {number}: not a name and a SHA-256")
        if found[1] in digests:
            raise ValueError(f"{path}, line {number}: a second token for {found[1]}")
        digests[found[1]] = bytes.fromhex(found[2])
    if not digests:
        raise ValueError(f"{path} holds no token")
    return Tokens(digests)
