"""What a step of the detector in one process gives out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from models.detector import ClosedEpochs
from models.ties.values import TieValues
from models.wire.messages import AccountScores, TieReport
from schemas.alert import AlertEvent
from schemas.deadletter import DeadLetter
from schemas.errors import InvalidRecord
from schemas.score import ScoreRecord


class Outcome(NamedTuple):
    """What a step gave out.

    Tie reports, features of accounts and values of ties only where the run keeps them. `requests`
    were in the lines that were taken, refused ones included.
    """

    alerts: list[AlertEvent]
    scores: list[ScoreRecord]
    dead_letters: list[DeadLetter]
    reports: Sequence[tuple[int, TieReport]] = ()
    features: Sequence[tuple[int, AccountScores]] = ()
    values: Sequence[tuple[int, TieValues]] = ()
    requests: int = 0


def outcome_of(closed: ClosedEpochs, dead: list[DeadLetter]) -> Outcome:
    """What closing epochs gave, with the lines that were refused meanwhile."""
    return Outcome(
        closed.alerts, closed.scores, dead, closed.reports, closed.features, closed.values
    )


def dead_letters_of(lines: Iterable[bytes], take: Callable[[bytes], None]) -> list[DeadLetter]:
    """Take line by line; those that are refused."""
    dead: list[DeadLetter] = []
    for number, line in enumerate(lines):
        try:
            take(line)
        except InvalidRecord as error:
            dead.append(dead_letter(0, number, line, error))
    return dead


def dead_letter(source: int, number: int, line: bytes, error: InvalidRecord) -> DeadLetter:
    """A line of a source that is refused; of a record of several requests only the one at fault."""
    return DeadLetter(error.part or line, "", source, number, error.reason, error.field)
