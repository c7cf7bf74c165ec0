"""`gauger sketch`: requests whose texts never leave the place where they are."""

# ruff: noqa: PLC0415 - the kernels are imported when they are needed, so that help is quick

from __future__ import annotations

from typing import Annotated

import typer

from stream.cli.options import (
    ConfigOption,
    FormatOption,
    JsonOption,
    require_format,
    settings_of,
)


def sketch(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Recorded traffic: .jsonl, .jsonl.gz, .jsonl.zst, .parquet, or - for stdin.",
        ),
    ],
    out: Annotated[
        str, typer.Option(metavar="FILE", help="Where the requests go; - is stdout.")
    ] = "-",
    input_format: FormatOption = None,
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Replace the texts of requests by sketches.

    What is written are native events with a field sketch in the place of system and prompt. The
    detector sees in them what it sees in the texts, if its key is the same. Records that are
    refused are counted and left out; when all are, the exit status is 1.
    """
    import orjson

    from schemas.formats import input_format as decoder
    from stream.edge import Sketcher
    from stream.errors import FailedRun, UsageError
    from stream.replay.summary import counted
    from stream.sketching import sketch_files, sketch_lines

    if json and out == "-":
        raise UsageError("--json and an output to - both write to stdout; give one a file")
    require_format(input_format)
    settings = settings_of(context, config)
    decode = decoder(input_format or settings.kafka.input_format, settings.formats)
    told = sketch_files(files, out, decode, Sketcher(settings.texts.key, settings.texts.previous))
    for line in [] if json else sketch_lines(told):
        typer.echo(line, err=True)
    if json:
        typer.echo(orjson.dumps(told).decode())
    if told.refused and not told.events:
        text = f"none of {counted(told.refused, 'record')} could be read, the first:"
        raise FailedRun(f"{text} {told.first_refusal}; is --input-format right?")
    if told.truncated:
        raise FailedRun("; ".join(told.truncated))
