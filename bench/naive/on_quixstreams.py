"""The straightforward way on Quix Streams: a stateful function an event, its state in RocksDB.

Run as a program by `bench/kafka.py`, as `on_faust.py` is.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

from quixstreams import Application

from bench.naive.accounts import NaiveAccounts, Stopwatch


def main() -> None:
    """Run the pipeline: servers, topic, application, partitions, events."""
    servers, topic_name, application, _, count = sys.argv[1:]
    naive, watch = NaiveAccounts(), Stopwatch(int(count))

    def score(value: bytes, state: Any) -> None:
        _, features = naive.read(value)
        state.set("known", naive.update(state.get("known"), features))
        if watch.note():
            app.stop()

    with tempfile.TemporaryDirectory() as folder:
        app = Application(
            broker_address=servers,
            consumer_group=application,
            auto_offset_reset="earliest",
            state_dir=folder,
            loglevel="ERROR",
        )
        topic = app.topic(topic_name, key_deserializer="str", value_deserializer="bytes")
        app.dataframe(topic).filter(bool).update(score, stateful=True)
        app.run()


if __name__ == "__main__":
    main()
