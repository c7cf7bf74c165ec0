"""States in a form that does not show which slot or number anything happened to get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.accounts.partition import AccountPartition
from models.head.partition import HeadPartition
from models.kernels.values import TIE
from models.ties.partition import TiePartition
from tests.models.states import content

_OF_PLACE = {"head", "next", "slot", "tie"}


def form_of(partition: AccountPartition | TiePartition | HeadPartition) -> Any:
    """The state of a partition after all epochs were closed."""
    if isinstance(partition, AccountPartition):
        return [partition.closed, account_form(partition.stage.dump())]
    if isinstance(partition, TiePartition):
        return [partition.closed, tie_form(partition.stage.dump())]
    return [partition.concluded, content(partition._head.dump())]


def account_form(state: Mapping[str, Any]) -> Any:
    """Profiles by account, and what else the account stage keeps."""
    accounts = zip(state["names"], _records(state["profiles"]), state["examples"], strict=True)
    return {
        "closed": state["closed"],
        "accounts": {name: (record, tuple(example)) for name, record, example in accounts},
        "open": list(state["open"]),
        "duplicates": {
            name: {day: keys.tolist() for day, keys in days.items()}
            for name, days in state["duplicates"].items()
        },
        "facts": {epoch: sorted(map(repr, facts)) for epoch, facts in state["facts"].items()},
        "waiting": state["waiting"],
    }


def tie_form(state: Mapping[str, Any]) -> Any:
    """Values by key, ties with their members by key."""
    values, ties, members = state["values"], state["ties"], state["members"]
    single = values["account"] != TIE
    keys = ties["key"].tolist()
    joined = sorted(
        (keys[tie], repr(record))
        for tie, record in zip(members["tie"].tolist(), _records(members), strict=True)
    )
    return {
        "singles": sorted(map(repr, _records(values[single]))),
        "shared": {key: int(epoch) for key, epoch in values[~single][["key", "epoch"]].tolist()},
        "ties": dict(zip(keys, _records(ties), strict=True)),
        "members": joined,
        "clear": state["clear"],
    }


def _records(records: NDArray[np.void]) -> list[list[Any]]:
    names = [name for name in records.dtype.names or () if name not in _OF_PLACE]
    columns = [records[name].tolist() for name in names]
    return [list(values) for values in zip(*columns, strict=True)]
