from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as some

from bench.transfer import auc, edge_stream, row_stream

PAIRS = some.lists(
    some.tuples(some.booleans(), some.integers(0, 5)), min_size=2, max_size=30
).filter(lambda pairs: len({label for label, _ in pairs}) == 2)


@given(PAIRS)
def test_auc_is_the_share_of_pairs_in_order(pairs: list[tuple[bool, int]]) -> None:
    odd = [score for label, score in pairs if label]
    plain = [score for label, score in pairs if not label]
    order = [(a > b) + 0.5 * (a == b) for a in odd for b in plain]
    labels, scores = np.array([one for one, _ in pairs]), np.array([float(one) for _, one in pairs])
    assert auc(labels, scores) == pytest.approx(sum(order) / len(order))
    assert auc(~labels, scores) == pytest.approx(1.0 - auc(labels, scores))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GAUGER_DATA_DIR", str(tmp_path))
    (tmp_path / "bench").mkdir()
    return tmp_path / "bench"


def test_edges_are_numbered_alike_on_both_ends_and_minutes_without_edges_do_not_count(
    data: Path,
) -> None:
    minutes = np.array([0, 0, 7], "datetime64[m]").astype("datetime64[us]")
    columns = {"ts": minutes, "src": ["a", "b", "a"], "dst": ["b", "a", "c"], "label": [0, 1, 0]}
    pyarrow.parquet.write_table(pa.table(columns), data / "darpa_midas_edges.parquet")
    stream = edge_stream()
    assert stream.sources.tolist() == [0, 1, 0]
    assert stream.targets.tolist() == [1, 0, 2]
    assert stream.ticks.tolist() == [1, 1, 2]
    assert stream.labels.tolist() == [False, True, False]


def test_rows_keep_their_order(data: Path) -> None:
    columns = {"x0": [1.0, 2.0], "x1": [3.0, 4.0], "x2": [5.0, 6.0], "label": [0, 1]}
    pyarrow.parquet.write_table(pa.table(columns), data / "kdd99_http.parquet")
    rows, labels = row_stream("http")
    assert rows.tolist() == [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]
    assert labels.tolist() == [False, True]
