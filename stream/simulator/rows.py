"""The columnar form of generated requests: one structured array, rendered to JSON at the very end.

Text is not stored: a row holds a recipe (a frame around a body, a fragment somewhere inside), and
render.py turns the recipes of one slice of time into strings.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[Any]

ROUTES = (
    "api",
    "app",
    "batch",
    "cloud:aurora",
    "cloud:borealis",
    "cloud:cirrus",
    "router:meridian",
)
OPERATIONS = ("chat", "completion", "embedding")
PLANS = ("free", "payg", "pro", "team", "enterprise", "education", "research", "startup")
STOPS = ("end_turn", "max_tokens", "tool_use", "stop_sequence", "refusal", "error")
MODELS = (
    "lyra-2", "lyra-3-mini", "lyra-3", "lyra-3-large", "lyra-3-reason", "lyra-2-large",
    "vega-embed", "lyra-4", "lyra-4-reason",
)  # fmt: skip
NEW_MODELS = (7, 8)

# Fields that an access path can lose, one bit each.
DROPPABLE = (
    "org", "api_key", "end_user", "session", "ip", "asn", "country", "user_agent",
    "tls_fingerprint", "payment", "plan", "account_created", "cached_tokens", "reasoning_tokens",
    "max_tokens", "temperature", "latency_ms", "signatures", "system", "prompt", "tools", "n",
    "refused", "messages", "images", "operation", "stop_reason",
)  # fmt: skip


def drop_mask(*fields: str) -> int:
    """The bits of the named fields."""
    return sum(1 << DROPPABLE.index(field) for field in fields)


_FIELDS: list[tuple[str, str, object]] = [
    ("time", "f8", 0.0),
    ("account", "i4", 0),
    ("campaign", "i2", -1),
    ("harvest", "?", False),
    ("key", "i4", 0),
    ("end_user", "i8", -1),
    ("session", "i8", -1),
    ("turn", "i4", 0),
    ("messages", "i4", 1),
    ("images", "i2", 0),
    ("route", "i2", 0),
    ("operation", "i2", 0),
    ("model", "i2", 0),
    ("network", "i4", 0),
    ("host", "i2", 1),
    ("client", "i2", 0),
    ("input", "i8", 0),
    ("cached", "i8", 0),
    ("output", "i8", 0),
    ("reasoning", "i8", 0),
    ("max_tokens", "i8", -1),
    ("temperature", "f8", np.nan),
    ("n", "i2", 1),
    ("tools", "i4", -1),
    ("stop", "i2", 0),
    ("status", "i2", 200),
    ("latency", "f8", 0.0),
    ("refused", "?", False),
    ("issued", "i8", -1),
    ("presented", "i8", -1),
    ("system", "i4", -1),
    ("frame", "i4", -1),
    ("style", "i2", 0),
    ("words", "i4", 0),
    ("fixed", "i4", -1),
    ("fragment", "i4", -1),
    ("position", "f4", 0.0),
    ("mask", "i8", 0),
]
ROW = np.dtype([(name, kind) for name, kind, _ in _FIELDS])
_BLANK = np.array([tuple(value for _, _, value in _FIELDS)], dtype=ROW)


def blank(size: int) -> Rows:
    """Rows with every field at its default."""
    return np.repeat(_BLANK, size)


def join(parts: list[Rows]) -> Rows:
    """The rows of several arrays in one."""
    return np.concatenate(parts) if parts else blank(0)
