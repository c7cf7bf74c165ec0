"""`gauger warm`: recorded traffic becomes the state that workers start with."""

# ruff: noqa: PLC0415 - the detector is imported when it is needed, so that help is quick

from __future__ import annotations

from typing import Annotated

import typer

from stream.cli.options import ConfigOption, FormatOption, JsonOption, require_format, settings_of


def warm(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Recorded traffic: .jsonl, .jsonl.gz, .jsonl.zst, .parquet, or - for stdin.",
        ),
    ],
    facts: Annotated[
        str | None, typer.Option(metavar="FILE", help="Facts about accounts, JSON lines.")
    ] = None,
    feedback: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Verdicts on alerts, JSON lines; may be repeated."),
    ] = None,
    alerts: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write what was found; - is stdout.")
    ] = None,
    input_format: FormatOption = None,
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let workers start with what recorded traffic teaches.

    The recordings run through the detector in this process; its state becomes the first checkpoints
    of an application that has never been at work. Its workers then alert from their first hour. The
    request topics should go on where the recordings end.
    """
    from schemas.codec import encode
    from stream.errors import UsageError
    from stream.log import mute_clients
    from stream.replay.progress import display_for
    from stream.replay.summary import summary_lines
    from stream.replay.warm_start import WarmFiles, warm_up

    if json and alerts == "-":
        raise UsageError("--json and an output to - both write to stdout; give one a file")
    require_format(input_format)
    mute_clients()
    settings = settings_of(context, config)
    paths = WarmFiles(
        recordings=tuple(files),
        facts=facts,
        feedback=tuple(feedback or ()),
        alerts=alerts,
        form=input_format,
    )
    warmed = warm_up(paths, settings, display_for())
    if json:
        typer.echo(encode(warmed.summary).decode())
        return
    for line in summary_lines(warmed.summary):
        typer.echo(line, err=alerts == "-")
    options = settings.kafka
    text = f"wrote {warmed.records:,} records of state for {options.application}"
    typer.echo(f"{text}: start gauger worker", err=alerts == "-")
