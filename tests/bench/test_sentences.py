"""The embedder gives the similarities that the model's authors show for their example."""

from __future__ import annotations

import numpy as np
import pytest

from bench.sentences import Sentences, SentencesMissing


def test_similarities_are_those_of_the_published_example() -> None:
    try:
        model = Sentences()
    except SentencesMissing as missing:
        pytest.skip(f"sentence embeddings: {missing}")
    vectors = model.embed(
        ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    )
    expected = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    assert np.allclose(vectors @ vectors.T, expected, atol=1e-3)
