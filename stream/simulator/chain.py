"""Markov chains over words of several sources at once, all texts of a call advanced together."""

from __future__ import annotations

import numpy as np

from stream.simulator.randomness import Floats, Ints

# Shares of steps that look back two words, one word, or none.
_SECOND, _FIRST = 0.35, 0.6


class Chain:
    """Second-order chains with backing off; sources never mix.

    The corpus is one array of word numbers. A state is a context within a source; its successors
    are the positions that follow it, so drawing a position gives the next word and state at once.
    """

    def __init__(self, sources: list[list[str]]) -> None:
        words, owner, begins = _numbered(sources)
        self._vocabulary = np.array(list(words[1]), dtype=object)
        self._words = words[0]
        size = np.int64(self._vocabulary.size)
        self._begins = _Pools([np.flatnonzero(begins & (owner == n)) for n in range(len(sources))])
        self._everywhere = _Pools([np.flatnonzero(owner == n) for n in range(len(sources))])
        previous = np.roll(self._words, 1)
        context = owner * size + self._words
        self._first = _Successors(context)
        self._second = _Successors(context * size + previous)

    def texts(self, rng: np.random.Generator, sources: Ints, lengths: Ints) -> list[str]:
        """A text of the given length for each row, in the words of its source."""
        order = np.argsort(-lengths, kind="stable")
        lengths, sources = lengths[order], sources[order]
        place = self._begins.draw(rng, sources)
        longest = int(lengths[0]) if lengths.size else 0
        emitted = np.zeros(int(lengths.sum()), dtype=np.int64)
        begin = np.cumsum(lengths) - lengths
        for step in range(longest):
            active = int(np.searchsorted(-lengths, -step, side="left"))
            place = place[:active]
            emitted[begin[:active] + step] = self._words[place]
            place = self._next(rng, place, sources[:active])
        tokens = self._vocabulary[emitted].tolist()
        texts = [""] * order.size
        for row, low, length in zip(order.tolist(), begin.tolist(), lengths.tolist(), strict=True):
            texts[row] = " ".join(tokens[low : low + length])
        return texts

    def _next(self, rng: np.random.Generator, place: Ints, sources: Ints) -> Ints:
        draw = rng.random(place.size)
        following = self._first.draw(rng, place)
        back = np.flatnonzero(draw < _SECOND)
        following[back] = self._second.draw(rng, place[back])
        jump = np.flatnonzero(draw >= _SECOND + _FIRST)
        following[jump] = self._everywhere.draw(rng, sources[jump])
        return following


class _Pools:
    """Positions of each source, to draw from."""

    def __init__(self, pools: list[Ints]) -> None:
        self._sizes = np.array([pool.size for pool in pools], dtype=np.int64)
        self._offsets = np.cumsum(self._sizes) - self._sizes
        self._flat = np.concatenate(pools)

    def draw(self, rng: np.random.Generator, sources: Ints) -> Ints:
        """A position of each source given."""
        within = (rng.random(sources.size) * self._sizes[sources]).astype(np.int64)
        places: Ints = self._flat[self._offsets[sources] + within]
        return places


class _Successors:
    """For each position of the corpus, the positions that follow the same context."""

    def __init__(self, context: Ints) -> None:
        _, state, counts = np.unique(context, return_inverse=True, return_counts=True)
        self._state = state.astype(np.int64)
        self._counts = counts
        self._offsets = np.cumsum(counts) - counts
        self._after = (np.argsort(state, kind="stable") + 1) % context.size

    def draw(self, rng: np.random.Generator, place: Ints) -> Ints:
        """One of the positions that follow the context of each place."""
        state = self._state[place]
        within: Floats = rng.random(place.size) * self._counts[state]
        following: Ints = self._after[self._offsets[state] + within.astype(np.int64)]
        return following


def _numbered(sources: list[list[str]]) -> tuple[tuple[Ints, dict[str, int]], Ints, Ints]:
    """Word numbers of all rows in one array, the source of each word, and where rows begin."""
    vocabulary: dict[str, int] = {}
    numbers: list[int] = []
    owner: list[int] = []
    begins: list[bool] = []
    for source, rows in enumerate(sources):
        for row in rows:
            words = row.split(" ")
            numbers.extend(vocabulary.setdefault(word, len(vocabulary)) for word in words)
            owner.extend([source] * len(words))
            begins.extend([True, *[False] * (len(words) - 1)])
    coded = np.array(numbers, dtype=np.int64)
    return (coded, vocabulary), np.array(owner, dtype=np.int64), np.array(begins)
