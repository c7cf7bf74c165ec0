"""The straightforward way on Bytewax: a stateful operator an event, without recovery on disk.

Run as a program by `bench/kafka.py`, as `on_faust.py` is.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, run_main

from bench.naive.accounts import NaiveAccounts, Stopwatch


def main() -> None:
    """Run the pipeline: servers, topic, application, partitions, events."""
    servers, topic_name, _, _, count = sys.argv[1:]
    naive, watch = NaiveAccounts(), Stopwatch(int(count))

    def score(known: Any, features: dict[str, float]) -> tuple[Any, Any]:
        updated = naive.update(known, features)
        if watch.note():
            os._exit(0)
        return updated, updated

    flow = Dataflow("naive")
    source = KafkaSource([servers], [topic_name])
    records = op.input("requests", flow, source)
    requests = op.filter("marks", records, lambda record: bool(record.value))
    keyed = op.map("features", requests, lambda record: naive.read(record.value))
    scored = op.stateful_map("score", keyed, score)
    op.output("out", scored, TestingSink([]))
    run_main(flow)


if __name__ == "__main__":
    main()
