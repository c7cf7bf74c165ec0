"""Features of accounts as a Parquet file: what a replay saw of each account, for analysis."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from models.features import BINS
from models.signals import ACCOUNT_FEATURES
from models.wire.messages import AccountScores
from stream.errors import RecordingError

_ROWS_A_GROUP = 50_000
_LOWS = np.array([feature.low for feature in ACCOUNT_FEATURES])
_STEPS = np.array([(feature.high - feature.low) / (BINS - 1) for feature in ACCOUNT_FEATURES])
_TIME = pa.timestamp("us", tz="UTC")


def feature_schema() -> pa.Schema:
    """Columns: epoch's start, account, requests in the epoch, p-value; each feature and its rank.

    A feature's value is that of its bin, one of 256 over its range. Its rank is the share of the
    account's cohort below it, in 256ths; 128 before there is a baseline.
    """
    columns = [
        ("epoch", _TIME),
        ("account", pa.string()),
        ("requests", pa.int64()),
        ("p_value", pa.float64()),
    ]
    for feature in ACCOUNT_FEATURES:
        columns += [(feature.name, pa.float32()), (f"{feature.name}_rank", pa.uint8())]
    return pa.schema(columns)


class FeatureFile:
    """A row for every account and epoch that got a score.

    Args:
        name: The file; one that exists is replaced.
        epoch_seconds: Length of an epoch.

    Raises:
        RecordingError: It cannot be written.
    """

    def __init__(self, name: str, epoch_seconds: int) -> None:
        self._name = name
        self._epoch_microseconds = epoch_seconds * 1_000_000
        self._waiting: list[pa.RecordBatch] = []
        self._schema = feature_schema()
        try:
            self._writer = parquet.ParquetWriter(Path(name), self._schema, compression="zstd")
        except OSError as error:
            raise RecordingError(f"{name}: {error.strerror or error}") from error

    def write(self, features: Iterable[tuple[int, AccountScores]]) -> None:
        """Write what closed epochs gave.

        Raises:
            RecordingError: The disk is full, or worse.
        """
        self._waiting += [self._rows(epoch, scores) for epoch, scores in features if scores.names]
        if sum(batch.num_rows for batch in self._waiting) >= _ROWS_A_GROUP:
            self._flush()

    def _rows(self, epoch: int, scores: AccountScores) -> pa.RecordBatch:
        values = (_LOWS + scores.bins * _STEPS).astype(np.float32)
        count = len(scores.names)
        columns: list[Any] = [
            pa.array(np.full(count, epoch * self._epoch_microseconds), pa.int64()).cast(_TIME),
            pa.array(scores.names, pa.string()),
            pa.array(scores.requests, pa.int64()),
            pa.array(scores.p_values, pa.float64()),
        ]
        for number in range(len(ACCOUNT_FEATURES)):
            columns += [pa.array(values[:, number]), pa.array(scores.ranks[:, number], pa.uint8())]
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _flush(self) -> None:
        try:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
        except OSError as error:
            raise RecordingError(f"{self._name}: {error.strerror or error}") from error
        self._waiting = []

    def close(self) -> None:
        """Write what is left and the file's footer.

        Raises:
            RecordingError: It cannot be written.
        """
        self._flush()
        self._writer.close()
