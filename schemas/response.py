"""Responses: what is recommended for one account, for whoever enforces it."""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.alert import Share
from schemas.request import Identifier
from schemas.times import UtcTime

ResponseAction = Literal["watch", "verify", "limit", "hold", "ban", "release"]
"""An alert's actions, from the mildest on; `release` takes back all that was recommended."""


class ResponseEvent(msgspec.Struct, frozen=True, gc=False):
    """A new recommendation for one account. All fields are always written, in this order.

    Attributes:
        event_id: A hash of the alert event, the account and the action: the same when it is made
            again.
        time: Time of the alert event that led to it.
        account: The account.
        action: What is recommended for it now, over all findings that name it.
        reason: Why, for a person.
        alert_id: The finding that asks for it; with `release`, the one that was taken back.
        confidence: 1 − `q_value` of that alert event.
        expires: When the recommendation is void; None: when another comes.
    """

    event_id: Identifier
    time: UtcTime
    account: Identifier
    action: ResponseAction
    reason: str
    alert_id: Identifier
    confidence: Share
    expires: UtcTime | None
