"""The golden files: what releases have written, compressed, named by kind and version."""

from __future__ import annotations

from pathlib import Path

import zstandard

FOLDER = Path(__file__).resolve().parent


def path_of(kind: str, version: int) -> Path:
    return FOLDER / f"{kind}-{version}.zst"


def version_of(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def paths_of(kind: str) -> list[Path]:
    """All versions of a kind that are kept."""
    return sorted(FOLDER.glob(f"{kind}-*.zst"))


def read(path: Path) -> bytes:
    return zstandard.ZstdDecompressor().decompress(path.read_bytes())


def write(path: Path, data: bytes) -> None:
    path.write_bytes(zstandard.ZstdCompressor(level=19).compress(data))
