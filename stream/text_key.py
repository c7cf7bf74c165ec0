"""The key of texts: the operator's key, or one of its own, which may give way to another.

While both hold, by event time, texts are shown under both (`models.requests.text_sketcher`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.requests.text_sketcher import Overlap, TextKeys
from schemas.errors import InvalidRecord
from schemas.times import to_microseconds
from stream.keys import HashKey, read_key


@dataclass(frozen=True, slots=True, kw_only=True)
class TextKeyOptions:
    """The key of texts, and when it takes over from another; times are event times, RFC 3339.

    Attributes:
        file: The key of texts, the new one of two; empty: that of all other hashes.
        previous_file: The one before, as long as it holds; empty: that of all other hashes.
        overlap_from: From when on texts are shown under both keys; empty: there is one key.
        overlap_until: From when on they are shown under the new one alone.
    """

    file: str = ""
    previous_file: str = ""
    overlap_from: str = ""
    overlap_until: str = ""


@dataclass(frozen=True, slots=True)
class TextKey:
    """A key of texts that was read.

    Attributes:
        key: The key, the new one of two.
        previous: The one before, while one gives way to the other.
        begins: When the overlap begins, microseconds.
        ends: When it ends.
    """

    key: HashKey
    previous: HashKey | None = None
    begins: int = 0
    ends: int = 0

    @property
    def secrets(self) -> TextKeys:
        """What texts are sketched with."""
        if self.previous is None:
            return TextKeys(self.key.secret)
        return TextKeys(self.key.secret, Overlap(self.previous.secret, self.begins, self.ends))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the keys that hold, the new one first."""
        return (self.key.id,) if self.previous is None else (self.key.id, self.previous.id)


def read_text_key(options: TextKeyOptions, key: HashKey) -> TextKey | None:
    """The key of texts; None where it is the one of all other hashes.

    Raises:
        ValueError: With the key of the section at fault: a file holds no key, a time is none, or
            they do not go together.
    """
    new, previous = (
        _read(name, path, key)
        for name, path in (("file", options.file), ("previous_file", options.previous_file))
    )
    given = (options.overlap_from, options.overlap_until)
    if not any(given):
        if options.previous_file:
            raise ValueError("previous_file: says nothing without overlap_from and overlap_until")
        return TextKey(new) if options.file else None
    begins, ends = (
        _moment(name, text)
        for name, text in zip(("overlap_from", "overlap_until"), given, strict=True)
    )
    if ends < begins:
        raise ValueError("overlap_until: is before overlap_from")
    if new.id == previous.id:
        raise ValueError("file: is the key that it should take over from")
    return TextKey(new, previous, begins, ends)


def _read(name: str, path: str, key: HashKey) -> HashKey:
    try:
        return read_key(Path(path)) if path else key
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _moment(name: str, text: str) -> int:
    try:
        return to_microseconds(text, name)
    except InvalidRecord as error:
        raise ValueError(f"{name}: {error.reason}") from error
