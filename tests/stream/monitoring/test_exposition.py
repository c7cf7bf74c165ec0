"""Metrics of two processes in one answer, as a reader of the format finds them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from stream.monitoring.exposition import Process, Relayed, Row, exposition

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: bytes) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def registry(part: str) -> CollectorRegistry:
    made = CollectorRegistry()
    made.register(Process(part))
    return made


def test_processes_side_by_side_are_told_apart_and_each_family_is_told_once() -> None:
    own, other = registry("stages"), registry("ingest")
    Counter("gauger_requests", "Read.", ["topic"], registry=other).labels("a").inc(3)
    Gauge("gauger_ready", "At work.", registry=own).set(1)
    relayed = Relayed()
    relayed.take(exposition(other).decode())
    text = exposition(own, relayed)
    headers = [line for line in text.splitlines() if line.startswith(b"# TYPE")]
    assert len(headers) == len(set(headers))
    found = samples(text)
    assert found["gauger_requests_total", (("topic", "a"),)] == 3
    assert found["gauger_ready", ()] == 1
    for part in ("stages", "ingest"):
        assert found["process_resident_memory_bytes", (("part", part),)] > 0


def test_what_is_relayed_is_what_was_told() -> None:
    other = CollectorRegistry()
    histogram = Histogram("gauger_x_seconds", "Of x.", ["stage"], registry=other)
    for value in (0.1, 5.0, 1e9):
        histogram.labels('a "quoted"\nname\\').observe(value)
    relayed = Relayed()
    relayed.take(exposition(other).decode())
    assert samples(exposition(relayed)) == samples(exposition(other))
    relayed.take("")
    assert exposition(relayed) == b""


def test_nothing_is_told_of_when_counters_began() -> None:
    own = CollectorRegistry()
    Counter("gauger_x", "X.", registry=own).inc()
    assert set(samples(exposition(own))) == {("gauger_x_total", ())}


labels = st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"))


@given(st.lists(st.dictionaries(labels, st.floats(allow_nan=False)), max_size=4))
def test_a_row_holds_what_was_settled_last(steps: list[dict[tuple[str, ...], float]]) -> None:
    own: Collector = CollectorRegistry()
    row = Row(Gauge("gauger_x", "X.", ["one", "two"], registry=own))  # type: ignore[arg-type]
    for values in steps:
        row.settle(values)
        told = {
            (key[1][0][1], key[1][1][1]): value for key, value in samples(exposition(own)).items()
        }
        assert told == values
