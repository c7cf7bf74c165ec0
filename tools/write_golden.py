"""Write the golden files of today's formats to tests/golden, where they are not there yet.

They are what this release writes of a small synthetic recording; every later release must read them
and go on. Once its version has been released, a file is never written anew: a format that changes
gets a new version (`models.wire.state.VERSION`, `models.wire.codec.WIRE_VERSION`), and its files
come beside the older ones. Before that, delete a file to have it written again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from models.wire.arrays import encode_values
from models.wire.codec import WIRE_VERSION
from models.wire.state import VERSION
from tests.golden.deployment import cut_off, messages
from tests.golden.files import path_of, write
from tests.golden.recorded import saved_half


def main() -> None:
    """Write what is missing."""
    makers: dict[Path, Callable[[], bytes]] = {
        path_of("state", VERSION): saved_half,
        path_of("deployment", VERSION): lambda: cut_off().encode(),
        path_of("messages", WIRE_VERSION): lambda: encode_values(messages()),
    }
    for path, make in makers.items():
        if not path.exists():
            write(path, make())
            print(f"tests/golden/{path.name}")


if __name__ == "__main__":
    main()
