"""Where the real corpora lie, for benches that need them."""

from __future__ import annotations

import os
from pathlib import Path


class CorporaMissing(RuntimeError):
    """`GAUGER_DATA_DIR` names no folder with corpora."""


def data_directory() -> Path:
    """The folder of real traffic, prompts and benchmarks.

    `GAUGER_DATA_DIR`, by default `../shared/data`.

    Raises:
        CorporaMissing: It is not there.
    """
    default = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("GAUGER_DATA_DIR", default))
    if not path.is_dir():
        raise CorporaMissing(f"{path} is not there; set GAUGER_DATA_DIR")
    return path


def prompts_directory() -> Path:
    """The real prompts within it."""
    return data_directory() / "prompts"
