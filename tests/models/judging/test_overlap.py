from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.judging.overlap import cluster_f1, matches, one_to_one

groups = st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), max_size=6)


def test_equal_groupings_match_wholly() -> None:
    assert cluster_f1([{"a", "b"}, {"b", "c"}], [{"b", "c"}, {"a", "b"}]) == 1.0


def test_groupings_without_a_common_account_do_not_match() -> None:
    assert cluster_f1([{"a"}], [{"b"}]) == 0.0
    assert cluster_f1([], [{"b"}]) is None


def test_a_group_goes_to_its_best_partner() -> None:
    left = [{"a", "b", "c"}, {"c", "d"}]
    right = [{"c", "d", "e"}, {"a", "b", "c"}]
    assert one_to_one(left, right) == [(0, 1, 3), (1, 0, 2)]


@given(groups, groups)
def test_matching_is_symmetric(left: list[set[str]], right: list[set[str]]) -> None:
    one, other = cluster_f1(left, right), cluster_f1(right, left)
    assert one == (None if other is None else pytest.approx(other))
    mirrored = {(match.right, match.left, match.shared) for match in matches(right, left)}
    assert set(matches(left, right)) == mirrored


@given(groups, groups)
def test_no_group_has_two_partners(left: list[set[str]], right: list[set[str]]) -> None:
    chosen = one_to_one(left, right)
    assert len({match.left for match in chosen}) == len(chosen)
    assert len({match.right for match in chosen}) == len(chosen)
    for match in chosen:
        assert match.shared == len(left[match.left] & right[match.right]) > 0
