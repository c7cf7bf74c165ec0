"""Phrases that ask for a chain of thought, for the peers that look for such; of our own choice."""

from __future__ import annotations

PHRASES = (
    "step by step",
    "step-by-step",
    "chain of thought",
    "chain-of-thought",
    "chain of reasoning",
    "line of thought",
    "train of thought",
    "thought process",
    "think aloud",
    "think out loud",
    "think carefully",
    "reason aloud",
    "reason carefully",
    "reason openly",
    "your reasoning",
    "the reasoning",
    "all reasoning",
    "internal reasoning",
    "internal thinking",
    "reasoning behind",
    "reasoning trace",
    "show your work",
    "show all work",
    "walk me through",
    "intermediate step",
    "every step",
    "each step",
    "every inference",
    "before answering",
    "before the answer",
    "<thinking>",
    "<thought>",
    "<scratchpad>",
)

_EDGE = 2_000


def elicits(text: str | None) -> bool:
    """Whether one of the phrases stands near the beginning or the end of a text."""
    if not text:
        return False
    if len(text) > 2 * _EDGE:
        text = f"{text[:_EDGE]} {text[-_EDGE:]}"
    text = text.lower()
    return any(phrase in text for phrase in PHRASES)
