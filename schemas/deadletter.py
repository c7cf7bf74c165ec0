"""Dead letters: refused records, kept whole with the place they came from."""

from __future__ import annotations

import msgspec


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """A record that could not be used.

    Attributes:
        raw: The value as it came.
        topic: Topic or file.
        partition: Partition, or number of the file.
        offset: Offset, or line number.
        reason: Why it was refused.
        field: The field at fault, or None when the whole record is.
    """

    raw: bytes
    topic: str
    partition: int
    offset: int
    reason: str
    field: str | None = None

    def headers(self) -> list[tuple[str, bytes]]:
        """Headers under which `raw` is produced to the dead-letter topic."""
        return [
            ("topic", self.topic.encode()),
            ("partition", str(self.partition).encode()),
            ("offset", str(self.offset).encode()),
            ("reason", self.reason.encode()),
            ("field", (self.field or "").encode()),
        ]
