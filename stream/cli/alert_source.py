"""Where verbs about alerts read them: the topic, or a file."""

# ruff: noqa: PLC0415 - Kafka's client is imported when it is needed, so that help is quick

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.options import config_path

if TYPE_CHECKING:
    from schemas.alert import AlertEvent
    from stream.findings.lives import Life

SourceOption = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="FILE", help="Alert events, JSON lines; - is stdin. None: the topic."
    ),
]


def alert_events(
    context: typer.Context, source: str | None, config: Path | None, *, follow: bool = False
) -> Iterator[AlertEvent]:
    """Alert events, repeated ones once: of a file, or of the topic from its oldest on.

    Raises:
        SettingsError: The topic is to be read and the settings cannot be used.
        FailedRun: It cannot be read.
    """
    if source:
        return _of_file(source)
    events = _of_topic(context, config, follow=follow)
    return events if follow else _or_of_a_file(events)


def life_of(alert_id: str, events: Iterator[AlertEvent], source: str | None) -> Life:
    """The events of one finding.

    Raises:
        FailedRun: There is none of that id; says what to do next.
    """
    from stream.errors import FailedRun
    from stream.findings.lives import lives

    known: set[str] = set()

    def mine() -> Iterator[AlertEvent]:
        for event in events:
            known.add(event.alert_id)
            if event.alert_id == alert_id:
                yield event

    found = lives(mine())
    if alert_id not in found:
        raise FailedRun(f"no alert {alert_id}: {_next_step(alert_id, known, source)}")
    return found[alert_id]


def _next_step(alert_id: str, known: set[str], source: str | None) -> str:
    if not known:
        return f"{source or 'the topic'} holds no alert at all"
    begun = [one for one in sorted(known) if one.startswith(alert_id)]
    if len(begun) == 1:
        return f"did you mean {begun[0]}?"
    where = f" --from {source}" if source else ""
    return f"gauger alerts{where} shows which there are"


def _of_topic(context: typer.Context, config: Path | None, *, follow: bool) -> Iterator[AlertEvent]:
    from stream.broker.follow import read_topic
    from stream.broker.names import TopicNames
    from stream.log import configure_logging, mute_clients
    from stream.settings import load_settings
    from stream.subscribe import alerts_of

    options = load_settings(config_path(context, config), os.environ).kafka
    configure_logging()
    mute_clients()
    return alerts_of(read_topic(options, TopicNames.of(options).alerts, forever=follow))


def _or_of_a_file(events: Iterator[AlertEvent]) -> Iterator[AlertEvent]:
    """The events; where the topic cannot be read, the way without it is told too."""
    from stream.errors import FailedRun

    try:
        yield from events
    except FailedRun as error:
        raise FailedRun(f"{error}; alerts in a file are read with --from FILE") from error


def _of_file(path: str) -> Iterator[AlertEvent]:
    from stream.recent import RecentIds
    from stream.recordings.files import read_alerts

    recent = RecentIds()
    return (event for event in read_alerts(path) if recent.is_new(event.event_id))
