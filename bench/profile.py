"""Where the CPU time of a request goes, as a picture: `make bench-profile`.

py-spy samples a process that does nothing but run the detector over requests of 1.2 kB, with text
and without. Each sample counts for the innermost of our own modules on its stack: compiled kernels
and libraries for whoever called them. Shares are those of the samples, the scale is the CPU time of
a request that the same process measured.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import orjson
from matplotlib.figure import Figure

from bench.plots import COLOURS, GREY, STYLE
from bench.recordings import spaced, without_text
from bench.speed.jobs import DENSE, FULL, SMALL, detect, requests
from bench.speed.whole import MILLION
from stream.errors import FailedRun

ROOT = Path(__file__).parents[1]
KINDS = ("with text", "metadata only")
GROUPS = (
    ("reading and writing", ("stream/",)),
    ("decode", ("schemas/", "models/requests/line_reader")),
    ("sketch and hash", ("models/requests/",)),
    ("event time", ("models/sources/",)),
    ("accounts", ("models/accounts/", "models/signals/", "models/features", "models/layouts")),
    ("ties", ("models/ties/", "models/pooling", "models/table")),
    ("evidence and head", ("models/evidence/", "models/head/")),
    ("the rest", ("models/",)),
)
"""Names of what is told apart, each with the beginnings of its modules; the first that fits."""

_ENTRY = "detect (bench/speed/jobs.py"
_SAMPLES_A_SECOND = 250
_PASSES = 5


def grouped(stacks: Iterable[str]) -> dict[str, float]:
    """Share of each group in the samples of stacks as `py-spy record --format raw` writes them.

    Stacks that are not of the detector are left out.

    Raises:
        ValueError: None is.
    """
    counts: Counter[str] = Counter()
    for stack in stacks:
        frames, _, count = stack.rpartition(" ")
        _, found, inner = frames.partition(_ENTRY)
        if found:
            counts[_group_of(inner.split(";")[1:])] += int(count)
    whole = counts.total()
    if not whole:
        raise ValueError("no sample of the detector")
    return {name: counts[name] / whole for name, _ in GROUPS}


def _group_of(frames: list[str]) -> str:
    """The group of the innermost frame that is in a module of ours."""
    for frame in reversed(frames):
        path = frame.rpartition("(")[2]
        for name, beginnings in GROUPS:
            if path.startswith(beginnings):
                return name
    return GROUPS[0][0]


def draw(costs: Mapping[str, Mapping[str, float]], out: Path) -> None:
    """A bar for each kind of request, its parts in microseconds."""
    settings: Any = STYLE
    with mpl.rc_context(settings):
        figure = Figure(figsize=(7.2, 2.6), layout="constrained")
        axes = figure.subplots()
        starts = dict.fromkeys(costs, 0.0)
        for (group, _), colour in zip(GROUPS, COLOURS, strict=True):
            widths = [parts[group] for parts in costs.values()]
            axes.barh(list(costs), widths, left=list(starts.values()), color=colour, label=group)
            for kind, width in zip(costs, widths, strict=True):
                starts[kind] += width
        axes.invert_yaxis()
        axes.set(xlabel="CPU time of a request, µs")
        axes.set_axisbelow(True)
        axes.grid(visible=False, axis="y")
        axes.legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, fontsize=8, labelcolor=GREY
        )
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out, transparent=True, metadata={"Date": None})


def _run(kind: str, events: int) -> None:
    """What is sampled: the detector, again and again; prints the CPU time of a request."""
    found = requests(events)
    lines = spaced(without_text(found) if kind == KINDS[1] else found, DENSE)
    detect(lines)
    start = time.process_time()
    for _ in range(_PASSES):
        detect(lines)
    cost = (time.process_time() - start) / _PASSES / len(lines) * MILLION
    print(orjson.dumps(cost).decode())


def _sampled(kind: str, events: int) -> dict[str, float]:
    """Microseconds of a request by group.

    Raises:
        FailedRun: py-spy is not there, or may not look.
    """
    spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if spy is None:
        raise FailedRun("py-spy is not installed: pip install py-spy")
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "stacks"
        done = subprocess.run(
            [
                spy, "record", "--format", "raw", "--full-filenames", "--output", str(raw),
                "--rate", str(_SAMPLES_A_SECOND), "--",
                sys.executable, "-m", "bench.profile", "--run", kind, "--events", str(events),
            ],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode or not raw.exists():
            raise FailedRun(f"py-spy has failed: {done.stderr[-500:]}")
        shares = grouped(raw.read_text().replace(f"({ROOT}/", "(").splitlines())
    cost = next(float(line) for line in done.stdout.splitlines() if line[:1].isdigit())
    return {name: share * cost for name, share in shares.items()}


def main() -> None:
    """Sample, print and draw."""
    parser = argparse.ArgumentParser(prog="make bench-profile", description=__doc__)
    option = parser.add_argument
    option("--out", type=Path, default=Path("docs/images/profile.svg"))
    option("--events", type=int, default=FULL.events, help="requests of a pass")
    option("--small", action="store_true", help="shows that it works, and no more")
    option("--run", choices=KINDS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    events = SMALL.events if arguments.small else arguments.events
    if arguments.run:
        _run(arguments.run, events)
        return
    costs = {kind: _sampled(kind, events) for kind in KINDS}
    for kind, parts in costs.items():
        whole = sum(parts.values())
        print(f"{kind}: {whole:.1f} µs a request")
        for name, part in parts.items():
            print(f"  {name:<22} {part:6.2f} µs  {part / whole:5.1%}")
    draw(costs, arguments.out)


if __name__ == "__main__":
    main()
