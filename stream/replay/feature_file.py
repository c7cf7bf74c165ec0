"""Features of accounts as a Parquet file: what a replay saw of each account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from models.features import BINS
from models.signals import ACCOUNT_FEATURES
from models.wire.messages import AccountScores
from stream.errors import RecordingError
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


class FeatureRows(NamedTuple):
    """Rows of a file of features, in its order: that of epochs.

    `starts` are those of the epochs (microseconds); `rows` uint8[rows, 2, features] has the bins of
    each, then the ranks.
    """

    names: list[str]
    starts: list[int]
    rows: NDArray[np.uint8]


def read_features(name: str) -> Iterator[FeatureRows]:
    """What `FeatureFile` wrote.

    Raises:
        RecordingError: It cannot be read, or has not the features of this version.
    """
    try:
        with parquet.ParquetFile(name) as file:
            if not file.schema_arrow.equals(feature_schema()):
                message = f"{name}: not what `gauger replay --features` of this version writes"
                raise RecordingError(message)
            yield from map(_read, file.iter_batches())
    except OSError as error:
        raise RecordingError(f"{name}: {error.strerror or error}") from error
    except pa.ArrowException as error:
        raise RecordingError(f"{name}: not readable as Parquet: {error}") from error


def _read(batch: pa.RecordBatch) -> FeatureRows:
    values = np.stack([batch[feature.name] for feature in ACCOUNT_FEATURES], axis=1)
    ranks = np.stack([batch[f"{feature.name}_rank"] for feature in ACCOUNT_FEATURES], axis=1)
    bins = np.rint((values - _LOWS) / _STEPS).astype(np.uint8)
    starts = batch["epoch"].cast(pa.int64()).to_pylist()
    return FeatureRows(batch["account"].to_pylist(), starts, np.stack([bins, ranks], axis=1))
