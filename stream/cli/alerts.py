"""`gauger alerts`: alerts from the topic or a file, one line each."""

# ruff: noqa: PLC0415 - Kafka's client is imported when it is needed, so that help is quick

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.options import ConfigOption, config_path

if TYPE_CHECKING:
    from schemas.alert import AlertEvent
    from schemas.outputs import OutputFormat
    from stream.broker.options import KafkaOptions


def alerts(
    context: typer.Context,
    *,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="Alert events, JSON lines; - is stdin."),
    ] = None,
    output_format: Annotated[
        str, typer.Option("--format", metavar="NAME", help="Format of the lines.")
    ] = "native",
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for more at the end of the topic.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Not those before; RFC 3339 or Unix seconds."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Show alerts, one line each.

    They come from the topic, from its oldest alert on, or from a file. Repeated events are shown
    once.
    """
    from stream.errors import UsageError
    from stream.settings import load_settings

    write = _format(output_format)
    earliest = _microseconds(since) if since else 0
    if source is None:
        options = load_settings(config_path(context, config), os.environ).kafka
        _show(_of_topic(options, follow=follow), write, earliest)
    elif follow:
        raise UsageError("--follow waits at the end of the topic: it cannot stand beside --from")
    else:
        _show(_of_file(source), write, earliest)


def _show(events: Iterator[AlertEvent], write: OutputFormat, earliest: int) -> None:
    from schemas.times import to_microseconds
    from stream.files import LineWriter

    out = LineWriter("-")
    for event in events:
        if to_microseconds(event.time, "time") >= earliest:
            out.write(write(event))


def _of_topic(options: KafkaOptions, *, follow: bool) -> Iterator[AlertEvent]:
    from stream.broker.follow import read_topic
    from stream.broker.names import TopicNames
    from stream.log import configure_logging, mute_clients
    from stream.subscribe import alerts_of

    configure_logging()
    mute_clients()
    return alerts_of(read_topic(options, TopicNames.of(options).alerts, forever=follow))


def _of_file(path: str) -> Iterator[AlertEvent]:
    from stream.files import read_alerts
    from stream.recent import RecentIds

    recent = RecentIds()
    return (event for event in read_alerts(path) if recent.is_new(event.event_id))


def _format(name: str) -> OutputFormat:
    from schemas.outputs import output_format, output_names
    from stream.errors import UsageError

    if name not in output_names():
        raise UsageError(f"unknown alert format {name}; known: {', '.join(output_names())}")
    return output_format(name)


def _microseconds(text: str) -> int:
    from schemas.errors import InvalidRecord
    from schemas.times import to_microseconds
    from stream.errors import UsageError

    try:
        seconds: float | str = float(text)
    except ValueError:
        seconds = text
    try:
        return to_microseconds(seconds, "time")
    except InvalidRecord as refusal:
        raise UsageError(f"--since is {text}: {refusal.reason}") from refusal
