"""The request's side of an exchange: how it was parameterised, and the tools it offers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from schemas.reading.values import Json, mapping, parsed

_GROUPS = ("inferenceConfig", "generationConfig", "generation_config", "textGenerationConfig")
_LIMITS = (
    *("max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample"),
    *("maxTokens", "maxOutputTokens", "maxTokenCount", "max_gen_len"),
)
_OPERATIONS = (
    ("embedding", ("embed",)),
    ("chat", ("chat", "converse", "messages", "responses", "generatecontent", "generate_content")),
    ("completion", ("completion",)),
)


@lru_cache(4_096)
def _operation(text: str) -> str:
    lower = text.lower()
    for name, marks in _OPERATIONS:
        if any(mark in lower for mark in marks):
            return name
    return text


def operation(value: object) -> str | None:
    """What was asked of the model, told from the name of an operation or the path of a URL.

    >>> operation("/v1/chat/completions"), operation("Embeddings_Create"), operation("rerank")
    ('chat', 'embedding', 'rerank')
    """
    return _operation(value.partition("?")[0]) if isinstance(value, str) and value else None


def parameter_fields(body: Json) -> Json:
    """Fields of the event that a request's body tells of sampling and tools."""
    if not body:
        return body
    group = body
    for name in _GROUPS:
        if name in body:
            group = mapping(body[name])
            break
    limit: Any = None
    for name in _LIMITS:
        if name in group:
            limit = group[name]
            break
    tools = body.get("tools") or mapping(body.get("toolConfig")).get("tools")
    return {
        "max_tokens": limit,
        "temperature": group.get("temperature"),
        "n": group.get("n", group.get("candidateCount")),
        "tools": tool_names(tools or body.get("functions")),
    }


def tool_names(definitions: object) -> list[str] | None:
    """Names of the tools defined, in whatever shape; None where none is."""
    definitions = parsed(definitions)
    if not isinstance(definitions, list):
        return None
    names: list[str] = []
    for tool in definitions:
        if isinstance(tool, dict) and isinstance(tool.get("name"), str):
            names.append(tool["name"])
        elif isinstance(tool, str):
            names.append(tool)
        elif isinstance(tool, dict):
            names += _names(tool)
    return names or None


def _names(tool: Json) -> list[str]:
    several = tool.get("functionDeclarations", tool.get("function_declarations"))
    if isinstance(several, list):
        found = [mapping(one).get("name") for one in several]
    else:
        inner = mapping(tool.get("function", tool.get("toolSpec")))
        # A tool of the provider's own, as web search, is named by its type, or by its only member.
        found = [inner.get("name") or tool.get("name") or tool.get("type") or next(iter(tool), "")]
    return [name for name in found if isinstance(name, str) and name]
