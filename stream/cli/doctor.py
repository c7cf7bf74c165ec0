"""`gauger doctor`: is everything there, and what can be seen in this traffic."""

# ruff: noqa: PLC0415 - the checks are imported when they are needed, so that help is quick

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.options import ConfigOption, FormatOption, JsonOption, config_path, require_format

if TYPE_CHECKING:
    from models.requests.coverage import Coverage
    from stream.doctor.installation import Diagnosis

_SIGNS = {"ok": "ok", "warning": "WARN", "problem": "FAIL"}


def doctor(
    context: typer.Context,
    recordings: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Recorded traffic to look at.")
    ] = None,
    input_format: FormatOption = None,
    *,
    broker: Annotated[
        bool, typer.Option("--broker", help="Look at the broker although no settings name one.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Check the setup, and what traffic offers.

    Settings, key, libraries, compiled kernels; where the settings have a section kafka, the broker,
    the login, topics, workers, how far they are behind, and the clock; and of recorded traffic its
    time span, the share of requests that carry each field, and what cannot be seen for want of
    fields.
    """
    from schemas.codec import encode
    from stream.doctor.installation import diagnose
    from stream.errors import FailedRun
    from stream.log import mute_clients

    require_format(input_format)
    mute_clients()
    diagnosis = diagnose(
        config_path(context, config),
        os.environ,
        recordings or [],
        broker=broker,
        form=input_format,
    )
    if json:
        typer.echo(encode(diagnosis).decode())
    else:
        for line in diagnosis_lines(diagnosis):
            typer.echo(line)
    problems = [check for check in diagnosis.checks if check.status == "problem"]
    if problems:
        raise FailedRun("; ".join(f"{check.name}: {check.text}" for check in problems))


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """The diagnosis for a person."""
    for check in diagnosis.checks:
        yield f"{_SIGNS[check.status]:<5}{check.name}: {check.text}"
    for name, coverage in diagnosis.recordings.items():
        yield ""
        yield f"{name}: share of requests that carry each field"
        yield from _fill_lines(coverage)


def _fill_lines(coverage: Coverage) -> Iterator[str]:
    for name, share in sorted(coverage.fill.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {share:>7.2%}  {name}"
