"""Metrics as text: of this process, and of a second one beside it, in one answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import Gauge, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[str, ...]


class Process(Collector):
    """Memory, processor time and open files of this process, by which part of Gauger it is.

    Args:
        part: `ingest`, `stages` …: two processes of a worker are told apart by it.
    """

    def __init__(self, part: str) -> None:
        self._part = part
        self._collector = ProcessCollector(registry=None)

    def collect(self) -> Iterator[Metric]:
        """The samples, each with the label `part`."""
        for family in self._collector.collect():
            family.samples = [
                sample._replace(labels={**sample.labels, "part": self._part})
                for sample in family.samples
            ]
            yield family


class Relayed(Collector):
    """The metrics of another process, as it told them last."""

    def __init__(self) -> None:
        self._families: list[Metric] = []

    def take(self, text: str) -> None:
        """The other process has told them.

        Raises:
            ValueError: It is not the text format.
        """
        self._families = list(text_string_to_metric_families(text))

    def collect(self) -> Iterable[Metric]:
        """The families that were told."""
        return self._families


class Together(Collector):
    """Families of several collectors; those of one name become one, as the format demands.

    Times at which counters began are left out: nobody asks for them, and they are a third of all.
    """

    def __init__(self, *parts: Collector) -> None:
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        """Each family once, with the samples of all."""
        families: dict[str, Metric] = {}
        for family in (family for part in self._parts for family in part.collect()):
            made = Metric(family.name, family.documentation, family.type)
            families.setdefault(family.name, made).samples += [
                sample for sample in family.samples if not sample.name.endswith("_created")
            ]
        return families.values()


def exposition(*parts: Collector) -> bytes:
    """The metrics of collectors, in the text format of Prometheus."""
    return generate_latest(Together(*parts))


class Row:
    """A gauge whose label values come and go together, as partitions do.

    Args:
        gauge: With labels.
    """

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._known: set[Labels] = set()

    def settle(self, values: Mapping[Labels, float]) -> None:
        """These are the values; what is not among them is gone."""
        for labels in self._known - values.keys():
            self._gauge.remove(*labels)
        for labels, value in values.items():
            self._gauge.labels(*labels).set(value)
        self._known = set(values)
