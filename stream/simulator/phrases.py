"""Phrase banks and the expansion of their alternatives into sentences."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

import numpy as np

_CHOICE = re.compile(r"\{([^{}]*)\}")


@cache
def _banks() -> dict[str, list[str]]:
    raw = resources.files("stream.simulator").joinpath("phrases.toml").read_text("utf-8")
    tables = tomllib.loads(raw)
    tables["tools"] = tables["tools"].split()
    return tables


def bank(name: str) -> list[str]:
    """The unexpanded phrases of a bank."""
    return _banks()[name]


def expand(rng: np.random.Generator, phrase: str) -> str:
    """The phrase with one alternative chosen wherever it offers several."""
    return _CHOICE.sub(lambda found: str(rng.choice(found.group(1).split("|"))), phrase).strip()


def draw(rng: np.random.Generator, name: str, size: int) -> list[str]:
    """Phrases of a bank, expanded, with repetition."""
    phrases = bank(name)
    return [expand(rng, phrases[i]) for i in rng.integers(0, len(phrases), size).tolist()]


def framed(phrase: str) -> tuple[str, str]:
    """What stands before and after a prompt's body."""
    head, _, tail = phrase.partition(" ~ ")
    return head, tail
