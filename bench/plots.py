"""Plots for the documentation from what the benches wrote: `python -m bench.plots`.

Reads `evidence.json`, `quiet.json` and `evasion_cost.json` of the work folder; what is not there is
left out, and said. Lines and letters are of a grey that shows on white and on black.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from bench.evasion_cost import DAYS, Point
from bench.evidence import Evidence
from bench.quiet import LEVELS, Quiet
from models.options import BudgetOptions
from stream.simulator.scenario import FAMILIES

GREY = "#7a828c"
COLOURS = ("#4477aa", "#ee6677", "#228833", "#b8a02c", "#3fa7c9", "#aa3377", "#d98032", "#8b78c4")
"""Eight that colour-blind readers can tell apart, of middling lightness; after Paul Tol."""

STYLE = {
    "svg.hashsalt": "gauger",
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": GREY,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "axes.grid": True,
    "legend.frameon": False,
}


def draw_evidence(axes: Axes, data: bytes) -> None:
    """How rare the strongest ties were, against the budget, and what had been harvested."""
    found = msgspec.json.decode(data, type=Evidence)
    for series, colour, label in (
        (found.ordinary, GREY, "strongest ordinary tie of the hour"),
        (found.own, COLOURS[1], f"strongest tie of the campaign ({found.family})"),
    ):
        days, rarity = np.array(series).T
        axes.scatter(days, rarity, s=9, color=colour, label=label, linewidths=0)
    axes.axhline(found.budget, color=COLOURS[0], lw=1.2, label="budget")
    if found.alarm is not None:
        axes.axvline(found.alarm, color=COLOURS[2], lw=1.2, label="first correct alert")
    axes.set(
        yscale="log",
        xlabel="days of traffic",
        ylabel="ordinary ties as strong,\na million requests",
    )
    axes.invert_yaxis()
    share = axes.twinx()
    share.plot(*np.array(found.harvested).T, color=COLOURS[6], lw=1.2, ls="--")
    share.set(ylabel="share of the harvest sent (dashed)", ylim=(0, 1.02))
    share.grid(visible=False)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize=8)


def draw_calibration(axes: Axes, data: bytes) -> None:
    """Share of honest tests that reach a p-value, run by run, against what was promised."""
    runs = msgspec.json.decode(data, type=list[Quiet])
    # Of tests below its middle the reference says nothing; they have a p-value of 1.
    first = next(place for place, level in enumerate(LEVELS) if level < 0.5)
    levels = np.array(LEVELS[first:])
    for run in runs:
        shares = np.array(run.reached[first:]) / run.tests
        seen = shares > 0
        axes.plot(levels[seen], shares[seen], color=COLOURS[0], lw=0.8, alpha=0.6)
    pooled = np.sum([run.reached[first:] for run in runs], axis=0)
    shares = pooled / sum(run.tests for run in runs)
    axes.plot(levels[shares > 0], shares[shares > 0], color=COLOURS[1], lw=2, label="all runs")
    axes.plot(levels, levels, color=GREY, lw=1.2, ls="--", label="uniform")
    axes.plot([], [], color=COLOURS[0], lw=0.8, label="each attack-free run")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="p-value",
        ylabel="share of honest tests\nwith at most this p-value",
    )
    axes.legend(loc="upper left", fontsize=8)


def draw_quiet(axes: Axes, data: bytes) -> None:
    """False alerts over all attack-free runs laid end to end, against the budget."""
    runs = msgspec.json.decode(data, type=list[Quiet])
    millions = np.cumsum([run.requests for run in runs]) / 1e6
    starts = np.concatenate([[0.0], millions[:-1]])
    alerts = sorted(
        start + after / run.days * run.requests / 1e6
        for start, run in zip(starts, runs, strict=True)
        for after in run.false_after
    )
    steps = np.arange(len(alerts) + 1)
    axes.step([0.0, *alerts, millions[-1]], [*steps, steps[-1]], where="post", color=COLOURS[1],
              lw=2, label="false alerts")  # fmt: skip
    allowed = BudgetOptions().false_alerts_per_million
    axes.plot([0, millions[-1]], [0, allowed * millions[-1]], color=GREY, lw=1.2, ls="--",
              label=f"budget: {allowed:g} a million")  # fmt: skip
    axes.set(
        xlabel=f"million attack-free requests ({sum(run.days for run in runs):.0f} days)",
        ylabel="false alerts",
    )
    axes.legend(loc="upper left", fontsize=8)


def draw_cost(axes: Axes, data: bytes) -> None:
    """Days until the alarm by what of the published throughput the attacker keeps."""
    points = msgspec.json.decode(data, type=list[Point])
    for family, colour in zip(FAMILIES, COLOURS, strict=True):
        own = sorted(
            (one for one in points if (one.family, one.evasion) == (family, "none")),
            key=lambda one: one.kept,
        )
        kept = [100 * one.kept for one in own]
        days = [DAYS if one.alarmed_after is None else one.alarmed_after for one in own]
        if own:
            axes.plot(kept, days, color=colour, lw=1.4, marker="o", ms=4, label=family)
    axes.axhline(DAYS, color=GREY, lw=1.2, ls="--")
    axes.text(0.99, DAYS, "not alarmed", ha="right", va="bottom", fontsize=8,
              transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set(
        xscale="log",
        xlabel="harvest requests a day and account, % of the published rate",
        ylabel="days to the first correct alert",
        ylim=(0, DAYS * 1.1),
    )
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)


PLOTS: dict[str, tuple[str, Callable[[Axes, bytes], None]]] = {
    "evidence": ("evidence.json", draw_evidence),
    "calibration": ("quiet.json", draw_calibration),
    "false-alerts": ("quiet.json", draw_quiet),
    "evasion-cost": ("evasion_cost.json", draw_cost),
}


def draw(name: str, work: Path, out: Path) -> Path | None:
    """Draw a plot as SVG; None when its figures are not there."""
    source, plot = PLOTS[name]
    if not (work / source).exists():
        return None
    settings: Any = STYLE
    with mpl.rc_context(settings):
        figure = Figure(figsize=(7.2, 3.8), layout="constrained")
        plot(figure.subplots(), (work / source).read_bytes())
        out.mkdir(parents=True, exist_ok=True)
        figure.savefig(out / f"{name}.svg", transparent=True, metadata={"Date": None})
    return out / f"{name}.svg"


def main() -> None:
    """Draw what there are figures for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, default=Path("out/detection"), help="results of the benches")
    option("--out", type=Path, default=Path("docs/images"))
    option("--plots", nargs="+", choices=PLOTS, default=list(PLOTS))
    arguments = parser.parse_args()
    for name in arguments.plots:
        path = draw(name, arguments.work, arguments.out)
        print(path or f"LEFT OUT: {name}, as {PLOTS[name][0]} is not there", file=sys.stderr)


if __name__ == "__main__":
    main()
