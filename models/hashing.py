"""Keyed hashes of everything that identifies: stable over processes, useless without the key."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.kernels.text import hash_strings

_MOST_CACHED = 1 << 18


def keyed_hash(key: bytes, purpose: str, data: bytes) -> int:
    """64-bit keyed BLAKE2b (RFC 7693) of `data`, separated by purpose; never 0."""
    digest = blake2b(data, digest_size=8, key=key, person=purpose.encode()[:16]).digest()
    return int.from_bytes(digest, "little") or 1


class HashCache(dict[Any, int]):
    """Hashes computed once per distinct value; None hashes to 0 (missing). Bounded by starting anew."""

    def __init__(self, compute: Callable[[Any], int]) -> None:
        super().__init__({None: 0})
        self._compute = compute

    def __missing__(self, value: Any) -> int:
        if len(self) >= _MOST_CACHED:
            self.clear()
            self[None] = 0
        hashed = self._compute(value)
        self[value] = hashed
        return hashed

    def column(self, values: Iterable[Any]) -> NDArray[np.uint64]:
        """Hash of each value as an array."""
        return np.array([self[value] for value in values], np.uint64)


def join_texts(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 bytes of all texts in one buffer, and the end of each."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), dtype=np.int64)
    return np.frombuffer(b"".join(encoded) or b"\0", np.uint8), ends


def string_hashes(texts: Sequence[str], seed: int) -> NDArray[np.uint64]:
    """Seeded 64-bit hash of each text by a fast mixer (not cryptographic: the seed must be secret)."""
    data, ends = join_texts(texts)
    out = np.empty(len(texts), np.uint64)
    hash_strings(data, ends, np.uint64(seed), out)
    return out


def network_bits(text: str) -> tuple[int, int]:
    """Address and network (/24 or /48) as numbers below 2^56 that can be read back; 0 where unreadable.

    IPv6 addresses count by their /48 only, since a customer commonly holds that much.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return 0, 0
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        if mapped is None:
            return 0, 1 << 55 | int(address) >> 80
        address = mapped
    return 1 << 54 | int(address), 1 << 53 | int(address) >> 8


def network_text(bits: int) -> str:
    """The address or network that `network_bits` made a number of."""
    if bits >> 55:
        return str(ipaddress.IPv6Network(((bits & (1 << 48) - 1) << 80, 48)))
    if bits >> 54:
        return str(ipaddress.IPv4Address(bits & 0xFFFFFFFF))
    return str(ipaddress.IPv4Network(((bits & 0xFFFFFF) << 8, 24)))
