"""One tie partition: reads its log, closes an epoch once every account partition has spoken."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from models.evidence.tie_score import TieScore
from models.options import EpochOptions, MemoryOptions
from models.sweeping import day_of, oldest_kept, share_of, single_epochs
from models.ties.stage import TieStage
from models.wire.checkpoint import Cut
from models.wire.messages import TieBatch, TieOptions, without_account
from models.wire.protocol import NOTHING, ConcludedTies, Forget, Sent, TieRows, TiesClosed, ToTies


class TiePartition:
    """The tie stage behind a log.

    Args:
        number: Which of the partitions it is.
        partitions: How many account partitions there are.
        epoch: How event time is cut.
        memory: How many ties are kept, and how long idle ones.
        score: The tie score.
        seed: As in `TieStage`.
    """

    def __init__(
        self,
        number: int,
        partitions: int,
        epoch: EpochOptions,
        memory: MemoryOptions,
        score: TieScore,
        seed: int = 0,
    ) -> None:
        self.number = number
        self._partitions = partitions
        self._epoch = epoch
        self._memory = memory
        self.stage = TieStage(score, single_epochs(epoch), seed)
        self._options: TieOptions | None = None
        self.closed = NOTHING
        self._concluded = NOTHING
        self._swept_day = -1
        self._cut_epoch = NOTHING
        self._waiting: dict[int, dict[int, TieBatch]] = {}
        self._unsettled: deque[int] = deque()

    def receive(self, message: ToTies) -> Sent:
        """Take the next message of the log."""
        sent = Sent()
        match message:
            case TieRows():
                self._unsettled.append(message.epoch)
                if message.epoch > self.closed:
                    batches = self._waiting.setdefault(message.epoch, {})
                    batches.setdefault(message.partition, message.batch)
            case ConcludedTies():
                self._unsettled.append(NOTHING)
                self._conclude(message)
            case Forget():
                self._unsettled.append(NOTHING)
                self._forget(message.account)
        self._try_close(sent)
        return sent

    def _conclude(self, message: ConcludedTies) -> None:
        repeated = self._options is not None and message.epoch <= self._concluded
        if message.epoch != self.closed or repeated:
            return
        self._options, self._concluded = message.options, message.epoch
        if message.epoch == NOTHING:
            return
        day = day_of(message.epoch, self._epoch)
        if day != self._swept_day:
            self._swept_day = day
            self.stage.forget_before(oldest_kept(message.epoch, self._epoch, self._memory))
        self.stage.keep_at_most(share_of(self._memory.ties, self._partitions), message.epoch)

    def _forget(self, account: int) -> None:
        self.stage.forget(account)
        for batches in self._waiting.values():
            for number, batch in batches.items():
                batches[number] = without_account(batch, account)

    def _try_close(self, sent: Sent) -> None:
        if self._options is None or self._concluded < self.closed or not self._waiting:
            return
        epoch = min(self._waiting)
        batches = self._waiting[epoch]
        if len(batches) < self._partitions:
            return
        del self._waiting[epoch]
        ordered = [batches[number] for number in sorted(batches)]
        report = self.stage.close(epoch, ordered, self._options)
        self.closed = epoch
        sent.head.append(TiesClosed(self.number, epoch, report))

    @property
    def count(self) -> int:
        """Ties in state."""
        return self.stage.count

    @property
    def has_news(self) -> bool:
        """Whether an epoch was closed, or something erased, since the last cut."""
        return self.closed > self._cut_epoch or self.stage.rebuilt

    def cut(self, *, whole: bool) -> Cut:
        """The state after the last close; what was received for later epochs is left to the log.

        Args:
            whole: All of it at once, which the stage may want in any case.
        """
        self._cut_epoch = self.closed
        settled = 0
        while self._unsettled and self._unsettled[0] <= self.closed:
            self._unsettled.popleft()
            settled += 1
        stage = self.stage.cut(self.closed, whole=whole)
        closing = {
            "closed": self.closed,
            "concluded": self._concluded,
            "options": self._options and self._options.dump(),
            "swept_day": self._swept_day,
            "stage": stage.closing,
        }
        return stage._replace(closing=closing, settled=settled)

    def seed(
        self, stage: Mapping[str, Any], closed: int, options: TieOptions, swept_day: int
    ) -> None:
        """Take the state of a run without logs, all epochs up to `closed` being decided."""
        self.stage.load(stage)
        self.closed = self._concluded = closed
        self._options, self._swept_day = options, swept_day

    def restore(self, closing: Mapping[str, Any], pieces: Iterable[Mapping[str, Any]]) -> None:
        """Take what cuts gave: the last closing record, the pieces that hold."""
        self.closed, self._concluded = closing["closed"], closing["concluded"]
        self._cut_epoch = self.closed
        options = closing["options"]
        self._options = None if options is None else TieOptions.load(options)
        self._swept_day = closing["swept_day"]
        self.stage.restore(self.closed, closing["stage"], pieces)
