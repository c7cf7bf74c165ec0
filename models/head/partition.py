"""The head behind its log: says which epoch to close, hears every partition, and concludes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from models.head.stage import Head
from models.head.verdicts import Verdict
from models.options import EpochOptions
from models.sources.epoch_clock import EpochClock
from models.wire.checkpoint import EVERYTHING, Cut
from models.wire.messages import AccountReport, Control, Holder, TieOptions, TieReport
from models.wire.protocol import (
    NOTHING,
    AccountsClosed,
    Admitted,
    Answer,
    Ask,
    Close,
    Concluded,
    ConcludedTies,
    Forget,
    Progress,
    Sent,
    Standing,
    TiesClosed,
    ToHead,
    Verdicts,
)
from schemas.alert import AlertEvent
from schemas.score import ScoreRecord


@dataclass(slots=True)
class Decided:
    """What a step of the head gave out: messages, and findings for everyone.

    `erased` names accounts whose scores are to be withdrawn, after the scores given out here,
    `unknown_verdicts` alert ids that people judged and no finding has.
    """

    sent: Sent = field(default_factory=Sent)
    alerts: list[AlertEvent] = field(default_factory=list)
    scores: list[ScoreRecord] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    concluded: bool = False
    unknown_verdicts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _InHand:
    """The epoch that is being closed: what the partitions have said of it so far."""

    close: Close
    accounts: dict[int, AccountReport] = field(default_factory=dict)
    ties: dict[int, TieReport] = field(default_factory=dict)
    asked: frozenset[int] | None = None
    answers: dict[int, Mapping[int, Holder]] = field(default_factory=dict)


class HeadPartition:
    """The head behind a log; one epoch is in hand at a time.

    Args:
        head: Baseline, budget, clusters.
        partitions: How many account partitions there are, and tie partitions.
        epoch: How event time is cut.
        expected: Sources that must speak before anything is closed.
    """

    def __init__(
        self, head: Head, partitions: int, epoch: EpochOptions, expected: Iterable[str]
    ) -> None:
        self._head = head
        self._partitions = partitions
        self.clock = EpochClock(epoch, expected)
        self._in_hand: _InHand | None = None
        self._known = head.control()
        self._received = 0
        self._to_forget: list[Forget] = []
        self._feedback_coverage: dict[str, int] = {}
        self.gaps = 0
        self.concluded = NOTHING

    @property
    def head(self) -> Head:
        """Baseline, budget, clusters."""
        return self._head

    @property
    def count(self) -> int:
        """Findings so far."""
        return len(self._head.findings)

    def begin(self) -> Decided:
        """What to say first: what holds for the first epoch; after a restart, what is in hand."""
        decided = Decided()
        if self._in_hand is not None:
            self._tell_close(decided, self._in_hand.close)
        elif self.concluded == NOTHING:
            self._tell(decided, NOTHING, self._head.control(), renewed=True)
        return decided

    def receive(self, message: ToHead) -> Decided:
        """Take the next message of the log."""
        self._received += 1
        decided = Decided()
        hand = self._in_hand
        match message:
            case Standing():
                floor = self.clock.note(message)
                if floor is not None:
                    position = self.clock.position_of(message.source)
                    admitted = Admitted(message.source, floor, self.concluded, position)
                    decided.sent.sources.append(admitted)
                self._close_next(decided)
            case Forget():
                self._to_forget.append(message)
                if hand is None:
                    self._forget(decided)
            case Verdicts():
                self._note_verdicts(message)
            case AccountsClosed() if hand and message.epoch == hand.close.epoch:
                hand.accounts.setdefault(message.partition, message.report)
                self._try_decide(hand, decided)
            case TiesClosed() if hand and message.epoch == hand.close.epoch:
                hand.ties.setdefault(message.partition, message.report)
                self._try_decide(hand, decided)
            case Answer() if hand and message.epoch == hand.close.epoch and hand.asked is not None:
                hand.answers.setdefault(message.partition, message.holders)
                if hand.asked <= hand.answers.keys():
                    self._conclude(hand, decided)
        return decided

    def _note_verdicts(self, message: Verdicts) -> None:
        covered = self._feedback_coverage.get(message.source, NOTHING)
        if message.previous > covered:
            # Something between is missing: whoever owns the source will send it, and this again.
            self.gaps += 1
            return
        self._feedback_coverage[message.source] = max(covered, message.position)
        for placed in message.verdicts:
            if placed[0] > covered:
                self._head.add_verdict(Verdict(*placed[1:]))

    def _to_all(self, message: Close | Concluded) -> list[tuple[int, Close | Concluded]]:
        return [(number, message) for number in range(self._partitions)]

    def _close_next(self, decided: Decided) -> None:
        if self._in_hand is not None:
            return
        close = self.clock.next_due()
        if close is not None:
            self._in_hand = _InHand(close)
            self._tell_close(decided, close)

    def _tell_close(self, decided: Decided, close: Close) -> None:
        decided.sent.accounts += self._to_all(close)
        decided.sent.sources.append(close)

    def _try_decide(self, hand: _InHand, decided: Decided) -> None:
        if hand.asked is not None or min(len(hand.accounts), len(hand.ties)) < self._partitions:
            return
        reports = [hand.accounts[number] for number in range(self._partitions)]
        ties = [hand.ties[number] for number in range(self._partitions)]
        wanted: dict[int, list[int]] = {}
        for account in self._head.decide(hand.close.epoch, reports, ties):
            wanted.setdefault(account % self._partitions, []).append(account)
        hand.asked = frozenset(wanted)
        decided.sent.accounts += [
            (number, Ask(hand.close.epoch, accounts)) for number, accounts in sorted(wanted.items())
        ]
        if not wanted:
            self._conclude(hand, decided)

    def _conclude(self, hand: _InHand, decided: Decided) -> None:
        epoch = hand.close.epoch
        holders = {key: one for known in hand.answers.values() for key, one in known.items()}
        reports = [hand.accounts[number] for number in range(self._partitions)]
        conclusion = self._head.conclude(epoch, holders, reports)
        decided.alerts += conclusion.alerts
        decided.scores += conclusion.scores
        decided.unknown_verdicts += conclusion.unknown_verdicts
        self._forget(decided)
        decided.concluded = True
        control = conclusion.control
        renewed = control.tables is not self._known.tables
        self._known = control
        self._in_hand = None
        self.concluded = epoch
        self._tell(decided, epoch, control, renewed=renewed)
        decided.sent.sources.append(Progress(epoch))
        self._close_next(decided)

    def _forget(self, decided: Decided) -> None:
        """Erase accounts; what is in hand may still know them, so it is concluded first."""
        for message in self._to_forget:
            self._head.forget(message.account)
            decided.erased.append(message.name)
        self._to_forget = []

    def _tell(self, decided: Decided, epoch: int, control: Control, *, renewed: bool) -> None:
        if not renewed:
            control = replace(control, tables=None, trees=None, oddity_tail=None)
        decided.sent.accounts += self._to_all(Concluded(epoch, control, renewed))
        options = ConcludedTies(epoch, self._head.tie_options())
        decided.sent.ties += [(number, options) for number in range(self._partitions)]

    def cut(self) -> Cut:
        """The state; to be asked for right after an epoch was concluded."""
        settled, self._received = self._received, 0
        close = self._in_hand and [self._in_hand.close.epoch, dict(self._in_hand.close.coverage)]
        closing = {
            "clock": self.clock.dump(),
            "close": close,
            "concluded": self.concluded,
            "feedback_coverage": dict(self._feedback_coverage),
        }
        return Cut(EVERYTHING, [{"head": deepcopy(self._head.dump())}], [], closing, settled)

    def seed(self, head: Mapping[str, Any], closed: int) -> tuple[Control, TieOptions]:
        """Take the state of a run without logs, all epochs up to `closed` being decided.

        Returns what holds for the next epoch.
        """
        self._head.load(head)
        self.concluded = self.clock.last = closed
        self._known = self._head.control()
        return self._known, self._head.tie_options()

    def restore(self, closing: Mapping[str, Any], pieces: Iterable[Mapping[str, Any]]) -> None:
        """Take what a cut gave."""
        self.clock.load(closing["clock"])
        self.concluded = closing["concluded"]
        self._feedback_coverage = dict(closing["feedback_coverage"])
        close = closing["close"]
        self._in_hand = close and _InHand(Close(int(close[0]), dict(close[1])))
        for piece in pieces:
            self._head.load(piece["head"])
        self._known = self._head.control()
