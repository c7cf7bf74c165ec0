"""What is kept of traffic is what counting one by one gives, in bounds, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.requests.batch import EventBatch
from models.requests.ingestion import BatchBuilder
from stream.console import cells as cells_module
from stream.console.cells import BUCKET, Cells, buckets_of, rows_of
from stream.console.traffic import Traffic, tie_key
from tests.strategies import KEY, events
from tests.stream.console.desk import batches

counts = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(0, 1), st.integers(0, 99)),
    min_size=1,
    max_size=40,
)
BUILDER = BatchBuilder(KEY)
built = st.lists(st.lists(events, min_size=1, max_size=8).map(BUILDER.build), max_size=4)


def filled(several: Sequence[Sequence[tuple[int, int, int, int]]], most: int = 1_000) -> Cells:
    cells = Cells(most)
    for one in several:
        cells.add(*np.array(one, np.int64).T)
    return cells


def content(cells: Cells, rows: Sequence[int]) -> dict[tuple[int, int], tuple[int, int, int]]:
    found = cells.of(np.array(rows, np.int64))
    places = zip(rows_of(found).tolist(), buckets_of(found).tolist(), strict=True)
    sums = zip(*(found[name].tolist() for name in ("requests", "refused", "tokens")), strict=True)
    return dict(zip(places, sums, strict=True))


@pytest.mark.parametrize("most_loose", [0, 7, 10_000])
@settings(max_examples=60)
@given(several=st.lists(counts, max_size=5))
def test_cells_are_what_counting_one_by_one_gives(
    most_loose: int, several: list[list[tuple[int, int, int, int]]]
) -> None:
    naive: dict[tuple[int, int], list[int]] = {}
    for row, bucket, refused, tokens in (item for one in several for item in one):
        sums = naive.setdefault((row, bucket), [0, 0, 0])
        for place, value in enumerate((1, refused, tokens)):
            sums[place] += value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells_module, "_MOST_LOOSE", most_loose)
        cells = filled(several)
    for rows in ([0, 1, 2, 3, 4, 5], [3], [5, 1, 5], []):
        expected = {place: tuple(sums) for place, sums in naive.items() if place[0] in rows}
        assert content(cells, rows) == expected


def test_cells_beyond_the_bound_go_from_the_oldest_on() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells_module, "_MOST_LOOSE", 0)
        cells = filled([[(row, bucket, 0, 1) for row in range(5)] for bucket in range(50)], 100)
    assert len(cells) <= 105
    left = {bucket for _, bucket in content(cells, range(5))}
    assert left == set(range(min(left), 50))
    assert min(left) == cells.since > 0


def test_renumbered_accounts_keep_their_cells() -> None:
    cells = filled([[(0, 1, 0, 5), (1, 1, 0, 6), (2, 2, 1, 7)]])
    cells.renumber(np.array([1, -1, 0]))
    assert content(cells, [0, 1, 2]) == {(0, 2): (1, 1, 7), (1, 1): (1, 0, 5)}


def totals(traffic: Traffic) -> dict[str, object]:
    table = traffic.accounts.table
    return {
        name: (table[row]["measures"].tolist(), table[row]["marks"].tolist(),
               int(table[row]["first"]), int(table[row]["last"]),
               content(traffic.cells, [row]).values())
        for row, name in enumerate(traffic.accounts.names)
    }  # fmt: skip


def naive_requests(several: Sequence[EventBatch]) -> Counter[str]:
    return Counter(name for batch in several for name in batch.names)


@settings(max_examples=40)
@given(built)
def test_the_order_of_batches_does_not_show(several: list[EventBatch]) -> None:
    forth, back = Traffic(), Traffic()
    ties = {tie for batch in several for tie in batch.ties.tolist()[::3]}
    for traffic, order in ((forth, several), (back, several[::-1])):
        traffic.watch(ties, [])
        for batch in order:
            traffic.add(batch)
    assert str(sorted(totals(forth).items())) == str(sorted(totals(back).items()))
    assert forth.shown == back.shown
    assert forth.requests == sum(map(len, several)) == sum(naive_requests(several).values())
    for name, requests in naive_requests(several).items():
        row = forth.accounts.row(name)
        assert row is not None
        assert forth.accounts.table["measures"][row, 0] == requests


@settings(max_examples=40)
@given(built)
def test_who_showed_a_tie_is_who_has_it_in_a_request(several: list[EventBatch]) -> None:
    naive: dict[int, Counter[str]] = {}
    for batch in several:
        start = 0
        for name, end in zip(batch.names, batch.tie_ends.tolist(), strict=True):
            for tie in batch.ties[start:end].tolist():
                naive.setdefault(tie, Counter())[name] += 1
            start = end
    traffic = Traffic()
    traffic.watch(naive, [])
    for batch in several:
        traffic.add(batch)
    assert traffic.shown == naive


def test_the_longest_idle_go_and_whoever_a_finding_names_stays() -> None:
    whole, bounded = Traffic(), Traffic(most_accounts=100)
    bounded.watch([], ["probe-0001"])
    for batch in batches():
        whole.add(batch)
        bounded.add(batch)
    assert len(bounded.accounts) <= 101 < len(whole.accounts)
    assert bounded.requests == whole.requests
    row, other = bounded.accounts.row("probe-0001"), whole.accounts.row("probe-0001")
    assert row is not None
    assert other is not None
    assert bounded.accounts.table[row] == whole.accounts.table[other]
    assert list(content(bounded.cells, [row]).values()) == list(
        content(whole.cells, [other]).values()
    )
    assert str(bounded.totals) == str(whole.totals)


def test_a_forgotten_account_is_nowhere() -> None:
    traffic = Traffic()
    traffic.watch({int(tie) for tie in batches()[-1].ties[:50]}, ["mule-0001"])
    for batch in batches():
        traffic.add(batch)
    before = totals(traffic)
    traffic.forget("mule-0001")
    assert traffic.accounts.row("mule-0001") is None
    assert all("mule-0001" not in shown for shown in traffic.shown.values())
    del before["mule-0001"]
    assert str(totals(traffic)) == str(before)


def test_a_bucket_is_a_quarter_of_an_hour_and_a_digest_hexadecimal() -> None:
    assert BUCKET == 15 * 60 * 1_000_000
    assert [tie_key(text) for text in ("ff", "", "-1", "0x1", "zz", "f" * 17)] == [255, *[0] * 5]
