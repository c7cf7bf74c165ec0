from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.accounts.pieces import FactValues
from models.accounts.waiting_facts import WaitingFacts
from models.wire.state import decode_state, encode_state

HOUR = 3_600_000_000

epochs = st.integers(0, 9)
accounts = st.integers(1, 6)
facts = st.lists(
    st.tuples(epochs, accounts, st.dictionaries(st.sampled_from(["plan", "owner"]), st.just(1))),
    max_size=20,
)


def waiting(given_facts: list[tuple[int, int, FactValues]]) -> WaitingFacts:
    """Facts of which those up to epoch 9 have come due, without an account for any."""
    stage = WaitingFacts()
    for epoch, account, values in given_facts:
        stage.add(epoch, epoch * HOUR, account, values)
    stage.due(9)
    return stage


@given(facts, epochs)
def test_who_has_sent_nothing_is_forgotten_once_the_last_word_on_it_is_old(
    given_facts: list[tuple[int, int, FactValues]], oldest: int
) -> None:
    stage = waiting(given_facts)
    stage.forget_before(oldest)
    assert set(stage.due(9)) == {account for epoch, account, _ in given_facts if epoch >= oldest}


@given(facts, epochs)
def test_dates_are_saved_with_the_facts(
    given_facts: list[tuple[int, int, FactValues]], oldest: int
) -> None:
    stage = waiting(given_facts)
    loaded, restored = WaitingFacts(), WaitingFacts()
    loaded.load(decode_state(encode_state(stage.dump())))
    restored.place(decode_state(encode_state({"waiting": stage.held()}))["waiting"])
    assert loaded.dump() == restored.dump() == stage.dump()
    for one in (stage, loaded, restored):
        one.forget_before(oldest)
    assert loaded.dump() == restored.dump() == stage.dump()


def test_facts_that_are_not_due_yet_are_kept() -> None:
    stage = WaitingFacts()
    stage.add(12, 12 * HOUR, 4, {"plan": 1})
    stage.forget_before(20)
    assert stage.due(12) == [4]
