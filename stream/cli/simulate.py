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
            metavar="SCENARIO",
            help="quiet, demo, all, FAMILY[+EVASION:INTENSITY]...[@RATE], or a TOML file.",
        ),
    ],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same traffic.")],
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Gets events.jsonl.zst, facts.jsonl and truth.json."),
    ],
    prompts: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Take texts from corpora instead of the built-in ones."),
    ] = None,
    scale: Annotated[float, typer.Option(help="Times as many accounts and requests.")] = 1.0,
    *,
    json: JsonOption = False,
) -> None:
    """Write labelled traffic to try detectors on."""
    import orjson

    from stream.errors import FailedRun, UsageError
    from stream.simulator import CorpusError, LeakError, read_scenario, write_scenario

    try:
        # Broken TOML is a ValueError too.
        plan = read_scenario(scenario).scaled(scale)
    except (OSError, ValueError) as error:
        raise UsageError(f"{scenario}: {error}") from error
    try:
        written = write_scenario(plan, seed, out, prompts)
    except CorpusError as error:
        raise UsageError(f"{prompts}: {error}") from error
    except LeakError as error:
        raise FailedRun(f"{scenario}: {error}") from error
    files = {
        "events_file": str(written.events_path),
        "facts_file": str(written.facts_path),
        "truth_file": str(written.truth_path),
    }
    if json:
        typer.echo(orjson.dumps({"events": written.events, **files}).decode())
    else:
        typer.echo(f"{written.events:,} requests; {', '.join(files.values())}")
