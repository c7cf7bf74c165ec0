"""Tie explosion: values and accounts without number, to exhaust memory or hide what is shared."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.requests.hashing import StringHasher
from models.requests.ingestion import MOST_SIGNATURES, BatchBuilder
from models.requests.kinds import KIND_BITS, TieKind, kinds_of
from models.requests.request_columns import MOST_CLEAR
from models.requests.sketch import MOST_FRAGMENTS
from models.sweeping import beyond_fair_share
from models.tie_layouts import MEMBER, TIE, VALUE
from models.ties.stage import SINGLES_A_TIE, TieStage
from models.wire.messages import TieOptions
from schemas.request import RequestEvent
from tests.attacks.worlds import shared_by, shown_by
from tests.strategies import KEY, START
from tests.stream.traffic import scored

OPTIONS = TieOptions(epoch_seconds=300)
MILLION = 1_000_000
EPOCH = 1_000


def keys(first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    numbers = np.arange(first, first + count, dtype=np.uint64)
    return numbers << np.uint64(KIND_BITS) | np.uint64(TieKind.FRAGMENT)


def test_a_million_values_of_one_account_cost_32_bytes_a_cell() -> None:
    """One account shows a value that nobody else shows in each of a million fragments.

    At most 4.2 million cells of 32 bytes are then held, 134 MB; for 10^7 values it would be 33.6
    million cells, 1.07 GB: a table is doubled until it is a third full, and `memory.ties` bounds
    how many of these values stay (below).
    """
    stage = TieStage(scored(), 10_000)
    for part in range(10):
        stage.close(EPOCH, [shown_by(1, keys(1 + part * MILLION // 10, MILLION // 10))], OPTIONS)
    assert (VALUE.itemsize, stage.count) == (32, 0)
    assert len(stage._values) <= 4 * 2**20
    assert stage._ties.array.nbytes <= TIE.itemsize * MILLION // 4
    assert stage._members.array.nbytes <= MEMBER.itemsize * MILLION // 2


def test_a_flood_of_values_pushes_out_values_of_the_flooder_alone() -> None:
    """The same, where `memory.ties` is small: what ordinary accounts have shown must stay."""
    stage = TieStage(scored(), 10_000)
    bound = 1_000
    ordinary = [shown_by(account, keys(account * 100, 20)) for account in range(10, 110)]
    for batch in ordinary:
        stage.close(EPOCH, [batch], OPTIONS)
    for epoch in range(EPOCH + 1, EPOCH + 6):
        stage.close(epoch, [shown_by(1, keys(epoch * MILLION, 20_000))], OPTIONS)
        stage.keep_at_most(bound, epoch)
        values = stage.dump()["values"]
        assert len(values) <= SINGLES_A_TIE * bound
        assert (values["account"] != 1).sum() == 100 * 20
    assert (values["account"] == 1).sum() > 5_000
    # A second account that shows a value of an ordinary one still makes it a tie.
    stage.close(EPOCH + 9, [shown_by(2, keys(1_000, 1))], OPTIONS)
    assert stage.count == 1


entries = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 4), st.integers(1, 10**6)), unique=True, max_size=60
)


@given(st.integers(1, 60), entries, st.randoms(use_true_random=False))
def test_shares_are_fair_and_the_order_of_entries_does_not_show(
    bound: int, given_entries: list[tuple[int, int, int]], random: object
) -> None:
    gone: list[set[tuple[int, int, int]]] = []
    for ordered in (given_entries, given_entries[::-1]):
        columns = np.array(ordered, np.uint64).reshape(-1, 3).T
        places = beyond_fair_share(bound, columns[0], columns[1].astype(np.int32), columns[2])
        gone.append({ordered[place] for place in places.tolist()})
    assert gone[0] == gone[1]
    kept = set(given_entries) - gone[0]
    assert len(kept) <= bound
    held = {owner: sum(one[0] == owner for one in kept) for owner, _, _ in given_entries}
    had = {owner: sum(one[0] == owner for one in given_entries) for owner in held}
    if bound >= len(held):
        # Whoever lost something has as much as anybody kept.
        losers = [held[owner] for owner in held if held[owner] < had[owner]]
        assert not losers or min(losers) == max(held.values())


def test_very_many_accounts_that_share_a_value_cost_no_more_than_its_cap() -> None:
    """An attacker has a million accounts show one value; beyond the cap only volume is counted.

    At the cap a tie holds 96 bytes for each of 65,536 members, 6.3 MB, and is not tested: a value
    that so many share is nobody's secret.
    """
    options = TieOptions(epoch_seconds=300, most_members=5_000)
    stage = TieStage(scored(), 10_000)
    [key] = keys(7, 1).tolist()
    for epoch in range(4):
        batch = shared_by(range(1 + 50_000 * epoch, 50_001 + 50_000 * epoch), key)
        report = stage.close(EPOCH + epoch, [batch], options)
        assert not report.ties.tested.any()
        assert len(stage.dump()["members"]) == 5_000
    assert TieOptions(epoch_seconds=300).most_members == 65_536
    ties = stage.dump()["ties"]
    assert (ties["members"].tolist(), ties["volume"].tolist()) == ([5_000], [200_000])
    assert MEMBER.itemsize * 65_536 < 6.5e6


def test_a_request_shows_a_bounded_number_of_values_whatever_it_holds() -> None:
    """One request of four megabytes, all of it signatures, tools and text that was never seen."""
    texts = " ".join(f"w{number}x{number * 7}" for number in range(9_000))
    event = RequestEvent(
        id="r", time=float(START), account="a", ip="192.0.2.1", user_agent="u" * 100_000,
        payment="p", prompt=texts, system=texts[::-1], max_tokens=5.0,
        tools=[f"tool-{number}" for number in range(50_000)],
        signatures_issued=[f"i{number}" for number in range(50_000)],
        signatures_presented=[f"p{number}" for number in range(100_000)],
    )  # fmt: skip
    batch = BatchBuilder(KEY).build([event])
    assert len(batch.ties) <= 6 + 2 * MOST_FRAGMENTS + 2 * MOST_SIGNATURES
    assert max(map(len, batch.clear.values())) == MOST_CLEAR


def test_nobody_chooses_which_of_too_many_signatures_are_kept() -> None:
    """The attacker pads a borrowed conversation with signatures that sort before its own.

    Those are kept whose keyed hashes are smallest, so padding by half hides half, not all.
    """
    real = [f"z{number}" for number in range(MOST_SIGNATURES)]
    padding = [f"a{number}" for number in range(MOST_SIGNATURES)]
    event = RequestEvent(
        id="r", time=float(START), account="a", signatures_presented=[*real, *padding]
    )
    batch = BatchBuilder(KEY).build([event])
    shown = batch.ties[kinds_of(batch.ties) == TieKind.SIGNATURE] >> np.uint64(KIND_BITS)
    own = StringHasher(KEY).columns({"signature": real})["signature"] >> np.uint64(KIND_BITS)
    assert len(shown) == MOST_SIGNATURES
    assert 0.4 < np.isin(shown, own).mean() < 0.6


def test_only_ties_keep_a_client_in_clear() -> None:
    """Each request names a client that nobody else names, 256 characters long."""
    stage = TieStage(scored(), 10_000)
    batch = shown_by(1, keys(1, 2_000))
    batch.clear.update(dict.fromkeys(batch.edges["tie"].tolist(), "x" * MOST_CLEAR))
    stage.close(EPOCH, [batch], OPTIONS)
    assert stage.dump()["clear"] == {}
    again = shown_by(2, keys(1, 3))
    again.clear.update(dict.fromkeys(again.edges["tie"].tolist(), "client"))
    stage.close(EPOCH + 1, [again], OPTIONS)
    assert list(stage.dump()["clear"].values()) == ["client"] * 3
