from __future__ import annotations

import base64
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from schemas.codec import MAX_LINE
from stream.recordings.blocks import Recording
from stream.recordings.files import read_alerts
from stream.replay.outputs import Outputs
from stream.replay.progress import Position
from stream.replay.replay import Replay, Replayed
from tests.stream.twin import TwinOutcome, TwinRun


class Shown:
    """Keeps all positions."""

    def __init__(self) -> None:
        self.positions: list[Position] = []
        self.closed = False

    def show(self, position: Position) -> None:
        self.positions.append(position)

    def close(self) -> None:
        self.closed = True


def line(time: float, account: str, payment: str | None = None) -> bytes:
    return orjson.dumps(
        {"id": f"{account}-{time}", "time": time, "account": account, "payment": payment}
    )


def ring(first: int = 0, count: int = 3, at: float = 0) -> list[bytes]:
    return [line(at + row, f"ring{row}", "card") for row in range(first, first + count)]


def write(path: Path, lines: list[bytes]) -> str:
    path.write_bytes(b"".join(one + b"\n" for one in lines))
    return str(path)


def replay(
    run: TwinRun,
    *files: str,
    folder: Path,
    state: Path | None = None,
    max_bad_share: float | None = None,
    append: bool = False,
    shown: Shown | None = None,
) -> Replayed:
    with ExitStack() as stack:
        recordings = [stack.enter_context(Recording(name)) for name in files]
        outputs = Outputs(str(folder / "alerts"), None, str(folder / "dead"), append=append)
        stack.callback(outputs.close)
        loop = Replay(run, recordings, outputs, shown or Shown(), max_bad_share)
        return loop.run(state)


def dead_letters(folder: Path) -> list[dict[str, object]]:
    return [orjson.loads(one) for one in (folder / "dead").read_bytes().splitlines()]


def test_a_recording_ends_in_findings_and_alerts(tmp_path: Path) -> None:
    name = write(tmp_path / "events.jsonl", [*ring(), line(900, "quiet")])
    result = replay(TwinRun(), name, folder=tmp_path)
    assert result.ending == "done"
    assert (result.lines, result.bad, result.truncated) == (4, 0, [])
    (finding,) = result.findings
    assert list(finding.accounts) == ["ring0", "ring1", "ring2"]
    assert [one.alert_id for one in read_alerts(str(tmp_path / "alerts"))] == ["card"]


def test_the_source_furthest_behind_is_fed_first(tmp_path: Path) -> None:
    early = write(tmp_path / "early", [line(row, "a") for row in range(9_000)])
    late = write(tmp_path / "late", [line(5_000 + row, "b") for row in range(9_000)])
    run = TwinRun()
    replay(run, late, early, folder=tmp_path)
    # Each gives one block first, since its time is unknown before; then the earlier catches up.
    assert [source for source, _, _ in run.fed] == [0, 1, 1, 1, 0, 0]


def test_broken_lines_cost_a_dead_letter_with_file_and_number(tmp_path: Path) -> None:
    name = write(
        tmp_path / "events.jsonl", [line(1, "a"), b"", b'{"id":"x"}', b"\xff\x00", line(2, "b")]
    )
    result = replay(TwinRun(), name, folder=tmp_path)
    assert (result.lines, result.bad) == (4, 2)
    first, second = dead_letters(tmp_path)
    assert (first["file"], first["line"], first["encoding"]) == (name, 3, "text")
    assert first["raw"] == '{"id":"x"}'
    assert first["reason"]
    assert (second["line"], second["encoding"]) == (4, "base64")
    assert base64.b64decode(str(second["raw"])) == b"\xff\x00"


def test_a_line_too_long_costs_one_dead_letter(tmp_path: Path) -> None:
    name = write(tmp_path / "events.jsonl", [line(1, "a"), b"x" * (MAX_LINE + 1), line(2, "b")])
    result = replay(TwinRun(), name, folder=tmp_path)
    assert (result.lines, result.bad) == (3, 1)
    (letter,) = dead_letters(tmp_path)
    assert (letter["line"], letter["reason"]) == (2, f"line is longer than {MAX_LINE} bytes")


def test_without_a_limit_bad_lines_never_stop_a_replay(tmp_path: Path) -> None:
    name = write(tmp_path / "events.jsonl", [b"?"] * 20_000 + ring())
    result = replay(TwinRun(), name, folder=tmp_path)
    assert (result.ending, result.lines, len(result.findings)) == ("done", 20_003, 1)


@pytest.mark.parametrize(("limit", "ending"), [(0.25, "done"), (0.24, "too many bad lines")])
def test_a_bad_share_above_the_limit_fails(tmp_path: Path, limit: float, ending: str) -> None:
    name = write(tmp_path / "events.jsonl", [*ring(), b"?"])
    assert replay(TwinRun(), name, folder=tmp_path, max_bad_share=limit).ending == ending


def test_a_bad_share_above_the_limit_stops_early(tmp_path: Path) -> None:
    name = write(tmp_path / "events.jsonl", [b"?"] * 50_000)
    result = replay(TwinRun(), name, folder=tmp_path, max_bad_share=0.5)
    assert 10_000 <= result.lines < 20_000


def test_an_empty_recording_is_fine(tmp_path: Path) -> None:
    result = replay(TwinRun(), write(tmp_path / "events.jsonl", []), folder=tmp_path)
    assert (result.ending, result.findings) == ("done", [])
    assert (tmp_path / "alerts").read_bytes() == b""


def test_of_a_truncated_recording_everything_readable_is_used(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([*ring(), b'{"id":']))
    result = replay(TwinRun(), str(path), folder=tmp_path)
    assert len(result.findings) == 1
    assert result.truncated == [f"{path}: line 4 breaks off without a newline"]


def test_resuming_from_state_equals_not_stopping(tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    whole.mkdir()
    halves.mkdir()
    lines = [*ring(), *ring(3, 2, at=600), *ring(5, 2, at=1_200)]
    replay(TwinRun(), write(whole / "events", lines), folder=whole)
    state = halves / "state"
    replay(TwinRun(), write(halves / "one", lines[:2]), folder=halves, state=state)
    run = TwinRun(state.read_bytes())
    replay(run, write(halves / "two", lines[2:]), folder=halves, append=True)
    assert (halves / "alerts").read_bytes() == (whole / "alerts").read_bytes()
    assert run.counters.events == len(lines)


class Interrupted(TwinRun):
    """Is stopped by the keyboard at its second block."""

    def feed(self, source: int, first_line: int, lines: list[bytes]) -> TwinOutcome:
        if self.fed:
            raise KeyboardInterrupt
        return super().feed(source, first_line, lines)


def test_an_interrupt_leaves_what_was_found_and_the_old_state(tmp_path: Path) -> None:
    lines = [*ring(), *[line(400 + row, "a") for row in range(9_000)]]
    name = write(tmp_path / "events.jsonl", lines)
    state = tmp_path / "state"
    shown = Shown()
    result = replay(Interrupted(), name, folder=tmp_path, state=state, shown=shown)
    assert result.ending == "interrupted"
    assert len(result.findings) == 1
    assert len(list(read_alerts(str(tmp_path / "alerts")))) == 1
    assert not state.exists()
    assert shown.closed


def test_facts_come_before_the_traffic_and_bad_ones_are_told(tmp_path: Path) -> None:
    name = write(tmp_path / "events.jsonl", ring())
    facts = write(tmp_path / "facts.jsonl", [b'{"account":"a"}', b"", b"?"])
    run = TwinRun()
    with Recording(name) as recording:
        outputs = Outputs(dead_letters=str(tmp_path / "dead"))
        loop = Replay(run, [recording], outputs, Shown())
        loop.add_facts(facts)
        assert run.facts == [b'{"account":"a"}', b"?"]
        result = loop.run()
        outputs.close()
    assert (result.bad, result.bad_facts) == (0, 1)
    (letter,) = dead_letters(tmp_path)
    assert (letter["file"], letter["line"]) == (facts, 3)


def test_feedback_comes_before_the_traffic_and_bad_lines_are_told(tmp_path: Path) -> None:
    name = write(tmp_path / "events.jsonl", ring())
    files = [write(tmp_path / f"said-{one}", [b"!", b'{"alert_id":"a"}']) for one in range(2)]
    run = TwinRun()
    with Recording(name) as recording:
        outputs = Outputs(dead_letters=str(tmp_path / "dead"))
        loop = Replay(run, [recording], outputs, Shown())
        for path in files:
            loop.add_feedback(path)
        result = loop.run()
        outputs.close()
    assert run.feedback == [b"!", b'{"alert_id":"a"}'] * 2
    assert (result.bad, result.bad_feedback) == (0, 2)
    told = [(letter["file"], letter["line"]) for letter in dead_letters(tmp_path)]
    assert told == [(path, 1) for path in files]


@pytest.fixture
def positions(tmp_path: Path) -> list[Position]:
    shown = Shown()
    name = write(tmp_path / "events.jsonl", [line(row, "a") for row in range(9_000)])
    replay(TwinRun(), name, folder=tmp_path, shown=shown)
    return shown.positions


def test_progress_only_grows_and_ends_at_the_whole(positions: list[Position]) -> None:
    shares = [position.share or 0.0 for position in positions]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert positions[-1].requests == 9_000
    assert positions[-1].watermark == 8_999_000_000


def test_a_run_that_fails_leaves_the_old_state(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_bytes(b"old")
    name = write(tmp_path / "events.jsonl", [*ring(), b"?"])
    result = replay(TwinRun(), name, folder=tmp_path, state=state, max_bad_share=0.0)
    assert result.ending == "too many bad lines"
    assert state.read_bytes() == b"old"
