"""What is timed: jobs over lines, from plain parsing to the whole detector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from bench.naive.accounts import NaiveAccounts
from bench.recordings import simulated
from models.requests.ingestion import BatchBuilder
from models.requests.line_reader import LineBlock
from schemas.codec import decode_requests
from schemas.formats import DEFAULT_FORMAT
from stream.batches import Batches
from stream.recordings.blocks import BLOCK_LINES
from stream.replay.local import LocalRun
from stream.settings import Settings

DENSE = 5_000
"""Requests an epoch, where nothing else is said: 17 a second."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        events: Requests of a round of the whole detector.
        rounds: Repetitions that count.
        accounts: Numbers of accounts of which costs are compared.
        known: Accounts of the row about memory, and of the restart.
        seeds: Simulations whose requests go through Kafka, one after the other.
        streamed: Requests of each of them.
        dense: How many of those come in an epoch.
        naive: Requests through each straightforward pipeline.
        passes: Repetitions through Kafka that count.
    """

    events: int = 60_000
    rounds: int = 5
    accounts: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    known: int = 1_000_000
    seeds: tuple[int, ...] = (1, 2, 3)
    streamed: int = 300_000
    dense: int = DENSE
    naive: int = 20_000
    passes: int = 3


FULL = Size()
SMALL = Size(4_000, 2, (1_000, 5_000), 20_000, (1,), 4_000, 500, 500, 1)
"""Shows that all rows can be measured; its figures mean little."""


@cache
def requests(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Simulated requests, made once for all groups; not to be changed."""
    return simulated(count, seed)


def blocks(lines: list[bytes]) -> list[list[bytes]]:
    """The lines as the product reads them."""
    return [lines[start : start + BLOCK_LINES] for start in range(0, len(lines), BLOCK_LINES)]


def parse(lines: list[bytes]) -> None:
    """The comparison: every line to plain objects, nothing kept."""
    for line in lines:
        orjson.loads(line)


def decode(lines: list[bytes]) -> None:
    """Typed decoding alone."""
    for block in blocks(lines):
        decode_requests(block)


def ingest(lines: list[bytes]) -> None:
    """From lines to columnar batches, texts sketched, as replay and ingest do it."""
    settings = Settings()
    batches = Batches.of(DEFAULT_FORMAT, settings, BatchBuilder(settings.key.secret))
    for block in blocks(lines):
        batches.make(LineBlock.of(block))


def detect(lines: list[bytes]) -> None:
    """The whole detector: lines in, alerts out."""
    run = LocalRun(Settings())
    feed(run, lines)
    run.finish()


def feed(run: LocalRun, lines: list[bytes]) -> None:
    """All lines of a source of its own."""
    source = run.open_source()
    for number, block in enumerate(blocks(lines)):
        run.feed(source, number * BLOCK_LINES, block)
    run.close_source(source)


def score_each(lines: list[bytes]) -> None:
    """The straightforward logic without a stream processor: river scores and learns each."""
    accounts = NaiveAccounts()
    known: dict[str, list[float]] = {}
    for line in lines:
        account, features = accounts.read(line)
        known[account] = accounts.update(known.get(account), features)
