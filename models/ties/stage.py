"""The tie stage: who shares what. One instance keeps the ties of one tie partition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evidence.baseline import FEATURES
from models.evidence.tie_score import TieScore
from models.kernels import ties as kernels
from models.kernels.values import TIE as SHARED
from models.kernels.values import count_expired, place_values
from models.pooling import TieView, pooled_inputs, tie_statistics
from models.requests.kinds import to_come
from models.signals import TIE_FEATURES
from models.sweeping import kept_within
from models.table import Records
from models.tie_layouts import ALL_SINGLES, MEMBER, TIE, VALUE
from models.ties.forgetting import surplus_singles, without_member, without_singles
from models.ties.pieces import Kept, add_clear, by_key, kept_pieces, place_records
from models.ties.tie_crossings import crossings_of
from models.wire.arrays import fitted
from models.wire.checkpoint import Cut, Renewal
from models.wire.messages import TestedTies, TieBatch, TieOptions, TieReport, joined_batches

STATISTICS = tie_statistics(FEATURES)
LEAST_MEMBERS = 3
SINGLES_A_TIE = 8
"""Values of one account that are kept for each tie that may be kept."""

_LEAST_VOLUME = 6
_FULLEST = 0.65
_GONE = -1


class TieStage:
    """Ties of one partition: singles until a second account shows the value, members after that.

    Args:
        score: The tie score.
        single_epochs: Epochs after which a value that only one account showed counts as forgotten;
            its memory is taken back when room is needed.
        seed: Where values lie in the table; secret, and of no other effect.
    """

    def __init__(self, score: TieScore, single_epochs: int, seed: int = 0) -> None:
        self._score = score
        self._single_epochs = single_epochs
        self._seed = np.uint64(seed)
        self._values = np.zeros(1 << 14, VALUE)
        self._places = np.full(1 << 14, kernels.NOBODY, np.int32)
        self._ties = Records(TIE)
        self._members = Records(MEMBER)
        self._counts = np.zeros(3, np.int64)
        self._clear: dict[int, str] = {}
        self._singles_from = ALL_SINGLES
        self._written_clear = 0
        self._written_epoch = -1
        self._renewal = Renewal()
        self.rebuilt = False
        self.evicted = 0

    @property
    def count(self) -> int:
        """Ties in state (values shown by two accounts or more)."""
        return int(self._counts[1])

    def close(self, epoch: int, batches: Sequence[TieBatch], options: TieOptions) -> TieReport:
        """Add the epoch's batches, one from each account partition, and test what has doubled."""
        batch = joined_batches(batches)
        numbers = self._add(epoch, batch, options)
        crossings = crossings_of(self._ties.array, self._members.array, numbers, epoch)
        # Texts under their coming key only gather members: tested too, they were found twice.
        coming = np.isin(self._ties.array["key"][numbers], to_come(batch.edges["tie"]))
        values, ties, members = map(int, self._counts)
        tested = self._test(numbers[~coming], options)
        return TieReport(tested, values - ties, ties, members, crossings)

    def _add(self, epoch: int, batch: TieBatch, options: TieOptions) -> NDArray[np.int32]:
        edges = batch.edges
        oldest_single = epoch - self._single_epochs
        self._reserve(len(edges), oldest_single)
        touched = np.empty(len(edges), np.int32)
        count = kernels.add_edges(
            self._values, self._seed, self._ties.array, self._members.array, self._places, edges,
            batch.accounts, batch.requests, batch.ranks, batch.ranked, epoch,
            oldest_single, options.most_members, self._counts, touched,
        )  # fmt: skip
        kernels.mark_issued(
            self._values, self._seed, self._members.array, self._places, edges, batch.accounts
        )
        self._note_clear(batch.clear, touched[:count])
        return touched[:count]

    def _note_clear(self, clear: Mapping[int, str], touched: NDArray[np.int32]) -> None:
        """Keep the clear values of ties; a single's comes again with whoever makes it a tie."""
        ties = set(self._ties.array["key"][touched].tolist()) if clear else ()
        self._clear.update((key, text) for key, text in clear.items() if key in ties)

    def _reserve(self, edges: int, oldest_single: int) -> None:
        if self._counts[0] + edges > len(self._values) * _FULLEST:
            self._make_room(edges, oldest_single)
        self._ties.reserve(int(self._counts[1]) + edges)
        self._members.reserve(int(self._counts[2]) + 2 * edges)
        wanted = int(self._counts[2]) + 2 * edges
        if wanted > len(self._places) * _FULLEST:
            self._place_members(_power_above(2 * wanted))

    def _make_room(self, edges: int, oldest_single: int) -> None:
        """Take back the memory of forgotten singles, and grow where that is not enough."""
        self._counts[0] -= count_expired(self._values, oldest_single)
        self._singles_from = oldest_single
        capacity = len(self._values)
        while self._counts[0] + edges > capacity * _FULLEST / 2:
            capacity *= 2
        self._place_values(capacity, oldest_single)

    def _place_values(self, capacity: int, oldest_single: int) -> None:
        before, self._values = self._values, np.zeros(capacity, VALUE)
        place_values(self._values, before, self._seed, oldest_single)

    def _place_members(self, capacity: int) -> None:
        self._places = np.full(capacity, kernels.NOBODY, np.int32)
        kernels.place_members(self._places, self._members.array, self._counts[2])

    def _test(self, numbers: NDArray[np.int32], options: TieOptions) -> TestedTies:
        ties = self._ties.array
        members, volume = ties["members"][numbers], ties["volume"][numbers]
        enough = (members >= LEAST_MEMBERS) & (members < options.most_members)
        doubled = (members >= 2 * ties["tested_members"][numbers]) | (
            volume >= 2 * ties["tested_volume"][numbers]
        )
        tested = enough & doubled & (volume >= _LEAST_VOLUME)
        watched = np.zeros(len(numbers), np.bool_)
        if options.watched:
            wanted = np.fromiter(options.watched, np.uint64, len(options.watched))
            watched = np.isin(ties["key"][numbers], wanted)
            watched &= members > ties["listed_members"][numbers]
        chosen = numbers[tested | watched]
        ties["tested_members"][numbers[tested]] = ties["members"][numbers[tested]]
        ties["tested_volume"][numbers[tested]] = ties["volume"][numbers[tested]]
        return self._listed(chosen, tested[tested | watched], watched[tested | watched], options)

    def _listed(
        self,
        chosen: NDArray[np.int32],
        tested: NDArray[np.bool_],
        watched: NDArray[np.bool_],
        options: TieOptions,
    ) -> TestedTies:
        order = np.argsort(self._ties.array["key"][chosen])
        chosen, tested, watched = chosen[order], tested[order], watched[order]
        statistics = np.zeros(len(chosen), STATISTICS)
        kernels.sum_members(self._ties.array, self._members.array, chosen, statistics)
        inputs = pooled_inputs(TieView(statistics, options.epoch_seconds), TIE_FEATURES)
        scores = self._score.score(statistics["tie"], inputs)
        listed = watched | (scores >= options.listed_score) | options.list_all
        sizes = self._ties.array["members"][chosen[listed]]
        numbers = np.empty(int(sizes.sum()), np.int64)
        ends = np.zeros(int(listed.sum()), np.int64)
        kernels.list_members(self._ties.array, self._members.array, chosen[listed], numbers, ends)
        self._ties.array["listed_members"][chosen[listed]] = sizes
        all_ends = np.zeros(len(chosen), np.int64)
        all_ends[listed] = ends
        np.maximum.accumulate(all_ends, out=all_ends)
        keys = statistics["tie"][listed].tolist()
        return TestedTies(
            statistics=statistics,
            scores=scores,
            inputs=inputs,
            first_epochs=self._ties.array["first_epoch"][chosen],
            tested=tested,
            members=self._members.array[numbers],
            member_ends=all_ends,
            clear={key: self._clear[key] for key in keys if key in self._clear},
        )

    def forget_before(self, epoch: int) -> None:
        """Drop ties that were last shown before that epoch, and values long forgotten by then."""
        ties, oldest_single = self._ties.array[: self._counts[1]], epoch - self._single_epochs
        idle = len(ties) and int(ties["last_epoch"].min()) < epoch
        if idle or count_expired(self._values, oldest_single):
            self._forget(epoch, oldest_single)

    def keep_at_most(self, bound: int, epoch: int) -> None:
        """Drop the longest idle ties where there are more than that after the close of an epoch.

        Of values of one account at most `SINGLES_A_TIE` times as many: a flood pushes out itself.
        """
        if self._counts[0] - self._counts[1] > SINGLES_A_TIE * bound:
            self._values["epoch"][surplus_singles(self._values, SINGLES_A_TIE * bound)] = _GONE
            self._forget(0, 0)
        if self.count <= bound:
            return
        ties = self._ties.array[: self._counts[1]]
        kept = kept_within(bound, epoch, ties["last_epoch"], ties["key"])
        self.evicted += len(ties) - len(kept)
        gone = np.ones(len(ties), np.bool_)
        gone[kept] = False
        shared = np.flatnonzero(self._values["account"] == SHARED)
        # No epoch is before 0: what was last shown then is dropped, whatever is else.
        self._values["epoch"][shared[gone[self._values["count"][shared]]]] = _GONE
        self._forget(0, _GONE)

    def forget(self, account: int) -> None:
        """Take an account out of all ties, and drop the values that only it showed."""
        state = self.dump()
        values = without_singles(state["values"], account)
        ties, members = without_member(state["ties"], state["members"], account)
        self.load({**state, "values": values, "ties": ties, "members": members})
        self.rebuilt = True

    def _forget(self, tie_epoch: int, single_epoch: int) -> None:
        ties, members = np.zeros_like(self._ties.array), np.zeros_like(self._members.array)
        kernels.compact(
            self._values, self._ties.array, self._members.array,
            tie_epoch, single_epoch, self._counts, ties, members,
        )  # fmt: skip
        self._ties.array, self._members.array = ties, members
        self.rebuilt = True
        self._place_values(len(self._values), ALL_SINGLES)
        self._place_members(len(self._places))
        self._keep_clear(self._clear)

    def _keep_clear(self, clear: Mapping[int, str]) -> None:
        """Of these clear values keep those of ties; older states have those of singles too."""
        kept = set(self._ties.array["key"][: self._counts[1]].tolist())
        self._clear = {key: text for key, text in clear.items() if key in kept}

    def cut(self, epoch: int, *, whole: bool) -> Cut:
        """The state after this epoch was closed, nothing of the log being settled.

        Args:
            epoch: The epoch that was closed last.
            whole: All of it (in any case when ties were `rebuilt`), else news and a share.
        """
        values, ties, members = self._counts.tolist()
        kept = (
            Kept("values", self._values, values, "key", "epoch", placed=False),
            Kept("ties", self._ties.array[:ties], ties, "key", "last_epoch"),
            Kept("members", self._members.array[:members], members, "account", "epoch"),
        )
        since, whole = self._written_epoch + 1, whole or self.rebuilt
        pieces = kept_pieces(kept, since, self._renewal, whole=whole)
        add_clear(pieces, self._clear, self._written_clear)
        self._written_epoch, self._written_clear = epoch, len(self._clear)
        self.rebuilt = False
        closing = {"counts": [values, ties, members], "capacity": len(self._values)}
        return Cut(*pieces, {**closing, "singles_from": self._singles_from}, 0)

    def restore(
        self, epoch: int, closing: Mapping[str, Any], pieces: Iterable[Mapping[str, Any]]
    ) -> None:
        """Take what cuts gave: the last closing record, the pieces that hold."""
        self._counts[:] = closing["counts"]
        self._singles_from = closing["singles_from"]
        self._values = np.zeros(closing["capacity"], VALUE)
        self._ties.reserve(int(self._counts[1]))
        self._members.reserve(int(self._counts[2]))
        clear: dict[int, str] = {}
        into = {"ties": self._ties.array, "members": self._members.array}
        for piece in pieces:
            if "values" in piece:
                values = fitted(piece["values"], VALUE)
                place_values(self._values, values, self._seed, self._singles_from)
            place_records(piece, into)
            clear.update(piece.get("clear", {}))
        self._keep_clear(clear)
        self._place_members(_power_above(int(self._counts[2]) * 2))
        self._written_epoch, self._written_clear = epoch, len(self._clear)

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "values": by_key(self._values[self._values["key"] != 0]),
            "ties": self._ties.array[: self._counts[1]].copy(),
            "members": self._members.array[: self._counts[2]].copy(),
            "clear": self._clear,
            "evicted": self.evicted,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._counts[:] = [len(state["values"]), len(state["ties"]), len(state["members"])]
        self._ties.replace(fitted(state["ties"], TIE))
        self._members.replace(fitted(state["members"], MEMBER))
        self._keep_clear({int(key): str(text) for key, text in state["clear"].items()})
        self.evicted = int(state["evicted"])
        self._values = np.zeros(_power_above(len(state["values"]) * 2), VALUE)
        place_values(self._values, fitted(state["values"], VALUE), self._seed, ALL_SINGLES)
        self._place_members(_power_above(len(state["members"]) * 2))


def _power_above(count: int) -> int:
    return 1 << max(14, int(count).bit_length())
