"""Rows of a Parquet file as JSON lines; columns are named as the fields of a request event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow as pa
from pyarrow import parquet

from stream.errors import RecordingError

_ROWS = 4096


def parquet_lines(name: str) -> Iterator[tuple[int, list[bytes]]]:
    """Blocks of rows: number of the first row (from 1), and the rows as JSON lines.

    Nulls are left out, times without a zone count as UTC, bytes are read as UTF-8.

    Raises:
        RecordingError: The file is no readable Parquet.
    """
    row = 1
    try:
        with parquet.ParquetFile(name) as file:
            for batch in file.iter_batches(batch_size=_ROWS):
                yield row, [_line(record) for record in batch.to_pylist()]
                row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise RecordingError(f"{name}: not readable as Parquet: {error}") from error


def _line(record: dict[str, Any]) -> bytes:
    present = {name: value for name, value in record.items() if value is not None}
    return orjson.dumps(present, default=_plain, option=orjson.OPT_NAIVE_UTC)


def _plain(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
