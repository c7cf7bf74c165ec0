"""Kinds of tie: what accounts can share. A tie key is 60 bits of value and 4 bits of kind."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from models.requests.hashing import network_text

KIND_BITS = 4
_KIND_MASK = (1 << KIND_BITS) - 1


class TieKind(IntEnum):
    """What kind of value is shared; the numbers are part of the state format."""

    FRAGMENT = 1
    PAYMENT = 2
    ADDRESS = 3
    NETWORK = 4
    CLIENT = 5
    TOOLS = 6
    SHAPE = 7
    SIGNATURE = 8


ISSUED = 9
"""In the place of the kind: a signature that was issued to the account, not presented by it.

Of edges only; the tie is of kind `SIGNATURE` for both.
"""

RENEWED = 10
"""In the place of the kind: a fragment under the key that texts will have.

Of edges only; the tie is of kind `FRAGMENT` under either key. Profiles and tests look at the others
alone: what an account does is not done twice.
"""

KIND_COUNT = 9
"""Length of tables that are indexed by kind (0 is no kind)."""


def tie_keys(hashes: NDArray[np.uint64], kind: int | NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Tie keys of hashed values, of one kind or a kind each; 0 (missing) stays 0.

    The lowest hash bits give way to the kind.
    """
    keys = (hashes & np.uint64(~_KIND_MASK & 2**64 - 1)) | np.asarray(kind, np.uint64)
    return np.where(hashes == 0, np.uint64(0), keys)


def kinds_of(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers of the kinds of tie keys."""
    return keys & np.uint64(_KIND_MASK)


def to_come(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Tie keys of texts that these edges show under the key that they will have alone."""
    kinds = kinds_of(keys)
    renewed = kinds == np.uint64(RENEWED)
    if not renewed.any():
        return keys[:0]
    coming = tie_keys(keys[renewed], TieKind.FRAGMENT)
    return np.setdiff1d(coming, keys[kinds == np.uint64(TieKind.FRAGMENT)])


def kind_of(key: int) -> TieKind:
    """Kind of a tie key."""
    return TieKind(key & _KIND_MASK)


def shown_value(key: int, clear: dict[int, str]) -> str | None:
    """The shared value where it may be shown: networks from the key itself, others from `clear`."""
    if kind_of(key) in (TieKind.ADDRESS, TieKind.NETWORK):
        return network_text(key >> KIND_BITS)
    return clear.get(key)
