"""Facts about accounts that most gateways do not know: sign-up, payment, plan, bans."""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.request import Identifier
from schemas.times import EventTime

AccountStatus = Literal["active", "limited", "banned"]


class FactsRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What became known about an account; a field that is None says nothing and changes nothing.

    Acts at the end of the epoch in which `time` falls. Decoded records carry times as Unix seconds.
    """

    account: Identifier
    time: EventTime
    account_created: EventTime | None = None
    payment: str | None = None
    plan: str | None = None
    org: str | None = None
    status: AccountStatus | None = None
