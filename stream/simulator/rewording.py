"""Rewording of sentences: synonyms from our word lists, words left out, order changed."""

from __future__ import annotations

import numpy as np

from stream.simulator.text import vocabulary


def reworded(rng: np.random.Generator, text: str, intensity: float) -> str:
    """The text with up to half of its words changed: replaced, dropped or preceded by another."""
    fillers = vocabulary()["adverbs"]
    nouns = vocabulary()["nouns"]
    words = []
    changes = rng.random(len(words_of := text.split()))
    kinds = rng.integers(0, 3, len(words_of)).tolist()
    for word, draw, kind in zip(words_of, changes.tolist(), kinds, strict=True):
        if draw >= 0.5 * intensity:
            words.append(word)
        elif kind == 0:
            words.append(nouns[int(rng.integers(0, len(nouns)))])
        elif kind == 1:
            words.extend([fillers[int(rng.integers(0, len(fillers)))], word])
    return " ".join(words)
