"""`gauger replay`: recorded traffic through the whole detector, no broker."""

# ruff: noqa: PLC0415 - the detector is imported when it is needed, so that help is quick

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.options import (
    ConfigOption,
    FormatOption,
    JsonOption,
    require_format,
    settings_of,
)

if TYPE_CHECKING:
    from stream.replay.run import Run
    from stream.replay.summary import Summary


def replay(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Recorded traffic: .jsonl, .jsonl.gz, .jsonl.zst, .parquet, or - for stdin.",
        ),
    ],
    alerts: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write alert events; - is stdout.")
    ] = None,
    scores: Annotated[str | None, typer.Option(metavar="FILE", help="Write score records.")] = None,
    facts: Annotated[
        str | None, typer.Option(metavar="FILE", help="Facts about accounts, JSON lines.")
    ] = None,
    feedback: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Verdicts on alerts, JSON lines; may be repeated."),
    ] = None,
    dead_letters: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write refused lines with their reasons.")
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write features of accounts by epoch, as Parquet."),
    ] = None,
    p_values: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write p-values of ties by epoch, as Parquet."),
    ] = None,
    max_bad_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Fail above this share of refused lines.")
    ] = None,
    input_format: FormatOption = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Go on from this state if it exists, and save it at the end."
        ),
    ] = None,
    partitions: Annotated[int, typer.Option(min=1, max=1024, help="Partitions in process.")] = 1,
    shuffle: Annotated[
        int | None,
        typer.Option(metavar="SEED", help="Interleave partitions at random within the lateness."),
    ] = None,
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Run recorded traffic through the detector.

    Everything happens in this process. Several files are merged by time. What was found is summed
    up on stdout, progress and warnings go to stderr.
    """
    from stream.errors import FailedRun, UsageError
    from stream.replay.files import ReplayFiles, failures, replay_files
    from stream.replay.progress import display_for

    require_format(input_format)
    if json and "-" in {alerts, scores, dead_letters}:
        raise UsageError("--json and an output to - both write to stdout; give one a file")
    for option, file in (("--features", features), ("--p-values", p_values)):
        if file == "-":
            raise UsageError(f"{option} writes Parquet: give it a file, not -")
    settings = settings_of(context, config)
    form = input_format or settings.kafka.input_format
    paths = ReplayFiles(
        recordings=tuple(files),
        facts=facts,
        feedback=tuple(feedback or ()),
        alerts=alerts,
        scores=scores,
        dead_letters=dead_letters,
        features=features,
        p_values=p_values,
        epoch_seconds=settings.epoch.seconds,
        state=state,
    )
    paths.check()
    from stream.replay.local import LocalRun

    scored, kept, valued = scores is not None, features is not None, p_values is not None

    def open_run(saved: bytes | None) -> Run:
        if saved is None:
            return LocalRun(
                settings,
                partitions,
                shuffle,
                account_scores=scored,
                keep_features=kept,
                keep_values=valued,
                form=form,
            )
        return LocalRun.load(
            saved,
            settings,
            partitions,
            shuffle,
            account_scores=scored,
            keep_features=kept,
            keep_values=valued,
            form=form,
        )

    summary = replay_files(paths, open_run, display_for(), max_bad_share)
    _show(summary, json=json, err="-" in {alerts, scores, dead_letters})
    if summary.ending == "interrupted":
        raise typer.Exit(130)
    failure = failures(summary)
    if failure:
        raise FailedRun(failure)


def _show(summary: Summary, *, json: bool, err: bool) -> None:
    from schemas.codec import encode
    from stream.replay.summary import summary_lines

    if json:
        typer.echo(encode(summary).decode())
        return
    for line in summary_lines(summary):
        typer.echo(line, err=err)
