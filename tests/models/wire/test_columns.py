"""Arrays and records of other releases, brought into today's columns by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evidence.baseline import MIDDLE
from models.layouts import PROFILE
from models.tie_layouts import MEMBER
from models.wire.columns import OF_STATE_3, TODAY, moved, records_moved, splits_moved, state_moved
from tests.models.profiles import plausible_profiles
from tests.models.states import content

names = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1)


@given(names, names, st.integers(0, 1))
def test_columns_keep_their_values_under_their_names(
    before: list[str], now: list[str], axis: int
) -> None:
    values = {name: ord(name) for name in before}
    row = np.array([values[name] for name in before])
    array = row if axis == 0 else np.tile(row, (3, 1))
    found = moved(array, before, now, axis, -1)
    expected = [values.get(name, -1) for name in now]
    assert found.tolist() == (expected if axis == 0 else [expected] * 3)


def test_columns_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="2 columns, not 3"):
        moved(np.zeros(2), ["a", "b", "c"], ["a"], 0)


def test_today_has_all_that_there_was() -> None:
    for before, now in (
        (OF_STATE_3.features, TODAY.features),
        (OF_STATE_3.inputs, TODAY.inputs),
        (OF_STATE_3.measures, TODAY.measures),
        (OF_STATE_3.breadths, TODAY.breadths),
    ):
        assert set(before) <= set(now)


def test_profiles_of_before_come_through_unchanged() -> None:
    profiles = plausible_profiles(np.random.default_rng(3), 30)
    old = records_moved(profiles, TODAY, OF_STATE_3)
    assert old["sums"].shape == (30, len(OF_STATE_3.measures))
    again = records_moved(old, OF_STATE_3, TODAY)
    assert again.dtype == PROFILE
    known = [TODAY.measures.index(name) for name in OF_STATE_3.measures]
    assert (again["sums"][:, known] == profiles["sums"][:, known]).all()
    new = [place for place in range(len(TODAY.measures)) if place not in known]
    assert not again["sums"][:, new].any()


def test_ranks_that_are_missing_are_in_the_middle() -> None:
    old = records_moved(np.zeros(4, MEMBER), TODAY, OF_STATE_3)
    ranks = records_moved(old, OF_STATE_3, TODAY)["ranks"]
    known = [name in OF_STATE_3.features for name in TODAY.features]
    assert (ranks[:, np.flatnonzero(known)] == 0).all()
    assert (ranks[:, np.flatnonzero(~np.array(known))] == MIDDLE).all()


def test_trees_split_on_the_same_features() -> None:
    splits = np.arange(len(OF_STATE_3.features), dtype=np.int32)
    found = splits_moved(splits, OF_STATE_3, TODAY)
    assert [TODAY.features[place] for place in found.tolist()] == list(OF_STATE_3.features)


def test_a_state_is_changed_wherever_columns_are() -> None:
    rows = np.arange(2 * len(TODAY.features), dtype=np.uint8).reshape(2, -1)
    state: dict[str, Any] = {
        "head": {"population": {"rows": rows}, "sample": [[5, rows[0].tobytes()]]},
        "parked": {1: [{"measures": np.ones((2, len(TODAY.measures)), np.int16)}, 7]},
        "rows": 3,
    }
    old = state_moved(state, TODAY, OF_STATE_3)
    assert old["rows"] == 3
    assert old["head"]["population"]["rows"].shape == (2, len(OF_STATE_3.features))
    assert len(old["head"]["sample"][0][1]) == len(OF_STATE_3.features)
    assert old["parked"][1][0]["measures"].dtype == np.int16
    assert content(state_moved(old, OF_STATE_3, OF_STATE_3)) == content(old)
