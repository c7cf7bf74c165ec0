"""Seeded mutations of seeds: bytes changed, cut out, doubled, spliced, or of special meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

_SPECIAL = (
    b"", b"\0", b"\n", b"\xff" * 4, b"null", b"[]", b"{}", b"[[[[[[[[", b'"', b"\\ud800", b"1e999",
    b"-1", b"9" * 30, b"NaN", b"\x7f\xff\xff\xff", b"\x80" * 9, b"\xc1", b"\xdf\xff\xff\xff\xff",
    b"\x93\x02", b"true",
)  # fmt: skip
_MOST_CHANGES = 4


def mutations(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many inputs, the same for the same seed."""
    random = Random(seed)
    for _ in range(count):
        data = random.choice(seeds)
        for _ in range(random.randint(1, _MOST_CHANGES)):
            data = _changed(data, random.choice(seeds), random)
        yield data


def _changed(data: bytes, other: bytes, random: Random) -> bytes:
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 1, 1, 4, 32)))
    kind = random.randrange(5)
    if kind == 0:
        middle = random.randbytes(end - start)
    elif kind == 1:
        middle = random.choice(_SPECIAL)
    elif kind == 2:
        middle = data[start:end] * random.randint(0, 3)
    elif kind == 3:
        middle = bytes(byte ^ 1 << random.randrange(8) for byte in data[start:end])
    else:
        from_here = random.randint(0, len(other))
        middle = other[from_here : from_here + 64]
    return data[:start] + middle + data[end:]
