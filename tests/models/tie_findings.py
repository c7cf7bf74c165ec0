"""Ties that stand out, in few words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from models.head.tie_finding import TieFinding

_FILLINGS = {
    "score": 10.0, "p_value": 1e-6, "q_value": 0.01, "first_epoch": 1, "stands_out": True,
}  # fmt: skip


def tie(
    key: int,
    accounts: Iterable[int],
    affinities: list[float] | None = None,
    **values: float | str,
) -> TieFinding:
    """A tie of these accounts that stands out unless told otherwise."""
    members = sorted(accounts)
    return TieFinding(
        key=key,
        accounts=np.array(members, np.uint64),
        counts=np.ones(len(members), np.int32),
        affinities=np.array(affinities or [1.0] * len(members)),
        inputs=np.zeros(3),
        **{**_FILLINGS, **values},  # type: ignore[arg-type]  # epochs are given as whole numbers
    )
