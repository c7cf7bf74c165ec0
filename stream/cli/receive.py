"""`gauger receive`: requests, facts and verdicts over HTTP into Kafka."""

# ruff: noqa: PLC0415 - servers and clients are imported when they are needed, so that help is quick

from __future__ import annotations

from typing import Annotated

import typer

from stream.cli.options import ConfigOption, JsonLogOption, settings_of


def receive(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where to listen; 127.0.0.1 if none.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 8318 if none.")
    ] = None,
    *,
    sketch: Annotated[
        bool, typer.Option("--sketch", help="Write sketches in the place of texts.")
    ] = False,
    config: ConfigOption = None,
    json: JsonLogOption = False,
) -> None:
    """Receive requests over HTTP, for gateways that cannot write Kafka.

    POST /ingest/FORMAT, /v1/traces (OTLP), /facts and /feedback; GET /healthz, /readyz and
    /metrics. A body is acknowledged when Kafka has all of its records.
    """
    from dataclasses import replace

    from stream.log import configure_logging, mute_clients
    from stream.receive.process import run_receiver

    configure_logging(json=json)
    mute_clients()
    settings = settings_of(context, config)
    options = settings.receive
    chosen = replace(
        options,
        host=options.host if host is None else host,
        port=options.port if port is None else port,
        sketch=options.sketch or sketch,
    )
    run_receiver(settings, chosen)
