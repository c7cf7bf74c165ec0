from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from stream.simulator.corpus import CorpusText, on_side, read_group
from stream.simulator.randomness import Streams
from stream.simulator.render import insert
from stream.simulator.text import CODE, FOREIGN, STYLES, TOPICS, Writer


def runs(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


def test_unrelated_texts_share_no_five_word_run() -> None:
    streams = Streams(1)
    styles = np.arange(300) % TOPICS
    texts = Writer(streams).write(streams.named("test"), styles, np.full(300, 60))
    found = [runs(text) for text in texts]
    shared = sum(bool(a & b) for a, b in combinations(found, 2))
    assert shared <= 0.002 * 300 * 299 / 2


@pytest.mark.parametrize("style", [0, FOREIGN.start, FOREIGN.start + 4, CODE.start])
def test_texts_have_the_words_asked_for(style: int) -> None:
    streams = Streams(1)
    lengths = np.array([0, 1, 7, 200])
    texts = Writer(streams).write(streams.named("test"), np.full(4, style), lengths)
    assert [text.count(" ") + 1 if text else 0 for text in texts] == [0, 1, 7, 200]


def test_a_fragment_goes_where_it_is_put() -> None:
    text = "one two three four"
    assert insert(text, "X", 0.0) == "X one two three four"
    assert insert(text, "X", 1.0) == "one two three four X"
    assert insert(text, "X", 0.5) == "one two three X four"


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_no_source_is_on_both_sides_and_none_is_lost(count: int) -> None:
    names = [f"source-{number}" for number in range(count)]
    fit, test = on_side(names, "fit"), on_side(names, "test")
    assert sorted(fit + test) == names
    assert abs(len(fit) - len(test)) <= 1


@pytest.mark.corpora
def test_texts_after_a_corpus_are_mostly_new(corpora: Path) -> None:
    streams = Streams(2)
    text = CorpusText(corpora / "prompts", "fit", streams)
    rng = streams.named("test")
    styles = text.harvest_styles(rng, 400)
    assert styles is not None
    assert (styles >= STYLES).all()
    written = text.write(rng, styles, np.full(400, 40))
    rows = set()
    for prompts in read_group(corpora / "prompts", "distillation", "fit").values():
        rows.update(prompts)
    exact = sum(one in rows for one in written)
    assert 0 < exact < 40
    assert len(set(written)) > 380
