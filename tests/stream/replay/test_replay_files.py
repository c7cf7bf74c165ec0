from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from models.judging.findings import Finding
from schemas.codec import encode
from stream.errors import FailedRun, UsageError
from stream.recordings.files import read_alerts
from stream.replay.files import ReplayFiles, failures, replay_files
from stream.replay.replay import Replayed
from stream.replay.summary import Summary, summarise, summary_lines
from tests.models.alerts import alert
from tests.stream.replay.test_replay import Interrupted, Shown, line, ring, write
from tests.stream.twin import TwinRun


def replay(files: ReplayFiles, max_bad_share: float | None = None) -> Summary:
    return replay_files(files, TwinRun, Shown(), max_bad_share)


def test_a_replay_is_summed_up(tmp_path: Path) -> None:
    name = write(tmp_path / "events", [*ring(), line(900, "quiet"), b'{"id":1}'])
    summary = replay(ReplayFiles(recordings=(name,)))
    (finding,) = summary.findings
    assert finding.accounts == ["ring0", "ring1", "ring2"]
    assert (summary.counts.lines, summary.counts.bad, summary.counts.events) == (5, 1, 4)
    assert summary.watermark == "1970-01-01T00:15:00.000000Z"
    assert failures(summary) is None
    assert orjson.loads(encode(summary))["findings"][0]["alert_id"] == "card"


def test_a_person_reads_who_why_and_what_to_do(tmp_path: Path) -> None:
    name = write(tmp_path / "events", ring(count=12))
    text = "\n".join(summary_lines(replay(ReplayFiles(recordings=(name,)))))
    for told in (
        "1 finding\n",
        "1. HIGH  One fragment in the prompts of several accounts",
        "12 accounts, 100 requests",
        "why  load is dealt evenly",
        "ties fragment ab12, 12 accounts",
        "do   hold: harvest is running",
        "who  ring0, ring1, ring2, ring3, ring4, ring5, ring6, ring7 and 4 more",
        "12 lines in",
    ):
        assert told in text


def test_severe_findings_come_first() -> None:
    result = Replayed(
        findings=[
            Finding(alert("low", ["a"], at=1, severity="low"), 1),
            Finding(alert("late", ["a"], at=3, severity="critical"), 3),
            Finding(alert("early", ["a"], at=2, severity="critical"), 2),
        ]
    )
    summary = summarise(result, TwinRun(), 1.0)
    assert [one.alert_id for one in summary.findings] == ["early", "late", "low"]


class Learning(TwinRun):
    learning_until = 6 * 3_600_000_000


def test_a_detector_that_still_learns_says_so(tmp_path: Path) -> None:
    files = ReplayFiles(recordings=(write(tmp_path / "events", ring()),))
    summary = replay_files(files, Learning, Shown())
    assert summary.learning_until == "1970-01-01T06:00:00.000000Z"
    assert "Still learning" in next(iter(summary_lines(summary)))


def test_an_interrupted_replay_says_so(tmp_path: Path) -> None:
    name = write(tmp_path / "events", [*ring(), *[line(400 + row, "a") for row in range(9_000)]])
    summary = replay_files(ReplayFiles(recordings=(name,)), Interrupted, Shown())
    assert next(iter(summary_lines(summary))) == "Interrupted: what follows was found so far."
    assert len(summary.findings) == 1


def test_state_goes_on_and_so_do_the_outputs(tmp_path: Path) -> None:
    alerts, state = str(tmp_path / "alerts"), tmp_path / "state"
    for part, lines in enumerate((ring(), ring(3, 2, at=600), ring(5, 1, at=1_200))):
        name = write(tmp_path / f"part{part}", lines)
        replay(ReplayFiles(recordings=(name,), alerts=alerts, state=state))
    assert [event.accounts for event in read_alerts(alerts)] == [
        ["ring0", "ring1", "ring2"],
        ["ring3", "ring4"],
        ["ring5"],
    ]
    end = ReplayFiles(recordings=(write(tmp_path / "end", []),), state=state)
    assert replay(end).counts.events == 6


def test_a_state_that_could_not_be_saved_is_told_before_the_work(tmp_path: Path) -> None:
    name, alerts = write(tmp_path / "some", []), tmp_path / "alerts"
    files = ReplayFiles(
        recordings=(name,), alerts=str(alerts), state=tmp_path / "nowhere" / "state"
    )
    with pytest.raises(UsageError, match=r"nowhere/state: .* no such folder"):
        replay(files)
    assert not alerts.exists()


def test_a_state_that_cannot_be_used_is_told_by_name(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_bytes(b"not a state")
    name = write(tmp_path / "events", ring())
    with pytest.raises(FailedRun, match="state: this state cannot be used"):
        replay(ReplayFiles(recordings=(name,), state=state))
    assert state.read_bytes() == b"not a state"


def test_failures_are_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b"?\n?\n" + ring()[0][:-1])
    summary = replay(ReplayFiles(recordings=(str(path),)), max_bad_share=0.5)
    told = failures(summary)
    assert told == f"{path}: line 3 breaks off without a newline; 3 of 3 lines are bad"


@pytest.mark.parametrize(
    "files",
    [
        ReplayFiles(recordings=("a", "b"), alerts="./a"),
        ReplayFiles(recordings=("a",), facts="f", scores="f"),
        ReplayFiles(recordings=("a",), state=Path("a")),
        ReplayFiles(recordings=("-",), facts="-"),
        ReplayFiles(recordings=("a", "x/../a")),
        ReplayFiles(recordings=("a",), alerts="o", dead_letters="o"),
    ],
)
def test_no_file_is_used_twice(files: ReplayFiles) -> None:
    with pytest.raises(UsageError):
        files.check()


def test_standard_input_and_output_are_two_places() -> None:
    ReplayFiles(recordings=("-",), alerts="-").check()


def test_nothing_is_overwritten_when_an_input_is_missing(tmp_path: Path) -> None:
    alerts = tmp_path / "alerts"
    alerts.write_bytes(b"kept")
    with pytest.raises(UsageError, match="No such file"):
        replay(ReplayFiles(recordings=(str(tmp_path / "absent"),), alerts=str(alerts)))
    assert alerts.read_bytes() == b"kept"
