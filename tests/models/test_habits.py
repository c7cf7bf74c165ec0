"""What accounts do again and what they turn to, folded epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.features import ProfileView
from models.kernels import habits
from models.layouts import EDGE, MOVABLE_COLUMNS, PARTIAL, PROFILE
from models.requests.batch import BREADTHS
from models.requests.kinds import TieKind
from models.signals import canary, failover, pivot, similarity

DAY = 24
"""Epochs of an hour."""

MODELS, ROUTES = BREADTHS.index("models"), BREADTHS.index("routes")
FRAGMENT = np.uint64(TieKind.FRAGMENT)


def fresh() -> NDArray[np.void]:
    return np.zeros(1, PROFILE)


def partial(requests: int = 1, **marks: int) -> NDArray[np.void]:
    """One account's epoch: its requests, and the bits of what it showed."""
    record = np.zeros(1, PARTIAL)
    record["measures"][0, 0] = requests
    for name, bits in marks.items():
        record["marks"][0, BREADTHS.index(name)] = bits
    return record


def edges(shown: Sequence[tuple[int, int]]) -> NDArray[np.void]:
    """Fragments (numbers from 1 on) with how often each was shown."""
    records = np.zeros(len(shown), EDGE)
    # The bits that choose one fragment in four are 0 in all of these.
    records["tie"] = [number << 6 | int(FRAGMENT) for number, _ in shown]
    records["count"] = [count for _, count in shown]
    return records


def note(
    profile: NDArray[np.void],
    epoch: int,
    one: NDArray[np.void],
    shown: Sequence[tuple[int, int]] = (),
) -> None:
    slots = np.zeros(1, np.int32)
    profile["active"] += 1
    habits.note(profile, slots, one, edges(shown), MOVABLE_COLUMNS, FRAGMENT, epoch, DAY)


def value(signal: object, profile: NDArray[np.void]) -> float:
    [feature] = signal.ACCOUNT_FEATURES  # type: ignore[attr-defined]
    return float(feature.compute(ProfileView(profile, 1))[0])


def test_the_first_day_is_the_past_and_moves_nobody() -> None:
    profile = fresh()
    for epoch in range(DAY):
        note(profile, epoch, partial(5, models=1 << epoch % 7))
    assert not profile["settled"].any()
    assert value(pivot, profile) == 0.0


def test_requests_to_a_new_model_count_for_a_day() -> None:
    profile = fresh()
    for epoch in range(2 * DAY):
        note(profile, epoch, partial(models=1))
    for epoch in range(2 * DAY, 5 * DAY):
        note(profile, epoch, partial(models=2))
    moved, settled = profile["moved"][0, 0], profile["settled"][0, 0]
    assert (moved, settled) == (DAY, 4 * DAY)
    assert not profile["pending"].any()


def test_half_of_a_turn_is_half_of_the_requests() -> None:
    profile = fresh()
    for epoch in range(2 * DAY):
        note(profile, epoch, partial(models=1))
    note(profile, 2 * DAY, partial(8, models=0b11))
    assert profile["moved"][0, 0] == 4.0


def test_routes_and_models_are_told_apart() -> None:
    profile = fresh()
    for epoch in range(2 * DAY):
        note(profile, epoch, partial(models=1, routes=1))
    note(profile, 2 * DAY, partial(50, models=1, routes=2))
    assert value(failover, profile) > 0.4
    assert value(pivot, profile) == 0.0


def test_what_is_unknown_moves_nobody() -> None:
    profile = fresh()
    for epoch in range(3 * DAY):
        note(profile, epoch, partial(9))
    assert value(pivot, profile) == value(failover, profile) == 0.0


def test_a_text_that_comes_back_like_clockwork_is_told() -> None:
    profile = fresh()
    for epoch in range(0, 400, 6):
        note(profile, epoch, partial(), [(3, 1), (9, 1)])
    assert value(canary, profile) > 0.8


@given(st.lists(st.integers(1, 5), min_size=40, max_size=40))
def test_ever_new_texts_never_come_back(gaps: list[int]) -> None:
    profile = fresh()
    for number, epoch in enumerate(np.cumsum(gaps).tolist()):
        note(profile, epoch, partial(), [(100 + number, 1)])
    assert value(canary, profile) == 0.0


def test_a_text_that_comes_back_at_odd_times_is_no_canary() -> None:
    profile = fresh()
    for epoch in np.cumsum([2, 9, 3, 14, 4, 7, 2, 11, 5, 16, 3, 8] * 4).tolist():
        note(profile, epoch, partial(), [(3, 1)])
    assert value(canary, profile) < 0.1


def test_continuous_use_is_no_canary() -> None:
    profile = fresh()
    for epoch in range(200):
        note(profile, epoch, partial(), [(3, 1)])
    assert value(canary, profile) == 0.0


def test_a_text_that_stays_away_makes_room_for_another() -> None:
    profile = fresh()
    note(profile, 0, partial(), [(1, 1)])
    for epoch in range(3 * DAY, 20 * DAY, DAY):
        note(profile, epoch, partial(), [(7, 1)])
    assert value(canary, profile) > 0.5


def test_alike_requests_of_an_epoch_are_told_from_unlike_ones() -> None:
    alike, unlike = fresh(), fresh()
    note(alike, 0, partial(10), [(number, 10) for number in range(1, 30)])
    note(unlike, 0, partial(10), [(number, 1) for number in range(1, 300)])
    assert value(similarity, unlike) < 0.05
    assert value(similarity, alike) > 0.8


def test_a_single_request_resembles_nothing_and_does_not_count() -> None:
    profile = fresh()
    note(profile, 0, partial(1), [(number, 1) for number in range(1, 30)])
    assert profile["shown"][0] == 0.0


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 9)), max_size=12), min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_order_of_fragments_does_not_show(
    epochs: list[list[tuple[int, int]]], random: np.random.Generator
) -> None:
    given_order, other_order = fresh(), fresh()
    for epoch, shown in enumerate(epochs):
        shuffled = list(shown)
        random.shuffle(shuffled)
        note(given_order, epoch, partial(3, models=1), shown)
        note(other_order, epoch, partial(3, models=1), shuffled)
    assert given_order.tobytes() == other_order.tobytes()
