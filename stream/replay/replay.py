"""Recorded traffic through the whole detector, in one process and without a broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from models.judging.findings import Finding, Findings
from schemas.codec import MAX_LINE
from schemas.deadletter import DeadLetter
from stream.recordings.blocks import Block, Recording, share_read
from stream.recordings.files import read_lines, replace_file
from stream.replay.outputs import Outputs
from stream.replay.progress import Display, Position
from stream.replay.run import Outcome, Run

Ending = Literal["done", "interrupted", "too many bad lines"]

_LINES_BEFORE_STOPPING = 10_000
_LINES_AT_ONCE = 4096


@dataclass(slots=True)
class Replayed:
    """What a replay came to.

    Attributes:
        ending: How it ended.
        findings: All findings, by the time of their first event.
        lines: Lines read, blank ones not counted.
        requests: Requests in them, refused ones included; a line may hold several, or none.
        bad: Refusals: of lines, or of requests in a line of several.
        bad_facts: Lines of the facts file that were refused.
        bad_feedback: Lines of the feedback files that were refused.
        truncated: Recordings that broke off, each told in one line.
    """

    ending: Ending = "done"
    findings: list[Finding] = field(default_factory=list)
    lines: int = 0
    requests: int = 0
    bad: int = 0
    bad_facts: int = 0
    bad_feedback: int = 0
    truncated: list[str] = field(default_factory=list)

    def bad_share(self) -> float:
        """Share of the lines that were refused; of the requests where lines hold several."""
        return self.bad / max(self.lines, self.requests, 1)


@dataclass(slots=True)
class _Source:
    recording: Recording
    number: int
    blocks: Iterator[Block]


class Replay:
    """Feeds recordings to a detector, always the one that is furthest behind in event time.

    Args:
        run: The detector.
        recordings: Opened recordings; the caller closes them.
        outputs: Where the results go.
        display: Shows the progress.
        max_bad_share: Share of refused lines above which the replay stops, once 10,000 lines were
            read, and counts as failed; None: never.
    """

    def __init__(
        self,
        run: Run,
        recordings: Sequence[Recording],
        outputs: Outputs,
        display: Display,
        max_bad_share: float | None = None,
    ) -> None:
        self._run = run
        self._outputs = outputs
        self._display = display
        self._max_bad_share = max_bad_share
        self._findings = Findings()
        self._result = Replayed()
        self._recordings = list(recordings)
        self._open = [_Source(one, run.open_source(), one.blocks()) for one in recordings]
        self._names = {source.number: source.recording.name for source in self._open}

    def add_facts(self, path: str) -> None:
        """Hand a file of facts to the detector before the traffic.

        Raises:
            RecordingError: It cannot be opened.
            FailedRun: It breaks off.
        """
        self._result.bad_facts += self._hand_over(path, self._run.add_facts)

    def add_feedback(self, path: str) -> None:
        """Hand a file of verdicts to the detector before the traffic.

        Raises:
            RecordingError: It cannot be opened.
            FailedRun: It breaks off.
        """
        self._result.bad_feedback += self._hand_over(path, self._run.add_feedback)

    def _hand_over(self, path: str, take: Callable[[list[bytes]], Sequence[DeadLetter]]) -> int:
        """Hand over the lines of a file; how many were refused."""
        lines, refused = read_lines(path), 0
        while several := list(islice(lines, _LINES_AT_ONCE)):
            letters = take([line for _, line in several])
            refused += len(letters)
            self._outputs.write_dead_letters(
                _placed(letter, path, several[letter.offset][0]) for letter in letters
            )
        return refused

    def run(self, state: Path | None = None) -> Replayed:
        """Replay everything; Ctrl-C ends it with what was found so far.

        Args:
            state: Where to keep the detector's state. Its last epochs then stay open for the
                traffic that follows. A run that does not end well leaves the old state: it can be
                started again, and its alerts are then told a second time under the same ids.

        Raises:
            FailedRun: An output cannot be written.
            RecordingError: A Parquet file turns out to be damaged.
        """
        try:
            self._feed_all()
            if state is None:
                self._take(self._run.finish())
            elif self._result.ending == "done":
                replace_file(state, self._run.save())
        except KeyboardInterrupt:
            self._result.ending = "interrupted"
        finally:
            self._display.close()
        self._result.findings = self._findings.all()
        return self._result

    def _feed_all(self) -> None:
        while self._open and self._result.ending == "done":
            source = min(self._open, key=self._event_time)
            block = next(source.blocks, None)
            if block is None:
                self._close(source)
            elif block.oversized:
                self._refuse(source, block)
            else:
                self._result.lines += len(block.lines)
                outcome = self._run.feed(source.number, block.first_line, block.lines)
                self._result.requests += outcome.requests
                self._take(outcome)
            self._display.show(self._position())
            if self._too_many_bad(_LINES_BEFORE_STOPPING if self._open else 1):
                self._result.ending = "too many bad lines"

    def _event_time(self, source: _Source) -> tuple[int, int]:
        watermark = self._run.watermark_of(source.number)
        return (-1 if watermark is None else watermark, source.number)

    def _close(self, source: _Source) -> None:
        self._open.remove(source)
        if source.recording.truncated:
            self._result.truncated.append(f"{source.recording.name}: {source.recording.truncated}")
        self._take(self._run.close_source(source.number))

    def _refuse(self, source: _Source, block: Block) -> None:
        """A line too long to be held is refused here; its start stands for it."""
        self._result.lines += 1
        letter = DeadLetter(
            raw=block.lines[0],
            topic=source.recording.name,
            partition=source.number,
            offset=block.first_line,
            reason=f"line is longer than {MAX_LINE} bytes",
        )
        self._take_dead_letters([letter])

    def _take(self, outcome: Outcome) -> None:
        self._take_dead_letters(outcome.dead_letters)
        for alert in outcome.alerts:
            self._findings.add(alert)
        self._outputs.write(outcome)

    def _take_dead_letters(self, letters: Sequence[DeadLetter]) -> None:
        self._result.bad += len(letters)
        self._outputs.write_dead_letters(
            _placed(letter, self._names[letter.partition], letter.offset) for letter in letters
        )

    def _too_many_bad(self, least_lines: int) -> bool:
        limit = self._max_bad_share
        result = self._result
        return limit is not None and result.lines >= least_lines and result.bad_share() > limit

    def _position(self) -> Position:
        return Position(
            requests=self._result.lines,
            share=share_read(self._recordings),
            watermark=self._run.watermark,
            findings=len(self._findings),
        )


def _placed(letter: DeadLetter, name: str, line: int) -> DeadLetter:
    return DeadLetter(
        raw=letter.raw,
        topic=name,
        partition=letter.partition,
        offset=line,
        reason=letter.reason,
        field=letter.field,
    )
