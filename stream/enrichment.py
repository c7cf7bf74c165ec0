"""Network facts that gateways do not send: system number and country of an address.

They come from databases of the operator's in MaxMind's format (.mmdb). A database is opened once
and not looked at again while the process runs: the same requests give the same facts throughout,
in a replay and in a worker. Replace its file by renaming another into its place, never by writing
into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from msgspec.structs import force_setattr

from schemas.request import RequestEvent
from stream.errors import FailedRun, UsageError

_MOST_REMEMBERED = 1 << 16
_LARGEST_ASN = 2**32 - 1

Record = Mapping[str, Any]
Value = int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichmentOptions:
    """Databases of an operator's; an empty text stands for none.

    Attributes:
        asn: Autonomous systems by address (.mmdb).
        country: Countries by address (.mmdb).
    """

    asn: str = ""
    country: str = ""


class Enricher:
    """Fills `asn` and `country` of requests that have an address and lack them.

    Args:
        options: Where the databases are.

    Raises:
        UsageError: One of them cannot be opened, or nothing is installed that reads it.
    """

    def __init__(self, options: EnrichmentOptions) -> None:
        self._asn = _Lookup(options.asn, "asn", _asn_of) if options.asn else None
        self._country = (
            _Lookup(options.country, "country", _country_of) if options.country else None
        )

    @property
    def fills(self) -> bool:
        """Whether there is a database to fill anything from."""
        return self._asn is not None or self._country is not None

    def enrich(self, events: Iterable[RequestEvent]) -> None:
        """Fill the fields of requests that nobody else has seen yet.

        Raises:
            FailedRun: A database is damaged.
        """
        if not self.fills:
            return
        for event in events:
            if event.ip:
                if event.asn is None and self._asn is not None:
                    force_setattr(event, "asn", self._asn.of(event.ip))
                if event.country is None and self._country is not None:
                    force_setattr(event, "country", self._country.of(event.ip))


class _Lookup:
    """One database, and what it said of the addresses of late."""

    def __init__(self, path: str, setting: str, value_of: Callable[[Record], Value]) -> None:
        try:
            # An extra: only who names a database pays for it.
            import maxminddb  # noqa: PLC0415
        except ImportError as error:
            message = f"enrichment.{setting} needs maxminddb: pip install 'gauger[mmdb]'"
            raise UsageError(message) from error
        try:
            self._database = maxminddb.open_database(path)
        except OSError as error:
            raise UsageError(f"enrichment.{setting}: {path}: {error.strerror}") from error
        except maxminddb.InvalidDatabaseError as error:
            raise UsageError(f"enrichment.{setting}: {path} is no .mmdb database") from error
        self._path = path
        self._damage = maxminddb.InvalidDatabaseError
        self._value_of = value_of
        self.of = lru_cache(_MOST_REMEMBERED)(self._look_up)

    def _look_up(self, text: str) -> Value:
        """What the database says of an address, or of a network by its first; else None."""
        try:
            address = ip_address(text.partition("/")[0])
            mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
            record = self._database.get(mapped or address)
        except self._damage as error:
            raise FailedRun(f"{self._path} is damaged: {error}") from error
        except ValueError:
            # Neither is an address of the sixth version one to a database of the fourth.
            return None
        return self._value_of(record) if isinstance(record, dict) else None


def _asn_of(record: Record) -> Value:
    """The system number, as MaxMind (a number) or IPinfo (`AS64500`) write it."""
    number = record.get("autonomous_system_number", record.get("asn"))
    if isinstance(number, str) and number[:2].upper() == "AS" and number[2:].isdecimal():
        number = int(number[2:])
    return number if isinstance(number, int) and 0 <= number <= _LARGEST_ASN else None


def _country_of(record: Record) -> Value:
    """The country's code, as MaxMind (in a table) or IPinfo (plain) write it."""
    found = record.get("country_code", record.get("country"))
    code = found.get("iso_code") if isinstance(found, dict) else found
    return code if isinstance(code, str) else None
