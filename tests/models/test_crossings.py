from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from models.crossings import MOST_SHOWING, CrossingGroup, Crossings
from models.messages import Holder
from models.state import decode_state, encode_state

Shown = dict[int, frozenset[int]]

ACCOUNTS = st.integers(1, 12)
SHOWN = st.dictionaries(
    st.integers(1, 40), st.frozensets(ACCOUNTS, min_size=2, max_size=5), max_size=25
)


def owned(owners: Mapping[int, tuple[int, int, int]]) -> dict[int, Holder]:
    return {
        account: Holder(str(account), 1, 0, 0, "", 0, False, *owner)
        for account, owner in owners.items()
    }


STRANGERS = owned({account: (account, 0, 0) for account in range(1, 100)})


def noted(shown: Mapping[int, frozenset[int]], holders: Mapping[int, Holder]) -> Crossings:
    crossings = Crossings()
    for value, accounts in shown.items():
        crossings.note(value, accounts, 5)
    crossings.learn(holders)
    return crossings


def groups(shown: Mapping[int, set[int]], holders: Mapping[int, Holder]) -> list[CrossingGroup]:
    return noted({value: frozenset(one) for value, one in shown.items()}, holders).groups()


@given(SHOWN, st.randoms(use_true_random=False))
def test_the_order_in_which_signatures_come_does_not_matter(shown: Shown, random: object) -> None:
    order = list(shown)
    random.shuffle(order)  # type: ignore[attr-defined]
    mixed = noted({value: shown[value] for value in order}, STRANGERS)
    assert mixed.groups() == noted(shown, STRANGERS).groups()


@given(SHOWN)
def test_groups_are_a_partition_of_accounts_and_of_signatures(shown: Shown) -> None:
    found = noted(shown, STRANGERS).groups()
    accounts = [account for group in found for account in group.shown]
    values = [value for group in found for value in group.values]
    assert sorted(accounts) == sorted(frozenset().union(*shown.values()))
    assert sorted(values) == sorted(shown)
    for group in found:
        assert {account for value in group.values for account in shown[value]} == set(group.shown)


@given(SHOWN)
def test_a_group_has_no_more_causes_than_signatures_or_than_tie_its_accounts(shown: Shown) -> None:
    for group in noted(shown, STRANGERS).groups():
        assert 1 <= group.causes <= min(len(group.values), len(group.shown) - 1)
        assert group.key in group.values


@given(SHOWN, st.dictionaries(ACCOUNTS, st.tuples(*[st.integers(0, 3)] * 3), min_size=12))
def test_the_more_is_known_to_be_of_one_owner_the_fewer_causes(
    shown: Shown, owners: dict[int, tuple[int, int, int]]
) -> None:
    strangers = sum(group.causes for group in noted(shown, STRANGERS).groups())
    assert sum(group.causes for group in noted(shown, owned(owners)).groups()) <= strangers


@given(SHOWN)
def test_the_state_goes_on_where_it_stood(shown: Shown) -> None:
    one, other = noted(shown, STRANGERS), Crossings()
    one.note(77, [1, 90], 6)
    other.load(decode_state(encode_state(one.dump())))
    assert other.changed == one.changed
    for each in (one, other):
        each.learn(STRANGERS)
        each.note(78, range(60), 6)
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
    crossings.note(1, range(1, MOST_SHOWING + 2), 6)
    crossings.note(1, [1, 2], 7)
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


PAYING = owned({account: (0, account, 0) for account in range(1, 100)})


def paid(shown: Mapping[int, frozenset[int]], payers: Mapping[int, set[int]]) -> CrossingGroup:
    crossings = noted(shown, PAYING)
    for payment, accounts in payers.items():
        crossings.note_payers(payment, accounts)
    [group] = crossings.groups()
    return group


@given(SHOWN.filter(bool), st.dictionaries(ACCOUNTS, st.frozensets(st.integers(1, 40))))
def test_payers_add_accounts_and_no_evidence(
    shown: Shown, payers: dict[int, frozenset[int]]
) -> None:
    crossings = noted(shown, PAYING)
    before = crossings.groups()
    for payment, accounts in payers.items():
        crossings.note_payers(payment, accounts)
    after = crossings.groups()
    assert [group.causes for group in after] == [group.causes for group in before]
    for one, other in zip(before, after, strict=True):
        assert one.shown.items() <= other.shown.items()
        assert {key for key, shown in other.shown.items() if not shown} <= set().union(
            *(payers[payment] for payment in crossings.payments(one) & payers.keys())
        )


def test_who_pays_like_a_pool_belongs_to_it() -> None:
    group = paid({1: frozenset({1, 2})}, {1: {1, 50}, 7: {7, 51}})
    assert group.shown == {1: 1, 2: 1, 50: 0}


def test_a_company_is_no_pool_because_one_of_its_accounts_is_in_one() -> None:
    assert paid({1: frozenset({1, 2})}, {1: {1, 50, 51}}).shown == {1: 1, 2: 1}
    pool = frozenset(range(1, 9))
    assert set(paid({1: pool}, {1: {*pool, 50}}).shown) == pool


def test_groups_wait_until_it_is_known_whose_the_accounts_are() -> None:
    crossings = Crossings()
    crossings.note(1, [1, 2], 5)
    assert crossings.unknown == {1, 2}
    assert crossings.groups() == []
    crossings.learn(STRANGERS)
    assert crossings.unknown == set()
    assert len(crossings.groups()) == 1


def test_what_has_not_crossed_for_long_goes_with_what_was_known_of_its_accounts() -> None:
    crossings = noted({1: frozenset({1, 2}), 2: frozenset({3, 4})}, STRANGERS)
    crossings.note(2, [3, 4, 5], 9)
    crossings.learn(STRANGERS)
    crossings.expire(8)
    [group] = crossings.groups()
    assert group.values == [2]
    assert {account for account, *_ in crossings.dump()["owners"]} == {3, 4, 5}


def test_of_too_many_signatures_the_first_go() -> None:
    crossings = Crossings()
    for value in range(20_001):
        crossings.note(value, [2 * value, 2 * value + 1], 5)
    kept = [value for value, *_ in crossings.dump()["values"]]
    assert kept == list(range(1, 20_001))


def test_one_customer_who_balances_his_load_pushes_nobody_out() -> None:
    owners = {account: (account, 0, 0) for account in range(1, 10)} | {50: (7, 0, 0), 51: (7, 0, 0)}
    crossings = noted(
        {1: frozenset({1, 2}), 2: frozenset({2, 3}), 3: frozenset({50, 51})}, owned(owners)
    )
    for value in range(100, 20_200):
        crossings.note(value, [50, 51], 6)
    crossings.learn(owned(owners))
    assert [group.values for group in crossings.groups()] == [[1, 2]]
    moved = owned(owners | {51: (8, 0, 0)})
    crossings.learn(moved)
    crossings.note(30_000, [50, 51], 7)
    crossings.learn(moved)
    crossings.note(30_001, [50, 51], 8)
    assert [value for value, *_ in crossings.dump()["values"] if value > 100] == [30_001]


def test_a_forgotten_account_is_in_nothing() -> None:
    crossings = noted({1: frozenset({1, 2}), 2: frozenset({1, 3, 4})}, STRANGERS)
    crossings.forget(1)
    [group] = crossings.groups()
    assert set(group.shown) == {3, 4}
    assert all(account != 1 for account, *_ in crossings.dump()["owners"])


def test_who_pays_with_what_many_do_is_not_named_once_some_are_erased() -> None:
    pool = frozenset(range(1, 9))
    crossings = noted({1: pool}, PAYING)
    crossings.note_payers(1, range(1, 12))
    before = frozenset(crossings.groups()[0].shown)
    crossings.forget(11)
    crossings.forget(10)
    crossings.forget(8)
    [group] = crossings.groups()
    assert (before, frozenset(group.shown)) == (pool, pool - {8})


def test_accounts_of_which_nothing_is_known_are_not_taken_for_strangers() -> None:
    nameless = owned(dict.fromkeys(range(1, 9), (0, 0, 0)))
    assert not groups({value: {value, value + 1} for value in range(1, 8)}, nameless)


def test_one_known_owner_and_nameless_accounts_are_no_evidence_two_known_ones_are() -> None:
    nameless = dict.fromkeys(range(1, 4), (0, 0, 0))
    shown = {7: {1, 2, 3}}
    assert not groups(shown, owned({**nameless, 1: (5, 0, 0)}))
    [found] = groups(shown, owned({**nameless, 1: (5, 0, 0), 2: (6, 0, 0)}))
    assert set(found.shown) == {1, 2, 3}
