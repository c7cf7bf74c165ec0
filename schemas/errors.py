"""The error of the wire: a record that is refused, with the reason and the field."""

from __future__ import annotations


class InvalidRecord(ValueError):
    """A record that breaks the contract and goes to the dead letters.

    Args:
        reason: What is wrong, in one short sentence without any value of the record.
        field: The field at fault as a path (`tools[0]`), or None when the whole record is.
        part: Where one of several requests in a record is refused, that one alone, as a record that
            can be read again; None when the whole record is.
    """

    def __init__(self, reason: str, field: str | None = None, part: bytes | None = None) -> None:
        super().__init__(reason if field is None else f"{field}: {reason}")
        self.reason = reason
        self.field = field
        self.part = part


class NewerRelease(InvalidRecord):
    """A record that is well made, and that only a later release can read."""
