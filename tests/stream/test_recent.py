from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.recent import RecentIds


def test_an_id_is_new_once() -> None:
    recent = RecentIds()
    assert [recent.is_new(one) for one in "abcab"] == [True, True, True, False, False]


def test_the_id_seen_longest_ago_is_forgotten_first() -> None:
    recent = RecentIds(2)
    assert [recent.is_new(one) for one in "abacb"] == [True, True, False, True, True]


@given(st.lists(st.sampled_from("abcdefgh")), st.integers(1, 5))
def test_memory_is_bounded_and_only_the_latest_count(ids: list[str], most: int) -> None:
    recent = RecentIds(most)
    for number, one in enumerate(ids):
        latest: list[str] = []
        for earlier in reversed(ids[:number]):
            if earlier not in latest:
                latest.append(earlier)
        assert recent.is_new(one) == (one not in latest[:most])
        assert len(recent) <= most
