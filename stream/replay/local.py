"""The detector in one process, without a broker: lines in, alerts, scores and dead letters out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.detector import Detector, DetectorOptions
from models.evidence.tie_score import TieScore, shipped
from models.head.allowlist import AllowList
from models.head.stage import HeadOptions
from models.head.verdicts import verdict_of
from models.requests.batch import EventBatch
from models.requests.hashing import table_seed
from models.requests.line_reader import LineBlock
from models.sources.source import Source
from models.wire.state import decode_state, encode_state
from schemas.codec import decode_facts
from schemas.deadletter import DeadLetter
from schemas.errors import InvalidRecord
from schemas.formats import DEFAULT_FORMAT
from stream.batches import Batches, builder_of
from stream.replay.counters import Counters, note_unknown
from stream.replay.outcome import Outcome, dead_letter, dead_letters_of, outcome_of
from stream.settings import Settings
from stream.state_keys import StateKeys

_FAR_AHEAD = "time is far ahead of the stream and nothing confirms it"


@dataclass(slots=True)
class _Opened:
    """One recording, until it ends."""

    source: Source
    open: bool = True


class LocalRun:
    """One detector over any number of sources, with N partitions in process.

    Args:
        settings: The operator's settings.
        partitions: How many account partitions (and tie partitions) the work is cut into.
        shuffle: Seed; rows then reach the partitions in random order and random cuts between two
            closings of epochs. Alerts and scores must not show it.
        keep_reports: Hand out the tie reports too, for fitting.
        keep_features: Hand out the features of accounts that got a score.
        keep_values: Hand out what the tests of ties came to.
        account_scores: Make score records of accounts; they cost more than their accounts'
            requests.
        score: The tie score; the one that ships by default.
        form: Name of the input format.
    """

    def __init__(
        self,
        settings: Settings,
        partitions: int = 1,
        shuffle: int | None = None,
        *,
        keep_reports: bool = False,
        keep_features: bool = False,
        keep_values: bool = False,
        account_scores: bool = True,
        score: TieScore | None = None,
        form: str = DEFAULT_FORMAT,
    ) -> None:
        self._builder = builder_of(settings)
        self._batches = Batches.of(form, settings, self._builder)
        self._keys = StateKeys(settings)
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
            epoch,
            head,
            partitions,
            settings.memory,
            keep_reports=keep_reports,
            keep_features=keep_features,
            keep_values=keep_values,
            seed=table_seed(settings.key.secret),
        )
        self._detector = Detector(options, score or shipped(), allowed)
        self._epoch = epoch
        self._sources: list[_Opened] = []
        self._random = None if shuffle is None else np.random.default_rng(shuffle)
        self._pending: list[EventBatch] = []
        self._bad = 0
        self._late = 0
        self._unknown: Counter[str] = Counter()
        self._dropped_sketches: Counter[str] = Counter()
        self.watermark: int | None = None

    @property
    def counters(self) -> Counters:
        """Counts since the run began, before its state was saved included."""
        rows, verdicts = self._detector.row_counts, self._detector.verdict_counts
        return Counters(
            rows.added,
            self._bad,
            rows.duplicates,
            rows.reused_ids,
            self._late + sum(opened.source.late for opened in self._sources),
            sum(opened.source.parked for opened in self._sources),
            self._detector.account_count,
            self._detector.tie_count,
            self._detector.epochs,
            self._detector.evicted_accounts,
            self._detector.evicted_ties,
            verdicts.confirmed,
            verdicts.dismissed,
            verdicts.unknown,
            self._unknown,
            self._dropped_sketches,
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
        self._sources.append(_Opened(Source(self._epoch, self._detector.closed + 1)))
        return len(self._sources) - 1

    def watermark_of(self, source: int) -> int | None:
        """Event time that the source has passed, microseconds; None before its first request."""
        return self._sources[source].source.watermark

    def feed(self, source: int, first_line: int, lines: list[bytes]) -> Outcome:
        """Take consecutive lines of a source."""
        made = self._batches.make(LineBlock.of(lines))
        dead = [
            dead_letter(source, first_line + row, lines[row], error) for row, error in made.rejects
        ]
        self._bad += len(dead)
        note_unknown(self._unknown, made.unknown_fields)
        if made.batch is not None:
            self._dropped_sketches.update(self._batches.take_dropped_sketches())
            numbers = [first_line + row for row in made.rows]
            opened = self._sources[source].source
            self._deliver(opened.admit(made.batch, numbers, made.records))
            dead += self._refused(source)
        return self._advance(dead)._replace(requests=made.requests)

    def _refused(self, source: int) -> list[DeadLetter]:
        error = InvalidRecord(_FAR_AHEAD, "time")
        refused = self._sources[source].source.take_refused()
        self._bad += len(refused)
        return [dead_letter(source, row.position, row.record, error) for row in refused]

    def _deliver(self, batch: EventBatch | None) -> None:
        if batch is None or not len(batch):
            return
        if self._random is None:
            self._detector.add(batch)
        else:
            self._pending.append(batch)

    def _flush(self) -> None:
        """Hand pending rows over in random order and random cuts."""
        if self._random is None or not self._pending:
            return
        pieces: list[EventBatch] = []
        for batch in self._pending:
            order = self._random.permutation(len(batch))
            cuts = np.sort(self._random.integers(0, len(batch) + 1, self._random.integers(0, 6)))
            pieces.extend(batch.take(part) for part in np.split(order, cuts) if len(part))
        self._pending = []
        for place in self._random.permutation(len(pieces)).tolist():
            self._detector.add(pieces[place])

    def _advance(self, dead: list[DeadLetter]) -> Outcome:
        times = [opened.source.watermark for opened in self._sources if opened.open]
        known = [time for time in times if time is not None]
        if known and len(known) == len(times):
            self.watermark = max(min(known), self.watermark or 0)
        if self.watermark is None:
            return Outcome([], [], dead)
        self._flush()
        return outcome_of(self._detector.advance(self.watermark), dead)

    def close_source(self, source: int) -> Outcome:
        """The source has ended and holds nobody back any more."""
        ended = self._sources[source]
        ended.open = False
        self._deliver(ended.source.end(0))
        return self._advance(self._refused(source))

    def add_facts(self, lines: list[bytes]) -> list[DeadLetter]:
        """Take facts records; each acts when the epoch of its time closes."""
        return dead_letters_of(lines, self._add_fact)

    def _add_fact(self, line: bytes) -> None:
        record = decode_facts(line)
        account = self._builder.account_key(record.account)
        time = round(float(record.time) * 1e6)
        self._detector.add_facts(account, time, self._builder.fact_values(record))

    def add_feedback(self, lines: list[bytes]) -> list[DeadLetter]:
        """Take verdicts on findings; each acts when the epoch of its time closes."""
        return dead_letters_of(lines, lambda line: self._detector.add_verdict(verdict_of(line)))

    def finish(self) -> Outcome:
        """Close all epochs that are still open."""
        self._flush()
        return outcome_of(self._detector.advance(None), [])

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
                **self._keys.stated,
                "watermark": self.watermark,
                "bad": self._bad,
                "late": self.counters.late,
                "unknown": dict(self._unknown),
                "dropped_sketches": dict(self._dropped_sketches),
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
        keep_features: bool = False,
        keep_values: bool = False,
        account_scores: bool = True,
        score: TieScore | None = None,
        form: str = DEFAULT_FORMAT,
    ) -> LocalRun:
        """The run that `save` made bytes of.

        Raises:
            InvalidRecord: Not a state, damaged, of another version, of other partitions, or made
                under another key.
        """
        state: dict[str, Any] = decode_state(data)
        found = state["detector"]["partitions"]
        if found != partitions:
            reason = f"state of {found} partitions, asked for {partitions}"
            raise InvalidRecord(reason, "partitions")
        StateKeys(settings).require(state)
        run = cls(
            settings,
            partitions,
            shuffle,
            keep_features=keep_features,
            keep_values=keep_values,
            account_scores=account_scores,
            score=score,
            form=form,
        )
        run._detector.load(state["detector"])
        run.watermark = state["watermark"]
        run._bad, run._late = state["bad"], state["late"]
        run._unknown = Counter(state["unknown"])
        # Nothing was sketched at the edge when the first states were written.
        run._dropped_sketches = Counter(state.get("dropped_sketches", {}))
        return run
