"""Parquet files with the rows of one epoch after the other, for analysis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from stream.errors import RecordingError

TIME = pa.timestamp("us", tz="UTC")
"""Type of the column that tells an epoch's start."""

_ROWS_A_GROUP = 50_000


class EpochFile:
    """Rows of epochs in large groups, which compress well.

    Args:
        name: The file; one that exists is replaced.
        schema: Its columns.
        epoch_seconds: Length of an epoch.

    Raises:
        RecordingError: It cannot be written.
    """

    def __init__(self, name: str, schema: pa.Schema, epoch_seconds: int) -> None:
        self._name = name
        self.schema = schema
        self._epoch_microseconds = epoch_seconds * 1_000_000
        self._waiting: list[pa.RecordBatch] = []
        try:
            self._writer = parquet.ParquetWriter(Path(name), schema, compression="zstd")
        except OSError as error:
            raise RecordingError(f"{name}: {error.strerror or error}") from error

    def starts(self, epoch: int, count: int) -> pa.Array:
        """The epoch's start, so many times."""
        return pa.array(np.full(count, epoch * self._epoch_microseconds), pa.int64()).cast(TIME)

    def write(self, batches: list[pa.RecordBatch]) -> None:
        """Write rows, or keep them until there are enough.

        Raises:
            RecordingError: The disk is full, or worse.
        """
        self._waiting += batches
        if sum(batch.num_rows for batch in self._waiting) >= _ROWS_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        try:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self.schema))
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
