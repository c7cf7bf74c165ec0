"""P-values of ties as a Parquet file: every test that a replay made, for analysis."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from models.requests.kinds import kind_of
from models.ties.values import TieValues
from stream.errors import RecordingError

_ROWS_A_GROUP = 50_000
_TIME = pa.timestamp("us", tz="UTC")


def value_schema() -> pa.Schema:
    """Columns: epoch's start; kind and digest of the tie, as in alerts; members and requests.

    Then score (log odds), p-value, and the cluster that holds the tie after the epoch, if one does.
    """
    return pa.schema(
        [
            ("epoch", _TIME),
            ("kind", pa.dictionary(pa.int8(), pa.string())),
            ("digest", pa.string()),
            ("accounts", pa.int64()),
            ("requests", pa.int64()),
            ("score", pa.float64()),
            ("p_value", pa.float64()),
            ("cluster", pa.string()),
        ]
    )


class ValueFile:
    """Writes a row for every test of a tie.

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
        self._schema = value_schema()
        try:
            self._writer = parquet.ParquetWriter(Path(name), self._schema, compression="zstd")
        except OSError as error:
            raise RecordingError(f"{name}: {error.strerror or error}") from error

    def write(self, values: Iterable[tuple[int, TieValues]]) -> None:
        """Write what closed epochs gave.

        Raises:
            RecordingError: The disk is full, or worse.
        """
        self._waiting += [self._rows(epoch, one) for epoch, one in values if len(one.keys)]
        if sum(batch.num_rows for batch in self._waiting) >= _ROWS_A_GROUP:
            self._flush()

    def _rows(self, epoch: int, values: TieValues) -> pa.RecordBatch:
        keys = values.keys.tolist()
        start = np.full(len(keys), epoch * self._epoch_microseconds)
        kinds = pa.array([kind_of(key).name.lower() for key in keys], pa.string())
        return pa.RecordBatch.from_arrays(
            [
                pa.array(start, pa.int64()).cast(_TIME),
                kinds.cast(self._schema.field("kind").type),
                pa.array([f"{key:016x}" for key in keys], pa.string()),
                pa.array(values.members),
                pa.array(values.volume),
                pa.array(values.scores),
                pa.array(values.p_values),
                pa.array(list(values.clusters), pa.string()),
            ],
            schema=self._schema,
        )

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
