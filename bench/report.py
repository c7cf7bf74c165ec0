"""What `make bench` found, into the documentation: `python -m bench.report out/bench.json`.

Writes the table and the fleets of docs/performance.md between their marks, and the figures that
`bench.fleet` reckons with.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import orjson

from bench.fleet import KEPT, Assumptions, Model, figures_of, kept, table
from bench.speed.table import Row, markdown

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def between(page: str, name: str, lines: str) -> str:
    """The page with other lines between the marks of that name.

    Raises:
        ValueError: The page has no such marks.
    """
    begin, end = (f"<!-- {name}, {mark} -->\n" for mark in ("begin", "end"))
    before, opened, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise ValueError(f"no marks {begin!r} and {end!r}")
    return f"{before}{begin}{lines}\n{end}{after}"


def fleets() -> str:
    """The model's tables from the kept figures."""
    return "\n".join(table(Model(kept(), Assumptions())))


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bench", type=Path, help="what `python -m bench.speed --json` printed")
    found = orjson.loads(parser.parse_args().bench.read_bytes())
    figures = {"machine": found["machine"], "small": found["small"], "figures": figures_of(found)}
    KEPT.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
    groups = [(name, [Row(**row) for row in rows]) for name, rows in found["groups"].items()]
    page = between(PAGE.read_text(encoding="utf-8"), "bench", "\n".join(markdown(groups)))
    PAGE.write_text(between(page, "fleets", fleets()), encoding="utf-8")


if __name__ == "__main__":
    main()
