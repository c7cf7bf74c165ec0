"""Synthetic network origins: /24 blocks with country, autonomous system and how many hosts show.

Addresses come from private, shared and benchmark ranges (RFC 1918, 6598, 2544) and ASNs from the
private range (RFC 6996), so no generated request points at anyone.
"""

from __future__ import annotations

import numpy as np

from stream.simulator.randomness import Ints, pick, zipf_weights

# Country, share of accounts, UTC offset in hours.
COUNTRIES = (
    ("US", 24, -6), ("IN", 11, 5.5), ("GB", 6, 0), ("DE", 6, 1), ("JP", 6, 9), ("BR", 5, -3),
    ("FR", 4, 1), ("CA", 4, -5), ("KR", 4, 9), ("SG", 4, 8), ("AU", 3, 10), ("NL", 3, 1),
    ("ID", 3, 7), ("VN", 3, 7), ("PL", 2, 1), ("MX", 2, -6), ("TR", 2, 3), ("NG", 2, 1),
    ("ES", 2, 1), ("TW", 2, 8), ("AR", 1, -3), ("UA", 1, 2),
)  # fmt: skip
CODES = tuple(row[0] for row in COUNTRIES)
SHARES = np.array([row[1] for row in COUNTRIES], dtype=np.float64)
OFFSETS = np.array([row[2] for row in COUNTRIES], dtype=np.float64)
_HOSTING = ("US", "US", "DE", "SG", "JP", "NL", "GB", "FR")

KINDS = ("home", "mobile", "vpn", "datacentre", "office", "campus")
_HOSTS = {"home": 254, "mobile": 6, "vpn": 3, "datacentre": 254, "office": 2, "campus": 2}
_FIRST_ASN = 64_512


class Networks:
    """The table of /24 blocks; blocks of a kind are pools from which accounts draw."""

    def __init__(self, rng: np.random.Generator, accounts: int) -> None:
        self._rng = rng
        self._free = iter(rng.permutation(1 << 16).tolist())
        self.prefixes: list[str] = []
        self.asns: list[int] = []
        self.countries: list[str] = []
        self.kinds: list[str] = []
        self._hosts: list[int] = []
        self._pools: dict[tuple[str, int], list[int]] = {}
        self._fill("home", max(60, int(accounts * 0.7)))
        self._fill("mobile", max(30, accounts // 60))
        self._fill("vpn", max(12, accounts // 150))
        self._fill("datacentre", max(40, accounts // 12))

    def hosts(self) -> Ints:
        """Number of addresses in use in each block."""
        return np.array(self._hosts, dtype=np.int64)

    def new(self, kind: str, country: int) -> int:
        """A block of its own, for an office or a campus."""
        number = next(self._free)
        if kind == "datacentre":
            code, asn = _HOSTING[number % len(_HOSTING)], _FIRST_ASN + number * number % 97 % 10
        else:
            code, asn = CODES[country], _FIRST_ASN + 20 + country * 3 + number * number % 89 % 3
        if kind == "vpn":
            asn = _FIRST_ASN + 400 + number % 9
        self.prefixes.append(f"10.{number >> 8}.{number & 255}.")
        self.asns.append(asn)
        self.countries.append(code)
        self.kinds.append(kind)
        self._hosts.append(_HOSTS[kind])
        return len(self.prefixes) - 1

    def pool(self, kind: str) -> Ints:
        """All blocks of a kind."""
        return np.array([n for n, name in enumerate(self.kinds) if name == kind], dtype=np.int64)

    def draw(self, kind: str, countries: Ints) -> Ints:
        """A block of the kind for each account, in its country; popular blocks are drawn more."""
        drawn = np.zeros(countries.size, dtype=np.int64)
        for country in np.unique(countries):
            rows = np.flatnonzero(countries == country)
            pool = self._pool(kind, int(country))
            popularity = zipf_weights(len(pool), 0.5)
            drawn[rows] = np.array(pool)[pick(self._rng, popularity, rows.size)]
        return drawn

    def _fill(self, kind: str, size: int) -> None:
        for country in pick(self._rng, list(SHARES), size).tolist():
            key = (kind, -1 if kind in ("vpn", "datacentre") else country)
            self._pools.setdefault(key, []).append(self.new(kind, country))

    def _pool(self, kind: str, country: int) -> list[int]:
        key = (kind, -1 if kind in ("vpn", "datacentre") else country)
        if key not in self._pools:
            self._pools[key] = [self.new(kind, country)]
        return self._pools[key]
