"""The straightforward way on faust: an agent, a river model, a table write an event.

Run as a program by `bench/kafka.py`; it ends after the given number of events and prints the
seconds that they took.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import faust

from bench.naive.accounts import NaiveAccounts, Stopwatch


def main() -> None:
    """Run the pipeline: servers, topic, application, partitions, events."""
    servers, topic_name, application, partitions, count = sys.argv[1:]
    app = faust.App(
        application,
        broker=f"aiokafka://{servers}",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_session_timeout=10.0,
        topic_partitions=int(partitions),
    )
    topic = app.topic(topic_name, value_serializer="raw", value_type=bytes)
    table = app.Table("accounts", partitions=int(partitions), default=list)
    naive, watch = NaiveAccounts(), Stopwatch(int(count))

    @app.agent(topic, name="score")
    async def score(stream: Any) -> None:
        async for value in stream:
            if not value:
                continue
            account, features = naive.read(value)
            table[account] = naive.update(table[account], features)
            if watch.note():
                os._exit(0)

    worker = faust.Worker(app, quiet=True, redirect_stdouts=False, loglevel="ERROR")
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
