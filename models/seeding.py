"""First checkpoints out of a run without logs: a deployment then begins where the run ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from models.accounts.partition import AccountPartition
from models.head.partition import HeadPartition
from models.ties.partition import TiePartition
from models.wire.checkpoint import Cut


class Seeds(NamedTuple):
    """The first checkpoint of every partition, in their order."""

    accounts: list[Cut]
    ties: list[Cut]
    head: Cut


def seeds_of(
    state: Mapping[str, Any],
    accounts: Sequence[AccountPartition],
    ties: Sequence[TiePartition],
    head: HeadPartition,
) -> Seeds:
    """First checkpoints of partitions that are given without state.

    Args:
        state: What `Detector.dump` gave after its last epoch was closed.
        accounts: Account partitions, as many as the detector has.
        ties: Tie partitions, as many as the detector has.
        head: The head.

    Raises:
        ValueError: Epochs are open, whose rows would be lost, or the partitions are not as many.
    """
    if any(stage["open"] for stage in state["accounts"]):
        raise ValueError("epochs are open")
    closed, swept_day = state["closed"], state["swept_day"]
    control, options = head.seed(state["head"], closed)
    control = replace(control, flagged=state["flagged"], released=state["released"])
    for partition, stage in zip(accounts, state["accounts"], strict=True):
        partition.seed(stage, closed, control, swept_day)
    for tie_partition, stage in zip(ties, state["ties"], strict=True):
        tie_partition.seed(stage, closed, options, swept_day)
    return Seeds(
        [partition.cut(whole=True) for partition in accounts],
        [partition.cut(whole=True) for partition in ties],
        head.cut(),
    )
