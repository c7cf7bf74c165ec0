"""Seeded random streams, one for each named purpose.

A stream depends on the run's seed and its name alone, so adding a kind of traffic leaves the draws
of every other one as they were.
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

_ALL_ONES = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


class Streams:
    """Random generators derived from one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def named(self, *name: object) -> np.random.Generator:
        """The generator of a purpose; the same name always starts the same sequence."""
        text = "/".join(str(part) for part in (self.seed, *name))
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def mix(values: Ints, salt: int = 0) -> NDArray[np.uint64]:
    """Well-spread 64-bit hashes of integers (the finaliser of splitmix64)."""
    mixed = values.astype(np.uint64) + np.uint64(_GOLDEN * (salt + 1) & _ALL_ONES)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return mixed ^ (mixed >> np.uint64(31))


def uniform_of(values: Ints, salt: int = 0) -> Floats:
    """A fixed number in [0, 1) for each integer: a lasting choice that costs no memory."""
    return (mix(values, salt) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def pick(rng: np.random.Generator, weights: Floats | list[float], size: int) -> Ints:
    """Indices drawn in proportion to the weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], rng.random(size), side="right").astype(np.int64)


def zipf_weights(size: int, exponent: float = 1.0) -> Floats:
    """Popularity weights 1 / rank ** exponent, normalised."""
    weights = 1.0 / np.arange(1, size + 1, dtype=np.float64) ** exponent
    normalised: Floats = weights / weights.sum()
    return normalised


def lognormal(rng: np.random.Generator, median: float, sigma: float, size: int) -> Floats:
    """Lognormal draws given by their median."""
    return rng.lognormal(np.log(median), sigma, size)
