"""`gauger alerts`: alerts from the topic or a file, one line each."""

# ruff: noqa: PLC0415 - formats and settings are imported when they are needed, so that help is quick

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.alert_source import SourceOption, alert_events
from stream.cli.options import ConfigOption, OutputFormatOption, config_path

if TYPE_CHECKING:
    from schemas.outputs import OutputFormat


def alerts(
    context: typer.Context,
    *,
    source: SourceOption = None,
    output_format: OutputFormatOption = "native",
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for more at the end of the topic.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Not those before; RFC 3339 or Unix seconds."),
    ] = None,
    config: ConfigOption = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, as --format native.")
    ] = False,
) -> None:
    """Show alerts, one line each; formats with short lines give several.

    They come from the topic, from its oldest alert on, or from a file. Repeated events are shown
    once.
    """
    from schemas.times import to_microseconds
    from stream.errors import UsageError
    from stream.recordings.files import LineWriter

    if json and output_format != "native":
        raise UsageError(f"--json and --format {output_format} are two formats: choose one")
    write = _format(output_format, config_path(context, config))
    earliest = _microseconds(since) if since else 0
    if source and follow:
        raise UsageError("--follow waits at the end of the topic: it cannot stand beside --from")
    out = LineWriter("-")
    for event in alert_events(context, source, config, follow=follow):
        if to_microseconds(event.time, "time") >= earliest:
            out.write(write(event))


def _format(name: str, config: Path | None) -> OutputFormat:
    from stream.settings import load_settings
    from stream.sharing import INDICATOR_FORMAT, alert_format

    # No other format needs settings: alerts of a file are shown whatever they say.
    key = load_settings(config, os.environ).community_key if name == INDICATOR_FORMAT else None
    return alert_format(name, key)


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
