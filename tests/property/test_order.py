"""Laws of the whole detector over any small traffic: what must leave no trace in its results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from models.options import EpochOptions, LearningOptions
from schemas.codec import encode
from schemas.request import RequestEvent
from stream.replay.local import LocalRun
from stream.replay.outcome import Outcome
from stream.settings import Settings
from tests.strategies import events

SETTINGS = Settings(
    epoch=EpochOptions(seconds=600, lateness_seconds=3_600), learning=LearningOptions(hours=0)
)
"""All rows lie within one hour: whatever their order, none is late."""

traffic = st.lists(events, min_size=1, max_size=40)
# A failing traffic is small as it comes; making it smaller would take minutes.
examples = settings(max_examples=20, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def ties_of(outcomes: Sequence[Outcome]) -> dict[tuple[int, int], tuple[Any, ...]]:
    """Statistics, score and members of every tested tie, by epoch and key."""
    found: dict[tuple[int, int], tuple[Any, ...]] = {}
    for epoch, report in (pair for outcome in outcomes for pair in outcome.reports):
        ties = report.ties
        starts = [0, *ties.member_ends.tolist()]
        for row, statistics in enumerate(ties.statistics):
            members = ties.members[starts[row] : starts[row + 1]]
            found[epoch, int(statistics["tie"])] = (
                [statistics[name].tolist() for name in statistics.dtype.names or ()],
                float(ties.scores[row]),
                ties.inputs[row].tolist(),
                bool(ties.tested[row]),
                sorted(
                    (int(member["account"]), int(member["count"]), int(member["requests"]))
                    for member in members
                ),
            )
    return found


def results(
    rows: Sequence[RequestEvent], partitions: int = 1, shuffle: int | None = None, size: int = 64
) -> tuple[Any, ...]:
    """All that a run says, and what it counted."""
    run = LocalRun(SETTINGS, partitions, shuffle, keep_reports=True)
    lines = [encode(row) for row in rows]
    source = run.open_source()
    outcomes = [
        run.feed(source, first, lines[first : first + size]) for first in range(0, len(lines), size)
    ]
    outcomes += [run.close_source(source), run.finish()]
    return (
        [encode(alert) for outcome in outcomes for alert in outcome.alerts],
        [encode(score) for outcome in outcomes for score in outcome.scores],
        ties_of(outcomes),
        run.counters,
    )


@examples
@given(traffic, st.sampled_from([2, 3, 7]))
def test_partitions_leave_no_trace(rows: list[RequestEvent], partitions: int) -> None:
    assert results(rows, partitions) == results(rows)


@examples
@given(traffic, st.integers(0, 2**32), st.integers(1, 3))
def test_shuffling_leaves_no_trace(rows: list[RequestEvent], seed: int, partitions: int) -> None:
    assert results(rows, partitions, shuffle=seed) == results(rows)


@examples
@given(traffic, st.data())
def test_arrival_and_cuts_leave_no_trace(rows: list[RequestEvent], data: st.DataObject) -> None:
    # Which of two rows of one account, id and time is the duplicate depends on their order.
    rows = list({(row.account, row.id, row.time): row for row in rows}.values())
    arrivals = data.draw(st.permutations(rows))
    size = data.draw(st.integers(1, 50))
    assert results(arrivals, size=size) == results(rows)


@examples
@given(traffic, st.data())
def test_repeated_rows_leave_no_trace_but_their_count(
    rows: list[RequestEvent], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(rows), max_size=20))
    alerts, scores, ties, counters = results([*rows, *again])
    expected = results(rows)
    assert (alerts, scores, ties) == expected[:3]
    assert counters.duplicates == expected[3].duplicates + len(again)
    assert counters.events == expected[3].events


@examples
@given(traffic)
def test_every_row_is_counted_once(rows: list[RequestEvent]) -> None:
    counters = results(rows)[3]
    different = {(row.account, row.id, row.time) for row in rows}
    assert counters.events == len(different)
    assert counters.events + counters.duplicates == len(rows)
    assert counters.accounts == len({row.account for row in rows})
    assert counters.reused_ids == len(different) - len({(row.account, row.id) for row in rows})
    assert (counters.bad, counters.late, counters.parked) == (0, 0, 0)
