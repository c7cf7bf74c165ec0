"""Whether a log and what was made of it belong together; if not, the process ends, and says so.

Nothing is guessed: a state without the messages that it rests on, or messages without the state
that they go on from, would lead to wrong findings that look like right ones.
"""

from __future__ import annotations

from typing import Protocol

import structlog

from stream.errors import FailedRun

_log = structlog.get_logger()

_MEND = "see 'When state is lost' in docs/operations.md"


class Placed(Protocol):
    """A message of a log, by its place."""

    topic: str
    partition: int
    offset: int


def misfit(first: Placed, covered: int | None, end: int | None) -> str:
    """Why a log does not go on from a state; empty where it does.

    Args:
        first: The first message that is read.
        covered: The first offset that the state does not cover, None where it does not say.
        end: Where the log ends now, None where that is not known.
    """
    known = f"the state covers it up to offset {covered}"
    if covered is not None and first.offset > covered:
        return f"{known}, what is left begins at {first.offset}"
    if covered is not None and end is not None and end < covered:
        return f"{known}, and it ends at {end}"
    return ""


def lost(where: Placed, reason: str) -> FailedRun:
    """Tell that a log and its state do not belong together; the error to raise."""
    _log.error("state_lost", topic=where.topic, partition=where.partition, reason=reason)
    log = f"{where.topic}/{where.partition}"
    return FailedRun(f"{log}: {reason}; {_MEND}")


def newer(where: Placed, reason: str) -> FailedRun:
    """Tell that a later release is at work too; the error to raise.

    The message is not acknowledged: whoever has been upgraded takes it.
    """
    place = {"topic": where.topic, "partition": where.partition, "offset": where.offset}
    _log.error("newer_release", **place, reason=reason)
    return FailedRun(f"{where.topic}/{where.partition}: {reason}; upgrade this worker")


def require_source(source: str, following: int | None, read: int | None, end: int) -> None:
    """Make sure that a source is the one that was read, and that it is known where it stands.

    Args:
        source: Its name.
        following: The offset that is read next, None where it has no standing.
        read: The offset that was committed beside the standing, None where there is none.
        end: Where it ends now.

    Raises:
        FailedRun: Its standing is lost, or other records stand where it was read.
    """
    if following is None and read:
        reason = f"it was read up to offset {read}, and the topic of standings has nothing of it"
    elif following is not None and following > end:
        reason = f"it was read up to offset {following}, and it ends at {end}: it was made anew"
    else:
        return
    raise source_lost(source, reason)


def source_lost(source: str, reason: str) -> FailedRun:
    """Tell that a source is not what was read; the error to raise."""
    _log.error("source_lost", source=source, reason=reason)
    return FailedRun(f"{source}: {reason}; {_MEND}")
