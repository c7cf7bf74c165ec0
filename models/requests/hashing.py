"""Keyed hashes of everything that identifies: stable over processes, useless without the key."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.strings import hash_strings, parse_ipv4

_BLOCK = 8
_LONGEST_ADDRESS = 64
Bytes = NDArray[np.uint8]
Places = NDArray[np.uint64]
Columns = dict[str, NDArray[np.uint64]]

_IPV6_BIT, _IPV4_BIT, _IPV4_NETWORK_BIT = 1 << 55, 1 << 54, 1 << 53


def keyed_hash(key: bytes, purpose: str, data: bytes) -> int:
    """64-bit keyed BLAKE2b (RFC 7693) of `data`, separated by purpose; never 0."""
    digest = blake2b(data, digest_size=8, key=key, person=purpose.encode()[:16]).digest()
    return int.from_bytes(digest, "little") or 1


def table_seed(key: bytes) -> int:
    """What makes places in tables unguessable where keys are not (`models.kernels.values`)."""
    return keyed_hash(key, "table", b"")


class StringHasher:
    """64-bit SipHash-1-3 of strings, under a key of its own for each purpose.

    Whoever lacks the key can neither guess values from hashes nor make values collide.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._keys: dict[str, tuple[int, int]] = {}

    def columns(self, texts: Mapping[str, Sequence[str]]) -> Columns:
        """Hash of each text of equally long columns, by purpose; 0 for empty texts and no other."""
        shape = (len(texts), len(next(iter(texts.values()))))
        joined = join_strings([text for column in texts.values() for text in column])
        return self.spans(
            tuple(texts), joined.data, joined.starts.reshape(shape), joined.ends.reshape(shape)
        )

    def spans(self, purposes: Sequence[str], data: Bytes, starts: Places, ends: Places) -> Columns:
        """The same for texts that stand in a buffer of UTF-8, which must hold no NUL in them.

        Args:
            purposes: One a column.
            data: The buffer, in whole blocks of eight, one of them behind the last text.
            starts: Where each text starts, uint64[columns, rows].
            ends: Where each ends.
        """
        keys = np.array([self._key_of(purpose) for purpose in purposes], np.uint64)
        out = np.empty(starts.shape, np.uint64)
        hash_strings(data, starts, ends, keys, out)
        return dict(zip(purposes, out, strict=True))

    def one(self, purpose: str, text: str) -> int:
        """Hash of one text."""
        return int(self.columns({purpose: [text]})[purpose][0])

    def _key_of(self, purpose: str) -> tuple[int, int]:
        if purpose not in self._keys:
            halves = [keyed_hash(self._key, purpose, half) for half in (b"first", b"second")]
            self._keys[purpose] = (halves[0], halves[1])
        return self._keys[purpose]


class JoinedStrings(NamedTuple):
    """UTF-8 bytes of strings in one buffer; where each starts, and ends before a NUL."""

    data: Bytes
    starts: Places
    ends: Places


def join_strings(strings: Sequence[str]) -> JoinedStrings:
    """All strings in one buffer.

    A NUL in a string counts as U+FFFD. The buffer is filled up with NULs to a multiple of eight,
    and eight more.
    """
    joined = "\0".join(strings)
    if joined.count("\0") >= max(1, len(strings)):
        joined = "\0".join([text.replace("\0", "\ufffd") for text in strings])
    encoded = joined.encode("utf-8", "replace")
    data = np.frombuffer(encoded + bytes(3 * _BLOCK - len(encoded) % _BLOCK), np.uint8)
    ends = np.flatnonzero(data == 0)[: len(strings)].astype(np.uint64)
    starts = np.zeros(len(strings), np.uint64)
    starts[1:] = ends[:-1] + np.uint64(1)
    return JoinedStrings(data, starts, ends)


def join_texts(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 bytes of all texts in one buffer, and the end of each.

    For long texts, of which often some are not ASCII; `join_strings` is faster for short ones.
    """
    if all(map(str.isascii, texts)):
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        joined = "".join(texts).encode()
    else:
        encoded = [text.encode("utf-8", "replace") for text in texts]
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        joined = b"".join(encoded)
    return np.frombuffer(joined or b"\0", np.uint8), np.cumsum(lengths)


def network_columns(
    addresses: Sequence[str],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """`network_bits` of each address, as two columns."""
    joined = join_strings(addresses)
    return network_spans(joined.data, joined.starts, joined.ends)


def network_spans(
    data: Bytes, starts: Places, ends: Places
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """`network_columns` of addresses that stand in a buffer."""
    numbers = np.empty(len(ends), np.int64)
    parse_ipv4(data, starts, ends, numbers)
    address = np.uint64(_IPV4_BIT) | numbers.astype(np.uint64)
    network = np.uint64(_IPV4_NETWORK_BIT) | (numbers >> 8).astype(np.uint64)
    for row in np.flatnonzero(numbers < 0).tolist():
        # What is longer is no address, and must not be remembered as one.
        known = 0 < ends[row] - starts[row] <= _LONGEST_ADDRESS
        text = data[starts[row] : ends[row]].tobytes().decode() if known else ""
        address[row], network[row] = network_bits(text) if known else (0, 0)
    return address, network


@lru_cache(1 << 16)
def network_bits(text: str) -> tuple[int, int]:
    """Address and network (/24 or /48) as numbers below 2^56 to be read back; 0 if unreadable.

    IPv6 addresses count by their /48 only, since a customer commonly holds that much. An address
    whose end a gateway masks comes as `192.0.2.0/24`: a network, and no address.
    """
    if text.endswith(".0/24"):
        return 0, network_bits(text.removesuffix("/24"))[1]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return 0, 0
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        if mapped is None:
            return 0, _IPV6_BIT | int(address) >> 80
        address = mapped
    return _IPV4_BIT | int(address), _IPV4_NETWORK_BIT | int(address) >> 8


def network_text(bits: int) -> str:
    """The address or network that `network_bits` made a number of."""
    if bits & _IPV6_BIT:
        return str(ipaddress.IPv6Network(((bits & (1 << 48) - 1) << 80, 48)))
    if bits & _IPV4_BIT:
        return str(ipaddress.IPv4Address(bits & 0xFFFFFFFF))
    return str(ipaddress.IPv4Network(((bits & 0xFFFFFF) << 8, 24)))
