"""Features of accounts as a Parquet file: what a replay saw of each account, for analysis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from models.features import BINS
from models.signals import ACCOUNT_FEATURES
from models.wire.messages import AccountScores
from stream.replay.epoch_file import TIME, EpochFile

_LOWS = np.array([feature.low for feature in ACCOUNT_FEATURES])
_STEPS = np.array([(feature.high - feature.low) / (BINS - 1) for feature in ACCOUNT_FEATURES])


def feature_schema() -> pa.Schema:
    """Columns: epoch's start, account, requests in the epoch, p-value; each feature and its rank.

    A feature's value is that of its bin, one of 256 over its range. Its rank is the share of the
    account's cohort below it, in 256ths; 128 before there is a baseline.
    """
    columns = [
        ("epoch", TIME),
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
        self._file = EpochFile(name, feature_schema(), epoch_seconds)

    def write(self, features: Iterable[tuple[int, AccountScores]]) -> None:
        """Write what closed epochs gave.

        Raises:
            RecordingError: The disk is full, or worse.
        """
        self._file.write([self._rows(epoch, scores) for epoch, scores in features if scores.names])

    def _rows(self, epoch: int, scores: AccountScores) -> pa.RecordBatch:
        values = (_LOWS + scores.bins * _STEPS).astype(np.float32)
        columns: list[Any] = [
            self._file.starts(epoch, len(scores.names)),
            pa.array(scores.names, pa.string()),
            pa.array(scores.requests, pa.int64()),
            pa.array(scores.p_values, pa.float64()),
        ]
        for number in range(len(ACCOUNT_FEATURES)):
            columns += [pa.array(values[:, number]), pa.array(scores.ranks[:, number], pa.uint8())]
        return pa.RecordBatch.from_arrays(columns, schema=self._file.schema)

    def close(self) -> None:
        """Write what is left and the file's footer.

        Raises:
            RecordingError: It cannot be written.
        """
        self._file.close()
