"""The reference null: tails of tie scores on attack-free traffic, shipped with the weights they belong to."""

from __future__ import annotations

import tomllib
from importlib import resources

from models.calibration import ReferenceTail
from models.kinds import TieKind


def reference_tails() -> dict[int, ReferenceTail]:
    """The tail of each kind of tie that is scored (`models/tie_reference.toml`)."""
    text = resources.files("models").joinpath("tie_reference.toml").read_text("utf-8")
    return {
        int(TieKind[name.upper()]): ReferenceTail(tail["share"], tail["start"], tail["scale"])
        for name, tail in tomllib.loads(text)["tails"].items()
    }
