"""`gauger sketch`: requests whose texts never leave the place where they are."""

# ruff: noqa: PLC0415 - the kernels are imported when they are needed, so that help is quick

from __future__ import annotations

from typing import Annotated

import typer

from stream.cli.options import ConfigOption, settings_of


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
    input_format: Annotated[str, typer.Option(metavar="NAME", help="Format of a line.")] = "native",
    *,
    config: ConfigOption = None,
) -> None:
    """Replace the texts of requests by sketches.

    What is written are native events with a field sketch in the place of system and prompt. The
    detector sees in them what it sees in the texts, if its key is the same. Records that are
    refused are counted and left out.
    """
    from schemas.formats import format_names
    from schemas.formats import input_format as decoder
    from stream.edge import Sketcher
    from stream.errors import FailedRun, UsageError
    from stream.sketching import sketch_files, sketch_lines

    if input_format not in format_names():
        raise UsageError(f"unknown input format {input_format}; known: {', '.join(format_names())}")
    settings = settings_of(context, config)
    told = sketch_files(files, out, decoder(input_format, settings.formats), Sketcher(settings.key))
    for line in sketch_lines(told):
        typer.echo(line, err=True)
    if told.truncated:
        raise FailedRun("; ".join(told.truncated))
