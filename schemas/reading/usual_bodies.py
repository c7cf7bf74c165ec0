"""Usual bodies of requests and answers: as OpenAI, and gateways in its words, write them.

What the general readers (`conversation`, `parameters`, `answer`) make of any body, these make of
the bodies that most are, see `usual`. Members have the names that they have there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import UNSET, Raw, Struct, UnsetType

from schemas.reading.answer import is_refusal
from schemas.reading.conversation import MODEL_ROLES, SYSTEM_ROLES, signatures_of
from schemas.reading.usual import Absent, Unusual
from schemas.reading.values import MOST_CHARACTERS, Json, is_redacted
from schemas.request import Count


class TextPart(Struct, forbid_unknown_fields=True, gc=False):
    """A part of a message that is text."""

    text: str
    type: str | None = None
    cache_control: Raw | None = None
    annotations: Raw | None = None


class Message(Struct, forbid_unknown_fields=True, gc=False):
    """A message of text as OpenAI, Anthropic and LiteLLM write them."""

    role: str
    content: str | list[TextPart] | None = None
    name: Raw | None = None
    tool_calls: Raw | None = None
    tool_call_id: Raw | None = None
    function_call: Raw | None = None
    refusal: Raw | None = None
    thinking_blocks: list[Json] | None = None

    def texts(self) -> list[str]:
        """The texts in it, as they stand."""
        content = self.content
        if isinstance(content, str):
            return [content]
        return [part.text for part in content] if content else []

    def signatures(self) -> list[str]:
        """Digests of the signatures in it."""
        blocks = self.thinking_blocks
        return signatures_of({"thinking_blocks": blocks}) if blocks else []


class Turn(Protocol):
    """A message of any shape."""

    role: str

    def texts(self) -> list[str]:
        """The texts in it, as they stand."""

    def signatures(self) -> list[str]:
        """Digests of the signatures in it."""


class Said(NamedTuple):
    """What messages tell, see `turn_fields`."""

    system: str | None
    prompt: str | None
    messages: int | None = None
    images: int | None = None
    signatures_presented: list[str] | None = None


def said(turns: Sequence[Turn] | None, *system: str | None) -> Said:
    """What messages tell, and system texts that stand apart from them."""
    systems = [text for text in system if text]
    if not turns:
        return Said(_joined(systems), None)
    fresh: list[str] = []
    trailing: list[str] | None = None
    signatures: list[str] = []
    for turn in turns:
        role = turn.role
        if role in SYSTEM_ROLES:
            systems += turn.texts()
        elif role in MODEL_ROLES:
            trailing = (trailing or []) + turn.texts()
            signatures += turn.signatures()
        else:
            if trailing is not None:
                fresh, trailing = [], None
            fresh += turn.texts()
    if trailing:
        fresh += trailing
    prompt = _joined(fresh)
    count = len(turns)
    # As in the general way: one marker may stand for all messages.
    if prompt is None and count == 1 and any(fresh):
        return Said(_joined(systems), None, signatures_presented=signatures or None)
    return Said(_joined(systems), prompt, count, 0, signatures or None)


def _joined(texts: list[str]) -> str | None:
    if not texts:
        return None
    kept = "\n".join([text for text in texts if not is_redacted(text)])
    if len(kept) > MOST_CHARACTERS:
        raise Unusual
    return kept or None


class _ReadTokens(Struct, gc=False):
    cached_tokens: Count | None = None


class _WrittenTokens(Struct, gc=False):
    reasoning_tokens: Count | None = None


class Usage(Struct, gc=False):
    """Token counts in OpenAI's words."""

    prompt_tokens: Count
    completion_tokens: Count
    prompt_tokens_details: _ReadTokens | None = None
    completion_tokens_details: _WrittenTokens | None = None
    cache_read_input_tokens: Count | None = None
    input_tokens: Absent = UNSET
    cacheReadInputTokens: Absent = UNSET
    cachedContentTokenCount: Absent = UNSET
    input_tokens_details: Absent = UNSET
    output_tokens_details: Absent = UNSET
    thoughtsTokenCount: Absent = UNSET
    candidatesTokenCount: Absent = UNSET
    output_tokens: Absent = UNSET
    outputTokens: Absent = UNSET

    @property
    def cached(self) -> int | None:
        """Tokens read from a cache."""
        details = self.prompt_tokens_details
        return (details and details.cached_tokens) or self.cache_read_input_tokens

    @property
    def reasoning(self) -> int | None:
        """Tokens of reasoning."""
        details = self.completion_tokens_details
        return (details and details.reasoning_tokens) or None


class _AnswerMessage(Struct, gc=False):
    content: str | None = None
    refusal: str | None = None
    thinking_blocks: list[Json] | None = None
    parts: Absent = UNSET
    signature: Absent = UNSET
    encrypted_content: Absent = UNSET
    thoughtSignature: Absent = UNSET
    thought_signature: Absent = UNSET
    type: Absent = UNSET
    reasoningContent: Absent = UNSET


class _Choice(Struct, gc=False):
    finish_reason: str | None = None
    message: _AnswerMessage | None = None
    finishReason: Absent = UNSET
    content: Absent = UNSET


class Answer(Struct, gc=False):
    """A chat completion; the first choice tells why the model stopped."""

    choices: list[_Choice]
    usage: Usage | None = None
    promptFeedback: Absent = UNSET

    def end(self) -> tuple[str | None, bool | None, list[str] | None]:
        """Why the model stopped, whether it refused, and digests of the signatures given out."""
        if not self.choices:
            raise Unusual
        reason = self.choices[0].finish_reason or None
        refused = is_refusal(reason) if reason else None
        signatures: list[str] = []
        for choice in self.choices:
            message = choice.message
            if message is not None:
                if message.refusal:
                    refused = True
                if message.thinking_blocks:
                    signatures += signatures_of({"thinking_blocks": message.thinking_blocks})
        return reason, refused, signatures or None


class _Function(Struct, gc=False):
    name: str


class Tool(Struct, gc=False):
    """A tool offered: Anthropic's with a name, OpenAI's with a function."""

    name: str | None = None
    function: _Function | None = None
    functionDeclarations: Absent = UNSET
    function_declarations: Absent = UNSET


class Parameters(Struct, gc=False):
    """How a request is parameterised, beside its messages."""

    max_tokens: float | UnsetType | None = UNSET
    max_completion_tokens: float | UnsetType | None = UNSET
    max_output_tokens: float | UnsetType | None = UNSET
    temperature: float | None = None
    n: float | None = None
    tools: list[Tool] | None = None
    system: str | None = None
    max_tokens_to_sample: Absent = UNSET
    maxTokens: Absent = UNSET
    maxOutputTokens: Absent = UNSET
    maxTokenCount: Absent = UNSET
    max_gen_len: Absent = UNSET
    candidateCount: Absent = UNSET
    functions: Absent = UNSET
    toolConfig: Absent = UNSET
    inferenceConfig: Absent = UNSET
    generationConfig: Absent = UNSET
    generation_config: Absent = UNSET
    textGenerationConfig: Absent = UNSET

    def limit(self) -> float | None:
        """Most tokens of the answer."""
        for found in (self.max_tokens, self.max_completion_tokens, self.max_output_tokens):
            if found is not UNSET:
                return found
        return None

    def tool_names(self) -> list[str] | None:
        """Names of the tools offered."""
        return tool_names(self.tools)


NO_PARAMETERS = Parameters()
"""What stands in for parameters that are not logged."""


def tool_names(tools: list[Tool] | None) -> list[str] | None:
    """Names of tools; raises `Unusual` for one that has none."""
    names: list[str] = []
    for tool in tools or ():
        name = tool.name
        if name is None:
            name = tool.function.name if tool.function else None
            if not name:
                raise Unusual
        names.append(name)
    return names or None
