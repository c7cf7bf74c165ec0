from __future__ import annotations

from bench.peers.outcome import Outcome
from bench.peers.rendering import table


def _outcome(family: str, seed: int, *, leaked: float, found: bool = True) -> Outcome:
    return Outcome(
        family=family, seed=seed, detector="peer", rule="budget", found=found, leaked=leaked,
        leaked_before_naming=0.0, recall=leaked, precision=None, alerts=1, false_alerts=1,
        accused=2, benign_requests=500_000, events_per_second=1_000.0,
    )  # fmt: skip


def _rows(*outcomes: Outcome) -> list[str]:
    return [line for line in table(outcomes) if line.startswith("peer")]


def test_columns_line_up_under_their_headings() -> None:
    lines = list(table([_outcome("drip", seed, leaked=0.1 * seed) for seed in range(4)]))
    assert len({len(line) for line in lines[2:]}) == 1


def test_one_run_shows_an_interval_for_found_only() -> None:
    (row,) = _rows(_outcome("drip", 1, leaked=0.5))
    assert row.split()[2:] == [
        "1/1", "0.21–1.00", "0.500", "-", "0.000", "0.500", "-", "-", "2.00", "4.0", "1,000"
    ]  # fmt: skip


def test_runs_that_agree_leave_no_doubt_about_leaks() -> None:
    (row,) = _rows(*(_outcome("drip", seed, leaked=0.25) for seed in range(3)))
    assert row.split().count("0.250–0.250") == 2


def test_families_have_a_block_each_and_one_together() -> None:
    rows = _rows(_outcome("drip", 1, leaked=0.1), _outcome("relay", 1, leaked=1.0, found=False))
    assert [row.split()[2] for row in rows] == ["1/1", "0/1", "1/2"]
