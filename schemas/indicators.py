"""Values that operators share about campaigns: as STIX patterns, out and in.

A pattern is either about the value in clear, or about its digest under a key that a community of
operators shares: HMAC-SHA-256 over kind, a zero byte and the value. Whoever holds that key can try
all addresses, so it protects from outsiders alone.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from typing import Any, NamedTuple

import orjson

from schemas.errors import InvalidRecord
from schemas.times import MAX_SECONDS, to_microseconds

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEVER = MAX_SECONDS * 1_000_000
_ADDRESS = re.compile(r"\[ipv[46]-addr:value (?:=|ISSUBSET) '([0-9A-Fa-f:./]+)'\]")
_CLIENT = re.compile(r"\[x-gauger-client:value = '((?:[^'\\]|\\['\\])*)'\]")
_DIGEST = re.compile(
    r"\[x-gauger-shared-value:kind = '([a-z]+)'"
    r" AND x-gauger-shared-value:key_id = '([0-9a-f]{8})'"
    r" AND x-gauger-shared-value:digest = '([0-9a-f]{64})'\]"
)


class CommunityKey(NamedTuple):
    """A key that operators share: its secret bytes, and eight hexadecimal digits that name it."""

    secret: bytes
    id: str

    def digest(self, kind: str, value: str) -> str:
        """What stands for a value among those who hold the key."""
        return hmac.digest(self.secret, f"{kind}\0{value}".encode(), "sha256").hex()

    def __repr__(self) -> str:
        return f"CommunityKey(id={self.id!r})"


class Indicator(NamedTuple):
    """One value that somebody shares.

    Attributes:
        kind: `address`, `network` or `client`.
        value: The value in clear; None: only its digest is known.
        digest: Its digest under a community's key; None: it is known in clear.
        key_id: Which key; None without a digest.
        valid_from: Since when it was seen, microseconds.
        valid_until: Until when to look for it, microseconds.
    """

    kind: str
    value: str | None
    digest: str | None
    key_id: str | None
    valid_from: int
    valid_until: int

    def matches(self, kind: str, value: str, key: CommunityKey | None = None) -> bool:
        """Whether it is about this value of a tie.

        Addresses and networks in clear match when they overlap, all else when it is the same; a
        digest needs the key that it was made with.
        """
        if self.digest is not None:
            return (
                kind == self.kind
                and key is not None
                and key.id == self.key_id
                and hmac.compare_digest(key.digest(kind, value), self.digest)
            )
        if kind == "client" or self.kind == "client":
            return (kind, value) == (self.kind, self.value)
        ours, theirs = network_of(value), network_of(self.value or "")
        return ours is not None and theirs is not None and overlap(ours, theirs)


class SharedBundle(NamedTuple):
    """What a bundle says: indicators, and how many objects could not be read as one."""

    indicators: list[Indicator]
    unread: int


def network_of(text: str) -> Network | None:
    """The network that a text names, an address being one of its own; None if it names none."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def overlap(one: Network, other: Network) -> bool:
    """Whether two networks have an address in common."""
    return one.version == other.version and one.overlaps(other)


def may_be_shared(kind: str, value: str) -> bool:
    """Whether the value of a tie of this kind means anything to others."""
    return kind == "client" or (kind in {"address", "network"} and network_of(value) is not None)


def pattern_of(kind: str, value: str, key: CommunityKey | None = None) -> str:
    """The STIX pattern of a value that may be shared, or of its digest under a key.

    >>> pattern_of("network", "198.51.100.0/24")
    "[ipv4-addr:value ISSUBSET '198.51.100.0/24']"
    """
    if key is not None:
        facts = {"kind": kind, "key_id": key.id, "digest": key.digest(kind, value)}
        compared = (f"x-gauger-shared-value:{name} = '{text}'" for name, text in facts.items())
        return f"[{' AND '.join(compared)}]"
    if (network := network_of(value)) and kind != "client":
        comparison = "=" if network.num_addresses == 1 else "ISSUBSET"
        return f"[ipv{network.version}-addr:value {comparison} '{value}']"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"[x-gauger-client:value = '{escaped}']"


def read_bundle(document: bytes) -> SharedBundle:
    """Read a STIX bundle or a TAXII envelope.

    Of several versions of an indicator the newest counts; revoked ones are left out. Patterns of
    other shapes than ours, or than one plain address or network, are counted as unread.

    Raises:
        InvalidRecord: It is neither.
    """
    newest: dict[str, dict[str, Any]] = {}
    unread = 0
    for found in _objects(document):
        if not isinstance(found, dict) or found.get("type") != "indicator":
            unread += 1
            continue
        identity = str(found.get("id"))
        known = newest.get(identity)
        if known is None or str(found.get("modified")) > str(known.get("modified")):
            newest[identity] = found
    read = [_indicator(found) for found in newest.values() if found.get("revoked") is not True]
    indicators = [indicator for indicator in read if indicator is not None]
    return SharedBundle(indicators, unread + len(read) - len(indicators))


def _objects(document: bytes) -> list[Any]:
    try:
        bundle = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise InvalidRecord(f"not JSON: {error}") from None
    if not isinstance(bundle, dict) or not isinstance(bundle.get("objects", []), list):
        raise InvalidRecord("neither a STIX bundle nor a TAXII envelope")
    objects: list[Any] = bundle.get("objects", [])
    return objects


def _indicator(found: dict[str, Any]) -> Indicator | None:
    pattern = found.get("pattern")
    about = _about(pattern) if isinstance(pattern, str) else None
    if about is None:
        return None
    try:
        start = to_microseconds(str(found.get("valid_from")), "valid_from")
        until = found.get("valid_until")
        end = _NEVER if until is None else to_microseconds(str(until), "valid_until")
    except InvalidRecord:
        return None
    return Indicator(*about, start, end)


def _about(pattern: str) -> tuple[str, str | None, str | None, str | None] | None:
    """Kind, value, digest and key id of a pattern."""
    if found := _DIGEST.fullmatch(pattern):
        return found[1], None, found[3], found[2]
    if found := _CLIENT.fullmatch(pattern):
        return "client", re.sub(r"\\(.)", r"\1", found[1]), None, None
    if (found := _ADDRESS.fullmatch(pattern)) and (network := network_of(found[1])):
        if network.num_addresses == 1:
            return "address", str(network.network_address), None, None
        return "network", str(network), None, None
    return None
