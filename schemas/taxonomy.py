"""Names of what alerts point to: MITRE ATLAS techniques and tactics, OWASP requirements.

Ids and names of ATLAS are those of its release `ATLAS_VERSION`; an id that is unknown here keeps
its id for a name, so that a newer detector can be read by an older format.
"""

from __future__ import annotations

from typing import NamedTuple

ATLAS_VERSION = "5.6.0"
ATLAS_FRAMEWORK = "MITRE ATLAS"

REFERENCES = (
    "OWASP LLM06:2026",
    "OWASP LLM10:2025",
    "OWASP AISVS 1.0 C11.3.1",
    "OWASP AISVS 1.0 C11.3.4",
    "OWASP AISVS 1.0 C12.2.2",
    "OWASP AISVS 1.0 C12.2.4",
)
"""What every finding bears upon: Unbounded Consumption, with model extraction and distillation
theft, by its ids in the lists of 2026 and 2025; then the requirements of AISVS that an extraction
alert helps to meet (`docs/controls.md`)."""


class Tactic(NamedTuple):
    """Why an adversary does something."""

    id: str
    name: str

    @property
    def url(self) -> str:
        """Its page."""
        return f"https://atlas.mitre.org/tactics/{self.id}"


class Technique(NamedTuple):
    """How an adversary does it; `parent` is the id of what a sub-technique belongs to."""

    id: str
    name: str
    tactics: tuple[Tactic, ...]
    parent: str | None

    @property
    def url(self) -> str:
        """Its page."""
        return f"https://atlas.mitre.org/techniques/{self.id}"


_ACCESS = Tactic("AML.TA0000", "AI Model Access")
_STAGING = Tactic("AML.TA0001", "AI Attack Staging")
_RESOURCES = Tactic("AML.TA0003", "Resource Development")
_INITIAL = Tactic("AML.TA0004", "Initial Access")
_EVASION = Tactic("AML.TA0007", "Defense Evasion")
_EXFILTRATION = Tactic("AML.TA0010", "Exfiltration")
_IMPACT = Tactic("AML.TA0011", "Impact")
_ESCALATION = Tactic("AML.TA0012", "Privilege Escalation")

_NAMES: dict[str, tuple[str, tuple[Tactic, ...]]] = {
    "AML.T0005": ("Create Proxy AI Model", (_STAGING,)),
    "AML.T0005.001": ("Train Proxy via Replication", (_STAGING,)),
    "AML.T0008": ("Acquire Infrastructure", (_RESOURCES,)),
    "AML.T0008.005": ("AI Service Proxies", (_RESOURCES,)),
    "AML.T0012": ("Valid Accounts", (_INITIAL, _ESCALATION)),
    "AML.T0015": ("Evade AI Model", (_INITIAL, _EVASION, _IMPACT)),
    "AML.T0021": ("Establish Accounts", (_RESOURCES,)),
    "AML.T0024": ("Exfiltration via AI Inference API", (_EXFILTRATION,)),
    "AML.T0024.002": ("Extract AI Model", (_EXFILTRATION,)),
    "AML.T0034": ("Cost Harvesting", (_IMPACT,)),
    "AML.T0034.000": ("Excessive Queries", (_IMPACT,)),
    "AML.T0034.001": ("Resource-Intensive Queries", (_IMPACT,)),
    "AML.T0034.002": ("Agentic Resource Consumption", (_IMPACT,)),
    "AML.T0040": ("AI Model Inference API Access", (_ACCESS,)),
    "AML.T0042": ("Verify Attack", (_STAGING,)),
    "AML.T0048": ("External Harms", (_IMPACT,)),
    "AML.T0048.004": ("AI Intellectual Property Theft", (_IMPACT,)),
    "AML.T0056": ("Extract LLM System Prompt", (_EXFILTRATION,)),
}

KNOWN_TECHNIQUES = tuple(_NAMES)
"""Ids of the techniques that have a name here."""


def technique(identity: str) -> Technique:
    """The technique of that id.

    >>> technique("AML.T0024.002").name
    'Extract AI Model'
    >>> technique("AML.T0024.002").parent
    'AML.T0024'
    """
    name, tactics = _NAMES.get(identity, (identity, ()))
    stem, dot, _ = identity.removeprefix("AML.").partition(".")
    return Technique(identity, name, tactics, f"AML.{stem}" if dot else None)


def tactics_of(techniques: list[str]) -> list[Tactic]:
    """The tactics of some techniques, each once, by id."""
    return sorted({tactic for each in techniques for tactic in technique(each).tactics})
