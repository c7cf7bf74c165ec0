"""Facts behind a log: each reaches its account's partition, and nobody waits for more of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.sources.facts_partition import Fact, FactsPartition
from models.wire.protocol import NOTHING, Facts, Sent, Standing
from models.wire.state import decode_state, encode_state

PARTITIONS = 3

logs = st.lists(st.none() | st.integers(0, 20), max_size=40)
"""Records of a source: the account of a fact, None where a record could not be read."""


def read(source: FactsPartition, log: list[int | None], stop: int, size: int) -> list[Sent]:
    sent: list[Sent] = []
    while source.position + 1 < stop:
        start = source.position + 1
        end = min(start + size, stop)
        facts: list[Fact] = [
            (place, account, 7, {"plan": place})
            for place, account in enumerate(log[start:end], start)
            if account is not None
        ]
        sent.append(source.read(facts, end - 1))
    return sent


def taken(sent: list[Sent]) -> tuple[list[list[Fact]], list[int]]:
    """Facts that each account partition takes, and how far it is covered."""
    facts: list[list[Fact]] = [[] for _ in range(PARTITIONS)]
    covered = [NOTHING] * PARTITIONS
    for one in sent:
        for number, message in one.accounts:
            assert isinstance(message, Facts)
            assert message.previous <= covered[number]
            facts[number] += [fact for fact in message.facts if fact[0] > covered[number]]
            covered[number] = max(covered[number], message.position)
    return facts, covered


@given(logs, st.data())
def test_every_fact_reaches_its_partition_once_whatever_is_read_again(
    log: list[int | None], data: st.DataObject
) -> None:
    source, sent = FactsPartition("facts/0", PARTITIONS), list[Sent]()
    saved: bytes | None = None
    for stop in sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=4))):
        sent += read(source, log, stop, data.draw(st.integers(1, 9)))
        if data.draw(st.booleans()):
            sent.append(source.tell())
            saved = encode_state(source.dump())
        if data.draw(st.booleans()):
            source = FactsPartition("facts/0", PARTITIONS)
            if saved is not None:
                source.load(decode_state(saved))
    sent += [*read(source, log, len(log), data.draw(st.integers(1, 9))), source.tell()]
    facts, covered = taken(sent)
    for number, several in enumerate(facts):
        places = [
            place
            for place, account in enumerate(log)
            if account is not None and account % PARTITIONS == number
        ]
        assert [fact[0] for fact in several] == places
        assert covered[number] == len(log) - 1


def test_facts_hold_nobody_back() -> None:
    source = FactsPartition("facts/2", PARTITIONS)
    read(source, [4, None, 5], 3, 2)
    assert source.tell().head == [Standing("facts/2", 2, None, (), "facts")]
