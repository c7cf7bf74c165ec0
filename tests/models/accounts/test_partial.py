from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.accounts.partial import EpochPartial
from models.requests.batch import MEASURES, EventBatch
from models.requests.ingestion import BatchBuilder
from models.wire.state import decode_state, encode_state
from schemas.request import RequestEvent
from tests.strategies import KEY, START, events

BEGIN = START * 1_000_000
LENGTH = 3_600_000_000

event_lists = st.lists(events, min_size=1, max_size=25)


def content(
    partial: EpochPartial,
) -> tuple[dict[str, Any], set[tuple[int, int, int]], dict[int, str]]:
    """What a partial says, whatever the order of its slots."""
    columns = [name for name in partial.partials.dtype.names or () if name != "chosen"]
    accounts = {
        name: ([record[column].tolist() for column in columns], example)
        for name, example, record in zip(
            partial.names, partial.examples, partial.partials, strict=True
        )
    }
    owners = partial.partials["account"].tolist()
    edges = {(owners[edge["slot"]], int(edge["tie"]), int(edge["count"])) for edge in partial.edges}
    assert len(edges) == partial.edge_count
    return accounts, edges, partial.clear


def summed(batches: list[EventBatch]) -> EpochPartial:
    partial = EpochPartial(BEGIN, LENGTH)
    for batch in batches:
        partial.add(batch)
    return partial


@settings(max_examples=40)
@given(event_lists, st.data())
def test_neither_order_nor_cuts_show(rows: list[RequestEvent], data: st.DataObject) -> None:
    builder = BatchBuilder(KEY)
    # A repeated request never gets here, and which of two equal ones is the example is open.
    rows = list({(row.account, row.id, row.time): row for row in rows}.values())
    order = data.draw(st.permutations(range(len(rows))))
    size = data.draw(st.integers(1, len(rows)))
    parts = [
        builder.build([rows[place] for place in order[first : first + size]])
        for first in range(0, len(rows), size)
    ]
    assert content(summed(parts)) == content(summed([builder.build(rows)]))


@settings(max_examples=25)
@given(event_lists, event_lists)
def test_a_loaded_partial_goes_on_as_before(
    before: list[RequestEvent], after: list[RequestEvent]
) -> None:
    builder = BatchBuilder(KEY)
    whole = summed([builder.build(before)])
    loaded = EpochPartial(BEGIN, LENGTH)
    loaded.load(decode_state(encode_state(whole.dump())))
    assert content(loaded) == content(whole)
    for partial in (whole, loaded):
        partial.add(builder.build(after))
    assert content(loaded) == content(whole)


@settings(max_examples=25)
@given(event_lists, event_lists)
def test_what_was_added_to_one_epoch_can_be_added_to_a_later_one(
    before: list[RequestEvent], after: list[RequestEvent]
) -> None:
    builder = BatchBuilder(KEY)
    moved, direct = (EpochPartial(BEGIN + LENGTH, LENGTH) for _ in range(2))
    moved.add(builder.build(after))
    moved.add(summed([builder.build(before)]).as_rows())
    for rows in (before, after):
        direct.add(builder.build(rows))
    assert content(moved) == content(direct)


@settings(max_examples=25)
@given(event_lists)
def test_requests_and_edges_are_counted(rows: list[RequestEvent]) -> None:
    batch = BatchBuilder(KEY).build(rows)
    partial = summed([batch])
    assert int(partial.partials["measures"][:, MEASURES.index("requests")].sum()) == len(rows)
    assert int(partial.edges["count"].sum()) == len(batch.ties)
    assert sorted(partial.names) == sorted({row.account for row in rows})
    assert partial.partials["first"].min() == batch.time.min()
    assert partial.partials["last"].max() == batch.time.max()


def test_many_edges_are_counted_through_growth() -> None:
    builder = BatchBuilder(KEY)
    rows = [
        RequestEvent(
            id=f"id-{row}",
            time=START + row,
            account=f"account-{row % 7}",
            signatures_issued=[f"signature-{row * 97 % 6_000 + part}" for part in range(40)],
        )
        for row in range(400)
    ]
    grown = summed([builder.build(rows[first : first + 11]) for first in range(0, 400, 11)])
    assert grown.edge_count > 10_000
    assert content(grown) == content(summed([builder.build(rows)]))
    assert int(grown.edges["count"].sum()) == 400 * 40


def test_an_empty_partial_has_nothing() -> None:
    partial = EpochPartial(BEGIN, LENGTH)
    assert (len(partial.partials), len(partial.edges), partial.names) == (0, 0, [])
    other = EpochPartial(BEGIN, LENGTH)
    other.load(decode_state(encode_state(partial.dump())))
    assert content(other) == ({}, set(), {})
    assert np.array_equal(other.partials, partial.partials)
