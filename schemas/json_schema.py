"""JSON Schemas (draft 2020-12) of the public records, made from their types."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.alert import AlertEvent
from schemas.facts import FactsRecord
from schemas.feedback import FeedbackRecord
from schemas.request import RequestEvent
from schemas.response import ResponseEvent
from schemas.score import ScoreRecord
from schemas.truth import Truth

DRAFT = "https://json-schema.org/draft/2020-12/schema"

PUBLIC_RECORDS: dict[str, type[msgspec.Struct]] = {
    "alert": AlertEvent,
    "facts": FactsRecord,
    "feedback": FeedbackRecord,
    "request": RequestEvent,
    "response": ResponseEvent,
    "score": ScoreRecord,
    "truth": Truth,
}
"""The records that other programs write or read, by the name of their schema."""


def json_schema(name: str) -> dict[str, Any]:
    """The schema of a public record.

    Raises:
        KeyError: No public record of that name.
    """
    schema = {"$schema": DRAFT, **msgspec.json.schema(PUBLIC_RECORDS[name])}
    for definition in schema["$defs"].values():
        # Unknown fields are ignored and counted, never refused.
        definition.pop("additionalProperties", None)
        description = definition.get("description", "")
        definition["description"] = description.partition("\n\n")[0].replace("\n", " ")
    return schema
