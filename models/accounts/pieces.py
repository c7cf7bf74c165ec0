"""Pieces of an account partition's checkpoint: profiles by slot, and facts that wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.layouts import PROFILE
from models.wire.arrays import fitted
from models.wire.checkpoint import PIECE_ROWS

FactValues = dict[str, int]
"""Facts of an account as profile columns.

`created`, `plan`, `stated_payment`, `payment`, `owner`, `status`.
"""

Piece = dict[str, Any]


class Unclaimed(NamedTuple):
    """Facts of an account that has sent nothing yet, and the epoch of the last of them."""

    epoch: int
    facts: FactValues


def profile_pieces(
    slots: NDArray[np.integer[Any]],
    profiles: NDArray[np.void],
    names: list[str],
    examples: list[tuple[str, int]],
) -> list[Piece]:
    """The accounts in these slots."""
    parts = (slots[start : start + PIECE_ROWS] for start in range(0, len(slots), PIECE_ROWS))
    return [
        {
            "slots": part.astype(np.int32),
            "profiles": profiles[part],
            "names": [names[slot] for slot in part.tolist()],
            "examples": [examples[slot] for slot in part.tolist()],
        }
        for part in parts
    ]


def place_profiles(
    piece: Mapping[str, Any],
    profiles: NDArray[np.void],
    names: list[str],
    examples: list[tuple[str, int]],
) -> None:
    """Put the accounts of a piece into their slots."""
    profiles[piece["slots"]] = fitted(piece["profiles"], PROFILE)
    for place, slot in enumerate(piece["slots"].tolist()):
        names[slot] = piece["names"][place]
        examples[slot] = tuple(piece["examples"][place])


def waiting_values(
    facts: Mapping[int, list[tuple[int, int, FactValues]]], waiting: Mapping[int, Unclaimed]
) -> list[tuple[str, int, Any]]:
    """Facts that wait, for their time or for their account: of a cut, those of the last hold."""
    kept: list[tuple[str, int, Any]] = [("facts", key, list(one)) for key, one in facts.items()]
    kept += [("waiting", key, [one.epoch, dict(one.facts)]) for key, one in waiting.items()]
    return kept


def place_waiting(
    values: Iterable[Sequence[Any]],
    facts: dict[int, list[tuple[int, int, FactValues]]],
    waiting: dict[int, Unclaimed],
) -> None:
    """Take the facts of a cut."""
    for kind, key, value in values:
        if kind == "waiting":
            waiting[int(key)] = Unclaimed(int(value[0]), dict(value[1]))
        else:
            facts[int(key)] = [
                (int(time), int(account), dict(values)) for time, account, values in value
            ]
