from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import MAX_LINE, DecodedRequests, decode_request, decode_requests, encode
from schemas.errors import InvalidRecord
from schemas.request import REQUEST_FIELDS, RequestEvent
from tests.schemas import strategies

MINIMAL = b'{"id":"r1","account":"a1","time":1'

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | strategies.numbers
    | strategies.texts,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(strategies.texts, values),
    max_leaves=4,
)
valid_lines = strategies.requests.map(encode)
damaged_lines = st.builds(
    lambda line, at, insert: line[: at % len(line)] + insert + line[at % len(line) + 1 :],
    valid_lines,
    st.integers(0, 10_000),
    st.binary(max_size=2),
)
ill_typed_lines = st.fixed_dictionaries(
    {"id": strategies.identifiers, "account": strategies.identifiers, "time": strategies.seconds},
    optional=dict.fromkeys(sorted(REQUEST_FIELDS - {"id", "account", "time"}), json_values),
).map(orjson.dumps)
lines_of_any_kind = st.lists(
    st.binary(max_size=40) | valid_lines | damaged_lines | ill_typed_lines, max_size=12
)
unknown_members = st.dictionaries(
    strategies.texts.filter(lambda name: name not in REQUEST_FIELDS), json_values, min_size=1
)


def one_by_one(lines: list[bytes]) -> list[RequestEvent | tuple[str, str | None]]:
    outcomes: list[RequestEvent | tuple[str, str | None]] = []
    for line in lines:
        try:
            outcomes.append(decode_request(line))
        except InvalidRecord as refusal:
            outcomes.append((refusal.reason, refusal.field))
    return outcomes


def in_line_order(decoded: DecodedRequests) -> list[RequestEvent | tuple[str, str | None]]:
    events = dict(zip(decoded.rows, decoded.events, strict=True))
    refusals = {row: (refusal.reason, refusal.field) for row, refusal in decoded.rejects}
    return [events.get(row) or refusals[row] for row in sorted(events.keys() | refusals.keys())]


@given(strategies.requests)
def test_an_event_survives_encoding_and_decoding(event: RequestEvent) -> None:
    assert decode_request(encode(event)) == event


@given(lines_of_any_kind)
def test_every_line_is_an_event_or_a_refusal_exactly_once_and_in_order(lines: list[bytes]) -> None:
    decoded = decode_requests(lines)
    refused = [row for row, _ in decoded.rejects]
    assert decoded.rows == sorted(decoded.rows)
    assert refused == sorted(refused)
    assert sorted(decoded.rows + refused) == list(range(len(lines)))
    assert len(decoded.events) == len(decoded.rows)


@given(lines_of_any_kind)
def test_a_block_decodes_as_its_lines_do(lines: list[bytes]) -> None:
    assert in_line_order(decode_requests(lines)) == one_by_one(lines)


@given(st.lists(st.tuples(strategies.requests, unknown_members | st.just({})), max_size=6))
def test_unknown_fields_are_ignored_and_counted_by_name(
    cases: list[tuple[RequestEvent, dict[str, object]]],
) -> None:
    lines = [orjson.dumps({**orjson.loads(encode(event)), **extra}) for event, extra in cases]
    decoded = decode_requests(lines)
    assert decoded.events == [event for event, _ in cases]
    names = [name for _, extra in cases for name in extra]
    assert decoded.unknown_fields == {name: names.count(name) for name in set(names)}


def test_unknown_fields_of_refused_lines_are_not_counted() -> None:
    assert decode_requests([b'{"id":"r1","extra":1}']).unknown_fields == {}


@pytest.mark.parametrize("count", ["input_tokens", "messages", "asn", "status"])
def test_whole_numbers_written_as_floats_are_accepted(count: str) -> None:
    event = decode_request(MINIMAL + b',"%s":12.0}' % count.encode())
    assert getattr(event, count) == 12
    assert isinstance(getattr(event, count), int)


def test_a_missing_field_and_a_null_are_the_same() -> None:
    assert decode_request(MINIMAL + b',"org":null,"tools":null}') == decode_request(MINIMAL + b"}")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (b"1760000000", 1_760_000_000.0),
        (b"1760000000.123456", 1_760_000_000.123456),
        (b'"2025-10-09T08:53:20Z"', 1_760_000_000.0),
        (b'"2025-10-09T10:53:20.123456+02:00"', 1_760_000_000.123456),
    ],
)
def test_times_of_decoded_events_are_unix_seconds(written: bytes, seconds: float) -> None:
    event = decode_request(
        b'{"id":"r","account":"a","time":%b,"account_created":%b}' % ((written,) * 2)
    )
    assert (event.time, event.account_created) == (seconds, seconds)


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (b"", None, "line is empty"),
        (b" \r", None, "line is empty"),
        (b"[]", None, "not a JSON object"),
        (b"null", None, "not a JSON object"),
        (b"{", None, "malformed JSON"),
        (b"\xef\xbb\xbf" + MINIMAL + b"}", None, "malformed JSON"),
        (MINIMAL + b"} {}", None, "malformed JSON"),
        (MINIMAL + b"}\n" + MINIMAL + b"}", None, "malformed JSON"),
        (MINIMAL + b',"prompt":"cut', "prompt", "malformed JSON"),
        (MINIMAL + b',"prompt":"see } \\" {', "prompt", "malformed JSON"),
        (MINIMAL + b',"prompt":"a\x00"}', "prompt", "malformed JSON"),
        (MINIMAL + b',"n":NaN}', "n", "malformed JSON"),
        (MINIMAL + b',"prompt":"\xff"}', "prompt", "text is not valid UTF-8"),
        (MINIMAL + b',"unheard":"\xff"}', "unheard", "text is not valid UTF-8"),
        (MINIMAL + b',"\xff":1}', None, "text is not valid UTF-8"),
        (MINIMAL + b',"prompt":"\\ud800"}', "prompt", "text has a lone surrogate"),
        (MINIMAL + b',"prompt":"\\udc00"}', "prompt", "text has a lone surrogate"),
        (MINIMAL + b',"x":%b%b}' % (b"[" * 5000, b"]" * 5000), "x", "nested too deep"),
        (MINIMAL + b',"x":' + b'{"y":' * 5000, "x", "nested too deep"),
        (MINIMAL + b',"temperature":1e999}', "temperature", "number is out of range"),
        (MINIMAL + b',"unheard":-1e999}', "unheard", "number is out of range"),
        (b'{"account":"a","time":1}', "id", "required field is missing"),
        (b'{"id":"r","time":1}', "account", "required field is missing"),
        (b'{"id":"r","account":"a"}', "time", "required field is missing"),
        (b'{"id":"","account":"a","time":1}', "id", "length >= 1"),
        (b'{"id":"r","account":"","time":1}', "account", "length >= 1"),
        (b'{"id":"%b","account":"a","time":1}' % (b"r" * 513), "id", "length <= 512"),
        (b'{"id":"r","account":"%b","time":1}' % (b"a" * 513), "account", "length <= 512"),
        (b'{"id":null,"account":"a","time":1}', "id", "expected str, got null"),
        (b'{"id":"r","account":7,"time":1}', "account", "expected str, got int"),
        (b'{"id":"r","account":"a","time":true}', "time", "got bool"),
        (b'{"id":"r","account":"a","time":null}', "time", "got null"),
        (b'{"id":"r","account":"a","time":-0.5}', "time", ">= 0"),
        (b'{"id":"r","account":"a","time":253402300800}', "time", "<= 253402300799"),
        (b'{"id":"r","account":"a","time":1e999}', "time", "number is out of range"),
        (b'{"id":"r","account":"a","time":"1760000000"}', "time", "not RFC 3339"),
        (b'{"id":"r","account":"a","time":"2025-10-09T08:53:20"}', "time", "not RFC 3339"),
        (b'{"id":"r","account":"a","time":"1969-12-31T23:59:59Z"}', "time", "1970 to 9999"),
        (MINIMAL + b',"account_created":"yesterday"}', "account_created", "not RFC 3339"),
        (MINIMAL + b',"input_tokens":-1}', "input_tokens", ">= 0"),
        (MINIMAL + b',"input_tokens":1.5}', "input_tokens", "got float"),
        (MINIMAL + b',"input_tokens":true}', "input_tokens", "got bool"),
        (MINIMAL + b',"input_tokens":"12"}', "input_tokens", "got str"),
        (MINIMAL + b',"output_tokens":1%b}' % (b"0" * 30), "output_tokens", "<= 2147483647"),
        (MINIMAL + b',"asn":4294967296}', "asn", "<= 4294967295"),
        (MINIMAL + b',"status":99999999999}', "status", "<= 2147483647"),
        (MINIMAL + b',"refused":1}', "refused", "got int"),
        (MINIMAL + b',"tools":["a",1]}', "tools[1]", "expected str, got int"),
        (MINIMAL + b',"tools":"a"}', "tools", "got str"),
        (MINIMAL + b',"prompt":"%b"}' % (b"p" * MAX_LINE), None, "line is longer than"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason_and_field(
    line: bytes, field: str | None, reason: str
) -> None:
    ((_, refusal),) = decode_requests([line]).rejects
    assert refusal.field == field
    assert reason in refusal.reason


@pytest.mark.parametrize(
    "damage",
    [b'canary"', b'canary","time":"canary"}', b'canary\xff"}', b'canary\\ud800"}', b'canary"}{'],
)
def test_a_refusal_repeats_no_value_of_the_record(damage: bytes) -> None:
    ((_, refusal),) = decode_requests([MINIMAL + b',"prompt":"' + damage]).rejects
    assert "canary" not in str(refusal)


def test_a_line_of_the_greatest_length_is_accepted() -> None:
    frame = MINIMAL + b',"prompt":""}'
    line = frame[:-2] + b"p" * (MAX_LINE - len(frame)) + frame[-2:]
    assert len(line) == MAX_LINE
    assert decode_requests([line]).rows == [0]
