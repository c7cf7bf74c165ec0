"""Labelled ties: the detector's tests on simulated traffic, with the truth beside them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray

from schemas.codec import decode_truth
from stream.replay.local import LocalRun
from stream.replay.outcome import Outcome
from stream.settings import Settings

_BLOCK = 8_192


@dataclass(frozen=True, slots=True)
class LabelledTies:
    """Tests of ties, one row each.

    Attributes:
        epochs: Epoch of the test, counted from the recording's first.
        keys: Tie keys.
        inputs: Pooled inputs of the tie score.
        shares: Share of the members that belong to any campaign.
        families: Family of most of them, empty for none.
        counts: Members.
        requests: Ordinary requests of the recording.
    """

    epochs: NDArray[np.int64]
    keys: NDArray[np.uint64]
    inputs: NDArray[np.float32]
    shares: NDArray[np.float64]
    families: NDArray[np.str_]
    counts: NDArray[np.int64]
    requests: int

    def save(self, path: Path) -> None:
        """Write as .npz."""
        columns = {name: getattr(self, name) for name in self.__slots__}
        np.savez_compressed(path, allow_pickle=False, **columns)

    @classmethod
    def load(cls, path: Path) -> LabelledTies:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as columns:
            found = {name: columns[name] for name in cls.__slots__}
        return cls(**{**found, "requests": int(found["requests"])})


def blocks_of(path: Path) -> Iterator[list[bytes]]:
    """Blocks of lines of a .jsonl.zst recording."""
    with path.open("rb") as file:
        reader = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file), 1 << 20)
        block: list[bytes] = []
        for line in reader:
            block.append(line)
            if len(block) == _BLOCK:
                yield block
                block = []
        if block:
            yield block


def collect(directory: Path) -> LabelledTies:
    """Replay a simulated scenario and label every test of a tie that has ranked members."""
    run = LocalRun(Settings(), keep_reports=True, account_scores=False)
    truth = decode_truth((directory / "truth.json").read_bytes())
    family = {
        run.account_key(account.id): campaign.family
        for campaign in truth.campaigns
        for account in campaign.accounts
    }
    rows = [row for outcome in outcomes(run, directory) for row in _rows(outcome, family)]
    first = min(row[0] for row in rows)
    columns = list(zip(*rows, strict=True))
    return LabelledTies(
        np.array(columns[0], np.int64) - first,
        np.array(columns[1], np.uint64),
        np.array(columns[2], np.float32),
        np.array(columns[3]),
        np.array(columns[4]),
        np.array(columns[5], np.int64),
        truth.benign_requests,
    )


def outcomes(run: LocalRun, directory: Path) -> Iterator[Outcome]:
    """What a run gives out, step by step, over a simulated recording with its facts."""
    facts = directory / "facts.jsonl"
    if facts.exists():
        run.add_facts(facts.read_bytes().splitlines())
    source = run.open_source()
    line = 1
    for block in blocks_of(directory / "events.jsonl.zst"):
        yield run.feed(source, line, block)
        line += len(block)
    yield run.close_source(source)
    yield run.finish()


def _rows(
    outcome: Outcome, family: dict[int, str]
) -> Iterator[tuple[int, int, NDArray[np.float64], float, str, int]]:
    for epoch, report in outcome.reports:
        ties = report.ties
        starts = np.concatenate([np.zeros(1, np.int64), ties.member_ends])
        for row in np.flatnonzero(ties.tested & (ties.statistics["known"] > 0)).tolist():
            members = ties.members["account"][starts[row] : starts[row + 1]].tolist()
            found = [family[member] for member in members if member in family]
            main = max(sorted(set(found)), key=found.count) if found else ""
            share = len(found) / max(1, len(members))
            key = int(ties.statistics["tie"][row])
            yield epoch, key, ties.inputs[row], share, main, len(members)
