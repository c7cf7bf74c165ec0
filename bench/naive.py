"""The straightforward way, to compare with: a faust agent, a river model, a table write an event.

What a competent engineer writes first: requests are decoded one by one, half-space trees score and
learn each, and a table keeps the account's count and latest score. Run as a program by
`bench/kafka.py`; it ends after the given number of events and prints the seconds that they took.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import faust
import orjson
from river import anomaly


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
    accounts = app.Table("accounts", partitions=int(partitions), default=list)
    trees: Any = anomaly.HalfSpaceTrees(seed=1)
    seen: list[float] = []

    @app.agent(topic, name="score")
    async def score(stream: Any) -> None:
        read = 0
        async for value in stream:
            if not value:
                continue
            event = orjson.loads(value)
            features = {
                "input": min(1.0, (event.get("input_tokens") or 0) / 10_000),
                "output": min(1.0, (event.get("output_tokens") or 0) / 10_000),
                "messages": min(1.0, (event.get("messages") or 0) / 100),
                "hour": event["time"] % 86_400 / 86_400,
            }
            oddity = trees.score_one(features)
            trees.learn_one(features)
            known = accounts[event["account"]]
            accounts[event["account"]] = [(known[0] if known else 0) + 1, oddity]
            read += 1
            if not seen:
                seen.append(time.perf_counter())
            if read == int(count):
                print(orjson.dumps({"seconds": time.perf_counter() - seen[0]}).decode(), flush=True)
                os._exit(0)

    worker = faust.Worker(app, quiet=True, redirect_stdouts=False, loglevel="ERROR")
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
