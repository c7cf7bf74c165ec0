"""What sources, account partitions, tie partitions and the head write into each other's logs.

Every partition reads one log and nothing else; what it does is a function of that log from where
its state was last written. Repeated messages are recognised by (partition, epoch), or by how far
they cover their source, and do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.requests.batch import EventBatch
from models.wire.messages import AccountReport, Control, Holder, TieBatch, TieOptions, TieReport

NOTHING = -1
"""Position or epoch before the first."""


@dataclass(frozen=True, slots=True)
class Rows:
    """To an account partition: its rows out of records (`previous`, `position`] of a source."""

    source: str
    previous: int
    position: int
    batch: EventBatch | None


@dataclass(frozen=True, slots=True)
class Facts:
    """To an account partition: facts out of records (`previous`, `position`] of a source.

    Each is (position, account, event time in microseconds, columns of the profile).
    """

    source: str
    previous: int
    position: int
    facts: Sequence[tuple[int, int, int, Mapping[str, int]]]


@dataclass(frozen=True, slots=True)
class Close:
    """To every account partition: close this epoch once each source is covered up to a position.

    Also to sources: one that stands before that position was read further by another, whose rows
    may be lost.
    """

    epoch: int
    coverage: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ask:
    """To account partitions: what is known of these accounts at the close of this epoch?"""

    epoch: int
    accounts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Concluded:
    """To every account partition: the epoch is decided; what holds for the next.

    `control` without tables, trees and tail leaves those of before in force unless `renewed`.
    """

    epoch: int
    control: Control
    renewed: bool


@dataclass(frozen=True, slots=True)
class Forget:
    """To an account partition, and from it to every tie partition and the head: erase an account.

    What comes after it is of a new account. Read again after a restart, it also erases what the
    account did in between: rather too much is forgotten than too little.

    Attributes:
        account: Its key.
        name: As the provider names it, under which scores are published.
    """

    account: int
    name: str


@dataclass(frozen=True, slots=True)
class TieRows:
    """To a tie partition: what one account partition has for it of one epoch."""

    partition: int
    epoch: int
    batch: TieBatch


@dataclass(frozen=True, slots=True)
class ConcludedTies:
    """To every tie partition: the epoch is decided; what holds for the next."""

    epoch: int
    options: TieOptions


@dataclass(frozen=True, slots=True)
class Standing:
    """To the head: where a source stands.

    Attributes:
        source: Its name.
        position: Last record that was read and passed on.
        watermark: Event time it has passed, microseconds; None before its first believed row.
        epochs: Epochs that its rows counted in since it last said so.
        state: `joining` a source begins (again) and waits to be admitted; `active` it holds epochs
            open; `idle` it stands at its log's end and holds nobody back; `facts` and `feedback` it
            brings those, holds nobody back, and has been read up to where its log ended at the
            start.
    """

    source: str
    position: int
    watermark: int | None
    epochs: Sequence[int]
    state: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """To the head: verdicts out of records (`previous`, `position`] of a source of feedback.

    Each is the position and the fields of a `models.head.verdicts.Verdict`; before scopes and
    expiries were known, the first three of them.
    """

    source: str
    previous: int
    position: int
    verdicts: Sequence[tuple[int, int, str, str, int, str]]


@dataclass(frozen=True, slots=True)
class AccountsClosed:
    """To the head: one account partition has closed an epoch."""

    partition: int
    epoch: int
    report: AccountReport


@dataclass(frozen=True, slots=True)
class TiesClosed:
    """To the head: one tie partition has closed an epoch."""

    partition: int
    epoch: int
    report: TieReport


@dataclass(frozen=True, slots=True)
class Answer:
    """To the head: what one account partition knows of the accounts asked for."""

    partition: int
    epoch: int
    holders: Mapping[int, Holder]


@dataclass(frozen=True, slots=True)
class Admitted:
    """To sources: this one may begin.

    None of its rows may count before `floor`; epochs up to `decided` are decided already, though it
    may read their rows again; `position` is how far it was read by whoever had it.
    """

    source: str
    floor: int
    decided: int = NOTHING
    position: int = NOTHING


@dataclass(frozen=True, slots=True)
class Progress:
    """To sources: epochs up to this one are decided."""

    epoch: int


ToAccounts = Rows | Facts | Close | Ask | Concluded | Forget
ToTies = TieRows | ConcludedTies | Forget
ToHead = Standing | Verdicts | AccountsClosed | TiesClosed | Answer | Forget
ToSources = Admitted | Close | Progress


@dataclass(slots=True)
class Sent:
    """What a step sends, in order: account partitions, tie partitions, head, sources.

    Messages to partitions go to the numbered one.
    """

    accounts: list[tuple[int, ToAccounts]] = field(default_factory=list)
    ties: list[tuple[int, ToTies]] = field(default_factory=list)
    head: list[ToHead] = field(default_factory=list)
    sources: list[ToSources] = field(default_factory=list)
