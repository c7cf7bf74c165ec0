"""Renewal: every key has its turn once a round, and a round ends soon."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.wire.checkpoint import EVERYTHING, MOST_SHARES, Renewal, Share

sizes = st.tuples(st.integers(0, 2**50), st.integers(0, 2**50), st.booleans())


@given(st.lists(sizes, min_size=1, max_size=40))
def test_shares_follow_each_other_round_all_keys(steps: list[tuple[int, int, bool]]) -> None:
    renewal = Renewal()
    shares = [renewal.share(changed, kept, whole=whole) for changed, kept, whole in steps]
    assert shares[0].begins
    for (before, share), (_, _, whole) in zip(pairwise(shares), steps[1:], strict=True):
        assert share == EVERYTHING if whole else share.first == (0 if before.ends else before.end)
    assert all(share.first < share.end <= 2**64 for share in shares)


@given(st.integers(0, 1_000), st.integers(1, 1_000))
def test_a_round_is_as_long_as_the_state_is_large_beside_its_changes(
    changed: int, kept: int
) -> None:
    renewal, count = Renewal(), 1
    while not renewal.share(changed, kept, whole=False).ends:
        count += 1
    expected = MOST_SHARES if changed == 0 else -(-kept // (2 * changed))
    assert count == max(1, min(expected, MOST_SHARES))


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20), st.integers(1, 2**64 - 1))
def test_each_key_belongs_to_one_share(keys: list[int], cut: int) -> None:
    array = np.array(keys, np.uint64)
    low, high = Share(0, cut).holds(array), Share(cut, 2**64).holds(array)
    assert low.tolist() == [key < cut for key in keys]
    assert (low ^ high).all()
    assert EVERYTHING.holds(array).all()
