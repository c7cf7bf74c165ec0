"""Batches for tie stages, and traffic, as attackers make them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from models.evidence.baseline import FEATURES
from models.layouts import EDGE
from models.wire.messages import TieBatch
from stream.replay.local import LocalRun
from tests.stream.traffic import Heard, open_run, play, recording, time_of

TOLD = np.dtype([(name, np.uint64) for name in ("account", "owner", "payment", "network")])


def told(accounts: Sequence[int] | range, edges: NDArray[np.void]) -> TieBatch:
    """A batch of these accounts with these edges, of which nothing else is known."""
    rows = np.zeros(len(accounts), TOLD)
    rows["account"] = np.asarray(accounts, np.uint64)
    ranks = np.zeros((len(accounts), FEATURES), np.uint8)
    return TieBatch(rows, np.ones(len(accounts), np.int32), ranks, False, edges, {})


def shown_by(account: int, keys: NDArray[np.uint64]) -> TieBatch:
    """One account that shows all these values."""
    edges = np.zeros(len(keys), EDGE)
    edges["tie"], edges["count"] = keys, 1
    return told([account], edges)


def shared_by(accounts: range, key: int) -> TieBatch:
    """Accounts that all show one value."""
    edges = np.zeros(len(accounts), EDGE)
    edges["slot"], edges["tie"], edges["count"] = np.arange(len(accounts)), key, 1
    return told(accounts, edges)


def among(rows: Iterable[dict[str, Any]], lines: Sequence[bytes]) -> list[bytes]:
    """A recording with the rows of an attacker among it, in order of time."""
    forged = [orjson.dumps(row) for row in rows]
    return sorted([*lines, *forged], key=time_of)


def ordinary() -> list[bytes]:
    """Three days of ordinary accounts, and no campaign."""
    return recording(accounts=120, requests=6, members=0, pool=[])


def replayed(lines: Sequence[bytes]) -> tuple[LocalRun, Heard]:
    """A run over these lines, and what it said."""
    run = open_run()
    return run, play(run, lines)


def scores_of(heard: Heard, prefix: str) -> dict[tuple[str, int], float]:
    """Scores of accounts whose names begin like this, by name and epoch."""
    found = [orjson.loads(one) for one in heard.scores]
    return {
        (one["entity"]["id"], one["epoch"]): one["p_value"]
        for one in found
        if one["entity"]["kind"] == "account" and one["entity"]["id"].startswith(prefix)
    }
