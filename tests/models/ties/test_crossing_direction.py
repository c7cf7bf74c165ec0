"""Who belongs to a group by which way signatures went: neither victims nor finders do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ties.circulation import circulating
from models.ties.crossings import Sides
from tests.models.ties.test_crossings import ACCOUNTS, STRANGERS, owned, sides, told

ONE_WAY = st.dictionaries(
    st.integers(1, 60),
    st.tuples(ACCOUNTS, st.frozensets(ACCOUNTS, min_size=1, max_size=4)).map(
        lambda told: sides([told[0]], told[1] - {told[0]})
    ),
    max_size=30,
)


@given(ONE_WAY)
def test_who_is_named_has_presented_what_others_of_the_group_were_issued_and_they_what_he_was(
    one_way: dict[int, Sides],
) -> None:
    for group in told(one_way, STRANGERS).groups():
        among = [one.within(group.shown) for one in one_way.values()]
        for account in group.shown:
            assert any(account in one.presented for one in among if one.issued)
            assert any(account in one.issued for one in among if one.presented)


@given(ONE_WAY, st.dictionaries(st.integers(100, 160), st.tuples(ACCOUNTS, st.booleans())))
def test_neither_victims_of_leaks_nor_finders_change_anything(
    one_way: dict[int, Sides], strangers: dict[int, tuple[int, bool]]
) -> None:
    """Whose signatures are only presented by others: 50; who only presents others' ones: 60."""
    with_strangers = one_way | {
        value: sides([50], [account]) if leaked else sides([account], [60])
        for value, (account, leaked) in strangers.items()
    }
    assert told(with_strangers, STRANGERS).groups() == told(one_way, STRANGERS).groups()


def test_a_product_that_hands_its_signatures_to_its_customers_is_no_pool() -> None:
    handed = {value: sides([1], [value]) for value in range(2, 40)}
    assert told(handed, STRANGERS).groups() == []
    [pair] = told(handed | {50: sides([2], [1])}, STRANGERS).groups()
    assert (set(pair.shown), pair.causes) == ({1, 2}, 1)


@pytest.mark.parametrize("turns", [2, 5, 20])
def test_a_conversation_that_is_passed_on_and_on_makes_no_group(turns: int) -> None:
    passed = {account: sides([account], [account + 1]) for account in range(1, turns)}
    assert told(passed, STRANGERS).groups() == []


def test_signatures_that_an_owner_passes_between_his_own_accounts_count_for_none_of_them() -> None:
    owners = owned({account: (account // 10, 0, 0) for account in range(10, 50)})
    own = {1: sides([10], [11]), 2: sides([11], [10]), 3: sides([10], [11, 20])}
    assert told(own, owners).groups() == []
    [group] = told(own | {4: sides([20], [10])}, owners).groups()
    assert (set(group.shown), group.causes) == ({10, 20}, 1)


PAIRS = st.sets(
    st.tuples(st.integers(1, 7), st.integers(1, 7)).filter(lambda two: two[0] != two[1])
)


def closed(accounts: set[int], pairs: set[tuple[int, int]]) -> bool:
    """Whether each of these gives to one of them, and takes from one."""
    among = [pair for pair in pairs if accounts.issuperset(pair)]
    return {giver for giver, _ in among} == {taker for _, taker in among} == accounts


@given(PAIRS, st.sets(st.integers(1, 7)))
def test_who_circulates_is_the_largest_set_of_those_who_give_and_take(
    pairs: set[tuple[int, int]], some: set[int]
) -> None:
    found = circulating(pairs)
    assert closed(found, pairs)
    assert not closed(some, pairs) or some <= found
