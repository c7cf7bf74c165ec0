"""What a replay needs from the detector: lines in, alerts, scores and dead letters out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from models.ties.values import TieValues
from models.wire.messages import AccountScores
from schemas.alert import AlertEvent
from schemas.deadletter import DeadLetter
from schemas.score import ScoreRecord


class Outcome(Protocol):
    """What a step of the detector gave out."""

    @property
    def alerts(self) -> Sequence[AlertEvent]:
        """Alert events, in order."""

    @property
    def scores(self) -> Sequence[ScoreRecord]:
        """Score records of closed epochs."""

    @property
    def dead_letters(self) -> Sequence[DeadLetter]:
        """Refused records; `partition` is the source, `offset` the line."""

    @property
    def requests(self) -> int:
        """Requests in the lines that were taken, refused ones included: a line may hold several."""

    @property
    def features(self) -> Sequence[tuple[int, AccountScores]]:
        """Epoch, and features of the accounts that got a score in it, where the run keeps them."""

    @property
    def values(self) -> Sequence[tuple[int, TieValues]]:
        """Epoch, and what the tests of ties in it came to, where the run keeps them."""


class Counters(Protocol):
    """What was counted so far; all of it is in the saved state."""

    @property
    def events(self) -> int:
        """Requests taken, each once."""

    @property
    def bad(self) -> int:
        """Lines refused."""

    @property
    def duplicates(self) -> int:
        """Requests seen before."""

    @property
    def reused_ids(self) -> int:
        """Ids that came again with another time."""

    @property
    def late(self) -> int:
        """Requests that came after their epoch had closed and went into the next."""

    @property
    def parked(self) -> int:
        """Requests far ahead of the others, waiting for confirmation of their time."""

    @property
    def accounts(self) -> int:
        """Account profiles held."""

    @property
    def ties(self) -> int:
        """Ties held."""

    @property
    def epochs(self) -> int:
        """Epochs closed."""

    @property
    def evicted_accounts(self) -> int:
        """Account profiles dropped because there were more than `memory.accounts`."""

    @property
    def evicted_ties(self) -> int:
        """Ties dropped because there were more than `memory.ties`."""

    @property
    def confirmed(self) -> int:
        """Verdicts that have confirmed a finding."""

    @property
    def dismissed(self) -> int:
        """Verdicts that have dismissed a finding."""

    @property
    def unknown_verdicts(self) -> int:
        """Verdicts on alert ids that no finding had."""

    @property
    def unknown_fields(self) -> Mapping[str, int]:
        """Requests that carried each field outside the contract."""

    @property
    def dropped_sketches(self) -> Mapping[str, int]:
        """Sketches from the edge that could not be used, by reason; their requests were taken."""


class Run(Protocol):
    """One detector over any number of sources, driven by one caller."""

    @property
    def watermark(self) -> int | None:
        """Event time that all open sources have passed, microseconds; None before the first."""

    @property
    def learning_until(self) -> int | None:
        """Event time before which nothing is alerted, microseconds; None once it is over."""

    @property
    def counters(self) -> Counters:
        """Counts since the run began, before its state was saved included."""

    def open_source(self) -> int:
        """Number of a new source; nothing passes its watermark until it has one."""

    def watermark_of(self, source: int) -> int | None:
        """Event time that the source has passed, microseconds; None before its first request."""

    def feed(self, source: int, first_line: int, lines: list[bytes]) -> Outcome:
        """Take consecutive lines of a source."""

    def close_source(self, source: int) -> Outcome:
        """The source has ended and holds nobody back any more."""

    def add_facts(self, lines: list[bytes]) -> Sequence[DeadLetter]:
        """Take facts records; each acts when the epoch of its time closes."""

    def add_feedback(self, lines: list[bytes]) -> Sequence[DeadLetter]:
        """Take verdicts on findings; each acts when the epoch of its time closes."""

    def finish(self) -> Outcome:
        """Close all epochs that are still open."""

    def save(self) -> bytes:
        """The whole state, open epochs included."""
