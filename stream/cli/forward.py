"""`gauger forward`: alerts into a SIEM, losing none."""

# ruff: noqa: PLC0415 - Kafka's client is imported when it is needed, so that help is quick

from __future__ import annotations

import os
from typing import Annotated

import typer

from stream.cli.options import ConfigOption, JsonOption, config_path


def forward(
    context: typer.Context,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="SINK",
            help="file:PATH, -, syslog+udp://, syslog+tcp://, syslog+tls://, https://, "
            "hec+https://, chat+https://, teams+https://, kafka:TOPIC; "
            "forward.to of the settings if none.",
        ),
    ] = None,
    output_format: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="Format of alerts; what is usual there if none."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FILE", help="Alerts of a file instead of the topic; - is stdin."
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Consumer group; one of the sink's own if none."),
    ] = None,
    dead_letters: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="For what the sink refuses; the topic of dead letters if none."
        ),
    ] = None,
    responses: Annotated[
        bool,
        typer.Option("--responses", help="Send what is recommended for each account instead."),
    ] = False,
    metrics_port: Annotated[
        int,
        typer.Option(
            min=0, max=65_535, help="Port of /metrics, /healthz and /readyz; 0 opens none."
        ),
    ] = 0,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Move alerts into a SIEM, losing none.

    An alert counts as forwarded when the sink has it. While the sink is away nothing is read; what
    it refuses is put aside with the reason. Runs until it is stopped, or to the end of FILE.
    """
    import signal
    from threading import Event

    from schemas.codec import encode
    from stream.errors import FailedRun, UsageError
    from stream.forwarding.run import ForwardPlan
    from stream.forwarding.run import forward as run
    from stream.log import configure_logging, mute_clients
    from stream.settings import load_settings

    settings = load_settings(config_path(context, config), os.environ)
    if json and (to or settings.forward.to) == "-":
        raise UsageError("--json and an output to - both write to stdout; give one a file")
    configure_logging(json=json)
    mute_clients()
    stop = Event()
    plan = ForwardPlan(
        to=to,
        source=source,
        output_format=output_format,
        group=group,
        dead_letters=dead_letters,
        responses=responses,
        metrics_port=metrics_port,
    )
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        done = run(plan, settings, stop)
    finally:
        signal.signal(signal.SIGTERM, before)
    if json:
        typer.echo(encode(done).decode())
    if source is not None and done.refused:
        raise FailedRun(f"{done.refused} of {done.records} alerts were put aside: see dead letters")
