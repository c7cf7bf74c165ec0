"""Prompt text of our own writing: word chains over sentence patterns, in many topics and scripts.

A style is a topic with its own word frequencies, an invented language, or code. Two texts
practically never share a run of five words unless a frame, a fragment or a fixed text puts one
there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stream.simulator.randomness import Floats, Ints, Streams, zipf_weights

TOPICS = 28
_SCRIPTS = {
    "es": ("b c d f g l ll m n p qu r rr s t v".split(), "a e i o u ia ie ue".split(), 4),
    "de": ("b d f g h k l m n r s sch st t w z".split(), "a e i o u ei au ü ä".split(), 3),
    "fr": ("b c ch d f g j l m n p r s t v".split(), "a e i o u é è ou eau oi".split(), 3),
    "pt": ("b c d f g l lh m n nh p r s t v".split(), "a e i o u ã ão ei".split(), 3),
    "ru": ("б в г д ж з к л м н п р с т х ч ш".split(), "а е и о у ы я ю ё".split(), 4),
    "ko": ([chr(0xAC00 + 37 * i) for i in range(60)], [""], 3),
    "ja": (list("あいうえおかきくけこさしすせそたちつてとなにぬねのは"), [*"らりるれろん", ""], 3),
    "zh": ([chr(0x4E00 + 53 * i) for i in range(300)], [""], 2),
    "ar": (list("بتجحدرسشصطعفقكلمنه"), list("اوي"), 3),
    "hi": (list("कखगघचछजझटठडतथदनपबमयरलवसह"), ["ा", "ि", "ी", "ु", "े", "ो", ""], 3),
}  # fmt: skip
LANGUAGES = tuple(_SCRIPTS)
CODE_STYLES = 8
_VARIANTS = 3

# Style numbers: topics in English first, then languages, then code.
ENGLISH = range(TOPICS)
FOREIGN = range(TOPICS, TOPICS + len(LANGUAGES) * _VARIANTS)
CODE = range(FOREIGN.stop, FOREIGN.stop + CODE_STYLES)
STYLES = CODE.stop

_CODE_PATTERNS = (
    "def U ( U , U ) :\n   ", "return U . U ( U )\n", "if U . U == # :\n   ", "U = U ( U , # )\n",
    "for U in U . U ( ) :\n   ", "assert U ( # ) == U\n", "# - U . U + # U\n", "import U\n",
    "U [ U ] = { U : # }\n", "@@ -# +# @@ U\n", "raise U ( 'N V N' )\n", "// N V P D N\n",
    "await U . U ( { U , U } )\n", "const U = U . U ?? #\n", "U : U < U > ;\n",
    "src/U/U.py : # : N\n",
)  # fmt: skip


class TextSource(Protocol):
    """Anything that writes prompt bodies: our own chains or pools made from a corpus."""

    def write(self, rng: np.random.Generator, styles: Ints, words: Ints) -> list[str]:
        """One text for each row, in the row's style, of about the number of words asked for."""
        ...

    def benchmark(self, rng: np.random.Generator, size: int) -> list[str]:
        """Items of public benchmarks, as evaluation suites send them."""
        ...

    def harvest_styles(self, rng: np.random.Generator, size: int) -> Ints | None:
        """Styles that only campaigns use, or None when they write like everybody else."""
        ...


class Writer:
    """Word chains in every style. Frequencies differ by topic and by seed."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._styles: dict[int, Style] = {}

    def write(self, rng: np.random.Generator, styles: Ints, words: Ints) -> list[str]:
        """One text for each row; a row of no words is an empty string."""
        texts = [""] * styles.size
        for style in np.unique(styles).tolist():
            rows = np.flatnonzero((styles == style) & (words > 0))
            if not rows.size:
                continue
            for row, text in zip(
                rows.tolist(), self._style(style).texts(rng, words[rows]), strict=True
            ):
                texts[row] = text
        return texts

    def _style(self, number: int) -> Style:
        if number not in self._styles:
            self._styles[number] = _style(self._streams.named("style", number), number)
        return self._styles[number]

    def benchmark(self, rng: np.random.Generator, size: int) -> list[str]:
        """Questions in a few topics."""
        styles = rng.integers(0, TOPICS, 1 + size // 200)[np.arange(size) // 200]
        return [f"{text}?" for text in self.write(rng, styles, rng.integers(18, 90, size))]

    def harvest_styles(self, rng: np.random.Generator, size: int) -> Ints | None:
        """None: campaigns write in the same topics, languages and code as everybody else."""
        return None


class Style:
    """One way of writing: sentence patterns and, for each slot, words with their frequencies."""

    def __init__(
        self, patterns: list[list[int]], words: list[NDArray[np.object_]], edges: list[Floats]
    ) -> None:
        self._lengths = np.array([len(pattern) for pattern in patterns])
        self._flat = np.array([slot for pattern in patterns for slot in pattern], dtype=np.int64)
        self._first = np.cumsum(self._lengths) - self._lengths
        self._words = words
        self._edges = edges

    def texts(self, rng: np.random.Generator, lengths: Ints) -> list[str]:
        """Texts of the given numbers of words."""
        total = int(lengths.sum())
        tokens = self._tokens(rng, total).tolist()
        ends = np.cumsum(lengths).tolist()
        starts = [0, *ends[:-1]]
        return [" ".join(tokens[a:b]) for a, b in zip(starts, ends, strict=True)]

    def _tokens(self, rng: np.random.Generator, total: int) -> NDArray[np.object_]:
        slots = self._slots(rng, total)
        tokens = np.empty(total, dtype=object)
        draws = rng.random(total)
        for slot in np.unique(slots):
            rows = np.flatnonzero(slots == slot)
            numbers = np.searchsorted(self._edges[slot], draws[rows], side="right")
            tokens[rows] = self._words[slot][numbers]
        return tokens

    def _slots(self, rng: np.random.Generator, total: int) -> Ints:
        wanted = max(1, int(2 * total / self._lengths.mean()) + 20)
        chosen = rng.integers(0, self._lengths.size, wanted)
        lengths = self._lengths[chosen]
        begin = np.cumsum(lengths) - lengths
        within = np.arange(lengths.sum()) - np.repeat(begin, lengths)
        slots: Ints = self._flat[np.repeat(self._first[chosen], lengths) + within]
        return slots[:total] if slots.size >= total else self._slots(rng, total * 2)[:total]


@cache
def vocabulary() -> dict[str, tuple[str, ...]]:
    """The packaged word lists by part of speech, and the sentence patterns, one a line."""
    raw = resources.files("stream.simulator").joinpath("vocabulary.toml").read_text("utf-8")
    tables = tomllib.loads(raw)
    patterns = tuple(line for line in tables.pop("patterns").splitlines() if line.strip())
    return {**{name: tuple(text.split()) for name, text in tables.items()}, "patterns": patterns}


def _inflect(verb: str, ending: str) -> str:
    if ending == "s":
        return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z")) else "s")
    stem = verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb
    return stem + ending


def _english_slots(rng: np.random.Generator) -> dict[str, Sequence[str]]:
    words = vocabulary()
    verbs, nouns = words["verbs"], words["nouns"]
    return {
        "D": words["determiners"], "A": words["adjectives"], "N": nouns,
        "S": [noun if noun.endswith("s") else noun + "s" for noun in nouns],
        "V": [_inflect(verb, "s") for verb in verbs], "B": verbs,
        "G": [_inflect(verb, "ing") for verb in verbs],
        "E": [_inflect(verb, "ed") for verb in verbs],
        "R": words["adverbs"], "P": words["prepositions"], "C": words["conjunctions"],
        "O": words["pronouns"], "M": words["modals"],
        "X": _names(rng, 400), "#": [str(n) for n in rng.integers(2, 4000, 300)],
        "U": _joined(rng.choice(verbs, 500), np.full(500, "_"), rng.choice(nouns, 500)),
    }  # fmt: skip


def _names(rng: np.random.Generator, size: int) -> list[str]:
    heads = "Ka Mi Tor Bel Sa Lu Ren Vo Da Eli Har Jo Nev Or Pia Qu Ri Ste Tha Ul Wes Ya Zo".split()
    tails = "ra lin do mar neth sa via len ko ric ton ley ne va dor mi ster ga lo beth".split()
    ends = [*tails, "", ""]
    return _joined(rng.choice(heads, size), rng.choice(tails, size), rng.choice(ends, size))


def _joined(*parts: NDArray[np.str_]) -> list[str]:
    return ["".join(pieces) for pieces in zip(*(part.tolist() for part in parts), strict=True)]


def _edges(rng: np.random.Generator, size: int, exponent: float) -> Floats:
    weights = zipf_weights(size, exponent)
    edges = np.cumsum(rng.permutation(weights) * rng.gamma(2.0, 0.5, size))
    normalised: Floats = edges / edges[-1]
    normalised[-1] = 1.0
    return normalised


def _build(
    rng: np.random.Generator, patterns: list[list[str]], slots: dict[str, Sequence[str]]
) -> Style:
    """A style whose sentences end with a stop; literals in patterns stand for themselves."""
    names: dict[str, int] = {}
    words: list[NDArray[np.object_]] = []
    edges: list[Floats] = []
    base: dict[str, Floats] = {}
    coded: list[list[int]] = []
    for pattern in patterns:
        for item in pattern:
            if item not in names:
                bare, stop = (item[:-1], item[-1]) if item[:-1] in slots else (item, "")
                values = slots.get(bare, (bare,))
                if bare not in base:
                    base[bare] = _edges(rng, len(values), 0.3 if bare in "DPCOM" else 0.62)
                names[item] = len(words)
                words.append(np.array([value + stop for value in values], dtype=object))
                edges.append(base[bare])
        coded.append([names[item] for item in pattern])
    return Style(coded, words, edges)


def _style(rng: np.random.Generator, number: int) -> Style:
    if number in CODE:
        lines = rng.choice(len(_CODE_PATTERNS), 11, replace=False)
        return _build(rng, [_CODE_PATTERNS[line].split(" ") for line in lines], _english_slots(rng))
    patterns = [line.split() for line in vocabulary()["patterns"]]
    chosen = [patterns[i] for i in rng.choice(len(patterns), 20, replace=False)]
    ended = [
        [*pattern[:-1], pattern[-1] + str(rng.choice([".", ".", ".", "?", ","]))]
        for pattern in chosen
    ]
    if number in ENGLISH:
        return _build(rng, ended, _english_slots(rng))
    return _build(rng, ended, _foreign_slots(rng, LANGUAGES[(number - TOPICS) % len(LANGUAGES)]))


def _foreign_slots(rng: np.random.Generator, language: str) -> dict[str, Sequence[str]]:
    return {**_foreign_words(language), "#": [str(n) for n in rng.integers(2, 4000, 300)]}


@cache
def _foreign_words(language: str) -> dict[str, list[str]]:
    """A language keeps its words from run to run and topic to topic; only frequencies differ."""
    consonants, vowels, longest = _SCRIPTS[language]
    sizes = {"D": 12, "A": 300, "N": 700, "S": 400, "V": 250, "B": 250, "G": 150, "E": 200, "R": 90,
             "P": 25, "C": 10, "O": 14, "M": 10, "X": 300, "U": 200}  # fmt: skip
    rng = np.random.Generator(np.random.PCG64(LANGUAGES.index(language)))
    syllables = np.array([a + b for a in consonants for b in vowels])
    return {
        name: _words(rng, syllables, 1 if size < 30 else longest, size)
        for name, size in sizes.items()
    }


def _words(
    rng: np.random.Generator, syllables: NDArray[np.str_], longest: int, size: int
) -> list[str]:
    ends = np.cumsum(rng.integers(1, longest + 1, size))
    spoken = rng.choice(syllables, int(ends[-1])).tolist()
    return ["".join(spoken[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
