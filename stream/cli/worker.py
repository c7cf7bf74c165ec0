"""`gauger worker`: the Kafka application."""

# ruff: noqa: PLC0415 - the application is imported when it is needed, so that help is quick

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated, Literal

import typer

from stream.cli.options import ConfigOption, JsonLogOption, MetricsPortOption, settings_of

Part = Literal["all", "stages", "ingest"]


def worker(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    part: Annotated[
        Part,
        typer.Option(help="Run ingest and stages (all), or one of them, to scale each by itself."),
    ] = "all",
    metrics_port: MetricsPortOption = None,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when standard input ends.")
    ] = False,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], typer.Option(help="Least severity shown.")
    ] = "info",
    json: JsonLogOption = False,
) -> None:
    """Read requests from Kafka and write alerts to it, sharing the work with other workers.

    Start as many as there are partitions to share. Create the topics first: gauger topics.
    """
    from stream.log import configure_logging
    from stream.worker.preflight import require_cluster, require_own_state
    from stream.worker.process import run_ingest, run_stages

    configure_logging(log_level, json=json)
    settings = settings_of(context, config)
    port = settings.metrics.port if metrics_port is None else metrics_port
    settings = replace(settings, metrics=replace(settings.metrics, port=port))
    if part == "ingest":
        run_ingest(settings, with_parent=with_parent)
        return
    require_cluster(settings.kafka)
    require_own_state(settings)
    chosen = config or context.obj
    command = [sys.executable, "-m", "stream.cli"]
    command += ["--config", str(chosen)] if chosen else []
    command += ["worker", "--part", "ingest", "--with-parent", "--log-level", log_level]
    command += ["--metrics-port", str(port), *(["--json"] if json else [])]
    run_stages(settings, command if part == "all" else None)
