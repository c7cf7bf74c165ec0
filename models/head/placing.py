"""Placing: which ties of an epoch stand out, and the clusters that they go to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evidence.budget import Budget
from models.evidence.calibration import Calibration
from models.evidence.tie_score import TieScore
from models.head.allowlist import AllowList
from models.head.announcer import Announcer
from models.head.cluster import Cluster
from models.head.crossing_findings import CrossingFindings
from models.head.joining import JOIN_P, Joining
from models.head.payers import followed, payer_of
from models.head.tie_finding import TieFinding
from models.requests.kinds import TieKind, kind_of
from models.signals import ACCOUNT_FEATURES
from models.ties.stage import LEAST_MEMBERS
from models.ties.tie_crossings import issued_to
from models.wire.messages import TestedTies, TieReport


class Placing:
    """What the listed ties of an epoch come to.

    Args:
        score: The tie score; calibration: what it means; budget: what a finding may cost.
        allowed: What operators vouch for.
        announcer: Dates epochs and names clusters.
        per_day: Epochs in a day.
    """

    def __init__(
        self,
        score: TieScore,
        calibration: Calibration,
        budget: Budget,
        allowed: AllowList,
        announcer: Announcer,
        per_day: float,
    ) -> None:
        self._score = score
        self._calibration = calibration
        self._budget = budget
        self._allowed = allowed
        self._announcer = announcer
        self.joining = Joining()
        self.crossing = CrossingFindings(budget, allowed, self.joining.clusters, per_day)
        self._spread = (
            float(np.sqrt((score.weights[: len(ACCOUNT_FEATURES)] ** 2).sum() / 12)) or 1.0
        )

    def judge(
        self, epoch: int, reports: Sequence[TieReport], *, learning: bool
    ) -> dict[str, Cluster]:
        """Judge the listed ties of an epoch; the clusters that changed, by id.

        While the population is still being learned nothing stands out.
        """
        for report in reports:
            self._announcer.note_clear(report.ties.clear)
        time = self._announcer.time_of(epoch)
        excused = self.joining.clusters.excused()
        self._allowed.excuse(excused)
        judged = [self._finding(*tie, time, learning) for tie in _listed(reports)]
        found = [tie for tie in judged if tie is not None]
        found += self.crossing.find(epoch, time, reports, learning=learning)
        found.sort(key=lambda tie: (-tie.score, tie.key))
        changed = {}
        for tie in found:
            entity = self._announcer.entity_id(tie.key, epoch)
            cluster = self.joining.place(tie, entity, epoch)
            if cluster is not None:
                # Ties that had waited may come with them.
                cluster.excuse(excused)
                changed[cluster.id] = cluster
        return changed

    @property
    def watched(self) -> frozenset[int]:
        """Keys of the ties whose every new member is wanted."""
        clusters = self.joining.clusters
        return followed(clusters) | clusters.by_tie.keys()

    def _finding(
        self,
        ties: TestedTies,
        row: int,
        members: NDArray[np.void],
        time: int,
        learning: bool,  # noqa: FBT001 - one of the columns of a listed tie
    ) -> TieFinding | None:
        """The listed tie with its p-value, unless it is dismissed, allowed or ordinary."""
        key = int(ties.statistics["tie"][row])
        if key in self.joining.clusters.dismissed or self.crossing.holds(key):
            return None
        if kind_of(key) is TieKind.SIGNATURE:
            # Whose conversations others have taken up may be their victim.
            members = members[~issued_to(members, np.array([len(members)]))]
        members = self._allowed.strip(key, members, time)
        score = float(ties.scores[row])
        p_value = self._calibration.p_value(score)
        payer = payer_of(self.joining.clusters, key, members["account"].tolist())
        looked_at = bool(ties.tested[row]) or key in self.joining.clusters.by_tie
        if payer is None and not looked_at:
            # Listed for its payers alone: a look that the budget does not count finds nothing.
            return None
        if payer is None and (len(members) < LEAST_MEMBERS or p_value > JOIN_P):
            return None
        q_value = self._budget.q_value(p_value, counted=bool(ties.tested[row]))
        rate = self._calibration.findings_per_million(score)
        affinities = self._score.affinity(members["ranks"]) / self._spread
        affinities[members["ranked"] == 0] = 0.0
        order = np.argsort(members["account"])
        return TieFinding(
            key,
            score,
            p_value,
            q_value,
            int(ties.first_epochs[row]),
            members["account"][order],
            members["count"][order],
            affinities[order],
            ties.inputs[row],
            not learning and self._budget.admits(rate, q_value),
            payer_of=payer.id if payer else "",
        )

    def expire(self, epoch: int) -> None:
        """Let go of what no finding needs after an epoch."""
        self.crossing.expire(epoch)
        self.joining.release()
        held = self.joining.ties
        shown = self._announcer.dump()
        self._announcer.load({key: text for key, text in shown.items() if key in held})

    def forget(self, account: int) -> None:
        """Drop an account from all that was found."""
        self.joining.forget(account)
        self.crossing.crossings.forget(account)

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {"joining": self.joining.dump(), "crossing": self.crossing.dump()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self.joining.load(state["joining"])
        self.crossing.load(state["crossing"])


def _listed(reports: Sequence[TieReport]) -> list[tuple[TestedTies, int, NDArray[np.void]]]:
    """Ties with listed members, each by its row, and the members.

    By key: each q-value counts those before it, and their order must not depend on the partitions.
    """
    listed: list[tuple[int, TestedTies, int, NDArray[np.void]]] = []
    for report in reports:
        ties = report.ties
        keys = ties.statistics["tie"]
        starts = np.concatenate([np.zeros(1, np.int64), ties.member_ends[:-1]])
        for row in np.flatnonzero(ties.member_ends > starts).tolist():
            members = ties.members[starts[row] : ties.member_ends[row]]
            listed.append((int(keys[row]), ties, row, members))
    listed.sort(key=lambda tie: tie[0])
    return [(ties, row, members) for _, ties, row, members in listed]
