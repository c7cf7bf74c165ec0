"""Whether a text tells what it is for: `python -m bench.fit_intents` (`make bench-intents`).

Fits linear models on prompts that made training data (reasoning elicited, tasks generated, tools
exercised) against prompts of people and of honest automation, and judges each pair of sources with
both of them left out. Models of text learn the source before they learn the intent: what does not
hold on sources it never saw gets no weight in the product, and the random split is printed beside
it as a warning. Two views of a text are tried: hashed word shingles, and structure alone, which
knows no language.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit
from scipy.stats import rankdata

from bench.corpora import prompts_directory

HELD = 0.7
"""Median AUC over unseen pairs of sources below which nothing is shipped."""

_SIDES = {"distillation": 1, "benign": 0, "benign_automation": 0}
_CELLS = 1 << 14
_RIDGE = 1.0
_ENDS = ".?!\u3002\uff1f\uff01"
"""Where sentences end, in Chinese and Japanese too."""

Floats = NDArray[np.float64]
View = Callable[[str], dict[int, float]]
Corpora = dict[str, tuple[int, list[str]]]


def shingles(text: str) -> dict[int, float]:
    """Words and pairs of words, hashed into cells."""
    words = re.findall(r"\w+", text.lower())[:400]
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    cells = {zlib.crc32(part.encode()) % _CELLS for part in (*words, *pairs)}
    weight = 1.0 / max(len(cells), 1) ** 0.5
    return dict.fromkeys(cells, weight)


def structure(text: str) -> dict[int, float]:
    """Length, lines, lists, marks and digits: what a text looks like in any language."""
    size = max(len(text), 1)
    lines = text.splitlines() or [""]
    words = text.split() or [""]
    values = [
        np.log2(size) / 12.0,
        np.log2(len(lines)) / 6.0,
        sum(line.lstrip()[:1].isdigit() or line.lstrip()[:1] in "-*#" for line in lines)
        / len(lines),
        sum(map(str.isdigit, text)) / size * 10.0,
        sum(map(str.isupper, text)) / size * 10.0,
        sum(not one.isalnum() and not one.isspace() for one in text) / size * 10.0,
        min(text.count("?"), 5) / 5.0,
        min(text.count(":"), 8) / 8.0,
        min(text.count('"') + text.count("“"), 8) / 8.0,
        float(text.rstrip()[-1:] in _ENDS),
        float(any(one in text for one in "{}[]<>|")),
        len(set(words)) / len(words),
        size / len(words) / 12.0,
    ]
    return dict(enumerate(values))


VIEWS: dict[str, View] = {"hashed shingles": shingles, "structure": structure}


def read_corpora(folder: Path, most: int) -> Corpora:
    """Side and prompts of every source, at most so many each, drawn with a fixed seed."""
    found: Corpora = {}
    random = np.random.default_rng(1)
    for side, label in _SIDES.items():
        for path in sorted((folder / side).glob("*.jsonl.gz")):
            with gzip.open(path) as file:
                rows = [orjson.loads(line) for line in file]
            chosen = random.permutation(len(rows))[:most].tolist()
            texts = [str(rows[place]["prompt"]) for place in chosen]
            found[path.name.removesuffix(".jsonl.gz")] = (label, texts)
    return found


def matrix(texts: list[str], view: View) -> Any:
    """One row a text, a constant last."""
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        for column, value in {**view(text), _CELLS: 1.0}.items():
            rows.append(row)
            columns.append(column)
            values.append(value)
    return csr_matrix((values, (rows, columns)), shape=(len(texts), _CELLS + 1))


def fit_linear(design: Any, labels: Floats, weights: Floats) -> Floats:
    """Ridge logistic regression."""
    signs = 2.0 * labels - 1.0

    def loss(beta: Floats) -> tuple[float, Floats]:
        margins = signs * (design @ beta)
        value = float((weights * np.logaddexp(0.0, -margins)).sum() + 0.5 * _RIDGE * beta @ beta)
        pull = weights * signs * expit(-margins)
        return value, _RIDGE * beta - design.T @ pull

    start = np.zeros(design.shape[1])
    found: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
    return found


def area(scores: Floats, labels: Floats) -> float:
    """Area under the ROC curve; 0.5 tells nothing."""
    guilty = labels == 1.0
    ranks = rankdata(scores)
    pairs = float(guilty.sum() * (~guilty).sum())
    return float(ranks[guilty].sum() - guilty.sum() * (guilty.sum() + 1) / 2) / pairs


def unseen_areas(corpora: Corpora, design: Any, owners: NDArray[np.intp]) -> Iterator[float]:
    """AUC of each pair of a harvest's and an honest source, fitted without both."""
    sides = np.array([label for label, _ in corpora.values()], np.float64)
    labels, weights = sides[owners], _weights(owners, sides)
    for guilty in np.flatnonzero(sides == 1.0).tolist():
        for honest in np.flatnonzero(sides == 0.0).tolist():
            left_out = (owners == guilty) | (owners == honest)
            beta = fit_linear(design[~left_out], labels[~left_out], weights[~left_out])
            yield area(design[left_out] @ beta, labels[left_out])


def random_area(corpora: Corpora, design: Any, owners: NDArray[np.intp]) -> float:
    """AUC on a random fifth: what a split that ignores sources would promise."""
    sides = np.array([label for label, _ in corpora.values()], np.float64)
    labels, weights = sides[owners], _weights(owners, sides)
    tested = np.random.default_rng(2).random(len(owners)) < 0.2
    beta = fit_linear(design[~tested], labels[~tested], weights[~tested])
    return area(design[tested] @ beta, labels[tested])


def _weights(owners: NDArray[np.intp], sides: Floats) -> Floats:
    """Sources of a side weigh the same, and so do the sides."""
    sizes, label = np.bincount(owners), sides[owners]
    of_side = np.where(label == 1.0, (sides == 1.0).sum(), (sides == 0.0).sum())
    weights: Floats = 1_000.0 / sizes[owners] / of_side
    return weights


def main() -> int:
    """Print a line a view; say loudly when the prompts are absent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=300, help="most prompts of a source")
    folder = prompts_directory()
    corpora = read_corpora(folder, parser.parse_args().rows)
    texts = [text for _, rows in corpora.values() for text in rows]
    owners = np.repeat(np.arange(len(corpora)), [len(rows) for _, rows in corpora.values()])
    for name, view in VIEWS.items():
        design = matrix(texts, view)
        unseen = list(unseen_areas(corpora, design, owners))
        row = {
            "view": name,
            "random_split": round(random_area(corpora, design, owners), 3),
            "unseen_mean": round(mean(unseen), 3),
            "unseen_median": round(median(unseen), 3),
            "unseen_pairs_below_half": round(mean(one < 0.5 for one in unseen), 3),
            "holds": median(unseen) >= HELD and min(unseen) > 0.5,
        }
        sys.stdout.write(orjson.dumps(row).decode() + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
