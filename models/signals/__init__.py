"""Signals: one pair of files each, NAME.py with the logic and NAME.toml with identity and runbook.

A signal contributes features of accounts (`ACCOUNT_FEATURES`), of ties (`TIE_FEATURES`) or both.
Files are discovered; their alphabetical order is the order of features in state and in the score's
weights.
"""

from __future__ import annotations

import tomllib
from importlib import import_module, resources
from pkgutil import iter_modules

import msgspec

from models.features import AccountFeature
from models.pooling import TieFeature


class Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Identity of a signal, from its .toml file.

    Attributes:
        id: Never reused, never renamed.
        title: One line for an alert.
        techniques: MITRE ATLAS technique ids.
        about: What it sees and why that matters.
        lookalikes: Honest traffic that shows the same, and what sets it apart.
        runbook: Steps for whoever gets the alert.
    """

    id: str
    title: str
    techniques: list[str]
    about: str
    lookalikes: list[str]
    runbook: list[str]


_NAMES = sorted(module.name for module in iter_modules(__path__))
_MODULES = {name: import_module(f"{__name__}.{name}") for name in _NAMES}

SIGNALS: dict[str, Signal] = {
    name: msgspec.convert(
        tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8")), Signal
    )
    for name in _NAMES
}
ACCOUNT_FEATURES: tuple[AccountFeature, ...] = tuple(
    feature for module in _MODULES.values() for feature in getattr(module, "ACCOUNT_FEATURES", ())
)
TIE_FEATURES: tuple[TieFeature, ...] = tuple(
    feature for module in _MODULES.values() for feature in getattr(module, "TIE_FEATURES", ())
)
SIGNAL_OF: dict[str, str] = {
    feature.name: name
    for name, module in _MODULES.items()
    for feature in (
        *getattr(module, "ACCOUNT_FEATURES", ()),
        *getattr(module, "TIE_FEATURES", ()),
    )
}
