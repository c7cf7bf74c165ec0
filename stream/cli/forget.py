"""`gauger forget`: erase accounts from a live deployment."""

# ruff: noqa: PLC0415 - the Kafka client is imported when it is needed, so that help is quick

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.options import ConfigOption, JsonOption, settings_of

if TYPE_CHECKING:
    from stream.broker.names import TopicNames


def forget(
    context: typer.Context,
    accounts: Annotated[
        list[str], typer.Argument(metavar="ACCOUNT", help="As the requests name it.")
    ],
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Erase accounts from the state of the workers, and withdraw their scores.

    Stop their traffic first: a request that comes later is that of a new account.
    """
    import orjson

    from stream.broker.forgetting import ask_to_forget
    from stream.broker.names import TopicNames
    from stream.log import mute_clients

    mute_clients()
    settings = settings_of(context, config)
    ask_to_forget(accounts, settings)
    names = TopicNames.of(settings.kafka)
    if json:
        typer.echo(orjson.dumps({"asked": accounts, "left": left_lines(names)}).decode())
        return
    count = "1 account" if len(accounts) == 1 else f"{len(accounts)} accounts"
    typer.echo(f"asked the workers to forget {count}: profile, ties, membership in clusters, score")
    for line in left_lines(names):
        typer.echo(line)


def left_lines(names: TopicNames) -> list[str]:
    """What is left to do, or stays by design."""
    internal = f"{names.events}, {names.ties}, {names.findings}, {names.control}"
    said = f"alerts already published ({names.alerts}), refused records ({names.dead_letters})"
    given = ", ".join((*names.requests, names.facts, names.feedback))
    return [
        "They do so at once when they run; compaction then removes older checkpoints in a day.",
        f"Messages in {internal} go with the retention of those topics.",
        f"What stays: {said}.",
        f"What is yours to erase: {given}.",
    ]
