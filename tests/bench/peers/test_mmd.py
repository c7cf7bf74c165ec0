from __future__ import annotations

import random

import numpy as np

from bench.peers.embedding import RandomFeatures, embed, median_distance
from bench.peers.mmd import LEAST, WINDOW, Mmd
from schemas.request import RequestEvent
from tests.bench.peers.traffic import fed, of_accounts, ordinary, request, words


def _narrow(count: int) -> list[RequestEvent]:
    """Variations of one prompt."""
    return [
        request("narrow", float(turn), prompt=f"Grade answer {turn} from 1 to 10 and say why")
        for turn in range(count)
    ]


def _broad(count: int) -> list[RequestEvent]:
    """What all others write, too."""
    source = random.Random(99)
    return [
        request("broad", float(turn), prompt=words(source, source.randrange(10, 60)))
        for turn in range(count)
    ]


def _scores(*events: RequestEvent) -> dict[str, float]:
    learning = [ordinary(0), ordinary(1)]
    return of_accounts(fed(Mmd(reference=200), [*learning, events])[-1])


def test_variations_of_one_prompt_stand_out_from_ordinary_ones() -> None:
    scores = _scores(*_narrow(150), *_broad(150))
    assert abs(scores["broad"]) < 0.02
    assert scores["narrow"] > 0.1


def test_small_windows_are_not_scored() -> None:
    assert _scores(*_narrow(LEAST - 1)) == {}
    assert set(_scores(*_narrow(LEAST))) == {"narrow"}


def test_a_full_window_is_followed_by_a_new_one() -> None:
    scored = fed(Mmd(reference=200), [ordinary(0), ordinary(1), _narrow(WINDOW), _narrow(1)])
    assert set(of_accounts(scored[-2])) == {"narrow"}
    assert scored[-1] == []


def test_nothing_is_scored_before_the_reference_is_there() -> None:
    assert fed(Mmd(reference=200), [_narrow(150)]) == [[]]


def test_requests_without_text_are_left_out() -> None:
    assert _scores(*(request("a", float(turn)) for turn in range(200))) == {}


def test_embeddings_have_length_one_and_know_no_neighbours() -> None:
    alone = embed(["a carpet of copper"])
    together = embed(["summer engine", "a carpet of copper", "", "x"])
    assert np.allclose(together[1], alone[0])
    assert np.allclose((together**2).sum(axis=1), [1, 1, 0, 0])


def test_random_features_approach_the_gaussian_kernel() -> None:
    vectors = embed([event.prompt or "" for event in ordinary(0)])
    width = median_distance(vectors)
    features = RandomFeatures(4_096, width, seed=1).of(vectors)
    squares = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    assert np.abs(features @ features.T - np.exp(-squares / (2 * width**2))).max() < 0.12
