"""A small reference null for tests."""

from __future__ import annotations

from models.evidence.calibration import Curve, Reference

REFERENCE = Reference(
    tests=Curve([0.5, 0.1, 0.01, 0.001], [-4.0, -2.0, 1.0, 4.0], 1.0),
    epochs=Curve([100.0, 10.0, 1.0], [1.0, 3.0, 5.0], 1.0),
)
"""Half of its tests reach -4, a tenth -2; above 4 and 5 all falls with scale 1."""
