"""The detector for programs: in a notebook, or behind a consumer of one's own; no broker."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from schemas.deadletter import DeadLetter
from stream.errors import FailedRun
from stream.recordings.blocks import Recording
from stream.replay.local import LocalRun
from stream.replay.outcome import Outcome
from stream.replay.run import Counters
from stream.settings import load_settings

Record = bytes | Mapping[str, Any]
"""A JSON object as bytes, or what orjson makes one of; times may be datetimes with a zone."""


class Detector:
    """One detector over one stream of requests.

    Requests come roughly in order of time: epochs close as time goes on, and what lies further back
    than the allowed lateness counts in the next. The first hours of event time are learned from,
    and alert nothing (`learning.hours`).

    Args:
        config: A `gauger.toml`; None: defaults. Variables `GAUGER_*` hold as for the program.
        account_scores: Make score records of accounts; they take more time than alerts.

    Raises:
        SettingsError: With all that is wrong in the settings.
    """

    def __init__(self, config: str | Path | None = None, *, account_scores: bool = True) -> None:
        settings = load_settings(Path(config) if config else None, os.environ)
        if settings.key.public:
            warnings.warn("GAUGER_KEY_FILE is not set: hashes can be guessed", stacklevel=2)
        self._run = LocalRun(settings, account_scores=account_scores)
        self._source = self._run.open_source()
        self._records = 0

    @property
    def counters(self) -> Counters:
        """What was counted so far."""
        return self._run.counters

    def add(self, records: Iterable[Record]) -> Outcome:
        """Take requests (the more at once, the faster).

        Returns:
            The alerts and scores of the epochs that they close, and the requests that are refused;
            `offset` of a dead letter is the number of the request, from 0.
        """
        lines = [_line(record) for record in records]
        outcome = self._run.feed(self._source, self._records, lines)
        self._records += len(lines)
        return outcome

    def add_facts(self, records: Iterable[Record]) -> list[DeadLetter]:
        """Take facts about accounts; each acts when the epoch of its time closes."""
        return self._run.add_facts([_line(record) for record in records])

    def add_feedback(self, records: Iterable[Record]) -> list[DeadLetter]:
        """Take verdicts on alerts; each acts when the epoch of its time closes."""
        return self._run.add_feedback([_line(record) for record in records])

    def close(self) -> Outcome:
        """Close all epochs that are open: nothing follows."""
        ended, rest = self._run.close_source(self._source), self._run.finish()
        return Outcome(
            [*ended.alerts, *rest.alerts], [*ended.scores, *rest.scores], ended.dead_letters
        )


def recorded(path: str | Path) -> Iterator[list[bytes]]:
    """The lines of a recording (`.jsonl`, gzip, zstd or Parquet), some thousands at once.

    Raises:
        RecordingError: It cannot be opened.
        FailedRun: It breaks off, or a line is too long; after all that is readable before.
    """
    with Recording(str(path)) as recording:
        for block in recording.blocks():
            if block.oversized:
                raise FailedRun(f"{path}: line {block.first_line} is too long")
            yield block.lines
        if recording.truncated:
            raise FailedRun(f"{path}: {recording.truncated}")


def _line(record: Record) -> bytes:
    return record if isinstance(record, bytes) else orjson.dumps(record)
