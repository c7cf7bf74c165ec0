from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import orjson
import pytest

from schemas.codec import DecodedRequests, encode
from schemas.formats import format_names, input_format
from tests.schemas.formats.litellm_package import litellm_sample
from tests.schemas.formats.samples import SAMPLES, Sample

GATEWAYS = sorted(set(format_names()) - {"auto", "native"})


def decoded(sample: Sample, form: str | None = None) -> DecodedRequests:
    read = input_format(form or sample.form, {sample.form: sample.paths})
    return read([orjson.dumps(sample.record)])


def ids(sample: Sample) -> str:
    return f"{sample.form}-{sample.name}"


def test_every_format_has_samples() -> None:
    by_format = [sample.form for sample in SAMPLES]
    assert {name for name in GATEWAYS if by_format.count(name) >= 3} == set(GATEWAYS)


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_a_sample_arrives_as_the_events_written_beside_it(sample: Sample) -> None:
    block = decoded(sample)
    assert [msgspec.to_builtins(event) for event in block.events] == sample.events
    assert [[refusal.field, refusal.reason] for _, refusal in block.rejects] == sample.refused
    assert block.rows == [0] * len(sample.events)


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_a_sample_is_recognised(sample: Sample) -> None:
    ours, named = decoded(sample, "auto"), decoded(sample)
    assert ours.events == named.events
    assert [str(one) for _, one in ours.rejects] == [str(one) for _, one in named.rejects]


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_events_are_valid_native_events(sample: Sample) -> None:
    for event in decoded(sample).events:
        (again,) = input_format("native")([encode(event)]).events
        assert again == event


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_a_refused_part_is_refused_again_by_itself_for_the_same_reason(sample: Sample) -> None:
    block = decoded(sample)
    read = input_format(sample.form, {sample.form: sample.paths})
    for _, refusal in block.rejects:
        again = read([refusal.part or orjson.dumps(sample.record)])
        assert [str(one) for _, one in again.rejects] == [str(refusal)]
        assert again.events == []


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_the_record_of_each_event_gives_that_event_again(sample: Sample) -> None:
    block = decoded(sample)
    read = input_format(sample.form, {sample.form: sample.paths})
    records = block.records([orjson.dumps(sample.record)])
    assert [read([record]).events for record in records] == [[event] for event in block.events]


def test_no_signature_is_passed_on_whole() -> None:
    given = [name for event in _signed() for name in event["signatures_issued"]]
    assert given
    assert all(len(name) == 24 and int(name, 16) for name in given)


def _signed() -> list[dict[str, Any]]:
    events = [event for sample in SAMPLES for event in sample.events]
    return [event for event in events if "signatures_issued" in event]


def test_what_is_issued_and_what_is_presented_have_one_name() -> None:
    thought = {"type": "thinking", "thinking": "…", "signature": "EqQBCgIYAhIk"}
    call = {"id": "1", "startTime": 1.7e9, "call_type": "completion", "end_user": "u"}
    message = {"role": "assistant", "content": "a", "thinking_blocks": [thought]}
    answer = {**call, "response": {"choices": [{"message": message}]}}
    request = {**call, "messages": [message, {"role": "user", "content": "b"}]}
    block = input_format("litellm")([orjson.dumps(answer), orjson.dumps(request)])
    assert block.events[0].signatures_issued == block.events[1].signatures_presented is not None


def test_litellms_own_sample_arrives() -> None:
    record = orjson.loads(litellm_sample())
    (refused,) = input_format("litellm")([orjson.dumps(record)]).rejects
    assert refused[1].field == "account"
    paths = {"litellm": {"account": ["metadata.user_api_key_team_id", "trace_id"]}}
    (event,) = input_format("litellm", paths)([orjson.dumps(record)]).events
    assert event.id == record["id"]
    assert event.account == record["trace_id"]
    assert event.time == record["startTime"]
    assert event.model == record["model"]
    assert (event.input_tokens, event.output_tokens) == (10, 20)
    assert (event.prompt, event.messages, event.stop_reason) == ("Hello, world!", 1, "stop")
    record["metadata"]["user_api_key_user_id"] = "u-1"
    (event,) = input_format("auto")([orjson.dumps(record)]).events
    assert event.account == "u-1"


def test_formats_load_no_protobuf_before_they_meet_some() -> None:
    code = (
        "import sys; from schemas.formats import input_format; input_format('otel');"
        "sys.exit('google.protobuf' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
