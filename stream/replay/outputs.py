"""Where a replay writes: alerts, scores, dead letters, features, p-values; each may be left out."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, closing
from typing import Protocol

from models.ties.values import TieValues
from models.wire.messages import AccountScores
from schemas.deadletter import DeadLetter
from stream.recordings.files import LineWriter, dead_letter_line
from stream.replay.run import Outcome


class Features(Protocol):
    """Takes the features of accounts: a `stream.replay.feature_file.FeatureFile`."""

    def write(self, features: Iterable[tuple[int, AccountScores]]) -> None:
        """Write what closed epochs gave."""

    def close(self) -> None:
        """Write what is left."""


class Values(Protocol):
    """Takes what tests of ties came to: a `stream.replay.value_file.ValueFile`."""

    def write(self, values: Iterable[tuple[int, TieValues]]) -> None:
        """Write what closed epochs gave."""

    def close(self) -> None:
        """Write what is left."""


class Outputs:
    """The output files of one replay.

    Args:
        alerts: File for alert events, `-` for standard output, None for nowhere.
        scores: The same for score records.
        dead_letters: The same for refused lines.
        append: Go on at the end of existing files: the run continues an earlier one.
        features: Takes the features of accounts; closed with the others.
        values: Takes the values of ties; likewise.

    Raises:
        RecordingError: A file cannot be written.
    """

    def __init__(
        self,
        alerts: str | None = None,
        scores: str | None = None,
        dead_letters: str | None = None,
        *,
        append: bool = False,
        features: Features | None = None,
        values: Values | None = None,
    ) -> None:
        with ExitStack() as stack:
            self._values = stack.enter_context(closing(values)) if values else None
            self._features = stack.enter_context(closing(features)) if features else None
            opened = [
                stack.enter_context(closing(LineWriter(path, append=append))) if path else None
                for path in (alerts, scores, dead_letters)
            ]
            self._alerts, self._scores, self._dead_letters = opened
            self._stack = stack.pop_all()

    def write(self, outcome: Outcome) -> None:
        """Write what a step gave out, dead letters apart."""
        if self._scores and outcome.scores:
            self._scores.write_records(outcome.scores)
        if self._alerts and outcome.alerts:
            self._alerts.write_records(outcome.alerts)
        if self._features:
            self._features.write(outcome.features)
        if self._values:
            self._values.write(outcome.values)

    def write_dead_letters(self, letters: Iterable[DeadLetter]) -> None:
        """Write refused lines."""
        if self._dead_letters:
            self._dead_letters.write(dead_letter_line(letter) for letter in letters)

    def close(self) -> None:
        """Close all files."""
        self._stack.close()
