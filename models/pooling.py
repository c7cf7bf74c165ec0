"""Pooling: what the members of a tie have in common, measured against the population."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.features import AccountFeature, Values

UNIFORM_DEVIATION = 0.2887
"""Standard deviation of a rank drawn at random from [0, 1]."""


def tie_statistics(features: int) -> np.dtype[np.void]:
    """Layout of what is summed over the members of a tie, all integers.

    `known` members have ranks; `sums` and `squares` are of ranks (0 to 255); `shares` of 65536ths;
    `joined…` of epochs since the first member joined.
    """
    return np.dtype(
        [
            ("tie", np.uint64),
            ("members", np.int64),
            ("known", np.int64),
            ("volume", np.int64),
            ("sums", np.int64, (features,)),
            ("squares", np.int64, (features,)),
            ("counts", np.int64),
            ("count_squares", np.float64),
            ("shares", np.int64),
            ("owned", np.int64),
            ("owners", np.int64),
            ("paying", np.int64),
            ("payments", np.int64),
            ("located", np.int64),
            ("networks", np.int64),
            ("joined", np.int64),
            ("joined_squares", np.float64),
        ],
        align=True,
    )


class TieView:
    """Statistics of tested ties, as signals read them."""

    def __init__(self, records: NDArray[np.void], epoch_seconds: int) -> None:
        self.records = records
        self.epoch_seconds = epoch_seconds
        self.members: Values = np.maximum(records["members"], 1).astype(np.float64)
        self._kinds = records["tie"] & np.uint64(15)
        self._shares: dict[str, Values] = {}

    def distinct_share(self, distinct: str, known: str, *own: int) -> Values:
        """Distinct values a member: (values - 1) / (members that have one - 1).

        1 where fewer than two members have a value, and for ties of the kinds `own`.
        """
        if distinct not in self._shares:
            number = self.records[known]
            share = (self.records[distinct] - 1.0) / np.maximum(number - 1.0, 1.0)
            unknown = number < 2
            for kind in own:
                unknown |= self._kinds == kind
            share[unknown] = 1.0
            self._shares[distinct] = share
        return self._shares[distinct]

    @property
    def joined_spread(self) -> Values:
        """Standard deviation in epochs of when the members joined."""
        mean = self.records["joined"] / self.members
        return np.sqrt(np.maximum(self.records["joined_squares"] / self.members - mean**2, 0.0))


@dataclass(frozen=True, slots=True)
class TieFeature:
    """One number of a tie beyond its members' ranks; scaled to about [0, 1] by the signal.

    `usual` is the value that separates `few` from `many` in words.
    """

    name: str
    compute: Callable[[TieView], Values]
    usual: float
    few: str
    many: str


def input_names(accounts: Sequence[AccountFeature], ties: Sequence[TieFeature]) -> list[str]:
    """Names of the columns of `pooled_inputs`."""
    names = [feature.name for feature in accounts]
    return [
        *(f"{name}.level" for name in names),
        *(f"{name}.oddness" for name in names),
        *(f"{name}.alike" for name in names),
        *(feature.name for feature in ties),
    ]


def pooled_inputs(view: TieView, ties: Sequence[TieFeature]) -> Values:
    """Inputs of the tie score, one row a tie.

    For every account feature the mean rank of the members against the middle (`level`, signed, and
    `oddness`, without sign: too narrow and too broad both count) and how much more alike they are
    than random accounts (`alike`); all shrink for ties of few members.
    """
    known = np.maximum(view.records["known"], 1).astype(np.float64)[:, None]
    weight = known / (known + 2.0)
    mean = view.records["sums"] / known / 255.0
    variance = np.maximum(view.records["squares"] / known / 255.0**2 - mean**2, 0.0)
    level = (mean - 0.5) * weight
    alike = (1.0 - np.sqrt(variance) / UNIFORM_DEVIATION) * weight
    own = [feature.compute(view) for feature in ties]
    return np.concatenate([level, np.abs(level), alike, np.stack(own, axis=1)], axis=1)
