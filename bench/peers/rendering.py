"""Outcomes as a table for the terminal, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean, median

import numpy as np

from bench.peers.intervals import Interval, bootstrap, wilson
from bench.peers.outcome import Outcome

_COLUMNS = (
    ("detector", 17), ("rule", 14), ("found", 7), ("95 %", 11), ("leaked", 8), ("95 %", 13),
    ("unnamed", 9), ("recall", 8), ("95 %", 13), ("precision", 11), ("false/M", 9),
    ("accused/M", 11), ("events/s", 10),
)  # fmt: skip
_LEFT = 2


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A block of lines for each family, then one over all of them."""
    families = list(dict.fromkeys(one.family for one in outcomes))
    for family in families:
        yield from _block(family, [one for one in outcomes if one.family == family])
    if len(families) > 1:
        yield from _block("all families", outcomes)


def _block(title: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield ""
    yield title
    yield _line([heading for heading, _ in _COLUMNS])
    for detector, rule in dict.fromkeys((one.detector, one.rule) for one in outcomes):
        group = [one for one in outcomes if (one.detector, one.rule) == (detector, rule)]
        yield _line((detector, rule, *_cells(group)))


def _cells(group: Sequence[Outcome]) -> tuple[str, ...]:
    found = sum(one.found for one in group)
    leaked = [one.leaked for one in group]
    recalls = [one.recall for one in group]
    benign = sum(one.benign_requests for one in group) or 1
    precisions = [one.precision for one in group if one.precision is not None]
    return (
        f"{found}/{len(group)}",
        _shown(wilson(found, len(group)), digits=2),
        f"{median(leaked):.3f}",
        _shown(bootstrap(leaked, np.median), digits=3),
        f"{median(one.leaked_before_naming for one in group):.3f}",
        f"{fmean(recalls):.3f}",
        _shown(bootstrap(recalls, np.mean), digits=3),
        f"{fmean(precisions):.3f}" if precisions else "-",
        f"{1e6 * sum(one.false_alerts for one in group) / benign:.2f}",
        f"{1e6 * sum(one.accused for one in group) / benign:.1f}",
        f"{fmean(one.events_per_second for one in group):,.0f}",
    )


def _shown(interval: Interval | None, *, digits: int) -> str:
    if interval is None:
        return "-"
    return f"{interval.low:.{digits}f}–{interval.high:.{digits}f}"


def _line(cells: Sequence[str]) -> str:
    widths = [width for _, width in _COLUMNS]
    left = "".join(cell.ljust(width) for cell, width in zip(cells[:_LEFT], widths, strict=False))
    right = "".join(
        cell.rjust(width) for cell, width in zip(cells[_LEFT:], widths[_LEFT:], strict=True)
    )
    return left + right
