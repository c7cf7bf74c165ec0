from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from models.ties.crossings import MOST_SHOWING, CrossingGroup, Crossings, Sides
from models.wire.messages import Holder
from models.wire.state import decode_state, encode_state

Shown = dict[int, frozenset[int]]

ACCOUNTS = st.integers(1, 12)
SHOWN = st.dictionaries(
    st.integers(1, 40), st.frozensets(ACCOUNTS, min_size=2, max_size=5), max_size=25
)
"""Conversations, each with the accounts that it went around among."""

ROUND = 100
"""Signatures of a conversation, at most."""


def owned(owners: Mapping[int, tuple[int, int, int]]) -> dict[int, Holder]:
    return {
        account: Holder(str(account), 1, 0, 0, "", 0, False, *owner)
        for account, owner in owners.items()
    }


STRANGERS = owned({account: (account, 0, 0) for account in range(1, 100)})


def sides(issued: Iterable[int], presented: Iterable[int]) -> Sides:
    return Sides(tuple(sorted(issued)), tuple(sorted(presented)))


def around(shown: Mapping[int, Iterable[int]]) -> dict[int, Sides]:
    """Each account of a conversation is issued a signature of it that all others present."""
    return {
        ROUND * value + place: sides([issued], set(accounts) - {issued})
        for value, accounts in shown.items()
        for place, issued in enumerate(sorted(accounts))
    }


def told(one_way: Mapping[int, Sides], holders: Mapping[int, Holder]) -> Crossings:
    crossings = Crossings()
    crossings.note(one_way, 5)
    crossings.learn(holders)
    return crossings


def noted(shown: Mapping[int, frozenset[int]], holders: Mapping[int, Holder]) -> Crossings:
    return told(around(shown), holders)


def groups(shown: Mapping[int, set[int]], holders: Mapping[int, Holder]) -> list[CrossingGroup]:
    return noted({value: frozenset(one) for value, one in shown.items()}, holders).groups()


def conversations(group: CrossingGroup, shown: Shown) -> set[int]:
    """Those that went around in the group."""
    return {value for value, accounts in shown.items() if accounts <= group.shown.keys()}


@given(SHOWN, st.randoms(use_true_random=False))
def test_the_order_in_which_signatures_come_does_not_matter(shown: Shown, random: object) -> None:
    order = list(shown)
    random.shuffle(order)  # type: ignore[attr-defined]
    mixed = noted({value: shown[value] for value in order}, STRANGERS)
    assert encode_state(mixed.dump()) == encode_state(noted(shown, STRANGERS).dump())
    assert mixed.groups() == noted(shown, STRANGERS).groups()


@given(SHOWN)
def test_groups_are_a_partition_of_accounts_and_of_signatures(shown: Shown) -> None:
    found = noted(shown, STRANGERS).groups()
    accounts = [account for group in found for account in group.shown]
    values = [value for group in found for value in conversations(group, shown)]
    assert sorted(accounts) == sorted(frozenset().union(*shown.values()))
    assert sorted(values) == sorted(shown)
    for group in found:
        talking = (shown[value] for value in conversations(group, shown))
        assert frozenset().union(*talking) == set(group.shown)


@given(SHOWN)
def test_a_group_has_no_more_causes_than_signatures_or_than_tie_its_accounts(shown: Shown) -> None:
    for group in noted(shown, STRANGERS).groups():
        within = conversations(group, shown)
        assert 1 <= group.causes <= min(len(within), len(group.shown) - 1)
        assert group.key // ROUND in within


@given(SHOWN, st.dictionaries(ACCOUNTS, st.tuples(*[st.integers(0, 3)] * 3), min_size=12))
def test_the_more_is_known_to_be_of_one_owner_the_fewer_causes(
    shown: Shown, owners: dict[int, tuple[int, int, int]]
) -> None:
    strangers = sum(group.causes for group in noted(shown, STRANGERS).groups())
    assert sum(group.causes for group in noted(shown, owned(owners)).groups()) <= strangers


@given(SHOWN)
def test_the_state_goes_on_where_it_stood(shown: Shown) -> None:
    one, other = noted(shown, STRANGERS), Crossings()
    one.note({77: sides([1], [90])}, 6)
    other.load(decode_state(encode_state(one.dump())))
    assert other.changed == one.changed
    for each in (one, other):
        each.learn(STRANGERS)
        each.note({78: sides([0], range(1, 60))}, 6)
    assert other.groups() == one.groups()
    assert encode_state(other.dump()) == encode_state(one.dump())


def test_a_pool_is_one_group_with_a_cause_for_each_further_account() -> None:
    [group] = groups({1: {1, 2}, 2: {2, 3}, 3: {3, 4}, 4: {1, 2}, 5: {1, 4}}, STRANGERS)
    assert set(group.shown) == {1, 2, 3, 4}
    assert group.causes == 3


def test_a_conversation_that_was_published_is_one_cause() -> None:
    everybody = set(range(1, 6))
    shown = dict.fromkeys(range(10, 20), everybody) | {1: {1, 2}, 2: {3, 4, 5}}
    [group] = groups(shown, STRANGERS)
    assert group.causes == 1


def test_what_too_many_have_shown_ties_nobody_and_never_will() -> None:
    crossings = noted({1: frozenset(range(1, MOST_SHOWING + 1))}, STRANGERS)
    assert len(crossings.groups()) == 1
    crossings.note(around({1: range(1, MOST_SHOWING + 2)}), 6)
    crossings.note(around({1: [1, 2]}), 7)
    crossings.learn(STRANGERS)
    assert crossings.groups() == []


def test_accounts_of_one_organisation_or_payment_are_one_owner() -> None:
    shown = {1: {1, 2}, 2: {2, 3}, 3: {1, 3}}
    of_one = {account: (7, account, account) for account in (1, 2, 3)}
    paying = {account: (account, 7, account) for account in (1, 2, 3)}
    chained = {1: (7, 1, 0), 2: (7, 9, 0), 3: (8, 9, 0)}
    assert groups(shown, owned(of_one)) == groups(shown, owned(paying)) == []
    assert groups({3: {1, 3}}, owned(chained)) != []
    assert groups({3: {1, 2, 3}}, owned(chained)) == []


def test_a_network_tells_the_owner_only_where_nothing_else_does() -> None:
    shown = {1: {1, 2}}
    assert groups(shown, owned({1: (0, 0, 7), 2: (0, 0, 7)})) == []
    assert groups(shown, owned({1: (0, 0, 7), 2: (0, 0, 8)})) != []
    assert groups(shown, owned({1: (1, 0, 7), 2: (2, 0, 7)})) != []


def kept(crossings: Crossings) -> list[int]:
    """Values that are kept by name."""
    return sorted(value for names, *_ in crossings.dump()["shown"] for _, value in names)


def test_groups_wait_until_it_is_known_whose_the_accounts_are() -> None:
    crossings = Crossings()
    crossings.note(around({1: [1, 2]}), 5)
    assert crossings.unknown == {1, 2}
    assert crossings.groups() == []
    crossings.learn(STRANGERS)
    assert crossings.unknown == set()
    assert len(crossings.groups()) == 1


def test_what_nobody_has_only_presented_is_not_kept() -> None:
    crossings = told({1: sides([1, 2], [])}, STRANGERS)
    assert kept(crossings) == []
    crossings.note({1: sides([1, 2], [3])}, 6)
    assert kept(crossings) == [1]


def test_what_has_not_crossed_for_long_goes_with_what_was_known_of_its_accounts() -> None:
    crossings = noted({1: frozenset({1, 2}), 2: frozenset({3, 4})}, STRANGERS)
    crossings.note(around({2: [3, 4, 5]}), 9)
    crossings.learn(STRANGERS)
    crossings.expire(8)
    [group] = crossings.groups()
    assert set(group.shown) == {3, 4, 5}
    assert {account for account, *_ in crossings.dump()["owners"]} == {3, 4, 5}


def test_of_too_many_signatures_those_go_that_crossed_last_of_all_and_came_first() -> None:
    crossings = Crossings()
    crossings.note({value: sides([2 * value], [2 * value + 1]) for value in range(20_001)}, 5)
    assert kept(crossings) == list(range(1, 20_001))
    crossings.note({1: sides([2], [3, 4]), 20_001: sides([50_000], [50_001])}, 6)
    assert kept(crossings) == [1, *range(3, 20_002)]


def test_one_customer_who_balances_his_load_pushes_nobody_out() -> None:
    owners = {account: (account, 0, 0) for account in range(1, 10)} | {50: (7, 0, 0), 51: (7, 0, 0)}
    crossings = noted(
        {1: frozenset({1, 2}), 2: frozenset({2, 3}), 3: frozenset({50, 51})}, owned(owners)
    )
    crossings.note(around({value: [50, 51] for value in range(100, 10_200)}), 6)
    crossings.learn(owned(owners))
    assert [set(group.shown) for group in crossings.groups()] == [{1, 2, 3}]
    moved = owned(owners | {51: (8, 0, 0)})
    crossings.learn(moved)
    crossings.note({30_000_000: sides([50], [51])}, 7)
    crossings.learn(moved)
    crossings.note({30_000_001: sides([50], [51])}, 8)
    assert [value for value in kept(crossings) if value > 10_000] == [30_000_001]


def test_the_same_accounts_are_kept_once_however_many_signatures_they_show() -> None:
    crossings = noted({1: frozenset({1, 2}), 2: frozenset({2, 3})}, STRANGERS)
    before = len(encode_state(crossings.dump()))
    crossings.note({value: sides([50], [51, 52]) for value in range(10_000, 60_000)}, 6)
    crossings.learn(STRANGERS)
    assert len(encode_state(crossings.dump())) < before + 300
    assert [set(group.shown) for group in crossings.groups()] == [{1, 2, 3}]
    [count] = [one for _, one, _, issued, _ in crossings.dump()["shown"] if issued == (50,)]
    assert count == 50_000


@given(SHOWN, st.integers(9, 30), st.randoms(use_true_random=False))
def test_of_many_signatures_of_the_same_accounts_the_first_are_kept_by_name(
    shown: Shown, several: int, random: object
) -> None:
    many = {100 * ROUND + value: sides([91], [92, 93]) for value in range(several)}
    order = list(many)
    random.shuffle(order)  # type: ignore[attr-defined]
    half = several // 2
    told_of = [{value: many[value] for value in part} for part in (order[:half], order[half:])]
    states = []
    for parts in (told_of, told_of[::-1]):
        crossings = noted(shown, STRANGERS)
        for part in parts:
            crossings.note(part, 6)
        states.append(encode_state(crossings.dump()))
    assert states[0] == states[1]
    assert [value for value in kept(crossings) if value in many] == sorted(many)[:8]


def test_a_forgotten_account_is_in_nothing() -> None:
    crossings = noted({1: frozenset({1, 2}), 2: frozenset({1, 3, 4})}, STRANGERS)
    crossings.forget(1)
    [group] = crossings.groups()
    assert set(group.shown) == {3, 4}
    assert all(account != 1 for account, *_ in crossings.dump()["owners"])


def test_accounts_of_which_nothing_is_known_are_not_taken_for_strangers() -> None:
    nameless = owned(dict.fromkeys(range(1, 9), (0, 0, 0)))
    assert not groups({value: {value, value + 1} for value in range(1, 8)}, nameless)


def test_one_known_owner_and_nameless_accounts_are_no_evidence_two_known_ones_are() -> None:
    nameless = dict.fromkeys(range(1, 4), (0, 0, 0))
    shown = {7: {1, 2, 3}}
    assert not groups(shown, owned({**nameless, 1: (5, 0, 0)}))
    [found] = groups(shown, owned({**nameless, 1: (5, 0, 0), 2: (6, 0, 0)}))
    assert set(found.shown) == {1, 2, 3}
