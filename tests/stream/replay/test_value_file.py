"""P-values of ties in a Parquet file: every test of a replay, and what it came to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from models.requests.kinds import TieKind
from models.ties.values import TieValues
from schemas.codec import decode_alert
from stream.cli import main
from stream.errors import RecordingError
from stream.replay.value_file import ValueFile, value_schema

SAMPLE = Path(__file__).parents[3] / "examples" / "events.jsonl.zst"
FACTS = SAMPLE.with_name("facts.jsonl")


def values(count: int) -> TieValues:
    keys = (np.arange(count, dtype=np.uint64) << np.uint64(4)) | np.uint64(TieKind.PAYMENT)
    numbers = np.arange(count, dtype=np.int64)
    scores, p_values = np.linspace(0.0, 0.5, count), np.linspace(1.0, 0.5, count)
    return TieValues(keys, numbers + 3, numbers + 6, scores, p_values, [None] * count)


def test_rows_are_what_the_epochs_gave_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "values.parquet"
    file = ValueFile(str(path), 300)
    file.write([(7, values(2)), (8, values(0))])
    file.write([(9, values(1))])
    file.close()
    rows = parquet.read_table(path).to_pylist()
    assert [row["epoch"] for row in rows] == [
        datetime.fromtimestamp(epoch * 300, UTC) for epoch in (7, 7, 9)
    ]
    assert rows[1] == {
        "epoch": datetime.fromtimestamp(2_100, UTC),
        "kind": "payment",
        "digest": f"{1 << 4 | TieKind.PAYMENT:016x}",
        "accounts": 4,
        "requests": 7,
        "score": 0.5,
        "p_value": 0.5,
        "cluster": None,
    }


def test_a_run_without_tests_leaves_a_file_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "values.parquet"
    ValueFile(str(path), 300).close()
    table = parquet.read_table(path)
    assert (table.num_rows, table.schema) == (0, value_schema())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"values\.parquet"):
        ValueFile(str(tmp_path / "nowhere" / "values.parquet"), 300)


def test_a_replay_writes_the_ties_of_its_alerts(tmp_path: Path) -> None:
    path, alerts = tmp_path / "values.parquet", tmp_path / "alerts.jsonl"
    given = ["--facts", str(FACTS), "--alerts", str(alerts), "--p-values", str(path)]
    assert main(["replay", str(SAMPLE), *given]) == 0
    rows = parquet.read_table(path).to_pylist()
    assert all(0 < row["p_value"] <= 1 for row in rows)
    first = decode_alert(alerts.read_bytes().splitlines()[0])
    held = {row["digest"] for row in rows if row["cluster"] == first.entity.id}
    assert {tie.digest for tie in first.ties} <= held


def test_p_values_do_not_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(SAMPLE), "--p-values", "-"]) == 2
    assert "--p-values" in capsys.readouterr().err
