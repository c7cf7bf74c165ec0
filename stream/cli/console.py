"""`gauger console`: the analyst's web page."""

# ruff: noqa: PLC0415 - servers and clients are imported when they are needed, so that help is quick

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream.cli.options import (
    ConfigOption,
    FormatOption,
    JsonLogOption,
    require_format,
    settings_of,
)


def console(
    context: typer.Context,
    alerts: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Alerts of a finished replay; none: the topics."),
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="The traffic it read; may be given several times."),
    ] = None,
    facts: Annotated[
        str | None, typer.Option(metavar="FILE", help="The facts it was given.")
    ] = None,
    scores: Annotated[str | None, typer.Option(metavar="FILE", help="The scores it wrote.")] = None,
    features: Annotated[
        str | None, typer.Option(metavar="FILE", help="The features of accounts it wrote.")
    ] = None,
    feedback: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Verdicts: read, and added to for the next replay."),
    ] = None,
    input_format: FormatOption = None,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where to listen; 127.0.0.1 if none.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 8319 if none.")
    ] = None,
    *,
    config: ConfigOption = None,
    json: JsonLogOption = False,
) -> None:
    """Show what was found on a web page, and take verdicts.

    Over a finished replay with --alerts, else over the topics of a deployment at work. Without
    other settings it listens on this machine alone, and prints the link that opens it.
    """
    from dataclasses import replace

    from stream.console.process import run_console
    from stream.console.recorded import Files
    from stream.errors import UsageError
    from stream.log import configure_logging, mute_clients

    require_format(input_format)
    files = None
    if alerts is not None:
        files = Files(
            alerts=alerts,
            events=tuple(events or ()),
            facts=facts,
            feedback=feedback,
            scores=scores,
            features=features,
        )
    elif events or facts or scores or features or feedback:
        raise UsageError("files are those of a finished replay: name its --alerts too")
    if "-" in {alerts, facts, scores, features, feedback, *(events or ())}:
        raise UsageError("the console reads files, not stdin")
    if feedback is not None and not Path(feedback).parent.is_dir():
        raise UsageError(f"--feedback is {feedback}: there is no such folder")
    configure_logging(json=json)
    mute_clients()
    settings = settings_of(context, config)
    options = settings.console
    chosen = replace(
        options,
        host=options.host if host is None else host,
        port=options.port if port is None else port,
    )
    run_console(settings, chosen, files, input_format or settings.kafka.input_format)
