from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reading.answer import answer_fields, usage_fields
from schemas.reading.conversation import conversation_fields
from schemas.reading.parameters import parameter_fields
from schemas.reading.values import MOST_CHARACTERS

words = st.text("abcdefgh", min_size=9, max_size=12)
turns = st.lists(st.tuples(st.sampled_from(["user", "assistant", "tool"]), words), min_size=1)


def openai(said: list[tuple[str, str]]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text} for role, text in said]}


def converse(said: list[tuple[str, str]]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": [{"text": text}]} for role, text in said]}


def responses(said: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "input": [
            {"role": role, "content": [{"type": "input_text", "text": text}]} for role, text in said
        ]
    }


def gemini(said: list[tuple[str, str]]) -> dict[str, Any]:
    names = {"assistant": "model"}
    return {
        "contents": [
            {"role": names.get(role, role), "parts": [{"text": text}]} for role, text in said
        ]
    }


@pytest.mark.parametrize("write", [openai, converse, responses, gemini])
@given(turns)
def test_new_is_what_follows_the_last_turn_of_the_model(
    write: Any, said: list[tuple[str, str]]
) -> None:
    fields = conversation_fields(write(said))
    end = len(said)
    while end and said[end - 1][0] == "assistant":
        end -= 1
    start = end
    while start and said[start - 1][0] != "assistant":
        start -= 1
    assert fields["prompt"] == "\n".join(text for _, text in said[start:])
    assert fields["messages"] == len(said)


def test_the_answer_begun_by_the_caller_is_new_text() -> None:
    said = [("user", "one"), ("assistant", "two"), ("user", "three"), ("assistant", "<thinking>")]
    assert conversation_fields(openai(said))["prompt"] == "three\n<thinking>"


@pytest.mark.parametrize(
    "body",
    [
        {"system": "S", "messages": [{"role": "user", "content": "P"}]},
        {"system": [{"type": "text", "text": "S"}], "messages": [{"role": "user", "content": "P"}]},
        {"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "P"}]},
        {"instructions": "S", "input": "P"},
        {"systemInstruction": {"parts": [{"text": "S"}]}, "contents": [{"parts": [{"text": "P"}]}]},
    ],
)
def test_system_text_is_told_apart_in_every_shape(body: dict[str, Any]) -> None:
    fields = conversation_fields(body)
    assert (fields["system"], fields["prompt"]) == ("S", "P")


@pytest.mark.parametrize(
    ("body", "prompt"), [({"prompt": "P"}, "P"), ({"input": ["P", "Q"]}, "P\nQ")]
)
def test_bare_texts_are_prompts(body: dict[str, Any], prompt: str) -> None:
    assert conversation_fields(body)["prompt"] == prompt


def test_tokens_for_a_prompt_are_no_text() -> None:
    assert conversation_fields({"prompt": [[1, 2, 3]]})["prompt"] is None


def test_images_of_every_shape_are_counted() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "u"}},
        {"type": "image", "source": {}},
        {"type": "input_image"},
        {"image": {"format": "png"}},
        {"inlineData": {"mimeType": "image/png", "data": ""}},
        {"inlineData": {"mimeType": "audio/wav", "data": ""}},
        {"type": "blob", "modality": "image"},
        {"type": "text", "text": "none"},
    ]
    assert conversation_fields({"messages": [{"role": "user", "content": parts}]})["images"] == 6


@pytest.mark.parametrize("marker", ["redacted-by-litellm", "[REDACTED]"])
def test_a_hidden_conversation_tells_nothing(marker: str) -> None:
    fields = conversation_fields({"messages": [{"role": "user", "content": marker}]})
    assert {fields[name] for name in ("system", "prompt", "messages", "images")} == {None}


def test_text_is_cut_where_it_no_longer_counts() -> None:
    body = {"messages": [{"role": "user", "content": "a" * MOST_CHARACTERS}] * 3}
    prompt = conversation_fields(body)["prompt"]
    assert isinstance(prompt, str)
    assert len(prompt) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    "body",
    [
        {"max_tokens": 5, "tools": [{"type": "function", "function": {"name": "t"}}]},
        {"max_completion_tokens": 5, "tools": [{"name": "t", "input_schema": {}}]},
        {
            "inferenceConfig": {"maxTokens": 5},
            "toolConfig": {"tools": [{"toolSpec": {"name": "t"}}]},
        },
        {
            "generationConfig": {"maxOutputTokens": 5},
            "tools": [{"functionDeclarations": [{"name": "t"}]}],
        },
    ],
)
def test_parameters_are_found_in_every_shape(body: dict[str, Any]) -> None:
    fields = parameter_fields(body)
    assert (fields["max_tokens"], fields["tools"]) == (5, ["t"])


@pytest.mark.parametrize(
    ("body", "reason", "refused"),
    [
        ({"choices": [{"finish_reason": "stop", "message": {}}]}, "stop", False),
        ({"choices": [{"finish_reason": "stop", "message": {"refusal": "no"}}]}, "stop", True),
        ({"stop_reason": "refusal", "content": []}, "refusal", True),
        ({"stopReason": "guardrail_intervened"}, "guardrail_intervened", True),
        ({"candidates": [{"finishReason": "SAFETY"}]}, "SAFETY", True),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "SAFETY", True),
        ({"results": [{"completionReason": "FINISH"}]}, "FINISH", False),
        (
            {"stopReason": "end_turn", "amazon-bedrock-guardrailAction": "INTERVENED"},
            "end_turn",
            True,
        ),
    ],
)
def test_refusals_are_found_in_every_shape(
    body: dict[str, Any], reason: str, *, refused: bool
) -> None:
    fields = answer_fields(body)
    assert (fields["stop_reason"], fields["refused"]) == (reason, refused)


@pytest.mark.parametrize(
    "usage",
    [
        {
            "prompt_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 20},
            "completion_tokens": 9,
            "completion_tokens_details": {"reasoning_tokens": 4},
        },
        {
            "input_tokens": 30,
            "input_tokens_details": {"cached_tokens": 20},
            "output_tokens": 9,
            "output_tokens_details": {"reasoning_tokens": 4},
        },
        {
            "promptTokenCount": 30,
            "cachedContentTokenCount": 20,
            "candidatesTokenCount": 5,
            "thoughtsTokenCount": 4,
        },
    ],
)
def test_usage_is_read_in_every_shape(usage: dict[str, Any]) -> None:
    fields = usage_fields(usage)
    assert [fields[name] for name in ("input_tokens", "cached_tokens")] == [30, 20]
    assert [fields[name] for name in ("output_tokens", "reasoning_tokens")] == [9, 4]


def test_tokens_counted_beside_a_cache_are_added_up() -> None:
    anthropic = {"input_tokens": 7, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 3}
    assert usage_fields(anthropic)["input_tokens"] == 30
    assert usage_fields(anthropic)["cached_tokens"] == 20
