"""Features of accounts in a Parquet file: what a replay computed, row for row."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from models.signals import ACCOUNT_FEATURES
from models.wire.messages import AccountScores
from stream.cli import main
from stream.errors import RecordingError
from stream.replay.feature_file import FeatureFile, feature_schema

SAMPLE = Path(__file__).parents[3] / "examples" / "events.jsonl.zst"
FACTS = SAMPLE.with_name("facts.jsonl")


def scores(count: int) -> AccountScores:
    numbers = np.arange(count * len(ACCOUNT_FEATURES), dtype=np.uint8)
    bins = numbers.reshape(count, len(ACCOUNT_FEATURES))
    return AccountScores(
        [f"acct_{number}" for number in range(count)],
        np.linspace(0.1, 0.9, count),
        np.arange(count, dtype=np.int64) + 1,
        bins,
        255 - bins,
    )


def test_rows_are_what_the_epochs_gave_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "features.parquet"
    given = scores(3)
    file = FeatureFile(str(path), 300)
    file.write([(7, given), (8, scores(0))])
    file.write([(9, scores(1))])
    file.close()
    rows = parquet.read_table(path).to_pylist()
    assert [(row["account"], row["requests"]) for row in rows] == [
        ("acct_0", 1), ("acct_1", 2), ("acct_2", 3), ("acct_0", 1),
    ]  # fmt: skip
    assert rows[0]["epoch"] == datetime.fromtimestamp(7 * 300, UTC)
    for number, feature in enumerate(ACCOUNT_FEATURES):
        value, rank = rows[1][feature.name], rows[1][f"{feature.name}_rank"]
        assert value == pytest.approx(feature.value_at(int(given.bins[1, number])), rel=1e-6)
        assert rank == given.ranks[1, number]


def test_a_run_without_scores_leaves_a_file_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "features.parquet"
    FeatureFile(str(path), 300).close()
    table = parquet.read_table(path)
    assert (table.num_rows, table.schema) == (0, feature_schema())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"features\.parquet"):
        FeatureFile(str(tmp_path / "nowhere" / "features.parquet"), 300)


def test_a_replay_writes_a_row_for_every_score(tmp_path: Path) -> None:
    path, scored = tmp_path / "features.parquet", tmp_path / "scores.jsonl"
    given = ["--facts", str(FACTS), "--scores", str(scored), "--features", str(path)]
    assert main(["replay", str(SAMPLE), *given]) == 0
    table = parquet.read_table(path)
    accounts = scored.read_bytes().count(b'"kind":"account"')
    assert table.num_rows == accounts > 0
    p_values = table["p_value"].to_numpy()
    assert ((p_values > 0) & (p_values <= 1)).all()


def test_features_do_not_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(SAMPLE), "--features", "-"]) == 2
    assert "--features" in capsys.readouterr().err
