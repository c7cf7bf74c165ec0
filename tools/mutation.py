"""Mutation testing: `make mutation`. Which small changes of a module do its tests not notice?

Each mutant is tried in a process of its own, forked after all heavy imports; it stands in for its
module as long as the tests named for that module run. A test that fails, or takes far too long,
has killed it. Large modules are sampled, by a seed, and for a time.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from random import Random
from types import ModuleType

import hypothesis
import pytest

from tools.mutants import Mutant, mutants

ROOT = Path(__file__).resolve().parent.parent
LEAST_KILLED = 0.85

# The tests that answer for a module: its own first, then those that use it.
TESTS: dict[str, tuple[str, ...]] = {
    "evidence/budget": ("evidence/budget", "head/feedback"),
    "evidence/calibration": ("evidence/calibration", "evidence/own_bulk"),
    "evidence/baseline": ("evidence/baseline",),
    "head/verdicts": ("head/verdicts", "sources/feedback_partition", "head/feedback"),
    "head/feedback": ("head/feedback",),
    "head/joining": ("head/joining", "head/released_clusters", "head/forgotten_members"),
    "head/cluster": (
        "head/clusters", "head/feedback", "head/joining", "head/forgotten_members", "head/bans",
        "head/announcer",
    ),
    "head/clusters": (
        "head/clusters", "head/joining", "head/released_clusters", "head/bans", "head/payers",
        "head/feedback", "head/announcer", "head/forgotten_members",
    ),
    "head/placing": (
        "head/placing", "head/payers", "head/crossing_findings", "../property/replacement",
    ),
    "head/announcer": ("head/announcer", "head/bans", "head/feedback", "head/explanation"),
    "judging/findings": ("judging/findings", "../stream/cli/findings"),
    "wire/state": ("wire/state", "wire/upgrades", "../golden/golden"),
    "wire/upgrades": ("wire/upgrades", "../golden/golden"),
    "wire/arrays": ("wire/arrays", "wire/state"),
    "wire/codec": ("wire/wire",),
}  # fmt: skip
_HEAVY = (
    "msgspec", "numba", "numpy", "orjson", "river.anomaly", "structlog", "typer", "zstandard",
    "hypothesis.extra.numpy",
    *(f"models.kernels.{path.stem}" for path in (ROOT / "models/kernels").glob("[a-z]*.py")),
)  # fmt: skip
_EXAMPLES = 30


class _InPlace(MetaPathFinder, Loader):
    """Gives a mutant where its module is imported."""

    def __init__(self, name: str, source: str, path: Path) -> None:
        self._name = name
        self._source = source
        self._path = path

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The mutant's spec, for its own name alone."""
        if fullname != self._name:
            return None
        return spec_from_loader(fullname, self, origin=str(self._path))

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant."""
        module.__file__ = str(self._path)
        exec(compile(self._source, self._path, "exec"), module.__dict__)  # noqa: S102 - our own code


class Trial:
    """The tests of one module, tried on its mutants.

    Args:
        name: The module's name below `models`.
        tests: The tests that answer for it.
    """

    def __init__(self, name: str, tests: Sequence[str]) -> None:
        self._name = f"models.{name.replace('/', '.')}"
        self._path = ROOT / "models" / f"{name}.py"
        self._tests = [path for test in tests if (path := _test_path(test)).exists()]
        self._seconds = 600.0
        self.source = self._path.read_text("utf-8")

    def calm(self) -> None:
        """See that the tests pass on the module as it is, and how long they take.

        Raises:
            SystemExit: They fail.
        """
        start = time.monotonic()
        if self.kills(self.source):
            raise SystemExit(f"the tests of {self._name} fail without any mutant")
        self._seconds = 10.0 + 5.0 * (time.monotonic() - start)

    def kills(self, source: str) -> bool:
        """Whether the tests notice that this stands in the module's place."""
        process = os.fork()
        if not process:
            os._exit(self._status(source))
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                return status != 0
            time.sleep(0.02)
        os.kill(process, 9)
        os.waitpid(process, 0)
        return True

    def _status(self, source: str) -> int:
        sys.meta_path.insert(0, _InPlace(self._name, source, self._path))
        options = "-q -x -p no:cacheprovider -p no:randomly --hypothesis-profile=mutation".split()
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            with redirect_stdout(nowhere), redirect_stderr(nowhere):
                return int(pytest.main([*options, *map(str, self._tests)]))


def _test_path(name: str) -> Path:
    folder, _, last = f"models/{name}".rpartition("/")
    return (ROOT / "tests" / folder / f"test_{last}.py").resolve()


def _prepare() -> None:
    for name in _HEAVY:
        importlib.import_module(name)
    hypothesis.settings.register_profile(
        "mutation",
        deadline=None,
        database=None,
        derandomize=True,
        max_examples=_EXAMPLES,
        # Whether a test fails is all that is asked, not how small the failure can be made.
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )


def _tried(
    name: str, tests: Sequence[str], most: int, seconds: float, seed: int
) -> tuple[int, list[Mutant]]:
    """How many mutants were tried, and those that no test has noticed."""
    trial = Trial(name, tests)
    trial.calm()
    every = mutants(trial.source)
    random = Random(f"{seed}-{name}")  # noqa: S311 - a choice, not a secret
    chosen = random.sample(every, min(most, len(every)))
    tried, survivors, end = 0, [], time.monotonic() + seconds
    while tried < len(chosen) and (not tried or time.monotonic() < end):
        mutant = chosen[tried]
        tried += 1
        if not trial.kills(mutant.source):
            survivors.append(mutant)
    share = 1 - len(survivors) / tried
    print(f"{name:<20} {len(every):>5} mutants, {tried:>4} tried, {share:6.1%} killed")
    for mutant in sorted(survivors):
        print(f"    models/{name}.py:{mutant.line}: {mutant.change}")
    sys.stdout.flush()
    return tried, survivors


def main() -> int:
    """Run; 1 when too many mutants have lived."""
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", default=sorted(TESTS), help=" ".join(sorted(TESTS)))
    parser.add_argument("--most", type=int, default=100, help="mutants tried of a module")
    parser.add_argument("--own", action="store_true", help="by the module's own tests alone")
    parser.add_argument("--seconds", type=float, default=1e9, help="time for each module")
    parser.add_argument("--seed", type=int, default=1, help="which are tried, where there are more")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    _prepare()
    tried, lived = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        for name in arguments.modules:
            tests = TESTS[name][:1] if arguments.own else TESTS[name]
            count, survivors = _tried(
                name, tests, arguments.most, arguments.seconds, arguments.seed
            )
            tried, lived = tried + count, lived + len(survivors)
    print(f"all together {tried:,} tried, {1 - lived / tried:.1%} killed")
    return int(1 - lived / tried < LEAST_KILLED)


if __name__ == "__main__":
    sys.exit(main())
