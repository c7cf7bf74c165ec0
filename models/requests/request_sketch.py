"""Sketches of the texts of requests: what is left of prompt and system text, wherever it is made.

Made at ingestion from the texts themselves, or at the edge, from where they come as records
(`models.requests.sketch_record`): the same either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.batch import gather_ragged
from models.requests.sketch import Sketcher

Places = Sequence[int] | NDArray[np.intp]


class RequestSketches(NamedTuple):
    """Sketches of n requests.

    Attributes:
        prompt: Fragment hashes of the prompts, ragged, uint64[m].
        prompt_ends: Where those of each request end, int64[n].
        system: Fragment hashes of the system texts, ragged.
        system_ends: Where those of each request end, int64[n].
        characters: Characters of each prompt, what was cut included, int64[n].
        scripts: Writing systems met in each prompt, a bit each, uint8[n].
    """

    prompt: NDArray[np.uint64]
    prompt_ends: NDArray[np.int64]
    system: NDArray[np.uint64]
    system_ends: NDArray[np.int64]
    characters: NDArray[np.int64]
    scripts: NDArray[np.uint8]

    def replaced(self, rows: Places, others: RequestSketches) -> RequestSketches:
        """These sketches with the others (as many as rows) in the places of the rows."""
        count = len(self.characters)
        places = np.arange(count)
        places[np.asarray(rows, np.intp)] = np.arange(count, count + len(rows))
        return RequestSketches(
            *_picked(self.prompt, self.prompt_ends, others.prompt, others.prompt_ends, places),
            *_picked(self.system, self.system_ends, others.system, others.system_ends, places),
            np.concatenate([self.characters, others.characters])[places],
            np.concatenate([self.scripts, others.scripts])[places],
        )

    def take(self, rows: NDArray[np.intp]) -> RequestSketches:
        """The sketches of these rows, in this order."""
        prompt, prompt_ends = gather_ragged(self.prompt, self.prompt_ends, rows)
        system, system_ends = gather_ragged(self.system, self.system_ends, rows)
        return RequestSketches(
            prompt, prompt_ends, system, system_ends, self.characters[rows], self.scripts[rows]
        )

    def only(self, rows: NDArray[np.bool_]) -> RequestSketches:
        """The same, without the fragments of other rows than these."""
        prompt, prompt_ends = _emptied(self.prompt, self.prompt_ends, rows)
        system, system_ends = _emptied(self.system, self.system_ends, rows)
        return RequestSketches(
            prompt, prompt_ends, system, system_ends, self.characters, self.scripts
        )


class JoinedTexts(NamedTuple):
    """Texts in UTF-8 one after the other, where each ends, and its code points."""

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]
    characters: NDArray[np.int64]


class RequestSketcher:
    """Sketches requests under one key; not for several threads at once."""

    def __init__(self, key: bytes) -> None:
        self._sketcher = Sketcher(key)

    def sketch(self, prompts: Sequence[str], systems: Sequence[str]) -> RequestSketches:
        """Sketch the prompt and the system text of each request; a text may be empty."""
        prompt = self._sketcher.sketch(prompts)
        # System texts repeat: each is sketched once a batch.
        numbers: dict[str, int] = {}
        places = [numbers.setdefault(text, len(numbers)) for text in systems]
        distinct = self._sketcher.sketch_densely(list(numbers))
        system, system_ends = gather_ragged(
            distinct.fragments, distinct.ends, np.array(places, np.intp)
        )
        return RequestSketches(
            prompt.fragments,
            prompt.ends,
            system,
            system_ends,
            np.fromiter(map(len, prompts), np.int64, len(prompts)),
            prompt.scripts,
        )

    def sketch_joined(
        self, prompts: JoinedTexts, systems: Sequence[str], places: NDArray[np.intp]
    ) -> RequestSketches:
        """The same for prompts that stand in a buffer, and distinct system texts.

        Args:
            prompts: The prompts, none cut.
            systems: System texts.
            places: Which of them each request has.
        """
        prompt = self._sketcher.sketch_joined(prompts.data, prompts.ends)
        distinct = self._sketcher.sketch_densely(systems)
        system, system_ends = gather_ragged(distinct.fragments, distinct.ends, places)
        return RequestSketches(
            prompt.fragments, prompt.ends, system, system_ends, prompts.characters, prompt.scripts
        )


def _emptied(
    values: NDArray[np.uint64], ends: NDArray[np.int64], rows: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """A ragged column in which other rows than these are empty."""
    counts = np.diff(ends, prepend=0)
    return values[np.repeat(rows, counts)], np.cumsum(counts * rows)


def _picked(
    values: NDArray[np.uint64],
    ends: NDArray[np.int64],
    others: NDArray[np.uint64],
    other_ends: NDArray[np.int64],
    places: NDArray[np.intp],
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Rows of two ragged columns, one behind the other."""
    joined_ends = np.concatenate([ends, other_ends + len(values)])
    picked: tuple[NDArray[np.uint64], NDArray[np.int64]] = gather_ragged(
        np.concatenate([values, others]), joined_ends, places
    )
    return picked
