"""The public name of a key: shows which key made a hash, and nothing of the key."""

from __future__ import annotations

from hashlib import blake2b


def key_id(secret: bytes) -> str:
    """Eight hexadecimal digits that name a key."""
    return blake2b(secret, digest_size=4, person=b"gauger-key-id").hexdigest()
