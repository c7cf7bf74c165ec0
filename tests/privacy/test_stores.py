"""All bytes of all stores and topics: no secret ever, and nothing of an account that was forgotten.

That each stage is as if the account had not come is held by `tests/models/test_forgetting.py`, that
crashes change nothing of it by `tests/property/test_forgetting.py`, and that checkpoints and scores
in Kafka lose it by `tests/integration/test_forget.py`.
"""

from __future__ import annotations

import re

import msgspec

from models.head.partition import HeadPartition
from models.wire.state import encode_state
from schemas.codec import decode_alert
from schemas.outputs import output_format, output_names
from tests.property.test_forgetting import NAME, PARTITIONS, ask, key_of
from tests.property.test_protocol import UNDISTURBED, lines, new_world
from tests.property.world import World
from tests.stream.traffic import CANARY, KEY_CANARY, PAYMENT_CANARY

SECRETS = [secret.encode() for secret in (CANARY, PAYMENT_CANARY, KEY_CANARY)]


def stores(world: World) -> dict[str, bytes]:
    """A whole checkpoint of each partition, by the name of its log."""
    found = {}
    for name, reader in world.readers.items():
        kept = reader.as_restored()
        cut = kept.cut() if isinstance(kept, HeadPartition) else kept.cut(whole=True)
        found[name] = b"".join(encode_state(part) for part in [*cut.pieces, cut.closing])
    return found


def traces(world: World) -> set[str]:
    """Stores that hold the account: its name, its key as a number, or its key in an array."""
    key = key_of(world)
    shapes = (msgspec.msgpack.encode(key), key.to_bytes(8, "little"))
    named = re.compile(NAME.encode() + rb"(?!\d)")
    return {
        name
        for name, store in stores(world).items()
        if named.search(store) or any(one in store for one in shapes)
    }


def test_stores_and_topics_hold_no_secret_and_lose_who_is_forgotten() -> None:
    assert all(any(secret in one for one in lines()) for secret in SECRETS)
    world = new_world(34, PARTITIONS, 1, UNDISTURBED)
    world.run()
    alerts = [decode_alert(one) for one in world.alerts]
    told = [line for name in output_names() for one in alerts for line in output_format(name)(one)]
    topics = [record for log in world.logs.values() for record in log]
    everything = b"".join([*told, *topics, *stores(world).values()])
    assert b"mule-" in everything
    assert [secret for secret in SECRETS if secret in everything] == []

    assert {name.partition("/")[0] for name in traces(world)} >= {"accounts", "ties"}
    ask(world)
    world.disturbances = 0
    world.run()
    assert traces(world) == set()
