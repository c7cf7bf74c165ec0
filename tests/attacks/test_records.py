"""Records that cost more than they weigh: deep, repeated, renamed, or multiplied by their refusal.

That any bytes cost themselves alone is held by `tests/fuzz` and by
`tests/schemas/formats/test_hostile.py`.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections import Counter
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from aiokafka import TopicPartition

from models.requests.hashing import StringHasher, network_bits, network_columns
from models.requests.ingestion import BatchBuilder
from models.requests.sketch import LONGEST_TEXT, MOST_FRAGMENTS
from models.requests.toolsets import MOST_CHARACTERS, Toolsets
from schemas.codec import MAX_LINE, MAX_UNKNOWN, decode_requests
from schemas.formats import input_format
from schemas.reading.events import MOST_ITEMS, MOST_PART_BYTES, Item
from schemas.reading.otlp import MOST_ATTRIBUTES, spans
from schemas.reading.values import _located, address
from schemas.request import RequestEvent
from stream.broker.options import KafkaOptions
from stream.errors import FailedRun
from stream.replay.counters import MOST_UNKNOWN, OTHERS, note_unknown
from stream.settings import Settings
from stream.worker import ingest
from stream.worker.owned import Owned
from stream.worker.record_blocks import RecordBlock
from tests.attacks.worlds import among, ordinary, replayed
from tests.strategies import KEY, START

BUILDER = BatchBuilder(KEY)
SOURCE = TopicPartition("gauger.requests", 0)


def refused_bytes(form: str, record: Any) -> tuple[int, int]:
    """How many refusals, and how many bytes go to the dead letters, of a record."""
    line = orjson.dumps(record) if not isinstance(record, bytes) else record
    assert len(line) <= MAX_LINE
    decoded = input_format(form)([line])
    letters = [len(error.part or line) for _, error in decoded.rejects]
    return len(letters), sum(letters)


def too_deep(items: int) -> bytes:
    """Items that can be read and not be written again: JSON is read to a depth of 1,024."""
    deep = b"[" * 400 + b"]" * 400
    return b"[" + b",".join([b'{"a":' + deep + b"}"] * items) + b"]"


def shared_by_all(spans: int) -> dict[str, Any]:
    """A megabyte of attributes that every span of the export has."""
    text = {"key": "host", "value": {"stringValue": "x" * 1_000_000}}
    chat = {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}
    scope = {"spans": [{"attributes": [chat]}] * spans}
    return {"resourceSpans": [{"resource": {"attributes": [text]}, "scopeSpans": [scope]}]}


@pytest.mark.parametrize(
    ("form", "record"),
    [
        ("litellm", too_deep(1_000)),
        ("kong", too_deep(1_000)),
        ("litellm", [1] * 20_000),
        ("otel", shared_by_all(3_000)),
        ("litellm", {"batch_id": "b" * 1_000_000, "lines": [1] * 20_000}),
        ("litellm", {"batch_id": "b" * 1_000_000, "lines": [{}] * 3_000}),
    ],
    ids=["deep", "deep, kong", "scalars", "shared", "batch of scalars", "batch"],
)
def test_a_record_weighs_no_more_in_dead_letters_than_a_fixed_sum(form: str, record: Any) -> None:
    """One record of four megabytes, each of whose thousands of requests is refused with all of it.

    Without a bound three thousand copies of three megabytes would be made of it, nine gigabytes.
    """
    count, weight = refused_bytes(form, record)
    assert 1_000 <= count <= MOST_ITEMS + 1
    assert weight <= MOST_PART_BYTES + MAX_LINE


def test_attributes_that_all_spans_share_are_read_in_bounded_number() -> None:
    """The product of attributes of a resource and spans in it: what an export may make us do."""
    shared = [{"key": f"k{number}", "value": {"intValue": "1"}} for number in range(5_000)]
    span = {"traceId": "1", "spanId": "2", "startTimeUnixNano": "1795000000280000000"}
    scopes = [{"spans": [span]}]
    record = {"resourceSpans": [{"resource": {"attributes": shared}, "scopeSpans": scopes}]}
    [item] = list(spans(record))
    assert isinstance(item, Item)
    assert sum(name.startswith("k") for name in item.value) == MOST_ATTRIBUTES


class Outbox:
    """Takes whatever is sent."""

    def __init__(self, *_: Any) -> None:
        self.published = 0

    async def send(self, _: Any) -> None:
        pass

    async def publish(self, *_: Any, **__: Any) -> None:
        self.published += 1


def test_one_bad_record_does_not_stop_ingestion(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record with 16,384 requests, all bad: more than half of the last 10,000 requests.

    The limit that tells a stream in another format counts records: 5,000 of them are needed.
    """
    for name in ("BlockConsumer", "HeadNews"):
        monkeypatch.setattr(ingest, name, lambda *_, **__: None)
    monkeypatch.setattr(ingest, "Outbox", Outbox)
    made = ingest.Ingest(Settings(kafka=KafkaOptions(input_format="litellm")))
    owned = Owned(made._reader(SOURCE, "requests/0"), 0)
    for offset in range(3):
        record = SimpleNamespace(offset=offset, value=orjson.dumps([1] * 20_000), headers=())
        asyncio.run(made._read(SOURCE, owned, RecordBlock.of([record])))
    outbox: Any = made._outbox
    assert outbox.published == 3 * (MOST_ITEMS + 1)
    bad = [SimpleNamespace(offset=3 + row, value=b"{", headers=()) for row in range(10_000)]
    with pytest.raises(FailedRun):
        asyncio.run(made._read(SOURCE, owned, RecordBlock.of(bad)))


def test_a_huge_prompt_leaves_as_little_as_a_long_one() -> None:
    """Four megabytes of text, of which 65,536 characters count."""
    words = " ".join(f"word{chr(97 + number % 26)}{number}" for number in range(300_000))
    text = words[: MAX_LINE - 200]
    line = orjson.dumps({"id": "r", "time": START, "account": "a", "prompt": text})
    [event] = decode_requests([line]).events
    batch, cut = (BUILDER.build([one]) for one in (event, event_of(prompt=text[:LONGEST_TEXT])))
    assert len(batch.ties) == len(cut.ties) <= 6 + MOST_FRAGMENTS
    assert set(batch.ties.tolist()) == set(cut.ties.tolist())


def event_of(**fields: Any) -> RequestEvent:
    return RequestEvent(**{"id": "r", "time": float(START), "account": "a", **fields})


def test_what_callers_name_is_remembered_in_bounded_room() -> None:
    """Names of tools and addresses (X-Forwarded-For), each a different megabyte."""
    toolsets = Toolsets(StringHasher(KEY))
    for number in range(40):
        toolsets.hashes([f"{number}-{'t' * 1_000_000}"])
        assert toolsets.characters <= MOST_CHARACTERS + 1_100_000
    network_bits.cache_clear()
    _located.cache_clear()
    long = [f"{number}{'9' * 1_000_000}" for number in range(5)]
    assert network_columns(long)[0].tolist() == [0] * 5
    assert [address(one) for one in long] == [None] * 5
    assert network_bits.cache_info().currsize == _located.cache_info().currsize == 0


def test_names_of_unknown_fields_are_counted_in_bounded_number() -> None:
    """Each request has thousands of fields that nobody has heard of, with names that are texts."""
    counts: Counter[str] = Counter()
    for number in range(30):
        fields = {f"{number}-{one}-{'x' * 500}": 1 for one in range(2_000)}
        line = orjson.dumps({"id": "r", "time": START, "account": "a", **fields})
        note_unknown(counts, decode_requests([line]).unknown_fields)
    assert len(counts) == MOST_UNKNOWN + 1
    assert max(map(len, counts)) == MAX_UNKNOWN
    assert counts.total() == 30 * MAX_UNKNOWN
    assert counts[OTHERS] > 0


LOOKALIKES = [
    *("paypal", "p\u0430ypal", "Paypal", "paypal ", "paypal\u200b", "pay\u00adpal"),
    *("caf\u00e9", "cafe\u0301", "\u202elapyap", "paypa\u217c"),
]


def test_names_that_look_alike_are_different_accounts() -> None:
    """Accounts that a reader cannot tell apart: by letters of other scripts, or unseen ones."""
    assert len({unicodedata.normalize("NFKC", name) for name in LOOKALIKES}) < len(LOOKALIKES)
    batch = BUILDER.build([event_of(account=name) for name in LOOKALIKES])
    assert len(set(batch.account.tolist())) == len(LOOKALIKES)
    assert batch.names == LOOKALIKES


def test_one_request_id_for_everything_hides_nothing_and_harms_nobody() -> None:
    """All requests of an attacker have one id, which is also that of an ordinary request."""
    lines = ordinary()
    stolen = orjson.loads(lines[10])["id"]
    forged = [
        {"id": stolen, "time": START + 7_200 + number, "account": "constant"}
        for number in range(200)
    ]
    expected, unmoved = replayed(lines)
    run, heard = replayed(among(forged, lines))
    assert run.counters.events == expected.counters.events + 200
    assert run.counters.reused_ids == expected.counters.reused_ids + 199
    assert run.counters.duplicates == expected.counters.duplicates
    assert heard.alerts == unmoved.alerts
