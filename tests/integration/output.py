"""What workers or a replay have written, to the byte, and how two of these differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True)
class Output:
    """Alerts and scores: each alert's encodings by `event_id`, each score's by entity and epoch."""

    alerts: dict[str, set[bytes]]
    scores: dict[tuple[str, str, int], set[bytes]]

    def equals(self, other: Output) -> bool:
        """Whether both hold the same, to the byte."""
        return self.alerts == other.alerts and self.scores == other.scores

    def covers(self, other: Output) -> bool:
        """Whether there is something for all that the other holds."""
        return (
            self.alerts.keys() >= other.alerts.keys() and self.scores.keys() >= other.scores.keys()
        )

    def difference(self, other: Output) -> str:
        """What differs, for a person."""
        alerts, scores = _unlike(self.alerts, other.alerts), _unlike(self.scores, other.scores)
        return f"alerts: {alerts}; scores: {scores}"


def _unlike(mine: Mapping[Any, set[bytes]], theirs: Mapping[Any, set[bytes]]) -> str:
    differ = [key for key in mine.keys() & theirs.keys() if mine[key] != theirs[key]]
    shown = [(mine[key], theirs[key]) for key in differ[:1]]
    return (
        f"{len(mine.keys() - theirs.keys())} only here, {len(theirs.keys() - mine.keys())} only"
        f" there, {len(differ)} differ {shown}"
    )


def note_alert(output: Output, value: bytes) -> None:
    """Add an encoded alert."""
    output.alerts.setdefault(orjson.loads(value)["event_id"], set()).add(value)


def note_score(output: Output, value: bytes) -> None:
    """Add an encoded score."""
    fields = orjson.loads(value)
    key = fields["entity"]["kind"], fields["entity"]["id"], fields["epoch"]
    output.scores.setdefault(key, set()).add(value)
