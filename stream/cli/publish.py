"""`gauger publish`: recorded traffic into Kafka."""

# ruff: noqa: PLC0415 - the Kafka client is imported when it is needed, so that help is quick

from __future__ import annotations

import math
import os
from typing import Annotated

import typer

from stream.cli.options import ConfigOption, FormatOption, JsonOption, config_path, require_format

_AT_ONCE = "max"


def publish(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Recorded traffic: .jsonl, .jsonl.gz, .jsonl.zst, .parquet, or - for stdin.",
        ),
    ],
    topic: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Topic; the first request topic of the settings if none."
        ),
    ] = None,
    speed: Annotated[
        str, typer.Option(metavar="N", help="Times as fast as it happened; max is at once.")
    ] = _AT_ONCE,
    facts: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Facts about accounts, published before the traffic."),
    ] = None,
    feedback: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="Verdicts on alerts, published before the traffic; repeatable."
        ),
    ] = None,
    input_format: FormatOption = None,
    *,
    no_end: Annotated[
        bool, typer.Option("--no-end", help="More will follow: leave the last epoch open.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Replay recorded traffic into Kafka.

    Every line goes to the partition of its account, at its own time. Several files are merged by
    time. Between the lines, marks tell all partitions how far the traffic has come.
    """
    from schemas.codec import encode
    from stream.broker.publish import PublishPlan, publish_files, summary_lines
    from stream.errors import FailedRun
    from stream.log import mute_clients
    from stream.replay.progress import display_for
    from stream.settings import load_settings

    require_format(input_format)
    mute_clients()
    plan = PublishPlan(
        recordings=tuple(files),
        facts=facts,
        feedback=tuple(feedback or ()),
        topic=topic,
        speed=_speed(speed),
        end=not no_end,
        form=input_format,
    )
    settings = load_settings(config_path(context, config), os.environ)
    published = publish_files(plan, settings, display_for())
    for line in [encode(published).decode()] if json else summary_lines(published):
        typer.echo(line)
    if published.ending == "interrupted":
        raise typer.Exit(130)
    if published.truncated:
        raise FailedRun("; ".join(published.truncated))


def _speed(text: str) -> float | None:
    from stream.errors import UsageError

    if text == _AT_ONCE:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not (math.isfinite(speed) and speed > 0):
        raise UsageError(f"--speed is {text}: must be {_AT_ONCE} or a number above 0")
    return speed
