"""Runs all peers over a recording: once to learn their thresholds, then to be judged."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.peers.alerts import Announcer, above, meeting
from bench.peers.base import HOUR, Peer, Score
from bench.peers.calibration import Highest, Thresholds, thresholds
from bench.peers.outcome import Outcome, outcome
from bench.peers.registry import all_peers
from bench.peers.traffic import Hour, hours_of
from bench.ties import blocks_of
from models.judging.judgement import Traffic
from schemas.codec import decode_truth

Result = TypeVar("Result")

BUDGET_RULE = "budget"
_DECODING = "decoding"


class Quiet(msgspec.Struct, frozen=True):
    """An attack-free run: its requests, and each peer's highest scores."""

    requests: int
    highest: dict[str, Highest]


class _Timed:
    """Hours of a recording, and the CPU seconds that decoding and each peer take."""

    def __init__(self, directory: Path) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.requests = 0
        self.first = self.last = 0.0
        self._hours = hours_of(blocks_of(directory / "events.jsonl.zst"))

    def hours(self) -> Iterator[Hour]:
        """All hours."""
        while (hour := self._took(_DECODING, lambda: next(self._hours, None))) is not None:
            self.requests += len(hour.events)
            self.first = self.first or float(hour.events[0].time)
            self.last = float(hour.events[-1].time)
            yield hour

    def scores(self, peer: Peer, hour: Hour) -> list[Score]:
        """What a peer says of an hour."""
        return self._took(peer.name, lambda: peer.close_hour(hour.start, hour.events))

    def of_peer(self, peer: Peer) -> float:
        """Seconds that a peer would take by itself."""
        return self.seconds[_DECODING] + self.seconds[peer.name]

    def _took(self, name: str, job: Callable[[], Result]) -> Result:
        start = time.process_time()
        result = job()
        self.seconds[name] += time.process_time() - start
        return result


def watch_quiet(directory: Path, alerts_from: float) -> Quiet:
    """The highest scores on ordinary traffic from a Unix second on; peers learn before it."""
    peers = all_peers()
    timed = _Timed(directory)
    highest = {peer.name: Highest() for peer in peers}
    for hour in timed.hours():
        for peer in peers:
            scores = timed.scores(peer, hour)
            if hour.start >= alerts_from:
                highest[peer.name].add(scores)
    return Quiet(timed.requests, highest)


def judge_peers(
    directory: Path, seed: int, limits: dict[str, Thresholds], alerts_from: float
) -> list[Outcome]:
    """Each peer on a run with one campaign: under the budget, then by its own fixed rules."""
    peers = all_peers()
    timed = _Timed(directory)
    announcers = {peer.name: _announcers(peer, limits[peer.name]) for peer in peers}
    for hour in timed.hours():
        for peer in peers:
            scores = timed.scores(peer, hour)
            if hour.start >= alerts_from:
                for announcer in announcers[peer.name].values():
                    announcer.take(hour.start + HOUR, scores)
    truth = decode_truth((directory / "truth.json").read_bytes())
    traffic = Traffic(timed.requests, round(timed.first * 1e6), round(timed.last * 1e6))
    return [
        outcome((peer.name, rule), seed, announcer.events, truth, traffic, timed.of_peer(peer))
        for peer in peers
        for rule, announcer in announcers[peer.name].items()
    ]


def _announcers(peer: Peer, limits: Thresholds) -> dict[str, Announcer]:
    own = {rule: Announcer(peer.name, meeting(rule)) for rule in peer.rules}
    return {BUDGET_RULE: Announcer(peer.name, above(limits)), **own}


def learned(runs: Sequence[Quiet], budget: float) -> dict[str, Thresholds]:
    """Each peer's thresholds from attack-free runs, for so many false alerts a million requests."""
    requests = sum(run.requests for run in runs)
    return {
        name: thresholds([run.highest[name] for run in runs], requests, budget)
        for name in runs[0].highest
    }
