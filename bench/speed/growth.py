"""What a request costs as accounts, prompts and epochs grow."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from statistics import median
from typing import TypedDict

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.optimize import nnls

from bench.measure import Job, interleave
from bench.recordings import EPOCH_SECONDS, START, of_accounts, spaced, without_text
from bench.speed.jobs import DENSE, Size, blocks, detect, parse, requests
from bench.speed.table import Row
from bench.speed.whole import MILLION
from stream.recordings.blocks import BLOCK_LINES
from stream.replay.local import LocalRun
from stream.settings import Settings

DENSITIES = (1, 10, 100, 1_000, 10_000)
PROMPT_BYTES = (0, 100, 1_000, 10_000, 100_000)
_PROMPTS = 1_000
_LEAST = 1_000
"""Requests of a recording, however sparse: where each has an epoch, three and a half days."""


def growth_rows(size: Size) -> Iterator[Row]:
    """Accounts in state, length of prompts, requests an epoch."""
    yield from _accounts(size)
    yield from _prompts(size)
    yield from _densities(size)


class _Known:
    """A run that has seen every account once, and the traffic that follows."""

    def __init__(self, accounts: int, rounds: int) -> None:
        self._run = LocalRun(Settings())
        self._source = self._run.open_source()
        seen = max(accounts, DENSE)
        self._lines = of_accounts(accounts, seen + 2 * DENSE * rounds, 0, DENSE)
        self._fed = 0
        while self._fed < seen:
            self._feed([list(islice(self._lines, BLOCK_LINES))])

    def _feed(self, several: list[list[bytes]]) -> None:
        for block in several:
            self._run.feed(self._source, self._fed, block)
            self._fed += len(block)

    def share(self) -> tuple[float, float]:
        """CPU and wall-clock time of a request over the next two epochs, microseconds."""
        several = blocks(list(islice(self._lines, 2 * DENSE)))
        cpu, wall = time.process_time(), time.perf_counter()
        self._feed(several)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return cpu / (2 * DENSE) * MILLION, wall / (2 * DENSE) * MILLION


def _accounts(size: Size) -> Iterator[Row]:
    runs = {count: _Known(count, size.rounds) for count in size.accounts}
    rounds = [{count: run.share() for count, run in runs.items()} for _ in range(size.rounds)]
    fewest = size.accounts[0]
    for count in runs:
        yield Row(
            f"{count:,} accounts in state, {min(count, DENSE):,} of them active in an epoch",
            median(one[count][0] / one[fewest][0] for one in rounds),
            f"× {fewest:,}",
            "≤ 1.5" if count == MILLION else "",
            "≤ 1.1" if count == MILLION else "",
            cpu=median(one[count][0] for one in rounds),
            wall=median(one[count][1] for one in rounds),
        )


def _prompts(size: Size) -> Iterator[Row]:
    events = requests(size.events)
    text = " ".join(event.get("prompt") or "" for event in events)
    words = np.array(text.encode("ascii", "ignore").decode().split(), object)
    recordings = {length: _with_prompts(events, words, length) for length in PROMPT_BYTES}
    for length, figures in _beside_parsing(recordings, size.rounds):
        yield Row(f"prompts of {length:,} B", **figures)


def _with_prompts(
    events: list[dict[str, object]], words: NDArray[np.object_], length: int
) -> list[bytes]:
    """The first requests in two epochs, each with words in an order that no other has.

    Pieces of one text would overlap, and what is measured would be the ties between them.
    """
    chosen = np.random.default_rng(length)
    return spaced(
        [
            {**event, "prompt": " ".join(chosen.choice(words, length // 2))[:length]}
            for event in without_text(events[:_PROMPTS])
        ],
        _PROMPTS // 2,
    )


def _densities(size: Size) -> Iterator[Row]:
    events = requests(size.events)
    recordings = {
        density: spaced(events[: max(_LEAST, 2 * density)], density)
        for density in DENSITIES
        if 2 * density <= len(events)
    }
    shares = []
    costs = []
    for density, figures in _beside_parsing(recordings, size.rounds):
        accounts = account_epochs(recordings[density]) / len(recordings[density])
        yield Row(
            f"{density:,} requests an epoch, {accounts:.2f} active accounts a request", **figures
        )
        shares.append((1.0, accounts, 1.0 / density))
        costs.append(figures["cpu"])
    weights = 1.0 / np.array(costs)
    fitted, _ = nnls(np.array(shares) * weights[:, None], np.ones(len(costs)))
    for what, cost in zip(
        ("a request", "an active account", "an epoch"), fitted.tolist(), strict=True
    ):
        yield Row(f"of these, by least squares: {what}", cpu=cost, key=f"{what}, CPU")


def account_epochs(lines: Iterable[bytes]) -> int:
    """How many accounts were active, counted anew in every epoch."""
    events = map(orjson.loads, lines)
    return len({(one["account"], int((one["time"] - START) // EPOCH_SECONDS)) for one in events})


class _Figures(TypedDict):
    value: float
    unit: str
    cpu: float
    wall: float


def _beside_parsing(
    recordings: dict[int, list[bytes]], rounds: int
) -> Iterator[tuple[int, _Figures]]:
    """Figures of the whole detector over each recording, over those of parsing it."""
    jobs: dict[str, Job] = {}
    for name, lines in recordings.items():
        jobs |= {f"parse {name}": partial(parse, lines), f"detect {name}": partial(detect, lines)}
    timings = interleave(jobs, rounds)
    for name, lines in recordings.items():
        yield (
            name,
            {
                "value": timings.ratio(f"detect {name}", f"parse {name}"),
                "unit": "× orjson",
                "cpu": timings.cpu_median(f"detect {name}") / len(lines) * MILLION,
                "wall": timings.wall_median(f"detect {name}") / len(lines) * MILLION,
            },
        )
