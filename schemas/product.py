"""How Gauger names itself to other programs."""

from __future__ import annotations

NAME = "Gauger"
VENDOR = "Gauger"
VERSION = "0.1.0"
"""That of the distribution; formats are pure functions and cannot ask for it."""
