"""The request's side of an exchange: which text is new, what the system says, what is shown along.

One reader for the bodies of OpenAI (chat, completions, responses, embeddings), Anthropic, Bedrock
Converse, Gemini and the messages of OpenTelemetry: they differ in the names of members, not in
shape.
"""

from __future__ import annotations

from typing import Any

from schemas.reading.values import MOST_CHARACTERS, Json, digest, is_redacted, mapping, parsed

# Tuples, not sets: what is looked up may be anything, lists included.
MODEL_ROLES = ("assistant", "model", "ai")
"""Roles in which the model speaks."""

SYSTEM_ROLES = ("system", "developer")
"""Roles of the system text."""

_MODEL_ITEMS = (
    *("reasoning", "function_call", "computer_call", "web_search_call", "file_search_call"),
    *("code_interpreter_call", "image_generation_call", "mcp_call", "custom_tool_call"),
)
_IMAGE_TYPES = ("image", "image_url", "input_image")
_TURNS = ("messages", "input", "contents", "prompt", "inputText", "inputs")
_SYSTEMS = ("system", "instructions", "systemInstruction", "system_instruction")
_TEXTS = ("text", "content", "parts", "output", "response", "result")
_PARTS = ("content", "parts", "thinking_blocks")
_SIGNATURES = ("signature", "encrypted_content", "thoughtSignature", "thought_signature")
_DEEPEST = 6


def conversation_fields(body: Json) -> Json:
    """Fields of the event that a request's body tells of its messages."""
    if not body:
        return body
    turns: Any = None
    for name in _TURNS:
        turns = body.get(name)
        if turns:
            break
    system: Any = None
    for name in _SYSTEMS:
        if name in body:
            system = body[name]
            break
    return turn_fields(parsed(turns), parsed(system))


def turn_fields(turns: object, system: object = None) -> Json:
    """Fields of the event that messages tell: `turns` a list of them, one of them, or a text.

    New is what follows the last turn of the model; text that the caller puts into the model's mouth
    at the end is new too, as a request that begins the answer itself is the caller's own.
    """
    if isinstance(turns, dict):
        turns = [turns]
    if not isinstance(turns, list) or not turns:
        return {"system": _joined([system]), "prompt": _joined([turns])}
    reader = _Reader()
    reader.take(turns)
    texts = _Texts()
    for turn in (*reader.fresh, *reader.trailing):
        texts.add(turn, 0)
    prompt = texts.joined()
    # A gateway that hides what was said may put one message in the place of all.
    replaced = prompt is None and texts.redacted and len(turns) == 1
    return {
        "system": _joined([system, *reader.system]),
        "prompt": prompt,
        "messages": None if replaced else len(turns),
        "images": None if replaced else reader.images,
        "signatures_presented": reader.signatures or None,
    }


class _Reader:
    """Sorts turns into system, new ones, and what the model is made to begin with."""

    def __init__(self) -> None:
        self.system: list[object] = []
        self.fresh: list[object] = []
        self.trailing: list[object] = []
        self.images = 0
        self.signatures: list[str] = []

    def take(self, turns: list[Any]) -> None:
        """Go through the turns in their order."""
        for turn in turns:
            if not isinstance(turn, dict):
                self._note_new(turn)
                continue
            role = turn.get("role")
            if role in SYSTEM_ROLES:
                self.system.append(turn)
            elif role in MODEL_ROLES or (role is None and turn.get("type") in _MODEL_ITEMS):
                self.trailing.append(turn)
                self.signatures += signatures_of(turn)
            else:
                self._note_new(turn)

    def _note_new(self, turn: object) -> None:
        if self.trailing:
            self.fresh, self.trailing = [], []
        self.fresh.append(turn)
        if isinstance(turn, dict):
            content = turn.get("content", turn)
            if not isinstance(content, str):
                self.images += _images(turn.get("parts", content))


def _images(content: object) -> int:
    count = 0
    for part in content if isinstance(content, list) else (content,):
        # Most parts are text, of whatever shape.
        if isinstance(part, dict) and "text" not in part and part.get("type") != "text":
            count += _is_image(part)
    return count


def _is_image(part: Json) -> bool:
    if part.get("type") in _IMAGE_TYPES or part.get("modality") == "image" or "image" in part:
        return True
    for name in ("inlineData", "inline_data", "fileData", "file_data"):
        if name in part:
            data = mapping(part[name])
            return str(data.get("mimeType", data.get("mime_type"))).startswith("image/")
    return False


class _Texts:
    """Texts found in content of any shape, up to the length that counts."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._left = MOST_CHARACTERS
        self.redacted = False

    def add(self, content: object, depth: int) -> None:
        """Take the texts of a message, a part of one, or a list of these."""
        if isinstance(content, str):
            if is_redacted(content):
                self.redacted = self.redacted or content != ""
            elif self._left > 0:
                self._found.append(content[: self._left])
                self._left -= len(content) + 1
        elif depth < _DEEPEST:
            if isinstance(content, dict):
                self._add_part(content, depth + 1)
            elif isinstance(content, list):
                for part in content:
                    self.add(part, depth + 1)

    def _add_part(self, part: Json, depth: int) -> None:
        for name in _TEXTS:
            if name in part:
                self.add(part[name], depth)
                return
        # Tool results of Bedrock and Gemini stand one object deeper.
        for name in ("toolResult", "functionResponse"):
            if name in part:
                self.add(part[name], depth)

    def joined(self) -> str | None:
        """One text; None where there is none."""
        return "\n".join(self._found) or None


def _joined(contents: list[Any]) -> str | None:
    if contents == [None]:
        return None
    texts = _Texts()
    for content in contents:
        texts.add(content, 0)
    return texts.joined()


def signatures_of(turn: Json) -> list[str]:
    """Digests of the opaque reasoning signatures in a turn of the model."""
    found = [_signature(turn)]
    for name in _PARTS:
        parts = turn.get(name)
        if isinstance(parts, list):
            found += [_signature(part) for part in parts if isinstance(part, dict)]
    digests = [digest(one) for one in found if one is not None]
    return [one for one in digests if one is not None]


def _signature(part: Json) -> object:
    for name in _SIGNATURES:
        if name in part:
            return part[name]
    if part.get("type") == "redacted_thinking":
        return part.get("data")
    if "reasoningContent" in part:
        reasoning = mapping(part["reasoningContent"])
        return mapping(reasoning.get("reasoningText")).get("signature") or reasoning.get(
            "redactedContent"
        )
    return None
