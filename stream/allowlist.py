"""Entries of the allow list in `gauger.toml`, checked."""

from __future__ import annotations

import ipaddress
import re
from datetime import date, datetime

from models.options import ALLOW_KINDS, AllowEntry
from schemas.errors import InvalidRecord
from schemas.times import to_microseconds

_KEYS = ("kind", "value", "reason", "owner", "expires")
_DIGEST = re.compile(r"[0-9a-f]{16}")


def read_entry(entry: object, place: str, problems: list[str]) -> AllowEntry | None:
    """One entry, or None after its faults were added to `problems`, each under `place.key`.

    Args:
        entry: The table as TOML gave it; `expires` is RFC 3339, as a string or a TOML date-time.
        place: Where it stands, such as `allow[0]`.
        problems: Faults found so far.
    """
    if not isinstance(entry, dict):
        problems.append(f"{place}: must be a table")
        return None
    found = [f"{place}.{key}: unknown key" for key in entry if key not in _KEYS]
    texts = {key: _text(entry.get(key), f"{place}.{key}", found) for key in _KEYS[:-1]}
    if texts["kind"] and texts["kind"] not in ALLOW_KINDS:
        found.append(f"{place}.kind: must be one of {', '.join(ALLOW_KINDS)}")
    if texts["kind"] == "network" and texts["value"] and not _is_network(texts["value"]):
        found.append(f"{place}.value: not an address or a CIDR block")
    if texts["kind"] == "fragment" and texts["value"] and not _DIGEST.fullmatch(texts["value"]):
        found.append(f"{place}.value: not a digest of 16 hexadecimal digits")
    expires = _expiry(entry.get("expires"), f"{place}.expires", found)
    problems += found
    if found or expires is None:
        return None
    kind = next(kind for kind in ALLOW_KINDS if kind == texts["kind"])
    return AllowEntry(
        kind=kind,
        value=texts["value"],
        reason=texts["reason"],
        owner=texts["owner"],
        expires=expires,
    )


def _text(value: object, place: str, problems: list[str]) -> str:
    if value is None:
        problems.append(f"{place}: missing")
    elif not isinstance(value, str) or not value.strip():
        problems.append(f"{place}: must be a text that is not empty")
    else:
        return value.strip()
    return ""


def _is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _expiry(value: object, place: str, problems: list[str]) -> int | None:
    if value is None:
        problems.append(f"{place}: missing; nothing is allowed for ever")
        return None
    # A TOML date without time or offset leaves the hour to guess, so it is refused like any text.
    text = value.isoformat() if isinstance(value, datetime | date) else value
    if not isinstance(text, str):
        problems.append(f"{place}: must be an RFC 3339 time")
        return None
    try:
        return to_microseconds(text, place)
    except InvalidRecord as error:
        problems.append(f"{place}: {error.reason}")
        return None
