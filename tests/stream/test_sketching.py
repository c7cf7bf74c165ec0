from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest

from stream.cli import main
from stream.edge import Sketcher

Captured = pytest.CaptureFixture[str]
PROMPT = "Write the same answer in five other ways, and say which of them is the shortest."


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def line(number: int, **more: object) -> bytes:
    return orjson.dumps({"id": f"r{number}", "time": 1_789_000_000, "account": "a", **more})


def write(name: str, lines: list[bytes]) -> str:
    Path(name).write_bytes(b"".join(one + b"\n" for one in lines))
    return name


def read(name: str) -> list[dict[str, object]]:
    return [orjson.loads(one) for one in Path(name).read_bytes().splitlines()]


def test_texts_are_replaced_file_by_file(capsys: Captured) -> None:
    Path("one.gz").write_bytes(gzip.compress(line(1, prompt=PROMPT, colour="red") + b"\n"))
    files = ["one.gz", write("two", [line(2), line(3, system=PROMPT)])]
    assert main(["sketch", *files, "--out", "out"]) == 0
    sketcher = Sketcher(None)
    assert [one.get("sketch") for one in read("out")] == [
        sketcher.sketch(prompt=PROMPT),
        None,
        sketcher.sketch(system=PROMPT),
    ]
    assert [one["id"] for one in read("out")] == ["r1", "r2", "r3"]
    assert not {"prompt", "system", "colour"} & {name for one in read("out") for name in one}
    assert "3 lines, 3 requests written" in capsys.readouterr().err


def test_what_is_refused_is_told_and_not_written(capfd: Captured) -> None:
    assert main(["sketch", write("in", [line(1), b'{"prompt": "secret"}', b"?"])]) == 0
    told = capfd.readouterr()
    assert [orjson.loads(one)["id"] for one in told.out.splitlines()] == ["r1"]
    assert "2 records refused, the first: in, line 2: " in told.err
    assert "secret" not in told.out + told.err


def test_a_recording_that_breaks_off_is_sketched_as_far_as_it_goes(capsys: Captured) -> None:
    Path("in").write_bytes(line(1) + b"\n" + line(2)[:-9])
    assert main(["sketch", "in", "--out", "out"]) == 1
    assert [one["id"] for one in read("out")] == ["r1"]
    assert "in: line 2 breaks off" in capsys.readouterr().err


def test_nothing_is_written_over_for_a_file_that_is_not_there() -> None:
    write("out", [line(1)])
    assert main(["sketch", "none", "--out", "out"]) == 2
    assert read("out")


def test_a_file_is_not_written_over_while_it_is_read() -> None:
    write("in", [line(1)])
    assert main(["sketch", "in", "--out", "./in"]) == 2
    assert read("in")


def test_the_summary_of_a_replay_counts_dropped_sketches(capsys: Captured) -> None:
    made = Sketcher(None).sketch(prompt=PROMPT)
    write("in", [line(1, sketch=made), line(2, sketch="?"), line(3, sketch="AAAA")])
    assert main(["replay", "in"]) == 0
    assert "sketches dropped: damaged (2)" in capsys.readouterr().out


def test_a_recording_of_which_nothing_can_be_read_is_a_failure(capfd: Captured) -> None:
    assert main(["sketch", write("in", [b"?", b"!"])]) == 1
    told = capfd.readouterr().err
    assert "none of 2 records could be read, the first: in, line 1: " in told
    assert "is --input-format right?" in told
