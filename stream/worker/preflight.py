"""What must hold before a worker starts: the broker lets us in, the topics are as they must be."""

from __future__ import annotations

import asyncio

from schemas.errors import InvalidRecord
from stream.broker.admin import administrator
from stream.broker.losses import losses
from stream.broker.names import TopicNames
from stream.broker.neighbours import conflicts
from stream.broker.options import KafkaOptions
from stream.broker.reach import require_broker
from stream.broker.topics import check_topics
from stream.errors import FailedRun
from stream.log import mute_clients
from stream.settings import Settings
from stream.state_keys import StateKeys
from stream.worker.standings import stated_keys

_FATAL = frozenset({"partitions", "cleanup.policy", "message.timestamp.type"})


def require_own_state(settings: Settings) -> None:
    """Refuse to start on a state of other keys, before anything is written.

    Raises:
        FailedRun: Naming the keys and the mend, or what cannot be read of the state.
        KafkaError: The topics cannot be read.
    """
    keys, options = StateKeys(settings), settings.kafka
    # A loop of its own, that nobody else finds: faust takes the one of the thread.
    loop = asyncio.new_event_loop()
    try:
        for state in loop.run_until_complete(stated_keys(options, TopicNames.of(options))):
            keys.require(state)
    except InvalidRecord as error:
        raise FailedRun(f"application {options.application}: {error}") from error
    finally:
        loop.close()


def require_cluster(options: KafkaOptions) -> None:
    """Refuse to start where rows or state would be lost or are, or another is at work.

    Settings that only cost room or time are left to `gauger doctor`.

    Raises:
        FailedRun: What is wrong, one line each with its mend.
    """
    # It would log every member of a group that is not its own kind.
    mute_clients(["kafka"])
    require_broker(options)
    wrong: list[str] = []
    for topic in check_topics(options).topics:
        if topic.status == "missing":
            wrong.append(f"topic {topic.topic} is missing; create it: gauger topics")
        wrong += [
            f"topic {topic.topic}: {one.key} should be {one.expected}, is {one.found}; {one.mend}"
            for one in topic.differences
            if one.key in _FATAL
        ]
    with administrator(options) as admin:
        wrong += conflicts(admin, options)
        if not wrong:
            wrong += losses(admin, options)
    if wrong:
        raise FailedRun("\n".join(wrong))
