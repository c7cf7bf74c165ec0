"""One account partition: reads its log, closes epochs as the head says, tells ties and head."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from models.accounts.options import AccountOptions
from models.accounts.stage import AccountStage
from models.options import EpochOptions, MemoryOptions
from models.requests.batch import EventBatch
from models.sweeping import day_of, oldest_kept, share_of
from models.wire.checkpoint import Cut
from models.wire.messages import Control
from models.wire.protocol import (
    NOTHING,
    AccountsClosed,
    Answer,
    Ask,
    Close,
    Concluded,
    Facts,
    Forget,
    Rows,
    Sent,
    TieRows,
    ToAccounts,
)


class AccountPartition:
    """The account stage behind a log.

    Args:
        number: Which of the partitions it is.
        partitions: How many account partitions there are, and tie partitions.
        epoch: How event time is cut.
        memory: How many accounts are kept, and how long idle ones.
    """

    def __init__(
        self, number: int, partitions: int, epoch: EpochOptions, memory: MemoryOptions
    ) -> None:
        self.number = number
        self._partitions = partitions
        self._epoch = epoch
        self._memory = memory
        self.stage = AccountStage(AccountOptions.of(epoch.seconds), partitions, journal=True)
        self._control = Control()
        self.closed = NOTHING
        self._concluded = NOTHING
        self._close: Close | None = None
        self._coverage: dict[str, int] = {}
        self._closed_coverage: dict[str, int] = {}
        self._facts_coverage: dict[str, int] = {}
        self._held_facts: list[tuple[str, int, int, int, dict[str, int]]] = []
        self._late: list[EventBatch] = []
        self._settled_coverage: dict[str, int] = {}
        self._swept_day = -1
        self._cut_epoch = NOTHING
        self._unsettled: deque[tuple[int, str, int]] = deque()
        self.gaps = 0

    def receive(self, message: ToAccounts) -> Sent:
        """Take the next message of the log."""
        tag, source, position = NOTHING, "", NOTHING
        sent = Sent()
        match message:
            case Rows():
                tag = self._rows(message)
                source, position = message.source, self._coverage.get(message.source, NOTHING)
            case Facts():
                self._note_facts(message)
            case Close():
                if message.epoch > self.closed and self._close is None:
                    self._close = message
            case Ask():
                self._answer(message, sent)
            case Concluded():
                self._conclude(message)
            case Forget():
                self._forget(message, sent)
        self._unsettled.append((tag, source, position))
        self._try_close(sent)
        return sent

    def _rows(self, message: Rows) -> int:
        """Add what is new; the last epoch that the message's rows count in."""
        source, covered = message.source, self._coverage.get(message.source, NOTHING)
        if message.previous > covered:
            # Something between is missing: whoever owns the source will send it, and this again.
            self.gaps += 1
            return NOTHING
        self._coverage[source] = max(covered, message.position)
        batch = message.batch
        if batch is None or not len(batch):
            return NOTHING
        last = int(batch.epoch.max())
        if int(batch.position.min()) <= covered:
            batch = batch.take(np.flatnonzero(batch.position > covered))
        if len(batch) and int(batch.epoch.min()) <= self.closed:
            counted = self._closed_coverage.get(source, NOTHING)
            late = (batch.epoch <= self.closed) & (batch.position > counted)
            if late.any():
                self._late.append(batch.take(np.flatnonzero(late)))
                last = max(last, self.closed + 1)
        self.stage.add(batch)
        return last

    def _note_facts(self, message: Facts) -> None:
        covered = self._facts_coverage.get(message.source, NOTHING)
        if message.previous > covered:
            self.gaps += 1
            return
        self._facts_coverage[message.source] = max(covered, message.position)
        self._held_facts += [
            (message.source, position, account, time, dict(values))
            for position, account, time, values in message.facts
            if position > covered
        ]

    def _answer(self, message: Ask, sent: Sent) -> None:
        if message.epoch == self.closed and self._concluded < self.closed:
            holders = self.stage.answer(np.array(message.accounts, np.uint64))
            sent.head.append(Answer(self.number, message.epoch, holders))

    def _conclude(self, message: Concluded) -> None:
        if message.epoch != self.closed or self._concluded >= message.epoch > NOTHING:
            return
        self._concluded = message.epoch
        control = message.control
        if not message.renewed:
            control = replace(
                self._control, flagged=list(control.flagged), released=list(control.released)
            )
        self._control = control
        day = day_of(message.epoch, self._epoch)
        if message.epoch == NOTHING:
            return
        if day != self._swept_day:
            self._swept_day = day
            self.stage.forget_before(oldest_kept(message.epoch, self._epoch, self._memory))
        self.stage.keep_at_most(share_of(self._memory.accounts, self._partitions))

    def _forget(self, message: Forget, sent: Sent) -> None:
        gone = message.account
        self.stage.forget(gone)
        self._late = [batch.take(np.flatnonzero(batch.account != gone)) for batch in self._late]
        self._held_facts = [fact for fact in self._held_facts if fact[2] != gone]
        flagged, released = (
            [account for account in several if account != gone]
            for several in (self._control.flagged, self._control.released)
        )
        self._control = replace(self._control, flagged=flagged, released=released)
        sent.ties.extend((number, message) for number in range(self._partitions))
        sent.head.append(message)

    def _try_close(self, sent: Sent) -> None:
        due = self._close
        if due is None or self._concluded < self.closed:
            return
        if any(
            max(self._coverage.get(source, NOTHING), self._facts_coverage.get(source, NOTHING))
            < position
            for source, position in due.coverage.items()
        ):
            return
        self._close = None
        for batch in self._late:
            self.stage.add(replace(batch, epoch=np.full(len(batch), due.epoch)))
        self._late = []
        self._release_facts(due)
        report = self.stage.close(due.epoch, self._control)
        self.closed = due.epoch
        self._closed_coverage = dict(self._coverage)
        sent.ties.extend(
            (number, TieRows(self.number, due.epoch, batch))
            for number, batch in enumerate(report.tie_batches)
        )
        sent.head.append(AccountsClosed(self.number, due.epoch, replace(report, tie_batches=[])))

    def _release_facts(self, due: Close) -> None:
        """Facts that the head knew of when it closed the epoch; the others wait for the next."""
        held = []
        for fact in self._held_facts:
            source, position, account, time, values = fact
            if position <= due.coverage.get(source, NOTHING):
                self.stage.add_facts(account, time, values)
            else:
                held.append(fact)
        self._held_facts = held

    @property
    def count(self) -> int:
        """Accounts in state."""
        return self.stage.count

    @property
    def has_news(self) -> bool:
        """Whether an epoch was closed, or something erased, since the last cut."""
        return self.closed > self._cut_epoch or self.stage.rebuilt

    def cut(self, *, whole: bool) -> Cut:
        """The state after the last close; rows of open epochs are left to the log.

        Args:
            whole: All of it at once, which the stage may want in any case.
        """
        self._cut_epoch = self.closed
        settled = self._settle()
        stage = self.stage.cut(whole=whole)
        closing = {
            "closed": self.closed,
            "concluded": self._concluded,
            "close": None if self._close is None else [self._close.epoch, self._close.coverage],
            "coverage": dict(self._settled_coverage),
            "closed_coverage": dict(self._closed_coverage),
            "facts_coverage": dict(self._facts_coverage),
            "held_facts": list(self._held_facts),
            "control": self._control.dump(),
            "swept_day": self._swept_day,
            "stage": stage.closing,
        }
        return stage._replace(closing=closing, settled=settled)

    def _settle(self) -> int:
        """How many of the oldest messages need not be read again."""
        settled = 0
        while self._unsettled and self._unsettled[0][0] <= self.closed:
            _, source, position = self._unsettled.popleft()
            settled += 1
            if source:
                known = self._settled_coverage.get(source, NOTHING)
                self._settled_coverage[source] = max(known, position)
        return settled

    def seed(self, stage: Mapping[str, Any], closed: int, control: Control, swept_day: int) -> None:
        """Take the state of a run without logs, all epochs up to `closed` being decided."""
        self.stage.load(stage)
        self.closed = self._concluded = closed
        self._control, self._swept_day = control, swept_day

    def restore(self, closing: Mapping[str, Any], pieces: Iterable[Mapping[str, Any]]) -> None:
        """Take what cuts gave: the last closing record, the pieces that hold."""
        self.closed, self._concluded = closing["closed"], closing["concluded"]
        self._cut_epoch = self.closed
        close = closing["close"]
        self._close = None if close is None else Close(int(close[0]), dict(close[1]))
        self._settled_coverage = dict(closing["coverage"])
        self._coverage = dict(self._settled_coverage)
        self._closed_coverage = dict(closing["closed_coverage"])
        self._facts_coverage = dict(closing["facts_coverage"])
        self._held_facts = [
            (str(source), int(position), int(account), int(time), dict(values))
            for source, position, account, time, values in closing["held_facts"]
        ]
        self._control = Control.load(closing["control"])
        self._swept_day = closing["swept_day"]
        self.stage.restore(closing["stage"], pieces)
