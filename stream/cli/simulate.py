"""`gauger simulate`: labelled traffic to try a detector on."""

# ruff: noqa: PLC0415 - the simulator is imported when it is needed, so that help is quick

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream.cli.options import JsonOption


def simulate(
    scenario: Annotated[
        str,
        typer.Argument(
            help="quiet, demo, all, FAMILY[+EVASION:INTENSITY]...[@RATE], or a TOML file."
        ),
    ],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same traffic.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Gets events.jsonl.zst and truth.json.")],
    scale: Annotated[float, typer.Option(help="Times as many accounts and requests.")] = 1.0,
    *,
    json: JsonOption = False,
) -> None:
    """Write labelled traffic to try detectors on."""
    import orjson

    from stream.errors import UsageError
    from stream.simulator import ScenarioError, read_scenario, write_scenario

    try:
        plan = read_scenario(scenario).scaled(scale)
    except (ScenarioError, OSError, ValueError) as error:
        raise UsageError(f"{scenario}: {error}") from error
    written = write_scenario(plan, seed, out)
    if json:
        told = {
            "events": written.events,
            "events_file": str(written.events_path),
            "truth_file": str(written.truth_path),
        }
        typer.echo(orjson.dumps(told).decode())
    else:
        typer.echo(
            f"{written.events:,} requests in {written.events_path}, truth in {written.truth_path}"
        )
