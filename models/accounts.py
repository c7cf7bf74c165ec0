"""The account stage: profiles of the accounts of one partition, moved once an epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.baseline import FEATURES, TreeArrays
from models.batch import COHORTS, MEASURES, EventBatch
from models.duplicates import Duplicates
from models.features import BINS, ProfileView
from models.kernels import accounts as kernels
from models.kernels.batch import UNIT
from models.kernels.table import mix_all
from models.kinds import KIND_BITS, TieKind
from models.layouts import EDGE, PROFILE
from models.partial import EpochPartial
from models.signals import ACCOUNT_FEATURES
from models.table import KeyTable, Records
from models.ties import TieBatch

_UNITS = np.array(
    [UNIT**2 if name.endswith("_squared") else UNIT if name.startswith(("log_", "cached")) else 1.0
     for name in MEASURES]
)  # fmt: skip
_LOWS = np.array([feature.low for feature in ACCOUNT_FEATURES])
_SCALES = (BINS - 1) / (np.array([feature.high for feature in ACCOUNT_FEATURES]) - _LOWS)
_MICROSECONDS = 1_000_000
SAMPLE = 32
"""Accounts of an epoch that may teach the population model, over all partitions."""

_LEAST_REQUESTS = 3


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """How accounts are kept: all in epochs, except the length of one in seconds."""

    epoch_seconds: int
    half_life: float
    generation: int
    contribution: int

    @classmethod
    def of(cls, epoch_seconds: int) -> AccountOptions:
        """Half-life of three days, generations of two, a say in the baseline every six hours."""
        day = 86_400 / epoch_seconds
        return cls(epoch_seconds, 3 * day, max(1, round(2 * day)), max(1, round(day / 4)))


@dataclass(slots=True)
class Control:
    """What the head broadcasts after each epoch.

    Attributes:
        tables: Ranks by cohort, feature and bin; None until the baseline is ready.
        trees: The population model; None until it has learned.
        oddity_tail: Share of ordinary accounts at least as odd, by bin of oddity; None as above.
        flagged: Keys of accounts newly named by a finding: they teach the baseline no more.
        released: Keys of accounts whose finding was dismissed.
    """

    tables: NDArray[np.uint8] | None = None
    trees: TreeArrays | None = None
    oddity_tail: NDArray[np.float64] | None = None
    flagged: Sequence[int] = ()
    released: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class AccountScores:
    """Accounts that got a score in an epoch: names, p-values, requests in the epoch, bins of features."""

    names: list[str]
    p_values: NDArray[np.float64]
    requests: NDArray[np.int64]
    bins: NDArray[np.uint8]
    ranks: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What an account partition sends on closing an epoch: a batch a tie partition, a summary for the head.

    `sample` holds ranks of contributing accounts with the smallest `priorities`; `histogram` and
    `oddity` count what contributing accounts show.
    """

    tie_batches: list[TieBatch]
    histogram: NDArray[np.int64] | None
    oddity: NDArray[np.int64]
    priorities: NDArray[np.uint64]
    sample: NDArray[np.uint8]
    requests: int
    active: int
    known: int
    scores: AccountScores


@dataclass(slots=True)
class RowCounts:
    """Rows by what became of them."""

    added: int = 0
    duplicates: int = 0
    reused_ids: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Holder:
    """What the head may ask of an account: its name, requests so far, and one request to look up."""

    name: str
    requests: int
    first: int
    last: int
    example_id: str
    example_time: int


FactValues = dict[str, int]
"""Facts of an account as profile columns: `created`, `plan`, `stated_payment`, `owner`."""


class AccountStage:
    """Profiles and open partials of one account partition."""

    def __init__(self, options: AccountOptions, tie_partitions: int) -> None:
        self._options = options
        self._tie_partitions = tie_partitions
        self._table = KeyTable()
        self._profiles = Records(PROFILE)
        self._names: list[str] = []
        self._examples: list[tuple[str, int]] = []
        self._open: dict[int, EpochPartial] = {}
        self._duplicates = Duplicates()
        self._facts: dict[int, list[tuple[int, int, FactValues]]] = {}
        self._waiting: dict[int, FactValues] = {}
        self._closed = -1
        self.counts = RowCounts()

    def add(self, batch: EventBatch) -> None:
        """Add rows of this partition; duplicates are dropped, late ones go to the next open epoch."""
        fresh, reused = self._duplicates.admit(batch.time, batch.request, batch.reference)
        self.counts.duplicates += len(batch) - int(fresh.sum())
        self.counts.reused_ids += reused
        if not fresh.all():
            batch = batch.take(np.flatnonzero(fresh))
        self.counts.added += len(batch)
        epochs = batch.time // (self._options.epoch_seconds * _MICROSECONDS)
        late = epochs <= self._closed
        self.counts.late += int(late.sum())
        epochs = np.maximum(epochs, self._closed + 1)
        present = np.unique(epochs).tolist()
        for epoch in present:
            rows = batch if len(present) == 1 else batch.take(np.flatnonzero(epochs == epoch))
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
        """Epochs that hold rows or facts and are not closed, ascending."""
        return sorted({*self._open, *self._facts})

    def add_facts(self, account: int, time: int, facts: FactValues) -> None:
        """Note facts until the epoch of their time closes."""
        epoch = max(time // (self._options.epoch_seconds * _MICROSECONDS), self._closed + 1)
        self._facts.setdefault(epoch, []).append((time, account, facts))

    def close(self, epoch: int, control: Control) -> AccountReport:
        """Fold the epoch into the profiles and say what the tie stage and the head need to know."""
        partial = self._open.pop(epoch, None) or EpochPartial(0, 1)
        self._closed = epoch
        self._duplicates.forget_before(epoch * self._options.epoch_seconds * _MICROSECONDS)
        self._flag(control)
        partials, edges = partial.partials, partial.edges
        slots = self._slots(partial)
        self._apply_facts(epoch)
        options = self._options
        hour = epoch * options.epoch_seconds // 3600 % 24
        kernels.fold(
            self._profiles.array, slots, partials, epoch, hour,
            options.half_life, options.generation, _UNITS,
        )  # fmt: skip
        kernels.recall(self._profiles.array, slots, edges, np.uint64(TieKind.FRAGMENT))
        profiles = self._profiles.array[slots]
        view = ProfileView(profiles, (epoch + 1) * options.epoch_seconds * _MICROSECONDS)
        bins = _all_bins(view)
        return self._report(epoch, control, partial, slots, profiles, bins)

    def _slots(self, partial: EpochPartial) -> NDArray[np.int32]:
        known = self._table.count
        slots = self._table.slots_of(partial.partials["account"].copy())
        self._profiles.reserve(self._table.count)
        for place, slot in enumerate(slots.tolist()):
            if slot >= known:
                self._names.append(partial.names[place])
                self._examples.append(partial.examples[place])
            else:
                self._examples[slot] = partial.examples[place]
        return slots

    def _report(
        self,
        epoch: int,
        control: Control,
        partial: EpochPartial,
        slots: NDArray[np.int32],
        profiles: NDArray[np.void],
        bins: NDArray[np.uint8],
    ) -> AccountReport:
        cohorts = profiles["plan"].astype(np.intp)
        ranks = np.full(bins.shape, 128, np.uint8)
        if control.tables is not None:
            kernels.to_ranks(cohorts, bins, control.tables, ranks)
        due = (profiles["contributes"] <= epoch) & (profiles["lifetime"] >= _LEAST_REQUESTS)
        teaching = np.flatnonzero(due & (profiles["flagged"] == 0))
        self._profiles.array["contributes"][slots[due]] = epoch + self._options.contribution
        histogram = None
        if len(teaching):
            histogram = np.zeros((COHORTS, FEATURES, BINS), np.int64)
            kernels.add_to_histogram(cohorts[teaching], bins[teaching], histogram)
        oddity = self._oddity(control, ranks)
        priorities, sample = self._sample(epoch, control, profiles, ranks, teaching)
        return AccountReport(
            tie_batches=self._tie_batches(partial, profiles, ranks, control.tables is not None),
            histogram=histogram,
            oddity=np.bincount(oddity[teaching], minlength=BINS),
            priorities=priorities,
            sample=sample,
            requests=int(partial.partials["measures"][:, 0].sum()),
            active=len(slots),
            known=self._table.count,
            scores=self._scores(control, partial, slots, due, oddity, bins, ranks),
        )

    @staticmethod
    def _oddity(control: Control, ranks: NDArray[np.uint8]) -> NDArray[np.intp]:
        if control.trees is None:
            return np.zeros(len(ranks), np.intp)
        score = control.trees.score(ranks)
        return np.clip(np.rint(score * (BINS - 1)), 0, BINS - 1).astype(np.intp)

    def _sample(
        self,
        epoch: int,
        control: Control,
        profiles: NDArray[np.void],
        ranks: NDArray[np.uint8],
        teaching: NDArray[np.intp],
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
        if control.tables is None or not len(teaching):
            return np.empty(0, np.uint64), np.empty((0, FEATURES), np.uint8)
        salt = np.uint64(epoch * 0x9E3779B97F4A7C15 % 2**64)
        priorities = mix_all(profiles["account"][teaching] ^ salt)
        order = np.argsort(priorities)[:SAMPLE]
        return priorities[order], ranks[teaching[order]]

    def _scores(
        self,
        control: Control,
        partial: EpochPartial,
        slots: NDArray[np.int32],
        due: NDArray[np.bool_],
        oddity: NDArray[np.intp],
        bins: NDArray[np.uint8],
        ranks: NDArray[np.uint8],
    ) -> AccountScores:
        chosen = np.flatnonzero(due) if control.oddity_tail is not None else np.empty(0, np.intp)
        tail = control.oddity_tail if control.oddity_tail is not None else np.ones(BINS)
        return AccountScores(
            names=[self._names[slot] for slot in slots[chosen].tolist()],
            p_values=tail[oddity[chosen]],
            requests=partial.partials["measures"][chosen, 0],
            bins=bins[chosen],
            ranks=ranks[chosen],
        )

    def _tie_batches(
        self,
        partial: EpochPartial,
        profiles: NDArray[np.void],
        ranks: NDArray[np.uint8],
        ranked: bool,
    ) -> list[TieBatch]:
        edges = _with_payments(partial.edges, profiles)
        requests = np.minimum(profiles["lifetime"], 2**31 - 1).astype(np.int32)
        accounts = profiles[["account", "owner", "payment", "network"]]
        target = (edges["tie"] >> np.uint64(KIND_BITS)) % np.uint64(self._tie_partitions)
        return [
            TieBatch(
                accounts,
                requests,
                ranks,
                ranked,
                edges if self._tie_partitions == 1 else edges[target == number],
                partial.clear,
            )
            for number in range(self._tie_partitions)
        ]

    def _flag(self, control: Control) -> None:
        for keys, flag in ((control.flagged, 1), (control.released, 0)):
            if len(keys):
                slots = self._table.look_up(np.array(keys, np.uint64))
                self._profiles.array["flagged"][slots[slots >= 0]] = flag

    def _apply_facts(self, epoch: int) -> None:
        for number in sorted(number for number in self._facts if number <= epoch):
            for _, account, facts in sorted(self._facts.pop(number), key=repr):
                self._waiting.setdefault(account, {}).update(facts)
        # Sign-ups are known before any use: facts wait for the account's first request.
        accounts = np.fromiter(self._waiting, np.uint64, len(self._waiting))
        slots = self._table.look_up(accounts)
        for account, slot in zip(accounts.tolist(), slots.tolist(), strict=True):
            if slot >= 0:
                for name, value in self._waiting.pop(account).items():
                    self._profiles.array[name][slot] = value

    def answer(self, keys: NDArray[np.uint64]) -> dict[int, Holder]:
        """What is known of those of the accounts that this partition holds."""
        slots = self._table.look_up(keys)
        found: dict[int, Holder] = {}
        for key, slot in zip(keys.tolist(), slots.tolist(), strict=True):
            if slot >= 0:
                profile = self._profiles.array[slot]
                found[key] = Holder(
                    self._names[slot],
                    int(profile["lifetime"]),
                    int(profile["first"]),
                    int(profile["last"]),
                    *self._examples[slot],
                )
        return found

    def forget_before(self, epoch: int) -> None:
        """Drop accounts without a request since that epoch."""
        profiles = self._profiles.array[: self._table.count]
        kept = np.flatnonzero(profiles["last_epoch"] >= epoch)
        if len(kept) == len(profiles):
            return
        self._names = [self._names[slot] for slot in kept]
        self._examples = [self._examples[slot] for slot in kept]
        self._profiles.replace(profiles[kept])
        self._table.rebuild(self._profiles.array["account"][: len(kept)].copy())

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "closed": self._closed,
            "profiles": self._profiles.array[: self._table.count].copy(),
            "names": self._names,
            "examples": self._examples,
            "open": {epoch: partial.dump() for epoch, partial in self._open.items()},
            "duplicates": self._duplicates.dump(),
            "facts": self._facts,
            "waiting": self._waiting,
            "counts": [
                self.counts.added, self.counts.duplicates, self.counts.reused_ids, self.counts.late,
            ],
        }  # fmt: skip

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._closed = int(state["closed"])
        self._profiles.replace(state["profiles"])
        self._table.rebuild(state["profiles"]["account"].copy())
        self._names = list(state["names"])
        self._examples = [(str(name), int(time)) for name, time in state["examples"]]
        self._open = {}
        for epoch, partial in state["open"].items():
            self._partial(int(epoch)).load(partial)
        self._duplicates.load(state["duplicates"])
        self._facts = {
            int(epoch): [(int(time), int(account), dict(values)) for time, account, values in facts]
            for epoch, facts in state["facts"].items()
        }
        self._waiting = {int(account): dict(facts) for account, facts in state["waiting"].items()}
        self.counts = RowCounts(*state["counts"])


def _all_bins(view: ProfileView) -> NDArray[np.uint8]:
    """Bin of every feature, one row an account; a value that is not finite counts as the lowest."""
    values = np.stack([feature.compute(view) for feature in ACCOUNT_FEATURES], axis=1)
    scaled = (values - _LOWS) * _SCALES
    scaled[~np.isfinite(scaled)] = 0.0
    return np.clip(np.rint(scaled), 0, BINS - 1).astype(np.uint8)


def _with_payments(edges: NDArray[np.void], profiles: NDArray[np.void]) -> NDArray[np.void]:
    """Edges with those added that follow from payments known as facts."""
    paying = np.flatnonzero(profiles["stated_payment"] != 0)
    if not len(paying):
        return edges
    extra = np.zeros(len(paying), EDGE)
    extra["slot"] = paying
    extra["tie"] = profiles["stated_payment"][paying]
    extra["count"] = 1
    return np.concatenate([edges, extra])

