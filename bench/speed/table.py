"""The table of `make bench`: rows, as lines for a terminal, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

_EXACT_BELOW = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        what: What was measured.
        value: The figure of the row; None where there is none but `cpu` and `wall`.
        unit: What it counts; of a row without any figure, why there is none.
        must: The least that the design asks for.
        aim: What it hopes for.
        cpu: CPU time of a request, microseconds, over all threads.
        wall: Wall-clock time of a request, microseconds.
        key: Name under which `bench.fleet` takes the row's figures.
    """

    what: str
    value: float | None = None
    unit: str = ""
    must: str = ""
    aim: str = ""
    cpu: float | None = None
    wall: float | None = None
    key: str = ""


def number(value: float | None) -> str:
    """A figure in three digits or more; nothing for none."""
    if value is None:
        return ""
    if abs(value) >= _EXACT_BELOW:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def shown(row: Row) -> str:
    """A row as a line of the table."""
    budgets = (("must", row.must), ("aim", row.aim))
    budget = ", ".join(f"{name} {value}" for name, value in budgets if value)
    times = f"{number(row.cpu):>9} {number(row.wall):>9}"
    return f"{row.what:<66} {times} {number(row.value):>12} {row.unit:<14} {budget}".rstrip()


def heading(name: str) -> str:
    """What stands over the rows of a group."""
    return f"\n{name:<66} {'CPU, µs':>9} {'wall, µs':>9}"


def markdown(groups: Iterable[tuple[str, list[Row]]]) -> Iterator[str]:
    """The table as lines of Markdown."""
    yield "| what | CPU, µs | wall, µs | figure | | must | aim |"
    yield "| --- | ---: | ---: | ---: | --- | --- | --- |"
    for name, rows in groups:
        yield f"| **{name}** | | | | | | |"
        for row in rows:
            cells = (row.what, *map(number, (row.cpu, row.wall, row.value)))
            yield f"| {' | '.join((*cells, row.unit, row.must, row.aim))} |"


def as_values(groups: Iterable[tuple[str, list[Row]]]) -> dict[str, list[dict[str, Any]]]:
    """The table as plain values: rows by group."""
    return {name: [asdict(row) for row in rows] for name, rows in groups}
