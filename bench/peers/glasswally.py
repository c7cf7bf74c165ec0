"""Glasswally's static weights: seven of its signals, fused, with its fixed thresholds.

After the published description of Glasswally (README and threat model, MIT): clusters merge on any
shared payment and on a TLS fingerprint or subnet with two neighbours; the signals' weights are its
own, those that the events cannot feed (HTTP/2 settings, watermarks, header order) left out and the
rest brought to a sum of 1; an account in a cluster of five gets 0.08 on top. How far a signal goes
between 0 and 1 is not described; here each is full where the description calls it certain.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from itertools import islice, pairwise
from statistics import fmean, pstdev

from bench.peers.base import DAY, Score, by_account, network_of
from bench.peers.phrases import elicits
from bench.peers.unions import Unions
from schemas.request import RequestEvent

THRESHOLDS = (0.35, 0.55, 0.72)
WEIGHTS = {
    "fingerprint": 0.20,
    "velocity": 0.13,
    "phrases": 0.12,
    "cluster": 0.11,
    "burst": 0.09,
    "pivot": 0.07,
    "preamble": 0.06,
}
LEAST_CLUSTER, CLUSTER_BONUS = 5, 0.08
BURST = 5

_ALL_WEIGHTS = sum(WEIGHTS.values())
_FULL_PACE, _FULL_CLUSTER, _FULL_SHARING = 200, 20, 10


class Glasswally:
    """Accounts by the fused score, clusters by the mean of their members' latest."""

    name = "glasswally"
    rules: tuple[str, ...] = tuple(str(threshold) for threshold in THRESHOLDS)

    def __init__(self) -> None:
        # As described, nothing is ever forgotten.
        self._owners: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._clusters = Unions()
        self._latest: dict[str, float] = {}
        self._model: dict[str, str] = {}
        self._pivots: dict[str, tuple[float, str]] = {}
        self._pivots_to: Counter[tuple[str, str]] = Counter()

    def close_hour(self, start: float, events: Sequence[RequestEvent]) -> list[Score]:
        """Score the accounts active in the hour, and their clusters."""
        groups = by_account(events)
        for account, own in groups.items():
            self._connect(account, own)
            self._note_model(account, own, start)
        self._count_pivots(start)
        crowded = _crowded_seconds(events)
        scores = [self._account(account, own, crowded) for account, own in groups.items()]
        return scores + self._cluster_scores(scores)

    def _connect(self, account: str, own: list[RequestEvent]) -> None:
        self._clusters.add(account)
        for kind, neighbours, value in {shown for event in own for shown in _shown(event)}:
            owners = self._owners[kind, value]
            if account in owners:
                continue
            owners[account] = None
            if neighbours and len(owners) > neighbours:
                for other in islice(owners, neighbours):
                    self._clusters.join(account, other)

    def _note_model(self, account: str, own: list[RequestEvent], start: float) -> None:
        models = Counter(event.model for event in own if event.model)
        if models:
            model = models.most_common(1)[0][0]
            if self._model.get(account, model) != model:
                self._pivots[account] = (start, model)
            self._model[account] = model

    def _count_pivots(self, start: float) -> None:
        """Accounts of each cluster that went over to each model within the last day."""
        self._pivots = {
            account: pivot for account, pivot in self._pivots.items() if pivot[0] > start - DAY
        }
        self._pivots_to = Counter(
            (self._clusters.name_of(account), model) for account, (_, model) in self._pivots.items()
        )

    def _account(self, account: str, own: list[RequestEvent], crowded: set[int]) -> Score:
        members = self._clusters.members_of(account)
        signals = {
            "fingerprint": self._sharing(account, own, "fingerprint"),
            "velocity": max(len(own) / _FULL_PACE, _regularity(own)),
            "phrases": 2.0 * fmean(elicits(event.prompt) for event in own),
            "cluster": (len(members) - 1) / _FULL_CLUSTER,
            "burst": fmean(int(float(event.time)) in crowded for event in own),
            "pivot": self._pivoted(account, len(members)),
            "preamble": self._sharing(account, own, "preamble"),
        }
        fused = sum(WEIGHTS[name] * min(1.0, value) for name, value in signals.items())
        bonus = CLUSTER_BONUS if len(members) >= LEAST_CLUSTER else 0.0
        return _tiered(account, min(1.0, fused / _ALL_WEIGHTS + bonus))

    def _sharing(self, account: str, own: list[RequestEvent], wanted: str) -> float:
        """How many others show the account's most widely shared value of a kind."""
        values = {value for event in own for kind, _, value in _shown(event) if kind == wanted}
        most = max((len(self._owners[wanted, value]) for value in values), default=1)
        return (most - 1) / _FULL_SHARING

    def _pivoted(self, account: str, members: int) -> float:
        """Share of the cluster that went over to the account's new model within a day."""
        if account not in self._pivots or members < LEAST_CLUSTER:
            return 0.0
        name = self._clusters.name_of(account)
        return self._pivots_to[name, self._pivots[account][1]] / members

    def _cluster_scores(self, scores: Sequence[Score]) -> list[Score]:
        self._latest.update((one.subject, one.score) for one in scores)
        clusters = []
        for name in dict.fromkeys(self._clusters.name_of(one.subject) for one in scores):
            members = tuple(self._clusters.members_of(name))
            if len(members) >= LEAST_CLUSTER:
                mean = fmean(self._latest[member] for member in members)
                clusters.append(_tiered(f"cluster of {name}", mean, members))
        return clusters


def _tiered(subject: str, score: float, accounts: tuple[str, ...] = ()) -> Score:
    met = tuple(str(threshold) for threshold in THRESHOLDS if score >= threshold)
    return Score(subject, score, accounts, met)


def _shown(event: RequestEvent) -> list[tuple[str, int, str]]:
    """What a request shows: kind, neighbours from which it merges clusters (0: never), value."""
    system = event.system
    preamble = blake2b(system.encode(), digest_size=8).hexdigest() if system else None
    shown = (
        ("payment", 1, event.payment),
        ("fingerprint", 2, event.tls_fingerprint or event.user_agent),
        ("network", 2, network_of(event.ip)),
        ("preamble", 0, preamble),
    )
    return [(kind, neighbours, value) for kind, neighbours, value in shown if value]


def _crowded_seconds(events: Sequence[RequestEvent]) -> set[int]:
    """Seconds in which five accounts or more sent requests."""
    accounts: dict[int, set[str]] = defaultdict(set)
    for event in events:
        accounts[int(float(event.time))].add(event.account)
    return {second for second, active in accounts.items() if len(active) >= BURST}


def _regularity(own: list[RequestEvent]) -> float:
    """1 for equal gaps between requests, 0 from a coefficient of variation of 1 on."""
    if len(own) < 10:
        return 0.0
    gaps = [float(later.time) - float(sooner.time) for sooner, later in pairwise(own)]
    return max(0.0, 1.0 - pstdev(gaps) / max(fmean(gaps), 1e-6))
