"""A long run, guided by coverage: `python -m tests.fuzz [--seconds N] [TARGET …]`.

Each target has a process of its own, since libFuzzer ends the one it runs in. What is found is
written to `out/fuzz/TARGET/`; once it is mended, it goes to `tests/fuzz/corpus/TARGET/` under the
name of what it was, and the bounded run in CI holds it.

Needs atheris (the dependency group `fuzz`), whose wheels are for Linux on x86-64. Where it does not
install, `--without-coverage` runs seeded mutations instead, in this process and on any system.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.fuzz.mutation import mutations
from tests.fuzz.seeds import ROOT, seeds
from tests.fuzz.targets import TARGETS

_ROUND = 1_000
_MISSING = (
    "atheris is not installed: `make fuzz` installs it; or go without it by --without-coverage"
)


def main(arguments: Sequence[str]) -> int:
    """Fuzz the targets one after the other; 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=600.0, help="for all of them together")
    parser.add_argument("--without-coverage", action="store_true", help="seeded mutations alone")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    names = chosen.targets or list(TARGETS)
    if unknown := set(names) - TARGETS.keys():
        parser.error(f"no target {', '.join(sorted(unknown))}")
    seconds = chosen.seconds / len(names)
    if chosen.here:
        _fuzz_here(names[0], seconds)
    if chosen.without_coverage:
        return max(_mutate(name, seconds) for name in names)
    return max(_fuzz(name, seconds) for name in names)


def _folder(name: str) -> Path:
    folder = ROOT / "out" / "fuzz" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fuzz(name: str, seconds: float) -> int:
    """Run a target in a process of its own."""
    command = [sys.executable, "-m", "tests.fuzz", "--here", "--seconds", str(seconds), name]
    print(f"{name}: {seconds:.0f} s", flush=True)
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        print(f"{name}: ended with {done.returncode}, see {_folder(name)}", flush=True)
    return int(done.returncode != 0)


def _fuzz_here(name: str, seconds: float) -> None:
    """Hand this process to libFuzzer, which does not give it back."""
    atheris = _atheris()
    corpus = _folder(name) / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    for module in [module for key, module in sys.modules.items() if _is_pure(key)]:
        for key, value in list(vars(module).items()):
            if callable(value) and getattr(value, "__module__", None) == module.__name__:
                _instrument(atheris, module, key)
    options = [
        f"-max_total_time={seconds:.0f}", "-max_len=65536", "-timeout=20", "-rss_limit_mb=4096",
        "-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={_folder(name)}/find-",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[name])
    atheris.Fuzz()


def _is_pure(module: str) -> bool:
    """Modules that read what comes, compiled kernels left out."""
    return module.startswith(("schemas.", "models.", "stream.receive.splitting", "stream.settings"))


def _instrument(atheris: Any, module: ModuleType, key: str) -> None:
    function = getattr(module, key)
    if type(function) is type(_instrument):
        setattr(module, key, atheris.instrument_func(function))


def _atheris() -> Any:
    try:
        import atheris  # noqa: PLC0415 - of the long run alone
    except ImportError:
        raise SystemExit(_MISSING) from None
    return atheris


def _mutate(name: str, seconds: float) -> int:
    """Seeded mutations until the time is over; what raises is written down."""
    end, seed, found = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end and not found:
        seed += 1
        for data in mutations(seeds(name), _ROUND, seed):
            try:
                TARGETS[name](data)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a find
                found += 1
                (_folder(name) / f"find-{seed}").write_bytes(data)
                print(f"{name}: {error!r}", flush=True)
                break
    print(f"{name}: {seed * _ROUND:,} mutations", flush=True)
    return int(found > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
