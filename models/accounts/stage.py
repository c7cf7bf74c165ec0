"""The account stage: profiles of the accounts of one partition, moved once an epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.accounts.duplicates import Duplicates
from models.accounts.holders import holder_of
from models.accounts.options import AccountOptions
from models.accounts.partial import EpochPartial
from models.accounts.pieces import FactValues, place_profiles, profile_pieces
from models.accounts.ranking import RankedAccounts
from models.accounts.waiting_facts import WaitingFacts
from models.kernels import accounts as kernels
from models.kernels import habits
from models.layouts import MOVABLE_COLUMNS, PROFILE, UNITS
from models.requests.batch import EventBatch
from models.requests.kinds import TieKind
from models.sweeping import kept_within
from models.table import KeyTable, Records
from models.wire.arrays import fitted
from models.wire.checkpoint import Cut, Renewal
from models.wire.messages import AccountReport, Control, Holder, RowCounts

_MICROSECONDS = 1_000_000


class AccountStage:
    """Profiles and open partials of one account partition.

    Args:
        options: How accounts are kept.
        tie_partitions: How many tie partitions are told.
        journal: Note what changes, so that `cut` can give it.
    """

    def __init__(
        self, options: AccountOptions, tie_partitions: int, *, journal: bool = False
    ) -> None:
        self._options = options
        self._tie_partitions = tie_partitions
        self._table = KeyTable()
        self._profiles = Records(PROFILE)
        self._names: list[str] = []
        self._examples: list[tuple[str, int]] = []
        self._open: dict[int, EpochPartial] = {}
        self._duplicates = Duplicates(journal=journal)
        self._journal = journal
        self._touched: list[NDArray[np.int32]] = []
        self._renewal = Renewal()
        self.rebuilt = False
        self._facts = WaitingFacts()
        self._closed = -1
        self.counts = RowCounts()
        self.evicted = 0

    def add(self, batch: EventBatch) -> None:
        """Add rows of this partition, each to its epoch; duplicates are dropped.

        A row of a closed epoch was counted before (a log is being read again) and is dropped too.
        """
        if len(batch) and int(batch.epoch.min()) <= self._closed:
            batch = batch.take(np.flatnonzero(batch.epoch > self._closed))
        fresh, reused = self._duplicates.admit(
            batch.time, batch.request, batch.reference, batch.epoch
        )
        self.counts.duplicates += len(batch) - int(fresh.sum())
        self.counts.reused_ids += reused
        if not fresh.all():
            batch = batch.take(np.flatnonzero(fresh))
        self.counts.added += len(batch)
        present = np.unique(batch.epoch).tolist()
        for epoch in present:
            rows = batch if len(present) == 1 else batch.take(np.flatnonzero(batch.epoch == epoch))
            self._partial(epoch).add(rows)

    def _partial(self, epoch: int) -> EpochPartial:
        if epoch not in self._open:
            length = self._options.epoch_seconds * _MICROSECONDS
            self._open[epoch] = EpochPartial(epoch * length, length)
        return self._open[epoch]

    @property
    def count(self) -> int:
        """Accounts in state."""
        return self._table.count

    def open_epochs(self) -> list[int]:
        """Epochs that hold rows and are not closed, ascending."""
        return sorted(self._open)

    def add_facts(self, account: int, time: int, facts: FactValues) -> None:
        """Note facts; they act when an epoch closes that is not before their time."""
        epoch = max(time // (self._options.epoch_seconds * _MICROSECONDS), self._closed + 1)
        self._facts.add(epoch, time, account, facts)

    def close(self, epoch: int, control: Control) -> AccountReport:
        """Fold the epoch into the profiles and say what the tie stage and the head need to know."""
        self._bring_forward(epoch)
        partial = self._open.pop(epoch, None) or EpochPartial(0, 1)
        self._closed = epoch
        self._duplicates.settle(epoch)
        self._duplicates.forget_before(epoch * self._options.epoch_seconds * _MICROSECONDS)
        self._flag(control)
        partials, edges = partial.partials, partial.edges
        slots = self._slots(partial)
        self._touch(slots)
        bans = self._apply_facts(epoch)
        options = self._options
        hour = epoch * options.epoch_seconds // 3600 % 24
        kernels.fold(
            self._profiles.array, slots, partials, epoch, hour,
            options.half_life, options.generation, UNITS,
        )  # fmt: skip
        kernels.recall(self._profiles.array, slots, edges, np.uint64(TieKind.FRAGMENT))
        habits.note(
            self._profiles.array, slots, partials, edges,
            MOVABLE_COLUMNS, np.uint64(TieKind.FRAGMENT), epoch, options.day,
        )  # fmt: skip
        now = (epoch + 1) * options.epoch_seconds * _MICROSECONDS
        ranked = RankedAccounts(epoch, now, partial, self._profiles.array[slots], control)
        return self._report(epoch, ranked, partial, slots, bans)

    def _bring_forward(self, epoch: int) -> None:
        """What is open of earlier epochs was passed over: it counts in this one."""
        for earlier in [one for one in self.open_epochs() if one < epoch]:
            self._partial(epoch).add(self._open.pop(earlier).as_rows())

    def _slots(self, partial: EpochPartial) -> NDArray[np.int32]:
        known = self._table.count
        slots = self._table.slots_of(partial.partials["account"].copy())
        self._profiles.reserve(self._table.count)
        # New accounts come in the partial's order, and so do their slots.
        fresh = np.flatnonzero(slots >= known).tolist()
        self._names += map(partial.names.__getitem__, fresh)
        self._examples += map(partial.examples.__getitem__, fresh)
        for slot, example in zip(slots.tolist(), partial.examples, strict=True):
            self._examples[slot] = example
        return slots

    def _report(
        self,
        epoch: int,
        ranked: RankedAccounts,
        partial: EpochPartial,
        slots: NDArray[np.int32],
        bans: Mapping[int, bool],
    ) -> AccountReport:
        self._profiles.array["contributes"][slots[ranked.due]] = epoch + self._options.contribution
        priorities, sample = ranked.sample()
        cohorts, bins = ranked.lessons()
        return AccountReport(
            tie_batches=ranked.tie_batches(self._tie_partitions),
            cohorts=cohorts,
            bins=bins,
            oddity=ranked.oddities(),
            priorities=priorities,
            sample=sample,
            requests=int(partial.partials["measures"][:, 0].sum()),
            scores=ranked.scores(self._names, slots),
            banned=sorted(account for account, banned in bans.items() if banned),
            reinstated=sorted(account for account, banned in bans.items() if not banned),
        )

    def _flag(self, control: Control) -> None:
        for keys, flag in ((control.flagged, 1), (control.released, 0)):
            if len(keys):
                slots = self._table.look_up(np.array(keys, np.uint64))
                slots = slots[slots >= 0]
                self._profiles.array["flagged"][slots] = flag
                self._touch(slots)

    def _apply_facts(self, epoch: int) -> Mapping[int, bool]:
        """Let facts act; the accounts that were banned by them (True) or are no longer (False)."""
        slots, bans = self._facts.act(epoch, self._table, self._profiles.array)
        self._touch(slots)
        return bans

    def answer(self, keys: NDArray[np.uint64]) -> dict[int, Holder]:
        """What is known of those of the accounts that this partition holds."""
        found: dict[int, Holder] = {}
        for key, slot in zip(keys.tolist(), self._table.look_up(keys).tolist(), strict=True):
            if slot >= 0:
                profile = self._profiles.array[slot]
                found[key] = holder_of(profile, self._names[slot], self._examples[slot])
        return found

    def forget_before(self, epoch: int) -> None:
        """Drop accounts without a request since that epoch, and older facts of unknown accounts."""
        self._facts.forget_before(epoch)
        profiles = self._profiles.array[: self._table.count]
        self._keep(np.flatnonzero(profiles["last_epoch"] >= epoch))

    def keep_at_most(self, bound: int) -> None:
        """Drop the longest idle accounts where there are more than that after a close."""
        if self.count <= bound:
            return
        profiles = self._profiles.array[: self._table.count]
        kept = kept_within(bound, self._closed, profiles["last_epoch"], profiles["account"])
        self.evicted += len(profiles) - len(kept)
        self._keep(kept)

    def forget(self, account: int) -> None:
        """Drop all that is known of an account, its rows of open epochs and its facts included."""
        profiles = self._profiles.array[: self._table.count]
        self._keep(np.flatnonzero(profiles["account"] != np.uint64(account)))
        for partial in self._open.values():
            partial.forget(account)
        self._facts.forget(account)

    def _keep(self, kept: NDArray[np.intp]) -> None:
        profiles = self._profiles.array[: self._table.count]
        if len(kept) == len(profiles):
            return
        self._names = [self._names[slot] for slot in kept]
        self._examples = [self._examples[slot] for slot in kept]
        self._profiles.replace(profiles[kept])
        self._table.rebuild(self._profiles.array["account"][: len(kept)].copy())
        self._touched = []
        self.rebuilt = True

    def _touch(self, slots: NDArray[np.int32]) -> None:
        if self._journal and len(slots):
            self._touched.append(slots)

    def cut(self, *, whole: bool) -> Cut:
        """The state after the last close, nothing of the log being settled; needs the journal.

        Args:
            whole: All of it (in any case when slots were `rebuilt`), else news and a share.
        """
        changed = np.zeros(self.count, np.bool_)
        changed[np.concatenate([*self._touched, np.empty(0, np.int32)])] = True
        share = self._renewal.share(
            int(changed.sum()) * PROFILE.itemsize + self._duplicates.changed_bytes,
            self.count * PROFILE.itemsize + self._duplicates.kept_bytes,
            whole=whole or self.rebuilt,
        )
        self._touched, self.rebuilt = [], False
        due = share.holds(self._profiles.array["account"][: self.count])
        accounts = self._profiles.array, self._names, self._examples
        renewed = profile_pieces(np.flatnonzero(due & ~changed), *accounts)
        renewed += [{"duplicates": piece} for piece in self._duplicates.renewed(share)]
        news = profile_pieces(np.flatnonzero(changed), *accounts)
        news += [{"duplicates": piece} for piece in self._duplicates.cut()]
        closing = {"closed": self._closed, "count": self.count, "waiting": self._facts.held()}
        return Cut(share, renewed, news, closing, 0)

    def restore(self, closing: Mapping[str, Any], pieces: Iterable[Mapping[str, Any]]) -> None:
        """Take what cuts gave: the last closing record, the pieces that hold."""
        count, self._closed = int(closing["count"]), int(closing["closed"])
        self._profiles.reserve(count)
        self._names, self._examples = [""] * count, [("", 0)] * count
        self._facts.place(closing.get("waiting", ()))
        for piece in pieces:
            if piece.get("epoch", self._closed) == self._closed:
                self._restore_piece(piece)
        self._table.rebuild(self._profiles.array["account"][:count].copy())
        self._duplicates.forget_before(self._closed * self._options.epoch_seconds * _MICROSECONDS)

    def _restore_piece(self, piece: Mapping[str, Any]) -> None:
        if "profiles" in piece:
            place_profiles(piece, self._profiles.array, self._names, self._examples)
        elif "duplicates" in piece:
            self._duplicates.restore(piece["duplicates"])
        else:  # States of before had facts in pieces of their own.
            self._facts.place(piece["waiting"])

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "closed": self._closed,
            "profiles": self._profiles.array[: self._table.count].copy(),
            "names": self._names,
            "examples": self._examples,
            "open": {epoch: partial.dump() for epoch, partial in self._open.items()},
            "duplicates": self._duplicates.dump(),
            **self._facts.dump(),
            "counts": [self.counts.added, self.counts.duplicates, self.counts.reused_ids],
            "evicted": self.evicted,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._closed = int(state["closed"])
        self._profiles.replace(fitted(state["profiles"], PROFILE))
        self._table.rebuild(state["profiles"]["account"].copy())
        self._names = list(state["names"])
        self._examples = [(str(name), int(time)) for name, time in state["examples"]]
        self._open = {}
        for epoch, partial in state["open"].items():
            self._partial(int(epoch)).load(partial)
        self._duplicates.load(state["duplicates"])
        self._facts.load(state)
        self.counts = RowCounts(*state["counts"])
        self.evicted = int(state["evicted"])
