from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from bench.evasion_cost import Point
from bench.evidence import Evidence, harvested, strongest
from bench.plots import PLOTS, draw
from bench.quiet import LEVELS, Quiet
from bench.ties import LabelledTies
from models.evidence.tie_score import INPUT_NAMES, shipped
from schemas.truth import Campaign

RUNS = [
    Quiet("fortnight", seed, "w", 700_000, 14.0, after, 9_000, [int(9_000 * p) for p in LEVELS])
    for seed, after in ((1, [3.0]), (2, []))
]
POINTS = [Point("drip", "none", 1, "w", 1.0, 0.2, 3.0, 10)]
EVIDENCE = Evidence(
    "relay", 1, "w", 1.0, [(3.0, 0.5)], [(2.5, 30.0), (3.0, 9.0)], [(3.0, 1.0)], 3.1
)
SOURCES = {"evidence": EVIDENCE, "quiet": RUNS, "evasion_cost": POINTS}


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_small_and_the_same_each_time(name: str, tmp_path: Path) -> None:
    for source, figures in SOURCES.items():
        (tmp_path / f"{source}.json").write_bytes(msgspec.json.encode(figures))
    paths = [draw(name, tmp_path, tmp_path / folder) for folder in ("first", "second")]
    first, second = (path.read_bytes() for path in paths if path)
    assert first == second
    assert len(first) < 150_000


def test_a_plot_without_figures_is_left_out(tmp_path: Path) -> None:
    assert [draw(name, tmp_path, tmp_path) for name in PLOTS] == [None] * len(PLOTS)


def test_the_strongest_tie_of_an_hour_is_shown() -> None:
    score = shipped()
    rising = np.zeros((4, len(INPUT_NAMES)), np.float32)
    place = int(np.argmax(score.weights))
    rising[:, place] = np.linspace(0.0, 20.0, 4) / score.weights[place]
    ties = LabelledTies(
        np.array([12 * 24, 12 * 24 + 1, 12 * 25, 12 * 26]), np.full(4, 16, np.uint64), rising,
        np.ones(4), np.full(4, "drip"), np.full(4, 3), 1,
    )  # fmt: skip
    chosen = strongest(ties, score, [True, True, True, False])
    scores = score.score(ties.keys, ties.inputs.astype(np.float64))
    expected = [(1.0, scores[1]), (25 / 24, scores[2])]
    assert chosen == [
        (day, score.reference.epochs.at(float(value)))
        for day, value in expected
        if np.isfinite(score.reference.epochs.at(float(value)))
    ]


def test_the_harvest_adds_up_to_all_of_it() -> None:
    campaign = Campaign(
        id="a", family="drip", accounts=[], harvest=[(60, 1), (119, 2), (121, 1)], evasions=[]
    )
    assert harvested(campaign, start=3_600.0) == [(1 / 24, 0.75), (2 / 24, 1.0)]
