"""Where accounts stand: of a replay's features all of them, of a score the strongest three."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from bench.scene import SMALL, alert_lines
from models.evidence.baseline import RankTables
from models.head.explanation import explain_account
from models.signals import ACCOUNT_FEATURES, SIGNAL_OF
from models.wire.messages import AccountScores
from schemas.alert import Entity
from schemas.codec import encode
from schemas.score import ScoreRecord
from stream.console.book import Book
from stream.console.ranked import Stand, standing_of
from stream.console.readings import READINGS
from stream.console.recorded import Files, read_findings
from stream.console.traffic import Traffic
from stream.errors import RecordingError
from stream.replay.feature_file import FeatureFile
from tests.strategies import KEY

WIDE = len(ACCOUNT_FEATURES)
MIDDLE = 128


def rows(seed: int, accounts: int) -> AccountScores:
    """Accounts with whatever features."""
    bins, ranks = np.random.default_rng(seed).integers(
        0, 256, (2, accounts, WIDE), dtype=np.uint8
    )  # fmt: skip
    names = [f"acct-{number}" for number in range(accounts)]
    return AccountScores(names, np.full(accounts, 0.5), np.ones(accounts, np.int64), bins, ranks)


def read(folder: Path, features: Path) -> Book:
    alerts = folder / "alerts.jsonl"
    alerts.write_bytes(b"\n".join(alert_lines(SMALL, KEY)) + b"\n")
    book = Book(Traffic())
    read_findings(book, Files(alerts=str(alerts), features=str(features)))
    return book


def test_of_each_account_the_latest_features_stand_beside_their_median(tmp_path: Path) -> None:
    earlier, later = rows(1, 5), rows(2, 4)
    file = FeatureFile(str(tmp_path / "features.parquet"), 300)
    file.write([(7, earlier), (9, later)])
    file.close()
    book = read(tmp_path, tmp_path / "features.parquet")
    stayed = standing_of(book, "acct-4", None)
    assert (stayed.time, stayed.whole, stayed.compared) == ("1970-01-01T00:35:00.000000Z", True, 5)
    latest = standing_of(book, "acct-2", ["acct-0", "acct-1", "acct-2", "no such account"])
    assert (latest.time, latest.compared) == ("1970-01-01T00:45:00.000000Z", 3)
    assert len(latest.stands) == WIDE
    out = [abs(one.rank - 0.5) for one in latest.stands]
    assert out == sorted(out, reverse=True)
    stands = {one.name: one for one in latest.stands}
    for at, feature in enumerate(ACCOUNT_FEATURES):
        read_as = READINGS[feature.name]
        stand = stands[read_as.name]
        among = later.bins[:3, at] if not feature.everyone else None
        assert stand.value == read_as.rounded(feature.value_at(int(later.bins[2, at])))
        assert stand.rank == pytest.approx(later.ranks[2, at] / 255, abs=1e-4)
        if among is not None:
            assert stand.usual == read_as.rounded(feature.value_at(int(np.median(among))))


@given(st.integers(0, 2**32))
def test_a_score_tells_the_same_as_features_do(seed: int) -> None:
    """What lies furthest out is the same by its features and by the evidence of its score."""
    told = rows(seed, 1)
    told.ranks[0] = np.random.default_rng(seed).permutation(WIDE) + MIDDLE
    baseline = RankTables()
    baseline.medians = told.bins[0].astype(np.float64)
    by_features, by_score = Book(Traffic()), Book(Traffic())
    by_features.add_ranked("a", 0, told.bins[0].tobytes() + told.ranks[0].tobytes())
    evidence = explain_account(told.bins[0], told.ranks[0], baseline, 3)
    score = ScoreRecord(Entity("account", "a"), 0, 0.5, 0.5, 1, evidence)
    by_score.add_score(encode(score), score)
    strongest, known = standing_of(by_score, "a", None), standing_of(by_features, "a", None)
    assert (strongest.whole, known.whole, strongest.time) == (False, True, known.time)
    for one, other in zip(strongest.stands, known.stands, strict=False):
        assert alike(one, other)
    assert len(strongest.stands) == 3


def alike(one: Stand, other: Stand) -> bool:
    same = (one.name, one.unit, one.words, one.signal) == (
        other.name, other.unit, other.words, other.signal
    )  # fmt: skip
    figures = ((one.value, other.value), (one.usual, other.usual), (one.rank, other.rank))
    return same and all(left == pytest.approx(right, rel=0.1, abs=2e-3) for left, right in figures)


def test_every_feature_reads_in_words_of_its_own() -> None:
    assert READINGS.keys() == {feature.name for feature in ACCOUNT_FEATURES}
    assert len({one.name for one in READINGS.values()}) == WIDE
    # The evidence of a score names a feature by its signal and these words alone.
    sides = [
        (SIGNAL_OF[one.name], words) for one in ACCOUNT_FEATURES for words in (one.few, one.many)
    ]
    assert len(set(sides)) == 2 * WIDE
    for feature in ACCOUNT_FEATURES:
        read_as = READINGS[feature.name]
        low, high = read_as.rounded(feature.low), read_as.rounded(feature.high)
        assert 0 <= low < high
        assert high <= 1 or read_as.unit != "share"


def test_evidence_of_another_version_is_left_out_and_nothing_is_nothing() -> None:
    book = Book(Traffic())
    assert standing_of(book, "a", None).stands == []
    told = rows(3, 1)
    evidence = explain_account(told.bins[0], told.ranks[0], RankTables(), 3)
    strange = msgspec.structs.replace(evidence[0], text="beyond the ken: further out than 99%")
    score = ScoreRecord(Entity("account", "a"), 0, 0.5, 0.5, 1, [strange, *evidence[1:]])
    book.add_score(encode(score), score)
    assert len(standing_of(book, "a", None).stands) == 2
    book.add_ranked("a", 0, told.bins[0].tobytes() + told.ranks[0].tobytes())
    assert len(standing_of(book, "a", None).stands) == WIDE
    book.forget("a")
    assert standing_of(book, "a", None).stands == []


def test_what_is_no_file_of_features_is_told(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("{}")
    file = tmp_path / "features.parquet"
    FeatureFile(str(file), 300).close()
    parquet.write_table(parquet.read_table(file).drop_columns(["load"]), tmp_path / "other")
    for name, reason in (("none", "No such file"), ("text", "Parquet"), ("other", "this version")):
        with pytest.raises(RecordingError, match=reason):
            read(tmp_path, tmp_path / name)
