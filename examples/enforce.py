"""Acts on responses, and tells Gauger what was done: a pattern for an enforcement of your own.

    gauger forward --responses --to kafka:gauger.responses
    python examples/enforce.py localhost:9092

A response is committed only after it was acted on and its fact is with the broker, so one may come
twice: acting on it again must do no harm. Here a person decides on bans.
"""

from __future__ import annotations

import json
import sys
import time

from kafka import KafkaConsumer, KafkaProducer

STATUS = {"release": "active", "limit": "limited", "hold": "limited", "ban": "limited"}


def enforce(account: str, status: str) -> None:
    """Set the account's status in your own systems; repeating it changes nothing."""
    print(f"{account} is now {status}", flush=True)


def main(servers: str, prefix: str = "gauger") -> None:
    """Act on responses for ever; topics are named after the prefix."""
    responses = KafkaConsumer(
        f"{prefix}.responses",
        bootstrap_servers=servers,
        group_id=f"{prefix}-enforcement",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    facts = KafkaProducer(bootstrap_servers=servers)
    for record in responses:
        response = json.loads(record.value)
        status = STATUS.get(response["action"])  # watch and verify are for people
        if status:
            enforce(response["account"], status)
            fact = {"account": response["account"], "time": time.time(), "status": status}
            key = fact["account"].encode()
            facts.send(f"{prefix}.facts", json.dumps(fact).encode(), key=key).get(30)
        responses.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])
