"""The detector in one process, without a broker: lines in, alerts, scores and dead letters out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from models.allowlist import AllowList
from models.batch import EventBatch
from models.detector import ClosedEpochs, Detector, DetectorOptions
from models.head import HeadOptions
from models.ingestion import BatchBuilder
from models.messages import TieReport
from models.state import decode_state, encode_state
from models.tie_score import TieScore, shipped
from models.watermark import Watermark
from schemas.alert import AlertEvent
from schemas.codec import decode_facts, decode_requests
from schemas.deadletter import DeadLetter
from schemas.errors import InvalidRecord
from schemas.score import ScoreRecord
from stream.settings import Settings

_FAR_AHEAD = "time is far ahead of the stream and nothing confirms it"


class Outcome(NamedTuple):
    """What a step gave out; tie reports only where the run keeps them."""

    alerts: list[AlertEvent]
    scores: list[ScoreRecord]
    dead_letters: list[DeadLetter]
    reports: Sequence[tuple[int, TieReport]] = ()


@dataclass(slots=True)
class Counters:
    """What was counted so far."""

    events: int = 0
    bad: int = 0
    duplicates: int = 0
    reused_ids: int = 0
    late: int = 0
    parked: int = 0
    accounts: int = 0
    ties: int = 0
    epochs: int = 0
    unknown_fields: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Source:
    """One recording: its watermark, and the rows that wait for their time to be believed."""

    watermark: Watermark
    open: bool = True
    rows: int = 0
    parked: dict[int, tuple[EventBatch, int, bytes]] = field(default_factory=dict)


class LocalRun:
    """One detector over any number of sources, with N partitions in process.

    Args:
        settings: The operator's settings.
        partitions: How many account partitions (and tie partitions) the work is cut into.
        shuffle: Seed; rows then reach the partitions in random order and random cuts between two
            closings of epochs. Alerts and scores must not show it.
        keep_reports: Hand out the tie reports too, for fitting.
        account_scores: Make score records of accounts; they cost more than their accounts'
            requests.
        score: The tie score; the one that ships by default.
    """

    def __init__(
        self,
        settings: Settings,
        partitions: int = 1,
        shuffle: int | None = None,
        *,
        keep_reports: bool = False,
        account_scores: bool = True,
        score: TieScore | None = None,
    ) -> None:
        self._builder = BatchBuilder(settings.key.secret)
        allowed = AllowList(settings.allow, self._builder.account_key, self._builder.owner_key)
        epoch = settings.epoch
        head = HeadOptions(
            epoch.seconds,
            epoch.lateness_seconds,
            settings.budget,
            settings.learning,
            keep_reports,
            account_scores,
        )
        options = DetectorOptions(
            epoch, head, partitions, settings.memory.idle_days, keep_reports=keep_reports
        )
        self._detector = Detector(options, score or shipped(), allowed)
        self._sources: list[_Source] = []
        self._random = None if shuffle is None else np.random.default_rng(shuffle)
        self._pending: list[tuple[EventBatch, int]] = []
        self._bad = 0
        self._unknown: Counter[str] = Counter()
        self.watermark: int | None = None

    @property
    def counters(self) -> Counters:
        """Counts since the run began, before its state was saved included."""
        rows = self._detector.row_counts
        return Counters(
            rows.added,
            self._bad,
            rows.duplicates,
            rows.reused_ids,
            rows.late,
            sum(len(source.watermark) for source in self._sources),
            self._detector.account_count,
            self._detector.tie_count,
            self._detector.epochs,
            self._unknown,
        )

    @property
    def learning_until(self) -> int | None:
        """Event time before which nothing is alerted, microseconds; None once it is over."""
        return self._detector.learning_until

    def account_key(self, account: str) -> int:
        """The key under which an account is kept."""
        return self._builder.account_key(account)

    def open_source(self) -> int:
        """Number of a new source; nothing passes its watermark until it has one."""
        self._sources.append(_Source(Watermark()))
        return len(self._sources) - 1

    def watermark_of(self, source: int) -> int | None:
        """Event time that the source has passed, microseconds; None before its first request."""
        return self._sources[source].watermark.time

    def feed(self, source: int, first_line: int, lines: list[bytes]) -> Outcome:
        """Take consecutive lines of a source."""
        decoded = decode_requests(lines)
        dead = [
            _dead_letter(source, first_line + row, lines[row], error)
            for row, error in decoded.rejects
        ]
        self._bad += len(dead)
        self._unknown.update(decoded.unknown_fields)
        if decoded.events:
            batch = self._builder.build(decoded.events)
            numbers = [first_line + row for row in decoded.rows]
            self._admit(self._sources[source], batch, numbers, [lines[row] for row in decoded.rows])
        return self._advance(dead)

    def _admit(
        self, source: _Source, batch: EventBatch, numbers: list[int], lines: list[bytes]
    ) -> None:
        first = source.rows
        source.rows += len(batch)
        believed = source.watermark.admit(batch.time, batch.account, first)
        if len(believed) == len(batch) and not source.parked:
            self._deliver(source, batch)
            return
        fresh = np.array([row - first for row in believed if row >= first], np.intp)
        released = [source.parked.pop(row)[0] for row in believed if row < first]
        if len(fresh):
            self._deliver(source, batch.take(fresh))
        for one in released:
            self._deliver(source, one)
        for row in sorted(set(range(len(batch))).difference(fresh.tolist())):
            one = batch.take(np.array([row], np.intp))
            source.parked[first + row] = (one, numbers[row], lines[row])

    def _deliver(self, source: _Source, batch: EventBatch) -> None:
        now = source.watermark.time or 0
        if self._random is None:
            self._detector.add(batch, now)
            return
        # Late rows belong to the epoch that is open as they come; only the others may be held back.
        late = self._detector.is_late(batch, now)
        if late.any():
            self._detector.add(batch.take(np.flatnonzero(late)), now)
            batch = batch.take(np.flatnonzero(~late))
        self._pending.append((batch, now))

    def _flush(self) -> None:
        """Hand pending rows over in random order and random cuts."""
        if self._random is None or not self._pending:
            return
        pieces: list[tuple[EventBatch, int]] = []
        for batch, now in self._pending:
            order = self._random.permutation(len(batch))
            cuts = np.sort(self._random.integers(0, len(batch) + 1, self._random.integers(0, 6)))
            pieces.extend((batch.take(part), now) for part in np.split(order, cuts) if len(part))
        self._pending = []
        for place in self._random.permutation(len(pieces)).tolist():
            self._detector.add(*pieces[place])

    def _advance(self, dead: list[DeadLetter]) -> Outcome:
        times = [source.watermark.time for source in self._sources if source.open]
        known = [time for time in times if time is not None]
        if known and len(known) == len(times):
            self.watermark = max(min(known), self.watermark or 0)
        if self.watermark is None:
            return Outcome([], [], dead)
        self._flush()
        return _outcome(self._detector.advance(self.watermark), dead)

    def close_source(self, source: int) -> Outcome:
        """The source has ended and holds nobody back any more."""
        ended = self._sources[source]
        ended.open = False
        believed, refused = ended.watermark.end()
        for row in believed:
            self._deliver(ended, ended.parked.pop(row)[0])
        error = InvalidRecord(_FAR_AHEAD, "time")
        parked = [ended.parked.pop(row) for row in sorted(refused)]
        dead = [_dead_letter(source, number, line, error) for _, number, line in parked]
        self._bad += len(dead)
        return self._advance(dead)

    def add_facts(self, lines: list[bytes]) -> list[DeadLetter]:
        """Take facts records; each acts when the epoch of its time closes."""
        dead: list[DeadLetter] = []
        for number, line in enumerate(lines):
            try:
                record = decode_facts(line)
            except InvalidRecord as error:
                dead.append(_dead_letter(0, number, line, error))
                continue
            account = self._builder.account_key(record.account)
            time = round(float(record.time) * 1e6)
            self._detector.add_facts(account, time, self._builder.fact_values(record))
        return dead

    def finish(self) -> Outcome:
        """Close all epochs that are still open."""
        self._flush()
        return _outcome(self._detector.advance(None), [])

    def save(self) -> bytes:
        """The whole state, open epochs included.

        Raises:
            RuntimeError: A source is still open; what it has parked would be lost.
        """
        if any(source.open for source in self._sources):
            raise RuntimeError("close every source before saving")
        self._flush()
        return encode_state(
            {
                "detector": self._detector.dump(),
                "watermark": self.watermark,
                "bad": self._bad,
                "unknown": dict(self._unknown),
            }
        )

    @classmethod
    def load(
        cls,
        data: bytes,
        settings: Settings,
        partitions: int = 1,
        shuffle: int | None = None,
        *,
        account_scores: bool = True,
        score: TieScore | None = None,
    ) -> LocalRun:
        """The run that `save` made bytes of.

        Raises:
            InvalidRecord: Not a state, damaged, of another version, or of other partitions.
        """
        state: dict[str, Any] = decode_state(data)
        found = state["detector"]["partitions"]
        if found != partitions:
            reason = f"state of {found} partitions, asked for {partitions}"
            raise InvalidRecord(reason, "partitions")
        run = cls(settings, partitions, shuffle, account_scores=account_scores, score=score)
        run._detector.load(state["detector"])
        run.watermark = state["watermark"]
        run._bad = state["bad"]
        run._unknown = Counter(state["unknown"])
        return run


def _outcome(closed: ClosedEpochs, dead: list[DeadLetter]) -> Outcome:
    return Outcome(closed.alerts, closed.scores, dead, closed.reports)


def _dead_letter(source: int, number: int, line: bytes, error: InvalidRecord) -> DeadLetter:
    return DeadLetter(line, "", source, number, error.reason, error.field)
