from __future__ import annotations

from pathlib import Path

import pytest

from bench.profile import GROUPS, ROOT, draw, grouped

_DETECT = "main (bench/profile.py:1);detect (bench/speed/jobs.py:80)"


def test_a_sample_counts_for_the_innermost_module_of_ours() -> None:
    shares = grouped(
        [
            f"{_DETECT};feed (stream/replay/local.py:3);close (models/ties/stage.py:1) 6",
            f"{_DETECT};close (models/ties/stage.py:1);concatenate (numpy/core.py:2) 2",
            f"{_DETECT};feed (stream/replay/local.py:3) 2",
            "main (bench/profile.py:1);simulated (bench/recordings.py:9) 90",
        ]
    )
    assert shares["ties"] == pytest.approx(0.8)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_without_a_sample_of_the_detector_there_are_no_shares() -> None:
    with pytest.raises(ValueError, match="no sample"):
        grouped(["main (bench/profile.py:1) 5"])


def test_every_module_that_is_told_apart_is_there() -> None:
    for _, beginnings in GROUPS:
        for one in beginnings:
            assert (ROOT / one).is_dir() or (ROOT / f"{one}.py").is_file(), one


def test_the_picture_is_small_and_the_same_each_time(tmp_path: Path) -> None:
    costs = {"with text": {name: 1.0 for name, _ in GROUPS}}
    pictures = [tmp_path / name for name in ("first.svg", "second.svg")]
    for picture in pictures:
        draw(costs, picture)
    first, second = (picture.read_bytes() for picture in pictures)
    assert first == second
    assert len(first) < 50_000
