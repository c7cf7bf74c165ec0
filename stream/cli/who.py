"""`gauger who`: which findings show a value, and which accounts are theirs."""

# ruff: noqa: PLC0415 - what reads alerts is imported when it is needed, so that help is quick

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.alert_source import SourceOption, alert_events
from stream.cli.options import ConfigOption, JsonOption, config_path, warn

if TYPE_CHECKING:
    from schemas.alert import TieRecord
    from schemas.indicators import CommunityKey, Indicator
    from stream.findings.lives import Sighting

    Shows = Callable[[TieRecord], bool]


def who(
    context: typer.Context,
    *,
    tie: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="A tie's digest, as alerts show it.")
    ] = None,
    address: Annotated[
        str | None, typer.Option("--ip", metavar="ADDRESS", help="An address or a network.")
    ] = None,
    indicators: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A STIX bundle of another operator; - is stdin."),
    ] = None,
    source: SourceOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show which findings have a tie with a value, and their accounts.

    Alerts list the strongest twenty ties of a finding; a value beyond them is not found.
    """
    import orjson
    from msgspec import to_builtins

    from stream.errors import UsageError
    from stream.findings.lives import lives, sightings

    if source == indicators == "-":
        raise UsageError("--from and --indicators cannot both be stdin")
    match (tie, address, indicators):
        case (str(digest), None, None):
            shows = _digest(digest)
        case (None, str(text), None):
            shows = _address(text)
        case (None, None, str(path)):
            shows = _shared(path, config_path(context, config))
        case _:
            raise UsageError("give one of --tie, --ip and --indicators")
    found = sightings(lives(alert_events(context, source, config)).values(), shows)
    if json:
        typer.echo(orjson.dumps({"findings": to_builtins(found)}).decode())
        return
    for line in sighting_lines(found):
        typer.echo(line)


def _digest(digest: str) -> Shows:
    return lambda tie: tie.digest == digest.lower()


def _address(text: str) -> Shows:
    from schemas.indicators import network_of, overlap
    from stream.errors import UsageError

    wanted = network_of(text)
    if wanted is None:
        raise UsageError(f"--ip is {text}: neither an address nor a network")

    def shows(tie: TieRecord) -> bool:
        shown = network_of(tie.value) if tie.value and tie.kind in {"address", "network"} else None
        return shown is not None and overlap(wanted, shown)

    return shows


def _shared(path: str, config: Path | None) -> Shows:
    """What a bundle's indicators are about, whatever their time."""
    from stream.settings import load_settings

    key = load_settings(config, os.environ).community_key
    shared = _indicators(path, key)

    def shows(tie: TieRecord) -> bool:
        value = tie.value
        return value is not None and any(each.matches(tie.kind, value, key) for each in shared)

    return shows


def _indicators(path: str, key: CommunityKey | None) -> list[Indicator]:
    from schemas.errors import InvalidRecord
    from schemas.indicators import read_bundle
    from stream.errors import FailedRun, RecordingError

    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        bundle = read_bundle(data)
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error
    except InvalidRecord as error:
        raise FailedRun(f"{path}: {error}") from error
    if bundle.unread:
        warn(f"{path}: {bundle.unread} objects are no indicators that can be used")
    keys = {each.key_id for each in bundle.indicators if each.key_id}
    if foreign := keys - ({key.id} if key else set()):
        warn(f"{path}: digests under keys that are not ours: {', '.join(sorted(foreign))}")
    return bundle.indicators


def sighting_lines(found: list[Sighting]) -> Iterator[str]:
    """The answer for a person."""
    from stream.replay.summary import counted, short_time
    from stream.terminal import printable

    for each in found:
        yield f"{each.alert_id}  {each.severity}, {each.status}  {printable(each.title)}"
        yield f"  seen {short_time(each.first_seen)} to {short_time(each.last_seen)}"
        for tie in each.ties:
            shown = printable(tie.value) if tie.value else tie.digest
            yield f"  shows {tie.kind} {shown}, {counted(tie.accounts, 'account')}"
        for account in each.accounts:
            yield f"  {printable(account)}"
    yield counted(len(found), "finding")
