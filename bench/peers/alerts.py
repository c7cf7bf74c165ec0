"""Scores above a threshold as alert events, so that peers are judged by the judge of all.

Peers that score accounts would raise an alert for each, and no alert of one account is ever correct
for a campaign; so those that a peer flags first within one day are named together, by one alert
that grows. An account is flagged once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from bench.peers.base import DAY, Score
from bench.peers.calibration import Thresholds, kind_of
from schemas.alert import MAX_ACCOUNTS, AlertEvent, Entity, Response
from schemas.times import to_rfc3339

Admits = Callable[[Score], bool]


def above(limits: Thresholds) -> Admits:
    """Scores above the threshold of their kind."""
    return lambda score: score.score > limits[kind_of(score)]


def meeting(rule: str) -> Admits:
    """Scores that meet one of the peer's own rules."""
    return lambda score: rule in score.rules


class Announcer:
    """Raises the alerts of one peer under one threshold.

    Args:
        peer: Its name.
        admits: Which scores raise an alert.
    """

    def __init__(self, peer: str, admits: Admits) -> None:
        self._peer, self._admits = peer, admits
        self._flagged: set[str] = set()
        self._named: dict[str, set[str]] = {}
        self._sequences: Counter[str] = Counter()
        self.events: list[AlertEvent] = []

    def take(self, time: float, scores: Iterable[Score]) -> None:
        """Announce what the scores at the end of an hour, in Unix seconds, give reason for."""
        fresh: list[str] = []
        for score in filter(self._admits, scores):
            if score.accounts:
                self._announce(f"{self._peer}: {score.subject}", time, score.accounts)
            elif score.subject not in self._flagged:
                self._flagged.add(score.subject)
                fresh.append(score.subject)
        # The hour that ends at midnight belongs to the day that ends.
        self._announce(f"{self._peer}: day {(time - 1.0) // DAY:.0f}", time, fresh)

    def _announce(self, alert: str, time: float, accounts: Iterable[str]) -> None:
        named = self._named.setdefault(alert, set())
        fresh = sorted(set(accounts) - named)
        named.update(fresh)
        for start in range(0, len(fresh), MAX_ACCOUNTS):
            self._emit(alert, time, fresh[start : start + MAX_ACCOUNTS], len(named))

    def _emit(self, alert: str, time: float, accounts: list[str], total: int) -> None:
        sequence = self._sequences[alert]
        self._sequences[alert] += 1
        moment = to_rfc3339(round(time * 1e6))
        self.events.append(
            AlertEvent(
                alert_id=alert, sequence=sequence, event_id=f"{alert} {sequence}",
                activity="update" if sequence else "create", time=moment,
                entity=Entity("cluster", alert), accounts=accounts, accounts_total=total,
                requests=0, detector=self._peer, title=alert, severity="medium", score=1.0,
                p_value=0.0, q_value=0.0, evidence=[], ties=[], examples=[],
                response=Response("watch", "score above its threshold"), techniques=[],
                first_seen=moment, last_seen=moment,
            )
        )  # fmt: skip
