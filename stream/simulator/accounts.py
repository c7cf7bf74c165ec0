"""The population of accounts: traits drawn once, in numbers; rendering turns them into strings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stream.simulator.clients import draw_clients
from stream.simulator.networks import OFFSETS, SHARES, Networks
from stream.simulator.randomness import Floats, Ints, pick
from stream.simulator.rhythm import DAY
from stream.simulator.rows import MODELS, PLANS, ROUTES

Accounts: TypeAlias = NDArray[Any]

ACCOUNT = np.dtype(
    [
        ("plan", "i2"), ("created", "f8"), ("since", "f8"), ("until", "f8"),
        ("country", "i2"), ("zone", "f8"), ("style", "i2"),
        ("route", "i2"), ("route_alt", "i2"), ("route_alt_share", "f4"),
        ("client", "i2"), ("client_alt", "i2"), ("client_alt_share", "f4"),
        ("network", "i4"), ("network_alt", "i4"), ("network_alt_share", "f4"), ("host_days", "f4"),
        ("model", "i2"), ("model_alt", "i2"), ("model_alt_share", "f4"), ("adopts", "f4"),
        ("temperature", "f8"), ("max_tokens", "i8"), ("refusal", "f4"), ("mask", "i8"),
        ("keys", "i2"), ("payment", "i4"), ("org", "i4"), ("campaign", "i2"),
        ("verbosity", "f4"), ("wordiness", "f4"), ("context", "f8"), ("answer", "f8"),
        ("shots", "i4"), ("explores", "f4"), ("varies", "f4"), ("roams", "f4"), ("rate", "f8"),
        ("samples", "i2"),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """How the accounts of one kind are drawn. Shares need not add up to one.

    `young` and `arriving` are the shares created in the month before the run and during it; the
    rest is older (exponential, mean `age_days`).
    """

    plans: dict[str, float]
    routes: dict[str, float] = field(default_factory=lambda: {"api": 1.0})
    networks: dict[str, float] = field(default_factory=lambda: {"home": 1.0})
    clients: dict[str, float] = field(default_factory=lambda: {"sdk": 1.0})
    models: dict[str, float] = field(default_factory=lambda: {"lyra-3": 1.0})
    countries: Floats | None = None
    young: float = 0.3
    arriving: float = 0.25
    age_days: float = 280.0
    second_network: float = 0.3
    second_client: float = 0.25
    second_route: float = 0.05
    temperature: float = 0.5
    max_tokens: float = 0.6
    org: float = 0.2
    shared_payment: float = 0.04
    roams: float = 0.3
    mask: int = 0


class Population:
    """All accounts of a run, enrolled before the first event is generated."""

    def __init__(
        self, rng: np.random.Generator, networks: Networks, start: float, end: float
    ) -> None:
        self.networks = networks
        self.start, self.end = start, end
        self._rng = rng
        self._parts: list[Accounts] = []
        self._size = 0
        self._payments = 0
        self._orgs = 0

    @property
    def table(self) -> Accounts:
        """Every account's traits; views of it may be written to change them."""
        if len(self._parts) != 1:
            self._parts = [np.concatenate(self._parts)] if self._parts else [np.zeros(0, ACCOUNT)]
        return self._parts[0]

    def new_payments(self, size: int) -> Ints:
        """Payment fingerprints that nobody has used."""
        self._payments += size
        return np.arange(self._payments - size, self._payments, dtype=np.int64)

    def new_orgs(self, size: int) -> Ints:
        """Organisations that nobody belongs to yet."""
        self._orgs += size
        return np.arange(self._orgs - size, self._orgs, dtype=np.int64)

    def enrol(self, size: int, profile: Profile, styles: Ints) -> Ints:
        """Accounts drawn from a profile, one for each text style given; returns their numbers."""
        rows = np.zeros(size, ACCOUNT)
        self._places(rows, profile)
        self._dates(rows, profile)
        self._access(rows, profile)
        self._money(rows, profile)
        self._habits(rows, profile)
        rows["style"] = styles
        rows["campaign"] = -1
        numbers = np.arange(self._size, self._size + size, dtype=np.int64)
        self._parts.append(rows)
        self._size += size
        return numbers

    def _places(self, rows: Accounts, profile: Profile) -> None:
        rng, size = self._rng, rows.size
        shares = SHARES if profile.countries is None else profile.countries
        rows["country"] = pick(rng, list(shares), size)
        rows["zone"] = OFFSETS[rows["country"]]
        rows["network"] = self.draw_networks(profile.networks, rows["country"].astype(np.int64))
        rows["network_alt"] = rows["network"]
        second = np.flatnonzero(rng.random(size) < profile.second_network)
        places = {"home": 4.0, "mobile": 4.0, "vpn": 1.5, "datacentre": 1.0}
        countries = rows["country"][second].astype(np.int64)
        rows["network_alt"][second] = self.draw_networks(places, countries)
        rows["network_alt_share"] = rng.beta(1.0, 3.0, size)
        rows["host_days"] = rng.choice(
            [0.0, 1.0, 3.0, 14.0, 60.0], size, p=[0.1, 0.2, 0.2, 0.2, 0.3]
        )

    def draw_networks(self, kinds: dict[str, float], countries: Ints) -> Ints:
        """A network for each country given, its kind drawn by weight."""
        names = list(kinds)
        chosen = pick(self._rng, list(kinds.values()), countries.size)
        drawn = np.zeros(countries.size, dtype=np.int64)
        for code, name in enumerate(names):
            rows = np.flatnonzero(chosen == code)
            drawn[rows] = self.networks.draw(name, countries[rows])
        return drawn

    def _dates(self, rows: Accounts, profile: Profile) -> None:
        rng, size = self._rng, rows.size
        when = rng.random(size)
        old = (
            self.start - rng.exponential(profile.age_days * DAY, size) - 20 * DAY * rng.random(size)
        )
        young = self.start - 30 * DAY * rng.random(size)
        arriving = self.start + (self.end - self.start) * rng.random(size)
        rows["created"] = np.where(when < profile.arriving, arriving, old)
        is_young = (when >= profile.arriving) & (when < profile.arriving + profile.young)
        rows["created"][is_young] = young[is_young]
        rows["since"] = rows["created"] + rng.exponential(1800.0, size)
        rows["until"] = np.where(
            rng.random(size) < 0.06,
            self.start + (self.end - self.start) * rng.random(size),
            self.end + DAY,
        )

    def _access(self, rows: Accounts, profile: Profile) -> None:
        rng, size = self._rng, rows.size
        rows["plan"] = _coded(rng, profile.plans, PLANS, size)
        rows["route"] = _coded(rng, profile.routes, ROUTES, size)
        rows["route_alt"] = _coded(rng, {"api": 3, "batch": 1, "cloud:aurora": 1}, ROUTES, size)
        rows["route_alt_share"] = np.where(
            rng.random(size) < profile.second_route, rng.random(size) * 0.6, 0.0
        )
        rows["client"] = _mixed_clients(rng, profile.clients, size)
        rows["client_alt"] = _mixed_clients(rng, profile.clients, size)
        rows["client_alt_share"] = np.where(
            rng.random(size) < profile.second_client, rng.beta(1.0, 3.0, size), 0.0
        )
        rows["keys"] = 1 + rng.geometric(0.6, size).clip(1, 12) * (rng.random(size) < 0.35)
        rows["mask"] = profile.mask

    def _money(self, rows: Accounts, profile: Profile) -> None:
        rng, size = self._rng, rows.size
        rows["payment"] = self.new_payments(size)
        shared = np.flatnonzero(rng.random(size) < profile.shared_payment)
        groups = max(1, shared.size // 3)
        if shared.size:
            rows["payment"][shared] = self.new_payments(groups)[
                rng.integers(0, groups, shared.size)
            ]
        unpaid = rng.random(size) < np.isin(rows["plan"], [0, 5]) * 0.85
        rows["payment"][unpaid] = -1
        rows["org"] = np.where(rng.random(size) < profile.org, self.new_orgs(size), -1)

    def _habits(self, rows: Accounts, profile: Profile) -> None:
        rng, size = self._rng, rows.size
        rows["model"] = _coded(rng, profile.models, MODELS, size)
        rows["model_alt"] = _coded(rng, profile.models, MODELS, size)
        rows["model_alt_share"] = rng.beta(0.5, 2.5, size)
        rows["adopts"] = np.where(rng.random(size) < 0.45, rng.beta(1.2, 1.2, size), 0.0)
        usual = rng.choice(
            [0.0, 0.2, 0.3, 0.5, 0.7, 0.8, 1.0], size, p=[0.28, 0.1, 0.1, 0.1, 0.18, 0.06, 0.18]
        )
        rows["temperature"] = np.where(rng.random(size) < profile.temperature, usual, np.nan)
        caps = rng.choice([256, 512, 1024, 2048, 4096, 8192, 16384, 32000], size)
        rows["max_tokens"] = np.where(rng.random(size) < profile.max_tokens, caps, -1)
        rows["refusal"] = rng.beta(0.35, 20.0, size)
        rows["verbosity"] = np.exp(rng.normal(0.0, 0.5, size))
        rows["wordiness"] = np.exp(rng.normal(0.0, 0.75, size))
        rows["answer"] = 150.0
        rows["shots"] = np.where(rng.random(size) < 0.22, rng.geometric(0.25, size), 0)
        rows["explores"] = np.where(rng.random(size) < 0.4, rng.beta(0.8, 5.0, size), 0.0)
        rows["varies"] = np.where(rng.random(size) < 0.4, rng.beta(1.0, 1.5, size), 0.0)
        rows["roams"] = np.where(rng.random(size) < profile.roams, rng.beta(0.8, 2.0, size), 0.0)


def _coded(
    rng: np.random.Generator, weights: dict[str, float], names: tuple[str, ...], size: int
) -> Ints:
    codes = np.array([names.index(name) for name in weights], dtype=np.int64)
    return codes[pick(rng, list(weights.values()), size)]


def _mixed_clients(rng: np.random.Generator, families: dict[str, float], size: int) -> Ints:
    chosen = pick(rng, list(families.values()), size)
    clients = np.zeros(size, dtype=np.int64)
    for code, family in enumerate(families):
        rows = np.flatnonzero(chosen == code)
        clients[rows] = draw_clients(rng, family, rows.size)
    return clients
