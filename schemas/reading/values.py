"""Values as gateways write them: numbers in strings, times in any unit, addresses with ports."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from typing import Any

import orjson

Json = dict[str, Any]
"""A JSON object."""

MOST_CHARACTERS = 65_536
"""Characters of a text that count; the rest is cut (contract: 64 kB)."""

_NOTHING: Json = {}
_MICROSECONDS_A_SECOND = 1_000_000
_MOST_SECONDS = 1e11
_UNITS = ((1e17, 1e9), (1e14, 1e6), (_MOST_SECONDS, 1e3))
_OFFSET = re.compile(r"(?:[zZ]|[+-]\d\d:?\d\d)$")
_MASKED = re.compile(r"(\d{1,3}\.\d{1,3}\.\d{1,3})\.(?:\*+|[xX]+)$")
_REDACTED = re.compile(
    r"[\W_]*(?:content[ _-])?(?:redacted|filtered|masked|hidden|omitted|removed|scrubbed)"
    r"(?:[ _-]by[ _-]\w+)?[\W_]*|[*#xX•█.\s]*",
    re.IGNORECASE,
)
_LONGEST_MARKER = 64
_NOWHERE = (None, False)
_MARKER_INITIALS = frozenset("cCrRfFmMhHoOsSxX\u017f")
_LONGEST_WHOLE = 20
_INTERNAL = tuple(
    ip_network(block)
    for block in (
        *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
    )
)


def mapping(value: object) -> Json:
    """The object, also where it was written as JSON in a string; an empty one for all else."""
    if isinstance(value, dict):
        return value
    found = parsed(value)
    return found if isinstance(found, dict) else _NOTHING


def parsed(value: object) -> Any:
    """The value; of JSON in a string what it says, None where that is broken."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value


def number(value: object) -> float | int | None:
    """A finite number, also one that was written as a string."""
    if isinstance(value, str):
        try:
            value = float(value) if len(value) <= _LONGEST_MARKER else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def total(*values: object) -> float | int | None:
    """The sum of the numbers among the values; None where there are none."""
    known = [found for found in map(number, values) if found is not None]
    return sum(known) if known else None


def unix_time(value: object) -> float | str | None:
    """Unix seconds of a number of seconds, milli-, micro- or nanoseconds; of a text RFC 3339.

    The unit is told by size, which is unambiguous from 1973 on. A date without an offset is UTC.

    >>> unix_time("1795000000280000000"), unix_time(1_795_000_000.28)
    (1795000000.28, 1795000000.28)
    """
    if type(value) is float and -_MOST_SECONDS < value < _MOST_SECONDS:
        return value
    if isinstance(value, str) and len(value) <= _LONGEST_WHOLE and value.isdecimal():
        value = int(value)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return _scaled(value)
    if not isinstance(value, str) or not value:
        return None
    if value[10:11] == "T" and value[-1] == "Z":
        return value
    plain = number(value)
    if plain is not None:
        return unix_time(plain)
    text = value.strip().replace(" ", "T", 1)
    return text if _OFFSET.search(text) else f"{text}Z"


def _scaled(value: float) -> float | None:
    size = abs(value)
    for above, per_second in _UNITS:
        if size >= above:
            return value / per_second if size < math.inf else None
    return value / 1.0 if size < _MOST_SECONDS else None


def elapsed_ms(start: object, end: object) -> float | None:
    """Milliseconds between two times that are written as numbers; None for anything else."""
    return elapsed(unix_time(start), unix_time(end))


def elapsed(begin: float | str | None, finish: float | str | None) -> float | None:
    """Milliseconds between two times that `unix_time` gave; None unless both are numbers."""
    if isinstance(begin, float) and isinstance(finish, float) and finish >= begin:
        return round((finish - begin) * 1e3, 3)
    return None


def address(value: object) -> str | None:
    """The network address in `address`, `address:port` or `[address]:port`.

    Of an address whose last number is masked, its network: `81.2.69.***` is `81.2.69.0/24`.
    """
    return located(value)[0]


def located(value: object) -> tuple[str | None, bool]:
    """The network address as `address` gives it, and whether it is one of the open network."""
    # What is longer is no address, and must not be remembered as one.
    known = isinstance(value, str) and 0 < len(value) <= _LONGEST_MARKER
    return _located(value) if known else _NOWHERE


@lru_cache(1 << 16)
def _located(value: str) -> tuple[str | None, bool]:
    text = value.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return _checked_address(text)


def _checked_address(text: str) -> tuple[str | None, bool]:
    """The address or network, and whether it is one of the open network."""
    masked = _MASKED.match(text)
    try:
        found = ip_address(f"{masked.group(1)}.0" if masked else text)
    except ValueError:
        return None, False
    inside = any(found in block for block in _INTERNAL)
    return (f"{found}/24" if masked else text), not inside


def is_redacted(text: str) -> bool:
    """Whether a text is the marker that a gateway puts in the place of one; so is an empty one."""
    if len(text) > _LONGEST_MARKER:
        return False
    first = text[:1]
    # The expression decides; most texts begin with a letter with which no marker does.
    return (not first.isalpha() or first in _MARKER_INITIALS) and _REDACTED.fullmatch(
        text
    ) is not None


def digest(signature: object) -> str | None:
    """A short name of an opaque signature, the same in what is issued and what is presented."""
    if not isinstance(signature, str) or not signature or is_redacted(signature):
        return None
    return blake2b(signature.encode("utf-8", "replace"), digest_size=12).hexdigest()
