"""`gauger topics`: create or check the topics."""

# ruff: noqa: PLC0415 - Kafka's client is imported when it is needed, so that help is quick

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.options import ConfigOption, JsonOption, config_path

if TYPE_CHECKING:
    from stream.broker.topics import TopicState

_SIGNS = {"ok": "ok", "created": "NEW", "altered": "SET", "missing": "FAIL", "different": "FAIL"}


def topics(
    context: typer.Context,
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing.")] = False,
    alter: Annotated[
        bool, typer.Option("--alter", help="Set what differs in the settings of Gauger's topics.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Create the topics that are missing, and check the others.

    What differs is told with its mend; then the exit status is 1. Topics that others write
    (requests, facts, feedback) are created when they are missing, and never altered.
    """
    from schemas.codec import encode
    from stream.broker.topics import check_topics, settle_topics
    from stream.errors import FailedRun, UsageError
    from stream.settings import load_settings

    if check and alter:
        raise UsageError("--check changes nothing: it cannot stand beside --alter")
    options = load_settings(config_path(context, config), os.environ).kafka
    report = check_topics(options) if check else settle_topics(options, alter=alter)
    for line in [encode(report).decode()] if json else topic_lines(report.topics):
        typer.echo(line)
    if report.bad:
        text = f"{len(report.bad)} of {len(report.topics)} topics are not as needed"
        raise FailedRun(f"{text}: {', '.join(report.bad)}")


def topic_lines(states: list[TopicState]) -> Iterator[str]:
    """The topics for a person."""
    for state in states:
        if state.status == "missing":
            yield f"{_SIGNS[state.status]:<5}{state.topic}: missing; gauger topics creates it"
            continue
        count = f"{state.partitions} partition{'' if state.partitions == 1 else 's'}"
        yield f"{_SIGNS[state.status]:<5}{state.topic}: {count}"
        for one in state.differences:
            yield f"       {one.key} = {one.found}, should be {one.expected}: {one.mend}"
