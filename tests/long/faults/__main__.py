"""Faults: `make faults`. What each does to an application on a real broker, tried out.

Some leave no trace: all alerts and scores are then what a local replay gives, to the byte. Others
take away what cannot be had again: then workers refuse to go on, and both they and the doctor say
what is lost. Networks are cut and disks filled in namespaces (as root on Linux); elsewhere these
are left out, which is said.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.broker.harness import KafkaBroker
from tests.integration.workers import replayed
from tests.long.faults import survived, told
from tests.long.faults.places import HOST, SmallDisk, enter
from tests.long.faults.scene import Scene, Traffic
from tests.long.recording import SECTIONS, cut, simulated

_PIECES = 3
_DISK_MEGABYTES = 2_048

Fault = Callable[[Scene], str]

ANYWHERE: Mapping[str, Fault] = {
    "broker-lost": survived.broker_lost,
    "clock-jumps": survived.clock_jumps,
    "poison": survived.poison,
    "rolling-upgrade": survived.rolling_upgrade,
    "state-lost": told.state_lost,
    "messages-lost": told.messages_lost,
    "poison-batch": told.poison_batch,
    "poison-batch-inside": told.poison_batch_inside,
}
IN_NAMESPACES = ("network-cut", "worker-disk-full", "broker-disk-full")


def main() -> int:
    """Run; 1 when anything is not as it should be."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("faults", nargs="*", help=", ".join([*ANYWHERE, *IN_NAMESPACES]))
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--recording", type=Path, help="folder that keeps the simulated traffic")
    arguments = parser.parse_args()
    inside = enter("tests.long.faults")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        traffic, count = _traffic(arguments.recording or folder, folder, arguments.events)
        (folder / "broker").mkdir()
        faults = dict(ANYWHERE)
        if inside:
            disk = SmallDisk(folder / "broker", _DISK_MEGABYTES)
            faults |= {
                "network-cut": survived.network_cut,
                "worker-disk-full": survived.worker_disk_full,
                "broker-disk-full": partial(survived.broker_disk_full, disk=disk),
            }
        host = HOST if inside else "127.0.0.1"
        with KafkaBroker(folder / "broker", heap="1g", host=host) as broker:
            chosen = arguments.faults or [*ANYWHERE, *IN_NAMESPACES]
            bad = [
                one for one in chosen if not _tried(one, faults.get(one), broker, traffic, folder)
            ]
    print(f"{count:,} requests, {len(chosen)} faults, {len(bad)} not as they should be")
    return 1 if bad else 0


def _traffic(recording: Path, folder: Path, least: int) -> tuple[Traffic, int]:
    files, facts, count = simulated(recording, least)
    config = folder / "local.toml"
    config.write_text(SECTIONS, encoding="utf-8")
    expected = replayed(config, folder, files, facts)
    return Traffic(cut(files[0], folder, _PIECES, count), facts, expected), count


def _tried(
    name: str, fault: Fault | None, broker: KafkaBroker, traffic: Traffic, folder: Path
) -> bool:
    """Whether the fault did what it should; what came of it is printed."""
    if fault is None:
        print(f"{name}: LEFT OUT, needs root on Linux, for namespaces", flush=True)
        return True
    start = time.monotonic()
    scene = Scene(name, broker, traffic, folder / name)
    try:
        outcome = fault(scene)
    except Exception:  # noqa: BLE001 - whatever it is, the next fault is tried
        print(f"{name}: FAILED\n{traceback.format_exc()}", flush=True)
        return False
    finally:
        scene.stop()
    print(f"{name}: {outcome} ({time.monotonic() - start:.0f} s)", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
