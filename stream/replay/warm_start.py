"""From recordings to the state that workers start with: what `gauger warm` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from models.wire.state import decode_state
from stream.errors import FailedRun
from stream.replay.files import ReplayFiles, failures, replay_files
from stream.replay.local import LocalRun
from stream.replay.progress import Display
from stream.replay.summary import Summary
from stream.settings import Settings
from stream.worker.seeding import require_unused, write_seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmFiles:
    """The files of a warm start; `-` is standard input or output.

    Attributes:
        recordings: Recorded traffic, merged by event time.
        facts: Facts records.
        feedback: Verdicts on findings.
        alerts: Where alert events go; they are not published.
        form: Name of the input format; None: that of the settings, in which workers read.
    """

    recordings: tuple[str, ...]
    facts: str | None = None
    feedback: tuple[str, ...] = ()
    alerts: str | None = None
    form: str | None = None


class Warmed(NamedTuple):
    """What a warm start came to: the replay in sum, and how many records its state takes."""

    summary: Summary
    records: int


def warm_up(files: WarmFiles, settings: Settings, display: Display) -> Warmed:
    """Replay recordings, and write the state as first checkpoints.

    Raises:
        UsageError: A file cannot be opened, or is given twice.
        FailedRun: The application has been at work, the replay did not end well, or the broker
            cannot be reached.
    """
    paths = ReplayFiles(
        recordings=files.recordings,
        facts=files.facts,
        feedback=files.feedback,
        alerts=files.alerts,
    )
    paths.check()
    require_unused(settings.kafka)
    form = files.form or settings.kafka.input_format
    run = LocalRun(settings, settings.kafka.partitions, account_scores=False, form=form)
    summary = replay_files(paths, lambda _: run, display)
    failure = failures(summary)
    if summary.ending != "done" or failure:
        raise FailedRun(f"nothing was written: {failure or summary.ending}")
    return Warmed(summary, write_seeds(decode_state(run.save())["detector"], settings))
