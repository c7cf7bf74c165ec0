"""What a step of the detector in one process gives out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from models.detector import ClosedEpochs
from models.messages import AccountScores, TieReport
from models.tie_values import TieValues
from schemas.alert import AlertEvent
from schemas.deadletter import DeadLetter
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
