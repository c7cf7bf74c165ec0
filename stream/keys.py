"""The key of all keyed hashes: read from a file, or the public demonstration key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from models.requests.key_id import key_id

MIN_KEY_BYTES = 16
"""Shortest accepted key file, white space at both ends not counted."""

_MAX_KEY_BYTES = 65_536
_DEMONSTRATION = b"gauger public demonstration key"


@dataclass(frozen=True, slots=True)
class HashKey:
    """A key of 32 bytes; printing it shows only its public id.

    Attributes:
        secret: 32 bytes derived from the key file.
        id: Eight hexadecimal digits that name the key in sketches and logs.
        public: True for the demonstration key, with which anybody can compute the hashes.
    """

    secret: bytes = field(repr=False)
    id: str
    public: bool


def read_key(path: Path | None) -> HashKey:
    """The key in a file, or the demonstration key when there is no path.

    White space at both ends of the file does not count, so an editor's newline changes nothing.

    Raises:
        ValueError: The file cannot be read, is too short or longer than 64 KiB.
    """
    if path is None:
        return _derived(_DEMONSTRATION, public=True)
    try:
        with path.open("rb") as file:
            material = file.read(_MAX_KEY_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    if len(material) > _MAX_KEY_BYTES:
        raise ValueError(f"{path} is longer than 64 KiB; is it a key?")
    material = material.strip()
    if len(material) < MIN_KEY_BYTES:
        raise ValueError(f"{path} holds fewer than {MIN_KEY_BYTES} bytes")
    return _derived(material, public=False)


def _derived(material: bytes, *, public: bool) -> HashKey:
    secret = hashlib.blake2b(material, digest_size=32, person=b"gauger-key").digest()
    return HashKey(secret=secret, id=key_id(secret), public=public)
