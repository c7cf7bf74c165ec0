"""Recorded requests with sketches in the place of their texts: what `gauger sketch` does."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from schemas.codec import MAX_LINE, encode
from schemas.formats import InputFormat
from stream.edge import Sketcher
from stream.errors import UsageError
from stream.recordings.blocks import Block, Recording
from stream.recordings.files import LineWriter
from stream.replay.summary import counted


@dataclass(slots=True)
class Sketched:
    """What was sketched.

    Attributes:
        lines: Lines read.
        events: Requests written.
        refused: Records that were refused; they are not written, as they may hold text.
        first_refusal: Where the first of them stood, and why it was refused.
        truncated: Recordings that broke off, each told in one line.
    """

    lines: int = 0
    events: int = 0
    refused: int = 0
    first_refusal: str | None = None
    truncated: list[str] = field(default_factory=list)


def sketch_files(
    recordings: Sequence[str], out: str, decode: InputFormat, sketcher: Sketcher
) -> Sketched:
    """Write the requests of recordings, one after the other, as native events without text.

    Args:
        recordings: Names of files; `-` is standard input.
        out: File to write; `-` is standard output.
        decode: The format of the lines.
        sketcher: What sketches.

    Raises:
        UsageError: A file cannot be opened, or is both read and written.
        FailedRun: It cannot be written on.
    """
    places = [Path(name).resolve() for name in recordings if name != "-"]
    if out != "-" and Path(out).resolve() in places:
        raise UsageError(f"{out}: cannot be read and written at once")
    told = Sketched()
    with ExitStack() as stack:
        opened = [stack.enter_context(Recording(name)) for name in recordings]
        writer = stack.enter_context(closing(LineWriter(out)))
        for recording in opened:
            for block in recording.blocks():
                writer.write(_lines(block, recording.name, decode, sketcher, told))
            if recording.truncated:
                told.truncated.append(f"{recording.name}: {recording.truncated}")
    return told


def sketch_lines(told: Sketched) -> list[str]:
    """What was sketched, for a person."""
    lines = [f"{counted(told.lines, 'line')}, {counted(told.events, 'request')} written"]
    if told.refused:
        lines.append(f"{counted(told.refused, 'record')} refused, the first: {told.first_refusal}")
    return lines


def _lines(
    block: Block, name: str, decode: InputFormat, sketcher: Sketcher, told: Sketched
) -> list[bytes]:
    told.lines += len(block.lines)
    if block.oversized:
        _refuse(told, f"{name}, line {block.first_line}: longer than {MAX_LINE} bytes")
        return []
    decoded = decode(block.lines)
    for row, error in decoded.rejects:
        _refuse(told, f"{name}, line {block.first_line + row}: {error}")
    told.events += len(decoded.events)
    return [encode(event) for event in sketcher.events(decoded.events)]


def _refuse(told: Sketched, reason: str) -> None:
    told.refused += 1
    told.first_refusal = told.first_refusal or reason
