"""What to simulate: sizes, campaigns, evasions; read from a name or a TOML file."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

DAY = 86_400.0
FAMILIES = ("fragment", "template", "balanced", "agentic", "relay", "hydra", "probe", "drip")
EVASIONS = ("cover", "paraphrase", "jitter", "rotate", "isolate", "split", "warmup", "failover")
RATES = (1.0, 1 / 3, 0.1)
# Monday, 7 September 2026, 00:00 UTC.
START = 1_788_739_200.0


class ScenarioError(ValueError):
    """A scenario that cannot be read; the message says which part."""


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """One campaign to run: its family, evasions with intensities in [0, 1], and rate factor."""

    family: str
    evasions: dict[str, float] = field(default_factory=dict)
    rate: float = 1.0
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ScenarioError(f"unknown family {self.family!r}; known: {', '.join(FAMILIES)}")
        for name, intensity in self.evasions.items():
            if name not in EVASIONS:
                raise ScenarioError(f"unknown evasion {name!r}; known: {', '.join(EVASIONS)}")
            if not 0.0 <= intensity <= 1.0:
                raise ScenarioError(f"intensity of {name!r} must lie in [0, 1], not {intensity}")
        if not 0.0 < self.rate <= 1.0:
            raise ScenarioError(f"rate must lie in (0, 1], not {self.rate}")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A run's settings.

    Attributes:
        name: What to call it.
        days: Length of the run.
        accounts: Ordinary accounts.
        requests_per_day: Ordinary requests, roughly.
        contamination: Share of all requests that campaigns may send, cover traffic included.
        warm_up: Share of the run before the first campaign starts.
        campaigns: What hides in the traffic.
        start: First second, in Unix time.
        metadata_only: Whether requests come without their text.
        release_day: Day of the run on which a new model comes out, if one does.
        facts_share: Share of the accounts whose sign-up facts come as records of their own.
    """

    name: str = "quiet"
    days: float = 8.0
    accounts: int = 3_600
    requests_per_day: float = 50_000.0
    contamination: float = 0.015
    warm_up: float = 0.25
    campaigns: tuple[CampaignPlan, ...] = ()
    start: float = START
    metadata_only: bool = False
    release_day: float | None = None
    facts_share: float = 0.15

    def __post_init__(self) -> None:
        for name in ("days", "accounts", "requests_per_day"):
            if getattr(self, name) <= 0:
                raise ScenarioError(f"{name} must be positive")
        if not 0.0 <= self.contamination <= 0.5:
            raise ScenarioError("contamination must lie in [0, 0.5]")

    @property
    def end(self) -> float:
        """The first second after the run."""
        return self.start + self.days * DAY

    @property
    def requests(self) -> float:
        """Ordinary requests expected over the run."""
        return self.days * self.requests_per_day

    def scaled(self, factor: float) -> Scenario:
        """The same scenario with `factor` times the accounts and requests."""
        if factor <= 0:
            raise ScenarioError("scale must be positive")
        accounts = max(60, round(self.accounts * factor))
        return replace(self, accounts=accounts, requests_per_day=self.requests_per_day * factor)


_ITEM = re.compile(r"^(?P<name>[a-z]+)(:(?P<intensity>[0-9.]+))?$")


def named_scenario(name: str) -> Scenario:
    """The scenario of a name: `quiet`, `demo`, `all`, or `family+evasion:0.5+…@1/3`.

    Raises ScenarioError for a name that says nothing known.
    """
    body, _, rate = name.partition("@")
    family, *modifiers = body.split("+")
    evasions = dict(_evasion(item) for item in modifiers)
    factor = _rate(rate)
    if family == "quiet":
        return Scenario(name=name)
    if family == "demo":
        plan = CampaignPlan("fragment", evasions, factor)
        return Scenario(
            name, days=4.0, accounts=1_200, requests_per_day=14_000.0, campaigns=(plan,)
        )
    families = FAMILIES if family == "all" else (family,)
    plans = tuple(
        CampaignPlan(each, dict(evasions), factor, 1 / len(families)) for each in families
    )
    days = 14.0 if family in ("drip", "all") else 8.0
    return Scenario(name, days=days, campaigns=plans)


def read_scenario(source: str | Path) -> Scenario:
    """A scenario by name, or from a TOML file whose keys are the fields of Scenario."""
    path = Path(source)
    if path.suffix == ".toml":
        return _from_table(tomllib.loads(path.read_text("utf-8")), path.stem)
    return named_scenario(str(source))


def _evasion(item: str) -> tuple[str, float]:
    found = _ITEM.match(item)
    if found is None:
        raise ScenarioError(f"cannot read the modifier {item!r}; write evasion:0.5")
    return found["name"], float(found["intensity"] or 0.5)


def _rate(text: str) -> float:
    if not text:
        return 1.0
    try:
        return float(Fraction(text))
    except (ValueError, ZeroDivisionError):
        raise ScenarioError(f"cannot read the rate {text!r}; write @1/3 or @0.1") from None


def _from_table(table: dict[str, Any], name: str) -> Scenario:
    plans = table.pop("campaigns", [])
    table.setdefault("name", name)
    try:
        campaigns = tuple(CampaignPlan(**{"share": 1 / len(plans), **plan}) for plan in plans)
        return Scenario(**table, campaigns=campaigns)
    except TypeError as error:
        raise ScenarioError(f"unknown or missing setting: {error}") from None
