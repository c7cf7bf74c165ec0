"""P-values of ties as a Parquet file: every test that a replay made, for analysis."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from models.requests.kinds import kind_of
from models.ties.values import TieValues
from stream.replay.epoch_file import TIME, EpochFile


def value_schema() -> pa.Schema:
    """Columns: epoch's start; kind and digest of the tie, as in alerts; members and requests.

    Then score (log odds), p-value, and the cluster that holds the tie after the epoch, if one does.
    """
    return pa.schema(
        [
            ("epoch", TIME),
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
        self._file = EpochFile(name, value_schema(), epoch_seconds)

    def write(self, values: Iterable[tuple[int, TieValues]]) -> None:
        """Write what closed epochs gave.

        Raises:
            RecordingError: The disk is full, or worse.
        """
        self._file.write([self._rows(epoch, one) for epoch, one in values if len(one.keys)])

    def _rows(self, epoch: int, values: TieValues) -> pa.RecordBatch:
        keys, schema = values.keys.tolist(), self._file.schema
        kinds = pa.array([kind_of(key).name.lower() for key in keys], pa.string())
        return pa.RecordBatch.from_arrays(
            [
                self._file.starts(epoch, len(keys)),
                kinds.cast(schema.field("kind").type),
                pa.array([f"{key:016x}" for key in keys], pa.string()),
                pa.array(values.members),
                pa.array(values.volume),
                pa.array(values.scores),
                pa.array(values.p_values),
                pa.array(list(values.clusters), pa.string()),
            ],
            schema=schema,
        )

    def close(self) -> None:
        """Write what is left and the file's footer.

        Raises:
            RecordingError: It cannot be written.
        """
        self._file.close()
