from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.requests.hashing import keyed_hash
from models.requests.sketch import LONGEST_TEXT, MOST_FRAGMENTS, Sketcher
from tests.strategies import KEY, unicode_texts

MASK = 2**64 - 1
PRIME = 0x9E3779B97F4A7C15
DIGITS = 0x2545F4914F6CDD1D
DENSE, SPARSE, EDGE = 2**64 // 8, 2**64 // 32, 2_048

# By code point: digits, letters up to U+1FFF, and wide characters one by one.
WORD = re.compile(r"[0-9]+|[A-Za-z\u00c0-\u1fff]+|[\u3000-\U0010ffff]")


def mixed(value: int) -> int:
    """The finaliser of splitmix64."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
    return value ^ value >> 31


def word_hash(word: str) -> int:
    if "0" <= word[0] <= "9":
        return DIGITS
    data = re.sub("[A-Z]", lambda letter: letter[0].lower(), word).encode()
    value = 0
    for start in range(0, len(data), 8):
        value = (value ^ int.from_bytes(data[start : start + 8], "little")) * PRIME & MASK
        value ^= value >> 32
    return value


def twin(text: str, key: bytes = KEY, *, dense: bool = False) -> set[int]:
    """The sketch of a text in plain Python."""
    seed = keyed_hash(key, "fragment", b"")
    text = text[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    size = len(text.encode())
    found = [(word_hash(one[0]), len(text[: one.end()].encode())) for one in WORD.finditer(text)]
    kept = set()
    for last in range(4, len(found)):
        value = 0
        for word, _ in found[last - 4 : last + 1]:
            value = (value * PRIME + word) & MASK
        value = mixed(value ^ seed)
        near = dense or found[last][1] <= EDGE or found[last][1] > size - EDGE
        if value < (DENSE if near else SPARSE):
            kept.add(value)
    return set(sorted(kept)[:MOST_FRAGMENTS])


def sketch(text: str, key: bytes = KEY, *, dense: bool = False) -> set[int]:
    sketcher = Sketcher(key)
    sketches = sketcher.sketch_densely([text]) if dense else sketcher.sketch([text])
    fragments = sketches.fragments.tolist()
    assert len(set(fragments)) == len(fragments)
    return set(fragments)


def words(random: Random, count: int) -> str:
    return " ".join(
        "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randrange(2, 10)))
        for _ in range(count)
    )


long_texts = st.builds(
    lambda seed, count, between: between.join(words(Random(seed), count).split(" ")),
    st.integers(0, 10_000),
    st.integers(0, 1_500),
    st.sampled_from([" ", ", ", "\n", "-", "。", " 17 ", "—"]),
)


@given(unicode_texts | long_texts, st.booleans())
def test_the_kernel_agrees_with_its_twin(text: str, dense: bool) -> None:  # noqa: FBT001 - drawn
    assert sketch(text, dense=dense) == twin(text, dense=dense)


@given(st.text(st.sampled_from("a1b界 é—"), max_size=400))
def test_words_change_kind_as_the_twin_says(text: str) -> None:
    assert sketch(text) == twin(text)


@given(st.lists(st.text("abcdéX7", min_size=1, max_size=70), max_size=20))
def test_words_of_any_length_are_hashed_as_the_twin_says(parts: list[str]) -> None:
    assert sketch(" ".join(parts), dense=True) == twin(" ".join(parts), dense=True)


@settings(max_examples=50)
@given(st.lists(unicode_texts | long_texts, min_size=1, max_size=6))
def test_texts_of_one_call_do_not_touch_each_other(texts: list[str]) -> None:
    sketches = Sketcher(KEY).sketch(texts)
    starts = [0, *sketches.ends.tolist()]
    assert len(sketches.ends) == len(sketches.scripts) == len(texts)
    assert starts[-1] == len(sketches.fragments)
    for place, text in enumerate(texts):
        own = sketches.fragments[starts[place] : starts[place + 1]].tolist()
        assert set(own) == sketch(text)


FRAGMENT = words(Random(40), 40)


@settings(max_examples=60)
@given(
    st.integers(0, 10_000),
    st.integers(0, 150),
    st.integers(0, 150),
    st.sampled_from([" ", "\n", ". ", ' "', "——", "…"]),
)
def test_a_fragment_leaves_the_same_hashes_anywhere_near_an_edge(
    seed: int, before: int, after: int, between: str
) -> None:
    random = Random(seed)
    text = between.join([words(random, before), FRAGMENT, words(random, after)])
    own = sketch(FRAGMENT)
    assert len(own) >= 3
    assert own <= sketch(text)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(800, 2_000))
def test_a_fragment_amid_a_long_text_leaves_its_smallest_hashes(seed: int, around: int) -> None:
    random = Random(seed)
    fragment = words(random, 150)
    found = sketch(" ".join([words(random, around), fragment, words(random, around)]))
    expected = {value for value in sketch(fragment, dense=True) if value < SPARSE}
    assert len(found) < MOST_FRAGMENTS
    assert expected <= found


def test_forty_words_near_an_edge_are_rarely_missed() -> None:
    random = Random(20_260)
    fragments = [words(random, 40) for _ in range(2_000)]
    others = words(random, 3_000).split()
    texts = []
    for place, fragment in enumerate(fragments):
        around = " ".join(random.choices(others, k=500))
        texts.append(f"{fragment} {around}" if place % 2 else f"{around} {fragment}")
    sketcher = Sketcher(KEY)
    found, own = sketcher.sketch(texts), sketcher.sketch(fragments)
    missed = 0
    for place in range(len(texts)):
        rows = slice(found.ends[place - 1] if place else 0, found.ends[place])
        part = slice(own.ends[place - 1] if place else 0, own.ends[place])
        missed += not set(found.fragments[rows].tolist()) & set(own.fragments[part].tolist())
    # (7/8)^36 = 0.8 % is the design's figure.
    assert 0.003 <= missed / len(texts) <= 0.02


def test_no_text_leaves_more_than_the_most() -> None:
    random = Random(9)
    texts = [
        words(random, 3_500),
        "".join(chr(random.randrange(0x4E00, 0x9FFF)) for _ in range(4_000)),
        "".join(random.choices("abcdefghij0", k=20_000)),
    ]
    sketches = [sketch(text, dense=True) for text in texts]
    assert [len(kept) for kept in sketches] == [MOST_FRAGMENTS] * 3
    assert sketches == [twin(text, dense=True) for text in texts]
    assert len(sketch(words(random, 10_000))) == MOST_FRAGMENTS
    assert len(sketch("a1" * 30_000, dense=True)) <= 2


def test_what_lies_beyond_the_longest_text_does_not_count() -> None:
    text = words(Random(3), 14_000)
    assert len(text) > LONGEST_TEXT
    assert sketch(text) == sketch(text[:LONGEST_TEXT]) == twin(text)


@given(st.integers(0, 10_000))
def test_neither_case_nor_digits_nor_punctuation_matter(seed: int) -> None:
    random = Random(seed)
    text = words(random, 60)
    numbered = [f"{word} {random.randrange(10**9)}" for word in text.split()]
    again = [f"{word.upper()}; {random.randrange(10**9)}" for word in text.split()]
    assert sketch(" ".join(numbered)) == sketch("\n".join(again))
    assert sketch(text) == sketch(text.title().replace(" ", " – "))


def test_text_without_spaces_is_sketched_by_character() -> None:
    random = Random(5)
    fragment = "".join(chr(random.randrange(0x4E00, 0x9FFF)) for _ in range(60))
    around = ["".join(chr(random.randrange(0x4E00, 0x9FFF)) for _ in range(50)) for _ in range(2)]
    assert len(sketch(fragment)) >= 3
    assert sketch(fragment) <= sketch(fragment.join(around))


@given(st.integers(0, 10_000))
def test_another_key_leaves_other_hashes(seed: int) -> None:
    text = words(Random(seed), 120)
    assert sketch(text)
    assert not sketch(text) & sketch(text, KEY[::-1])
    assert sketch(text, KEY[::-1]) == twin(text, KEY[::-1])


@pytest.mark.parametrize("text", ["", " ", "four words are few", "... !?", "\ud800"])
def test_short_texts_leave_nothing(text: str) -> None:
    assert sketch(text) == set()


def test_writing_systems_are_told_apart() -> None:
    texts = ["plain words", "“plain” – words…", "Ωμέγα", "Жук", "漢字", "한국어", "हिन्दी"]
    scripts = Sketcher(KEY).sketch(texts).scripts.tolist()
    assert scripts[:2] == [0, 0]
    assert all(scripts[2:])
    assert len(set(scripts[2:])) == 5
    both = Sketcher(KEY).sketch(["Жук 漢字"]).scripts.tolist()
    assert both == [scripts[3] | scripts[4]]


def test_no_texts_have_an_empty_sketch() -> None:
    sketches = Sketcher(KEY).sketch([])
    assert [len(column) for column in sketches] == [0, 0, 0]
