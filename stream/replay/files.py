"""One replay from file names to a summary: what `gauger replay` does, whatever the detector."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from stream.clock import elapsed
from stream.errors import FailedRun, UsageError
from stream.recordings.blocks import Recording
from stream.replay.outputs import Features, Outputs, Values
from stream.replay.progress import Display
from stream.replay.replay import Replay
from stream.replay.run import Run
from stream.replay.summary import Summary, summarise

OpenRun = Callable[[bytes | None], Run]
"""Makes a detector, new or from saved state; ValueError when the state cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFiles:
    """The files of a replay; `-` is standard input or output.

    Attributes:
        recordings: Recorded traffic, merged by event time.
        facts: Facts records.
        feedback: Verdicts on findings.
        alerts: Where alert events go.
        scores: Where score records go.
        dead_letters: Where refused lines go.
        features: Where the features of accounts go, as Parquet.
        p_values: Where the p-values of ties go, as Parquet.
        epoch_seconds: Length of an epoch, for these two.
        state: Loaded when it exists, saved at the end; outputs then go on where they ended.
    """

    recordings: tuple[str, ...]
    facts: str | None = None
    feedback: tuple[str, ...] = ()
    alerts: str | None = None
    scores: str | None = None
    dead_letters: str | None = None
    features: str | None = None
    p_values: str | None = None
    epoch_seconds: int = 300
    state: Path | None = None

    def check(self) -> None:
        """Refuse to overwrite what is read, to read or write one place twice, to lose the state.

        Raises:
            UsageError: Naming the file.
        """
        if self.state is not None and not self.state.parent.is_dir():
            raise UsageError(f"{self.state}: the state is to be saved there: no such folder")
        read = [*self.recordings, *_given(self.facts), *self.feedback]
        written = [
            *_given(self.alerts, self.scores, self.dead_letters, self.features, self.p_values),
            *_given(self.state),
        ]
        for name in {name for name in written if _place(name) in set(map(_place, read)) - {"-"}}:
            raise UsageError(f"{name}: cannot be read and written at once")
        for names, what in ((read, "read"), (written, "written")):
            places = [_place(name) for name in names]
            for name, place in zip(names, places, strict=True):
                if places.count(place) > 1:
                    raise UsageError(f"{name}: is {what} twice")


def replay_files(
    files: ReplayFiles, open_run: OpenRun, display: Display, max_bad_share: float | None = None
) -> Summary:
    """Replay recordings and sum up.

    Args:
        files: Names of all files.
        open_run: Makes the detector.
        display: Shows the progress.
        max_bad_share: As in `Replay`.

    Raises:
        UsageError: A file cannot be opened, or is given twice.
        FailedRun: The state cannot be used, or an output not be written.
    """
    files.check()
    begin = elapsed()
    with ExitStack() as stack:
        recordings = [stack.enter_context(Recording(name)) for name in files.recordings]
        saved = _saved(files.state)
        run = _opened(open_run, saved, files.state)
        outputs = stack.enter_context(
            closing(
                Outputs(
                    files.alerts,
                    files.scores,
                    files.dead_letters,
                    append=saved is not None,
                    features=_features(files),
                    values=_values(files),
                )
            )
        )
        replay = Replay(run, recordings, outputs, display, max_bad_share)
        if files.facts:
            replay.add_facts(files.facts)
        for path in files.feedback:
            replay.add_feedback(path)
        result = replay.run(files.state)
    return summarise(result, run, elapsed() - begin)


def failures(summary: Summary) -> str | None:
    """Why a replay counts as failed, in one line; None when it does not."""
    reasons = list(summary.truncated)
    if summary.ending == "too many bad lines":
        reasons.append(f"{summary.counts.bad:,} of {summary.counts.lines:,} lines are bad")
    return "; ".join(reasons) or None


def _given(*names: str | Path | None) -> Iterable[str]:
    return (str(name) for name in names if name is not None)


def _place(name: str) -> str:
    return name if name == "-" else str(Path(name).resolve())


def _features(files: ReplayFiles) -> Features | None:
    if files.features is None:
        return None
    try:
        # An extra, and slow to import: only who wants features pays for it.
        from stream.replay.feature_file import FeatureFile  # noqa: PLC0415
    except ImportError as error:
        message = "features need pyarrow: pip install 'gauger[parquet]'"
        raise UsageError(message) from error
    return FeatureFile(files.features, files.epoch_seconds)


def _values(files: ReplayFiles) -> Values | None:
    if files.p_values is None:
        return None
    try:
        from stream.replay.value_file import ValueFile  # noqa: PLC0415 - as above
    except ImportError as error:
        message = "p-values need pyarrow: pip install 'gauger[parquet]'"
        raise UsageError(message) from error
    return ValueFile(files.p_values, files.epoch_seconds)


def _saved(state: Path | None) -> bytes | None:
    if state is None or not state.exists():
        return None
    try:
        return state.read_bytes()
    except OSError as error:
        raise UsageError(f"{state}: {error.strerror}") from error


def _opened(open_run: OpenRun, saved: bytes | None, state: Path | None) -> Run:
    try:
        return open_run(saved)
    except ValueError as error:
        if saved is None:
            raise
        raise FailedRun(f"{state}: this state cannot be used: {error}") from error
