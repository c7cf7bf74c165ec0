"""One thing that was looked at, and how it was found."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["ok", "warning", "problem"]
"""How it was found; of a problem the text names the mend."""


class Check(msgspec.Struct, frozen=True):
    """One thing looked at."""

    name: str
    status: Status
    text: str
