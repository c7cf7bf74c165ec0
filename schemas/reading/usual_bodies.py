"""Usual bodies of requests and answers: as OpenAI, and gateways in its words, write them.

What the general readers (`conversation`, `parameters`, `answer`) make of any body, these make of
the bodies that most are, see `usual`. Members have the names that they have there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

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


class Part(Protocol):
    """A part of a message, of any format."""

    @property
    def text(self) -> str:
        """Its text."""


class Turn(Protocol):
    """A message of any format."""

    @property
    def role(self) -> str:
        """Who speaks."""

    @property
    def content(self) -> str | Sequence[Part] | None:
        """What is said."""

    @property
    def thinking_blocks(self) -> list[Json] | None:
        """Reasoning, which may be signed."""


Said = tuple[str | None, str | None, int | None, int | None, list[str] | None]
"""What messages tell: `system`, `prompt`, `messages`, `images`, `signatures_presented`."""


def said(turns: Sequence[Turn] | None, systems: list[str]) -> Said:
    """What messages tell, and system texts that stand apart from them, see `turn_fields`."""
    if not turns:
        return _joined(systems), None, None, None, None
    fresh: list[str] = []
    trailing: list[str] | None = None
    signatures: list[str] = []
    for turn in turns:
        role, content = turn.role, turn.content
        if role != "user" and role in MODEL_ROLES:
            texts = trailing = trailing or []
            if turn.thinking_blocks:
                signatures += signatures_of({"thinking_blocks": turn.thinking_blocks})
        elif role != "user" and role in SYSTEM_ROLES:
            texts = systems
        else:
            if trailing is not None:
                fresh, trailing = [], None
            texts = fresh
        if isinstance(content, str):
            texts.append(content)
        elif content:
            texts += [part.text for part in content]
    if trailing:
        fresh += trailing
    prompt, count = _joined(fresh), len(turns)
    # As in the general way: one marker may stand for all messages.
    if prompt is None and count == 1 and any(fresh):
        return _joined(systems), None, None, None, signatures or None
    return _joined(systems), prompt, count, 0, signatures or None


def _joined(texts: list[str]) -> str | None:
    if not texts:
        return None
    if len(texts) == 1:
        whole = "" if is_redacted(texts[0]) else texts[0]
    else:
        whole = "\n".join([text for text in texts if not is_redacted(text)])
    if len(whole) > MOST_CHARACTERS:
        raise Unusual
    return whole or None


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

    choices: Annotated[list[_Choice], Meta(min_length=1)]
    usage: Usage | None = None
    promptFeedback: Absent = UNSET

    def end(self) -> tuple[str | None, bool | None, list[str] | None]:
        """Why the model stopped, whether it refused, and digests of the signatures given out."""
        reason = self.choices[0].finish_reason or None
        refused = is_refusal(reason) if reason else None
        signatures: list[str] | None = None
        for choice in self.choices:
            message = choice.message
            if message is not None:
                if message.refusal:
                    refused = True
                if message.thinking_blocks:
                    issued = signatures_of({"thinking_blocks": message.thinking_blocks})
                    signatures = (signatures or []) + issued
        return reason, refused, signatures or None


class _Function(Struct, gc=False, frozen=True):
    name: str


_NAMELESS = _Function("")


class Tool(Struct, gc=False):
    """A tool offered: Anthropic's with a name, OpenAI's with a function."""

    name: str | None = None
    function: _Function = _NAMELESS
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
        found = self.max_tokens
        if found is UNSET:
            found = self.max_completion_tokens
        if found is UNSET:
            found = self.max_output_tokens
        return None if found is UNSET else found


NO_PARAMETERS = Parameters()
"""What stands in for parameters that are not logged."""


def tool_names(tools: list[Tool] | None) -> list[str] | None:
    """Names of tools; raises `Unusual` for one that has none."""
    if not tools:
        return None
    names = [tool.function.name if tool.name is None else tool.name for tool in tools]
    if not all(names):
        raise Unusual
    return names
