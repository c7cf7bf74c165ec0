"""What one epoch costs the head, and what the stages tell each other about it, per thing told.

The detector runs in process with two partitions, over the shipped sample and over denser traffic.
Beside each epoch, its messages are written as they are over Kafka, and those to the head are read
again. What they cost is then split by non-negative least squares into what comes with the epoch,
with each active account, with each tie that was tested, with each alert. The traffic of the sample
is as sparse as it happened; only there the number of accounts for a request is natural.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from scipy.optimize import nnls

from bench.recordings import spaced
from bench.speed.jobs import Size, feed, requests
from bench.speed.table import Row
from bench.speed.whole import MILLION
from models.head.stage import Head
from models.ties.stage import TieStage
from models.wire.codec import Assembler, read_frame, to_frames
from models.wire.messages import (
    AccountReport,
    Conclusion,
    Holder,
    TieBatch,
    TieOptions,
    TieReport,
)
from models.wire.protocol import AccountsClosed, TieRows, TiesClosed
from stream.recordings.files import read_lines
from stream.replay.local import LocalRun
from stream.settings import Settings

EXAMPLES = Path(__file__).parents[2] / "examples"
PARTITIONS = 2
_DENSITIES = (1_000, 5_000)


@dataclass
class Epoch:
    """One epoch: what there was, how long the head was at it, what was told in bytes."""

    requests: int = 0
    accounts: int = 0
    edges: int = 0
    tests: int = 0
    alerts: int = 0
    microseconds: float = 0.0
    to_ties: int = 0
    from_accounts: int = 0
    from_ties: int = 0


class _Head(Head):
    """The head, with a note of what each epoch took."""

    def __init__(self, epochs: list[Epoch], *arguments: Any) -> None:
        super().__init__(*arguments)
        self._epochs = epochs

    def decide(
        self, epoch: int, accounts: Sequence[AccountReport], ties: Sequence[TieReport]
    ) -> list[int]:
        note = self._epochs[-1]
        note.requests = sum(report.requests for report in accounts)
        note.accounts = sum(len(report.tie_batches[0].accounts) for report in accounts)
        note.tests = sum(len(report.ties.statistics) for report in ties)
        told = [
            to_frames(AccountsClosed(number, epoch, replace(report, tie_batches=[])))
            for number, report in enumerate(accounts)
        ]
        heard = [to_frames(TiesClosed(number, epoch, one)) for number, one in enumerate(ties)]
        note.from_accounts, note.from_ties = _bytes(told), _bytes(heard)
        start = time.process_time()
        assembler = Assembler()
        for frame in (frame for frames in (*told, *heard) for frame in frames):
            assembler.add(read_frame(frame))
        wanted = super().decide(epoch, accounts, ties)
        note.microseconds = (time.process_time() - start) * MILLION
        return wanted

    def conclude(
        self, epoch: int, holders: Mapping[int, Holder], reports: Sequence[AccountReport]
    ) -> Conclusion:
        note = self._epochs[-1]
        start = time.process_time()
        conclusion = super().conclude(epoch, holders, reports)
        note.microseconds += (time.process_time() - start) * MILLION
        note.alerts = len(conclusion.alerts)
        self._epochs.append(Epoch())
        return conclusion


class _TieStage(TieStage):
    """The tie stage, with a note of what it was told of each epoch."""

    def __init__(self, epochs: list[Epoch], *arguments: Any) -> None:
        super().__init__(*arguments)
        self._epochs = epochs

    def close(self, epoch: int, batches: Sequence[TieBatch], options: TieOptions) -> TieReport:
        note = self._epochs[-1]
        note.edges += sum(len(batch.edges) for batch in batches)
        note.to_ties += _bytes(
            [to_frames(TieRows(number, epoch, batch)) for number, batch in enumerate(batches)]
        )
        return super().close(epoch, batches, options)


def _bytes(messages: list[list[bytes]]) -> int:
    return sum(len(frame) for frames in messages for frame in frames)


def _noted(lines: list[bytes], facts: list[bytes]) -> list[Epoch]:
    """All epochs of a recording, as Kafka's workers see them: without scores of accounts."""
    epochs = [Epoch()]
    with ExitStack() as patches:
        for name, noting in (("Head", _Head), ("TieStage", _TieStage)):
            patches.enter_context(patch(f"models.detector.{name}", partial(noting, epochs)))
        run = LocalRun(Settings(), PARTITIONS, account_scores=False)
    run.add_facts(facts)
    feed(run, lines)
    run.finish()
    return epochs[:-1]


def _lines(name: str) -> list[bytes]:
    return [line for _, line in read_lines(str(EXAMPLES / name))]


def stage_rows(size: Size) -> Iterator[Row]:
    """Bytes on the wire and the head's time, by what they come with."""
    natural = _noted(_lines("events.jsonl.zst"), _lines("facts.jsonl"))
    events = requests(size.events)
    denser = [_noted(spaced(events, density), []) for density in _DENSITIES]
    epochs = [epoch for some in (natural, *denser) for epoch in some]
    whole = sum(epoch.requests for epoch in natural)
    for thing, what in _NATURAL.items():
        share = sum(_THINGS[thing][1](epoch) for epoch in natural) / whole
        yield Row(f"{what}, as it happened", share, "a request", key=f"natural: {thing}")
    for figure, what, things in _SPLITS:
        yield from _split(epochs, figure, what, things)


_NATURAL = {
    "account": "active accounts",
    "edge": "values shown by an account in an epoch",
    "test": "ties tested",
    "alert": "alerts",
}
_THINGS: dict[str, tuple[str, Callable[[Epoch], float]]] = {
    "epoch": ("an epoch", lambda epoch: 1.0),
    "batch": ("an empty one", lambda epoch: PARTITIONS**2),
    "report": ("an empty one", lambda epoch: PARTITIONS),
    "account": ("an active account", lambda epoch: epoch.accounts),
    "listing": ("an active account", lambda epoch: epoch.accounts * PARTITIONS),
    "edge": ("a value shown", lambda epoch: epoch.edges),
    "test": ("a tested tie", lambda epoch: epoch.tests),
    "alert": ("an alert", lambda epoch: epoch.alerts),
}
_SPLITS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("to_ties", "batch from accounts to ties, B", ("batch", "listing", "edge")),
    ("from_accounts", "report from accounts to the head, B", ("report", "account")),
    ("from_ties", "report from ties to the head, B", ("report", "test")),
    ("microseconds", "the head's CPU time, µs", ("epoch", "account", "test", "alert")),
)


def _split(epochs: list[Epoch], figure: str, what: str, things: Sequence[str]) -> Iterator[Row]:
    """What of a figure comes with each thing."""
    counts = np.array([[_THINGS[thing][1](epoch) for thing in things] for epoch in epochs], float)
    found = np.array([getattr(epoch, figure) for epoch in epochs], float)
    shares, _ = nnls(counts, found)
    name, unit = what.rsplit(", ", 1)
    for thing, share in zip(things, shares.tolist(), strict=True):
        yield Row(f"{name}: {_THINGS[thing][0]}", share, unit, key=f"{figure}: {thing}")
