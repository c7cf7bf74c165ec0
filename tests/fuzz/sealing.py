"""Digests that fit: fuzzed bytes as the body of a state, or of a message."""

from __future__ import annotations

from hashlib import blake2b

from models.wire.arrays import encode_values
from models.wire.codec import WIRE_VERSION
from models.wire.state import MAGIC, VERSION


def sealed(body: bytes) -> bytes:
    """A state with this content, well-formed or not."""
    person = b"gauger-state-%d" % VERSION
    return MAGIC + bytes([VERSION]) + blake2b(body, digest_size=16, person=person).digest() + body


def framed(body: bytes) -> bytes:
    """The one frame of a message with this content, well-formed or not."""
    person = b"gauger-wire-%d" % WIRE_VERSION
    digest = blake2b(body, digest_size=8, person=person).digest()
    return encode_values([WIRE_VERSION, digest, 0, 1, body])
