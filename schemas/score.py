"""Score records: the latest word on an entity, kept on compacted topics."""

from __future__ import annotations

from typing import Annotated

import msgspec

from schemas.alert import Entity, Evidence, Share, Total

STRONGEST = 3
"""Pieces of evidence kept with a score."""


class ScoreRecord(msgspec.Struct, frozen=True, gc=False):
    """How odd an entity was in the epoch of that number, with the strongest evidence.

    Attributes:
        entity: The account or cluster; the record's key on the topic.
        epoch: Number of the epoch: its start divided by the epoch's length.
        score: 1 − `p_value` within the entity's kind.
        p_value: Evidence against ordinary traffic.
        requests: Requests of the entity in that epoch.
        evidence: The strongest three, the strongest first.
    """

    entity: Entity
    epoch: Total
    score: Share
    p_value: Share
    requests: Total
    evidence: Annotated[list[Evidence], msgspec.Meta(max_length=STRONGEST)]
