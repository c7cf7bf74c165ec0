"""Alerts for programs in Python: `for alert in alerts(group="pager"): …`."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from threading import Event

import structlog

from schemas.alert import AlertEvent
from schemas.codec import decode_alert
from schemas.errors import InvalidRecord
from stream.broker.follow import Records, read_as_member, read_topic
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.recent import RecentIds
from stream.settings import DEFAULT_CONFIG, Settings, load_settings

_log = structlog.get_logger()


def alerts(
    options: KafkaOptions | None = None,
    *,
    group: str | None = None,
    from_beginning: bool = False,
    stop: Event | None = None,
) -> Generator[AlertEvent, None, None]:
    """Alert events as they come, for ever.

    Each comes at least once to a group: an event counts as handled when the next one is asked for,
    and what was not handled when a program ends comes again when it starts anew. An event that is
    repeated shortly after comes only once to the same iterator. Closing the iterator, leaving its
    loop, Ctrl-C or `stop` leave the broker in good order. It connects with the first `next`.

    Example:
        from stream.subscribe import alerts

        for alert in alerts(group="pager"):
            page(alert.severity, alert.title, alert.accounts)

    Args:
        options: Where the alerts are; None: as gauger.toml and the environment say.
        group: A name under which Kafka keeps how far this program has come; programs that share
            one share the alerts. None: nothing is kept, and every alert comes.
        from_beginning: Start with the oldest alert there is; a group that has come further goes on
            from there all the same.
        stop: Ends it when set, from another thread or a signal handler.

    Raises:
        UsageError: The settings cannot be used.
        FailedRun: The broker does not let us in, or the topic cannot be read.
    """
    if options is None:
        options = _settings().kafka
    topic = TopicNames.of(options).alerts
    if group is None:
        records = read_topic(options, topic, from_beginning=from_beginning, forever=True, stop=stop)
    else:
        records = read_as_member(options, topic, group, from_beginning=from_beginning, stop=stop)
    yield from alerts_of(records)


def alerts_of(records: Records) -> Generator[AlertEvent, None, None]:
    """The alert events of records: repeated ones once, and what is none is logged and left out."""
    recent = RecentIds()
    with closing(records):
        for record in records:
            try:
                alert = decode_alert(record.value)
            except InvalidRecord as refusal:
                _log.warning(
                    "record is no alert",
                    partition=record.partition,
                    offset=record.offset,
                    reason=refusal.reason,
                    field=refusal.field,
                )
                continue
            if recent.is_new(alert.event_id):
                yield alert


def _settings() -> Settings:
    named = os.environ.get("GAUGER_CONFIG")
    path = Path(named) if named else DEFAULT_CONFIG
    return load_settings(path if named or path.exists() else None, os.environ)
