"""What larger fleets would need, on paper: `python -m bench.fleet`.

Nothing is measured here. The figures are those of `make bench --json`, by the key of their row:
committed in `fleet.json`, or given by `--from`. All costs are taken to be linear in requests,
active accounts, tested ties, records and epochs; traffic is more of the same, a population that
grows with its requests. What is assumed beside stands in `Assumptions`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import orjson

KEPT = Path(__file__).with_name("fleet.json")
RATES = (1e4, 1e5, 1e6)
MOST_PARTITIONS = 1_024
"""What `kafka.partitions` may be at most."""

_EVEN, _MANY = 2, 32
_SECOND = 1e6
_DAY = 86_400.0
_GIB, _TB = 2.0**30, 1e12


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the model takes for granted.

    Attributes:
        epoch_seconds: Length of an epoch.
        headroom: How much more than the rate must be possible: peaks, and reading up after an
            outage.
        copies: Replication factor.
        requests_a_day: Requests that an account sends a day, over all that are in state.
        state_copies: How often a worker holds its state: itself, and at most twice in checkpoints.
        process_gib: Memory of a process without state.
        partition_bytes: Bytes a second that one partition is trusted with; not measured.
    """

    epoch_seconds: float = 300.0
    headroom: float = 2.0
    copies: float = 3.0
    requests_a_day: float = 40.0
    state_copies: float = 3.0
    process_gib: float = 0.35
    partition_bytes: float = 10e6


@dataclass(frozen=True, slots=True)
class PerRecord:
    """A cost of a request that also grows with the records that it is passed on in."""

    request: float
    record: float

    @classmethod
    def fitted(cls, few: tuple[float, float], many: tuple[float, float]) -> Self:
        """Through two measurements, each (records a request, cost of a request)."""
        apart = many[0] - few[0]
        record = max(0.0, (many[1] - few[1]) / apart) if apart > 0 else 0.0
        return cls(max(0.0, few[1] - record * few[0]), record)

    def at(self, records: float) -> float:
        """The cost of a request of which so many records are made."""
        return self.request + self.record * records


class Model:
    """A fleet at any rate.

    Args:
        figures: Measured figures by key; CPU in microseconds, sizes in bytes.
        assumed: What the model takes for granted.

    Raises:
        KeyError: A figure is missing.
    """

    def __init__(self, figures: Mapping[str, float], assumed: Assumptions) -> None:
        self._figures = figures
        self._assumed = assumed
        few, many = figures["kafka: records"], figures["many: records"]
        self._cpu = {
            part: PerRecord.fitted(
                (few, figures[f"kafka: {part}"]), (many, figures[f"many: {part}"])
            )
            for part in ("ingest", "stages", "broker")
        }
        self._events = PerRecord.fitted(
            (figures["kafka: event records"], figures["kafka: event bytes"]),
            (figures["many: event records"], figures["many: event bytes"]),
        )
        more = max(0.0, figures["natural: account"] - figures["kafka: accounts"])
        stages = self._cpu["stages"]
        denser = stages.request + more * figures["an active account, CPU"]
        self._cpu["stages"] = replace(stages, request=denser)

    def _event_records(self, partitions: int) -> float:
        """Records of the topic of rows a request: one a partition, of each block that was read."""
        return min(1.0, partitions / _MANY * self._figures["many: event records"])

    def _records(self, rate: float, partitions: int) -> float:
        """Records of internal topics a request; each partition tells each other of each epoch."""
        epoch = partitions**2 + 5 * partitions
        return self._event_records(partitions) + epoch / (rate * self._assumed.epoch_seconds)

    def _cores(self, part: str, rate: float, partitions: int) -> float:
        cost = self._cpu[part].at(self._records(rate, partitions))
        return self._assumed.headroom * rate * cost / _SECOND

    def partitions(self, rate: float) -> int:
        """The fewest partitions that keep up, a core each; more than there may be if none do."""
        for partitions in range(_EVEN, MOST_PARTITIONS + 1):
            if self._cores("stages", rate, partitions) <= partitions:
                return partitions
        cost = self._cpu["stages"].at(1.0)
        return max(MOST_PARTITIONS + 1, math.ceil(self._assumed.headroom * rate * cost / _SECOND))

    def bytes_written(self, rate: float) -> dict[str, float]:
        """Bytes a second into each topic, one copy."""
        figures, partitions = self._figures, self.partitions(rate)
        accounts = rate * figures["natural: account"]
        epochs = 1.0 / self._assumed.epoch_seconds
        state = figures["state of an account"]
        return {
            "requests": rate * figures["bytes: requests"],
            "events": rate * self._events.at(self._event_records(partitions)),
            "ties": partitions**2 * epochs * figures["to_ties: batch"]
            + self._told(partitions) * accounts * figures["to_ties: listing"]
            + rate * figures["natural: edge"] * figures["to_ties: edge"],
            "findings": partitions
            * epochs
            * (figures["from_accounts: report"] + figures["from_ties: report"])
            + accounts * figures["from_accounts: account"]
            + rate * figures["natural: test"] * figures["from_ties: test"],
            # A checkpoint has what its epoch changed, and renews twice as much.
            "changelogs": 3.0 * accounts * state,
        }

    def _told(self, partitions: int) -> float:
        """Tie partitions that are told of an active account: those with a value that it showed."""
        values = self._figures["natural: edge"] / self._figures["natural: account"]
        return float(partitions * (1.0 - (1.0 - 1.0 / partitions) ** values))

    def head_seconds(self, rate: float) -> float:
        """CPU time of the head over one epoch."""
        figures, requests = self._figures, rate * self._assumed.epoch_seconds
        heard = 5.0 * self.partitions(rate) * self._cpu["stages"].record
        each = sum(
            figures[f"natural: {thing}"] * figures[f"microseconds: {thing}"]
            for thing in ("account", "test", "alert")
        )
        return (figures["microseconds: epoch"] + heard + requests * each) / _SECOND

    def accounts(self, rate: float) -> float:
        """Accounts in state."""
        return rate * _DAY / self._assumed.requests_a_day

    def fleet(self, rate: float) -> dict[str, float]:
        """What a rate of requests needs, by name."""
        assumed, partitions = self._assumed, self.partitions(rate)
        written = self.bytes_written(rate)
        once = sum(written.values())
        ingest = math.ceil(self._cores("ingest", rate, partitions))
        state = self.accounts(rate) * self._figures["memory of an account"] / _GIB
        return {
            "partitions inside": partitions,
            "cores for ingest": ingest,
            "cores for the stages": partitions,
            "cores for brokers": math.ceil(
                assumed.copies * self._cores("broker", rate, partitions)
            ),
            "accounts, millions": self.accounts(rate) / 1e6,
            "memory of all workers, GiB": assumed.state_copies * state
            + assumed.process_gib * (ingest + partitions),
            "into the brokers, MB/s": once / 1e6,
            "between the brokers, MB/s": (assumed.copies - 1.0) * once / 1e6,
            "out of the brokers, MB/s": (once - written["changelogs"]) / 1e6,
            "disk, TB": assumed.copies * self._kept(rate, written) / _TB,
            "the head, CPU seconds an epoch": self.head_seconds(rate),
        }

    def _kept(self, rate: float, written: Mapping[str, float]) -> float:
        """Bytes on disk, one copy: what retention keeps, and changelogs at twice the state."""
        logs = sum(_DAYS_KEPT[name] * _DAY * written[name] for name in _DAYS_KEPT)
        return logs + 2.0 * self.accounts(rate) * self._figures["state of an account"]

    def loads(self, rate: float) -> dict[str, float]:
        """How near each bound is that more machines do not move: 1 is reached."""
        assumed, partitions = self._assumed, self.partitions(rate)
        written = self.bytes_written(rate)
        trusted = assumed.partition_bytes / assumed.headroom
        return {
            "the head's processor: all epochs are decided in one process": assumed.headroom
            * self.head_seconds(rate)
            / assumed.epoch_seconds,
            "the head's one partition: all reports go through it": written["findings"] / trusted,
            f"kafka.partitions is {MOST_PARTITIONS:,} at most": partitions / MOST_PARTITIONS,
        }

    def breaks(self) -> list[tuple[float, str]]:
        """The rate at which each bound is reached, the lowest first."""
        return sorted((self._reached(name), name) for name in self.loads(1.0))

    def _reached(self, name: str) -> float:
        low, high = 0.0, 12.0
        for _ in range(50):
            middle = (low + high) / 2.0
            if self.loads(10.0**middle)[name] < 1.0:
                low = middle
            else:
                high = middle
        return float(10.0**high)


_DAYS_KEPT = dict.fromkeys(("requests", "events", "ties", "findings"), 7.0)


def figures_of(bench: Mapping[str, Any]) -> dict[str, float]:
    """Figures by key out of the JSON of `make bench`: the value of a row, else its CPU time."""
    return {
        row["key"]: row["value"] if row["value"] is not None else row["cpu"]
        for rows in bench["groups"].values()
        for row in rows
        if row["key"]
    }


def kept() -> dict[str, float]:
    """The committed figures."""
    figures: dict[str, float] = orjson.loads(KEPT.read_bytes())["figures"]
    return figures


def table(model: Model) -> Iterator[str]:
    """Fleets and bounds, as lines of Markdown."""
    fleets = [model.fleet(rate) for rate in RATES]
    yield f"| requests a second | {' | '.join(f'{rate:,.0f}' for rate in RATES)} |"
    yield f"| --- |{' ---: |' * len(RATES)}"
    for name in fleets[0]:
        yield f"| {name} | {' | '.join(_shown(fleet[name]) for fleet in fleets)} |"
    yield ""
    yield "| bound that more machines do not move | reached at requests a second |"
    yield "| --- | ---: |"
    for rate, name in model.breaks():
        yield f"| {name} | {_shown(float(f'{rate:.2g}'))} |"


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def main() -> None:
    """Print the fleets."""
    parser = argparse.ArgumentParser(description=__doc__)
    option = parser.add_argument
    option("--from", dest="source", type=Path, help="what `make bench --json` printed")
    for field in fields(Assumptions):
        name = field.name.replace("_", "-")
        option(f"--{name}", type=float, default=field.default, help="default: %(default)s")
    arguments = parser.parse_args()
    figures = kept()
    if arguments.source:
        figures = figures_of(orjson.loads(arguments.source.read_bytes()))
    given = {field.name: getattr(arguments, field.name) for field in fields(Assumptions)}
    try:
        print("\n".join(table(Model(figures, Assumptions(**given)))))
    except KeyError as error:
        raise SystemExit(f"no figure {error}: was a group of the bench left out?") from error


if __name__ == "__main__":
    main()
