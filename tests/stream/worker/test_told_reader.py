"""Facts and feedback as ingest reads them: what is refused, and what is passed on to whom."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from models.requests.ingestion import BatchBuilder
from models.wire.protocol import Facts, Standing, Verdicts
from stream.worker.told_reader import facts_reader, feedback_reader
from tests.strategies import KEY


def records(*values: bytes | None) -> list[Any]:
    return [SimpleNamespace(offset=5 + place, value=value) for place, value in enumerate(values)]


def test_verdicts_go_to_the_head() -> None:
    reader = feedback_reader("feedback/0")
    good = b'{"alert_id":"a","time":"1970-01-01T00:00:07Z","verdict":"dismiss","by":"ada"}'
    read = reader.read(records(b"?", good, None))
    assert [refused.offset for refused in read.refused] == [5, 7]
    assert read.sent.accounts == []
    assert read.sent.head == [
        Verdicts("feedback/0", -1, 7, [(6, 7_000_000, "a", "dismiss", 0, "")])
    ]
    assert reader.next_offset == 8
    assert reader.tell(at_end=True).head == [Standing("feedback/0", 7, None, (), "feedback")]


def test_scope_and_expiry_of_a_verdict_go_with_it() -> None:
    said = b'{"alert_id":"a","time":7,"verdict":"dismiss","scope":"accounts","expires":9.5}'
    read = feedback_reader("feedback/0").read(records(said))
    told = (5, 7_000_000, "a", "dismiss", 9_500_000, "accounts")
    assert read.sent.head == [Verdicts("feedback/0", -1, 5, [told])]


def test_facts_go_to_the_partition_of_their_account() -> None:
    builder = BatchBuilder(KEY)
    reader = facts_reader("facts/0", 3, builder)
    read = reader.read(records(b'{"account":"a","time":7,"status":"banned"}', b"?"))
    assert [refused.offset for refused in read.refused] == [6]
    key = builder.account_key("a")
    told = Facts("facts/0", -1, 6, [(5, key, 7_000_000, {"status": 2})])
    assert read.sent.accounts == [(key % 3, told)]
    assert read.sent.head == []


def test_a_reader_goes_on_from_its_standing() -> None:
    reader = feedback_reader("feedback/0")
    reader.read(records(b"?"))
    again = feedback_reader("feedback/0")
    again.load(reader.dump())
    assert again.next_offset == 6
    assert not again.held
    assert not again.resting
