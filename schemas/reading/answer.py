"""The answer's side of an exchange: why the model stopped, refusals, usage, signatures given out.

One reader for the bodies of OpenAI (chat, responses), Anthropic, Bedrock and Gemini.
"""

from __future__ import annotations

from schemas.reading.conversation import signatures_of
from schemas.reading.values import Json, mapping, number, total

REFUSALS = frozenset({
    *("content_filter", "content_filtered", "content_policy_violation", "refusal", "refused"),
    *("guardrail_intervened", "safety", "image_safety", "blocklist", "prohibited_content", "spii"),
    *("blocked", "model_armor", "responsibleaipolicyviolation", "contentpolicyviolationerror"),
})  # fmt: skip
"""Reasons to stop, and errors, by which a refusal or a safeguard speaks; in lower case."""


def is_refusal(reason: object) -> bool:
    """Whether a reason to stop, or an error's code, tells of a refusal or a safeguard."""
    return isinstance(reason, str) and reason.lower() in REFUSALS


def stop_fields(reason: object) -> Json:
    """Fields of the event that the reason to stop tells, or the first of several reasons."""
    if isinstance(reason, list):
        refused = any(map(is_refusal, reason))
        reason = reason[0] if reason else None
    else:
        refused = is_refusal(reason)
    if not isinstance(reason, str) or not reason:
        return {}
    return {"stop_reason": reason, "refused": refused}


def answer_fields(body: Json) -> Json:
    """Fields of the event that an answer's body tells, except usage."""
    if not body:
        return {}
    choices = body.get("choices") or body.get("candidates")
    if isinstance(choices, list) and choices:
        return _chosen(choices, body)
    turns = body.get("output", body)
    if isinstance(turns, list):
        return _of_items(turns, body)
    turn = mapping(mapping(turns).get("message")) or body
    results = body.get("results")
    reason = body.get("stop_reason") or body.get("stopReason")
    if isinstance(results, list) and results:
        reason = reason or mapping(results[0]).get("completionReason")
    blocked = mapping(body.get("promptFeedback")).get("blockReason")
    fields = stop_fields(reason or blocked)
    if blocked or body.get("amazon-bedrock-guardrailAction") == "INTERVENED":
        fields["refused"] = True
    return _signed(fields, signatures_of(turn))


def _chosen(choices: list[object], body: Json) -> Json:
    """Of OpenAI's choices and Gemini's candidates."""
    first = mapping(choices[0])
    fields = stop_fields(first.get("finish_reason") or first.get("finishReason"))
    signatures: list[str] = []
    for choice in choices:
        one = mapping(choice)
        message = mapping(one.get("message") or one.get("content"))
        signatures += signatures_of(message)
        if message.get("refusal"):
            fields["refused"] = True
    if body.get("promptFeedback") and mapping(body["promptFeedback"]).get("blockReason"):
        fields["refused"] = True
    return _signed(fields, signatures)


def _of_items(items: list[object], body: Json) -> Json:
    """Of the items that OpenAI's responses are made of."""
    reason = mapping(body.get("incomplete_details")).get("reason") or body.get("status")
    fields = stop_fields(reason)
    signatures: list[str] = []
    for item in items:
        one = mapping(item)
        signatures += signatures_of(one)
        parts = one.get("content")
        if isinstance(parts, list) and any(
            mapping(part).get("type") == "refusal" for part in parts
        ):
            fields["refused"] = True
    return _signed(fields, signatures)


def _signed(fields: Json, signatures: list[str]) -> Json:
    if signatures:
        fields["signatures_issued"] = signatures
    return fields


def usage_fields(usage: Json) -> Json:
    """Token counts of a usage object, cached tokens within the tokens read."""
    if not usage:
        return {}
    read = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
    written = usage.get("completion_tokens_details") or usage.get("output_tokens_details")
    cached = mapping(read).get("cached_tokens")
    tokens = _first(usage, "prompt_tokens", "input_tokens", "promptTokenCount")
    beside = _first(usage, "cache_read_input_tokens", "cacheReadInputTokens")
    if tokens is None or ("input_tokens" in usage and beside is not None):
        # Anthropic and Bedrock count what came from a cache, and went there, apart.
        made = _first(usage, "cache_creation_input_tokens", "cacheWriteInputTokens")
        tokens = total(usage.get("input_tokens"), usage.get("inputTokens"), beside, made)
    return {
        "input_tokens": tokens,
        "cached_tokens": cached or beside or number(usage.get("cachedContentTokenCount")),
        "output_tokens": _first(usage, "completion_tokens", "output_tokens", "outputTokens")
        or total(usage.get("candidatesTokenCount"), usage.get("thoughtsTokenCount")),
        "reasoning_tokens": mapping(written).get("reasoning_tokens")
        or usage.get("thoughtsTokenCount"),
    }


def _first(usage: Json, *names: str) -> object:
    for name in names:
        if usage.get(name) is not None:
            return usage[name]
    return None
