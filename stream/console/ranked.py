"""Where an account stands among comparable ones, feature by feature, as the detector ranked it."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.features import AccountFeature
from models.signals import ACCOUNT_FEATURES, SIGNAL_OF, SIGNALS
from schemas.alert import Evidence
from schemas.score import ScoreRecord
from schemas.times import to_rfc3339
from stream.console.book import Book
from stream.console.readings import reading

_SIDES = {
    (SIGNALS[SIGNAL_OF[one.name]].id, words): one
    for one in ACCOUNT_FEATURES
    for words in (one.few, one.many)
}
_EVERYONE = np.array([feature.everyone for feature in ACCOUNT_FEATURES], np.bool_)
_TOP = 255.0

Bytes = NDArray[np.uint8]


class Stand(msgspec.Struct, frozen=True):
    """One feature of an account.

    Attributes:
        name: What it is.
        unit: Of value and usual: as in `stream.console.readings`.
        value: The account's.
        usual: The median of the accounts it is compared with.
        rank: Share of comparable accounts below it, as the detector ranked it.
        words: What lying on that side of the middle means.
        signal: Title of the signal that uses it.
    """

    name: str
    unit: str
    value: float
    usual: float
    rank: float
    words: str
    signal: str


class Standing(msgspec.Struct, frozen=True):
    """Features of an account, those that lie furthest out first.

    Attributes:
        stands: All of them, or the strongest three where nothing but its score is known.
        whole: Whether these are all.
        compared: Accounts whose median is the usual value; 0: the population's, as the score says.
        time: Start of the epoch in which it was seen so; None where it never did.
    """

    stands: list[Stand]
    whole: bool
    compared: int
    time: str | None


def standing_of(book: Book, account: str, cohort: list[str] | None) -> Standing:
    """Where an account stands, by its features or, failing these, by its score.

    `cohort` are the names of the accounts that it is compared with; None: all.
    """
    seen, score = book.ranked.get(account), book.score(account)
    if seen is None:
        return _scored(score, book.epoch_seconds)
    time, row = seen
    everybody = [one for _, one in book.ranked.values()]
    # An account that the recordings have, but that never got a score, is none to compare with.
    names = book.ranked if cohort is None else cohort
    others = [book.ranked[name][1] for name in names if name in book.ranked] or [row]
    medians = np.where(_EVERYONE, _medians(everybody), _medians(others))
    bins, ranks = _parts([row])[0].tolist()
    stands = [
        _told(one, one.value_at(bin_), one.value_at(usual), rank / _TOP)
        for one, bin_, usual, rank in zip(
            ACCOUNT_FEATURES, bins, medians.tolist(), ranks, strict=True
        )
    ]
    return Standing(_furthest_first(stands), True, len(others), to_rfc3339(time))


def _parts(rows: list[bytes]) -> Bytes:
    """Bins and ranks: uint8[accounts, 2, features]."""
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), 2, len(ACCOUNT_FEATURES))


def _medians(rows: list[bytes]) -> Bytes:
    middle = len(rows) // 2
    medians: Bytes = np.partition(_parts(rows)[:, 0], middle, axis=0)[middle]
    return medians


def _told(feature: AccountFeature, value: float, usual: float, rank: float) -> Stand:
    read = reading(feature.name)
    return Stand(
        name=read.name,
        unit=read.unit,
        value=read.rounded(value),
        usual=read.rounded(usual),
        rank=round(rank, 4),
        words=feature.many if rank > 0.5 else feature.few,
        signal=SIGNALS[SIGNAL_OF[feature.name]].title,
    )


def _furthest_first(stands: list[Stand]) -> list[Stand]:
    return sorted(stands, key=lambda one: (-abs(one.rank - 0.5), one.name))


def _scored(score: ScoreRecord | None, epoch_seconds: int) -> Standing:
    """What a score says: its evidence names features by their words, with value and median."""
    if score is None:
        return Standing([], False, 0, None)
    stands = [one for piece in score.evidence if (one := _of_evidence(piece)) is not None]
    time = to_rfc3339(score.epoch * epoch_seconds * 1_000_000)
    return Standing(_furthest_first(stands), False, 0, time)


def _of_evidence(piece: Evidence) -> Stand | None:
    """A feature out of its words; None where another version of the detector said them."""
    words = piece.text.partition(":")[0]
    feature = _SIDES.get((piece.signal, words))
    if feature is None:
        return None
    beyond = piece.weight / 2.0
    rank = 0.5 + beyond if words == feature.many else 0.5 - beyond
    return _told(feature, piece.value, piece.baseline, rank)
