"""Which signatures the tie stage tells the head of, and when."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.evidence.baseline import FEATURES
from models.layouts import EDGE
from models.requests.kinds import ISSUED, TieKind
from models.ties.crossings import MOST_SHOWING
from models.ties.stage import TieStage
from models.wire.messages import TieBatch, TieOptions, joined_batches
from tests.models.ties.test_ties import TOLD, new_stage

Edges = Sequence[tuple[int, int]]

EDGES = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 12)), max_size=30)


def batch_of(edges: Edges, kind: int = TieKind.SIGNATURE) -> TieBatch:
    """Accounts that show values once each."""
    accounts = sorted({account for _, account in edges})
    told = np.zeros(len(accounts), TOLD)
    told["account"] = accounts
    shown = np.zeros(len(set(edges)), EDGE)
    for row, (value, account) in enumerate(dict.fromkeys(edges)):
        shown[row] = (16 * value + kind, accounts.index(account), 1)
    ranks = np.zeros((len(accounts), FEATURES), np.uint8)
    return TieBatch(told, np.ones(len(accounts), np.int32), ranks, True, shown, {})


def crossings(stage: TieStage, epoch: int, *batches: TieBatch) -> NDArray[np.void]:
    return stage.close(epoch, batches, TieOptions(epoch_seconds=300)).crossings


def told(stage: TieStage, epoch: int, *batches: TieBatch) -> dict[int, list[int]]:
    """Accounts by value, as the head hears of them."""
    found: dict[int, list[int]] = {}
    for row in crossings(stage, epoch, *batches):
        found.setdefault(int(row["tie"]) // 16, []).append(int(row["account"]))
    return found


def issued(stage: TieStage, epoch: int, *batches: TieBatch) -> dict[int, list[int]]:
    """Accounts that it was issued to, by value."""
    rows = crossings(stage, epoch, *batches)
    found: dict[int, list[int]] = {int(row["tie"]) // 16: [] for row in rows}
    for row in rows[rows["issued"]]:
        found[int(row["tie"]) // 16].append(int(row["account"]))
    return found


def test_a_value_is_told_when_a_further_account_shows_it() -> None:
    stage = new_stage()
    assert told(stage, 1, batch_of([(1, 7), (2, 7)])) == {}
    assert told(stage, 2, batch_of([(1, 8), (2, 7)])) == {1: [7, 8]}
    assert told(stage, 3, batch_of([(1, 7), (1, 8)])) == {}
    assert told(stage, 4, batch_of([(1, 5)])) == {1: [5, 7, 8]}


def test_only_signatures_are_told() -> None:
    for kind in set(TieKind) - {TieKind.SIGNATURE}:
        assert told(new_stage(), 1, batch_of([(1, 7), (1, 8), (1, 9)], kind)) == {}


def test_of_many_accounts_it_is_told_that_they_are_too_many() -> None:
    edges = [(1, account) for account in range(1, 60)]
    assert told(new_stage(), 1, batch_of(edges)) == {1: list(range(1, MOST_SHOWING + 2))}


def both(issuing: Edges, presenting: Edges) -> TieBatch:
    """Signatures that accounts are issued, and that they present, in one epoch."""
    given, taken = batch_of(issuing, ISSUED), batch_of(presenting)
    return joined_batches([given, taken])


def test_in_one_epoch_it_is_told_whom_a_signature_was_issued_to() -> None:
    for presenters in ([5], [9], [5, 7, 9]):
        shown = [(1, account) for account in presenters]
        assert issued(new_stage(), 1, both([(1, 7)], shown)) == {1: [7]}


def test_it_is_told_as_well_when_it_was_issued_before_or_is_heard_of_late() -> None:
    stage = new_stage()
    assert issued(stage, 1, both([(1, 7), (2, 7)], [])) == {}
    assert issued(stage, 2, batch_of([(1, 5)])) == {1: [7]}
    assert issued(stage, 3, batch_of([(1, 4), (2, 4)])) == {1: [7], 2: [7]}
    assert issued(stage, 4, batch_of([(3, 4)])) == {}
    assert issued(stage, 5, both([(3, 8)], [])) == {3: [8]}
    assert issued(stage, 6, batch_of([(3, 2)])) == {3: [8]}


def test_where_it_was_not_seen_those_who_showed_it_first_are_taken_for_its_owners() -> None:
    stage = new_stage()
    assert issued(stage, 1, batch_of([(1, 5), (1, 7)])) == {1: [5, 7]}
    assert issued(stage, 2, batch_of([(1, 3)])) == {1: [5, 7]}


def test_an_issued_signature_is_one_tie_with_the_presented_one() -> None:
    edges = [(1, 7), (2, 7), (3, 8)]
    one, other = new_stage(), new_stage()
    one.close(1, [both(edges, [])], TieOptions(epoch_seconds=300))
    other.close(1, [batch_of(edges)], TieOptions(epoch_seconds=300))
    assert one.dump()["values"].tobytes() == other.dump()["values"].tobytes()


@given(EDGES, EDGES, EDGES, st.randoms(use_true_random=False))
def test_who_was_issued_what_does_not_depend_on_the_order_of_edges(
    before: Edges, issuing: Edges, presenting: Edges, random: object
) -> None:
    one, other = new_stage(), new_stage()
    for stage in (one, other):
        stage.close(1, [both(before, before[::2])], TieOptions(epoch_seconds=300))
    shuffled = both(issuing, presenting)
    random.shuffle(order := list(range(len(shuffled.edges))))  # type: ignore[attr-defined]
    shuffled.edges[:] = shuffled.edges[order]
    expected = crossings(one, 2, both(issuing, presenting))
    assert crossings(other, 2, shuffled).tolist() == expected.tolist()


@given(EDGES, EDGES, st.randoms(use_true_random=False))
def test_neither_batches_nor_their_order_show(first: Edges, second: Edges, random: object) -> None:
    one, other = new_stage(), new_stage()
    assert told(one, 1, batch_of(first)) == told(other, 1, batch_of(first))
    left = [edge for edge in second if edge[1] % 2]
    right = [edge for edge in second if not edge[1] % 2]
    random.shuffle(left)  # type: ignore[attr-defined]
    expected = told(one, 2, batch_of(second))
    assert told(other, 2, batch_of(right), batch_of(left)) == expected


@given(EDGES, EDGES)
def test_what_is_told_is_who_has_shown_it_so_far(first: Edges, second: Edges) -> None:
    stage = new_stage()
    told(stage, 1, batch_of(first))
    for value, accounts in told(stage, 2, batch_of(second)).items():
        showing = sorted({account for one, account in [*first, *second] if one == value})
        assert accounts == showing[: MOST_SHOWING + 1]
        assert len(accounts) > 1
