"""Sets of tools: their hashes, remembered, since most requests offer one that is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.requests.hashing import StringHasher

MOST_CHARACTERS = 1 << 24
"""Characters that are remembered: callers choose the names of tools, and how long they are."""

_ENTRY_CHARACTERS = 256


class Toolsets:
    """Hashes of sets of tools, whatever the order of the tools."""

    def __init__(self, hasher: StringHasher) -> None:
        self._hasher = hasher
        self._known: dict[str, int] = {"": 0}
        self.characters = 0

    def hashes(self, joined: Sequence[str]) -> NDArray[np.uint64]:
        """Hash of the tools that each request offers, names parted by NULs; 0 where it has none."""
        if self.characters > MOST_CHARACTERS:
            self._known, self.characters = {"": 0}, 0
        known = self._known
        for tools in set(joined).difference(known):
            known[tools] = self._hasher.one("tools", "\0".join(sorted(tools.split("\0"))))
            # What an entry takes beside its text counts too.
            self.characters += len(tools) + _ENTRY_CHARACTERS
        return np.fromiter(map(known.__getitem__, joined), np.uint64, len(joined))
