"""A topic partition that ingest reads, and what there is to tell of all of them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from statistics import fmean

from aiokafka import TopicPartition

from stream.monitoring.metrics import IngestMetrics
from stream.worker.readers import Reader
from stream.worker.standings import State


class Owned:
    """A topic partition that this process reads.

    Args:
        reader: What reads it.
        end_at_start: Where it ended when this process took it.
    """

    def __init__(self, reader: Reader, end_at_start: int) -> None:
        now = time.monotonic()
        self.reader = reader
        self.end_at_start = end_at_start
        self.saved = now
        self.told = now
        self.dirty = False
        self.quiet = 0.0
        self.checked = now

    def go_on(self, standing: State) -> None:
        """Go on from a standing; it is written anew: it names keys that may leave the settings."""
        self.reader.load(standing)
        self.dirty = True


def source_name(partition: TopicPartition) -> str:
    """The source that a topic partition is."""
    return f"{partition.topic}/{partition.partition}"


def observe_sources(
    metrics: IngestMetrics,
    owned: Mapping[TopicPartition, Owned],
    end_of: Callable[[TopicPartition], int | None],
) -> None:
    """Tell where sources stand; `end_of` knows their ends where something of them was read."""
    lags: dict[tuple[str, ...], float] = {}
    watermarks: dict[tuple[str, ...], float] = {}
    fills: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for partition, one in owned.items():
        labels = partition.topic, str(partition.partition)
        end = end_of(partition)
        lags[labels] = 0 if end is None else max(0, end - one.reader.next_offset)
        if one.reader.watermark is not None:
            watermarks[labels] = one.reader.watermark / 1e6
        for name, share in one.reader.fill.items():
            fills[partition.topic, name].append(share)
    metrics.lag.settle(lags)
    metrics.watermarks.settle(watermarks)
    metrics.fill.settle({labels: fmean(shares) for labels, shares in fills.items()})
    metrics.held.set(sum(one.reader.held for one in owned.values()))
