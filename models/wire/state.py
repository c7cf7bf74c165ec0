"""State as bytes: versioned, self-describing, free of code (never pickle)."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from models.wire.arrays import decode_values, encode_values
from models.wire.upgrades import upgraded
from schemas.errors import InvalidRecord, NewerRelease

MAGIC = b"GAUGER\x00"
VERSION = 4
OLDEST_VERSION = 1
_DIGEST_SIZE = 16


def encode_state(state: dict[str, Any]) -> bytes:
    """Bytes of a nested state of plain values and arrays: magic, version, digest, MessagePack.

    The digest (BLAKE2b of 16 bytes) covers the MessagePack. Older versions are read too: arrays had
    another form (`models.wire.arrays`), and what else has changed is mended
    (`models.wire.upgrades`).

    Raises:
        TypeError: A value is neither plain nor an array.
        ValueError: An array holds objects.
    """
    body = encode_values(state)
    return MAGIC + bytes([VERSION]) + _digest(body, VERSION) + body


def decode_state(data: bytes | memoryview) -> dict[str, Any]:
    """The state that `encode_state` made bytes of, in this release or an older one.

    Raises:
        NewerRelease: A state of a later release.
        InvalidRecord: Not a state, or damaged.
    """
    start = len(MAGIC) + 1 + _DIGEST_SIZE
    head = bytes(data[:start])
    if not head.startswith(MAGIC):
        raise InvalidRecord("not a state of Gauger", None)
    version = head[len(MAGIC)] if len(head) > len(MAGIC) else 0
    if not OLDEST_VERSION <= version <= VERSION:
        reason = f"state of version {version}, this release reads {OLDEST_VERSION} to {VERSION}"
        raise NewerRelease(reason) if version > VERSION else InvalidRecord(reason, None)
    body = memoryview(data)[start:]
    if _digest(body, version) != head[start - _DIGEST_SIZE :]:
        raise InvalidRecord("damaged state: its digest does not fit", None)
    try:
        state = decode_values(body)
    except (msgspec.DecodeError, ValueError, EOFError) as error:
        raise InvalidRecord(f"damaged state: {error}", None) from error
    if not isinstance(state, dict):
        raise InvalidRecord("damaged state: not a table", None)
    try:
        return upgraded(state, version)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRecord(f"not a state of version {version}: {error!r}", None) from error


def _digest(body: bytes | memoryview, version: int) -> bytes:
    # Of version 1 the digest did not know: a damaged byte there looked like another release.
    person = b"gauger-state" if version == OLDEST_VERSION else b"gauger-state-%d" % version
    return blake2b(body, digest_size=_DIGEST_SIZE, person=person).digest()
