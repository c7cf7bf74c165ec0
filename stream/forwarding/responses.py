"""From alerts to responses: what is recommended for each account, told when it changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple, get_args

from schemas.alert import AlertEvent
from schemas.response import ResponseAction, ResponseEvent
from schemas.times import to_microseconds, to_rfc3339

_STRICTNESS = {action: rank for rank, action in enumerate(get_args(ResponseAction))}
_DAY = 86_400_000_000


class _Advice(NamedTuple):
    """What one finding recommends for its accounts."""

    action: ResponseAction
    reason: str
    alert_id: str
    confidence: float


@dataclass(slots=True)
class _Finding:
    """A finding so far: its latest event, its accounts, its advice unless it was dismissed."""

    sequence: int = -1
    accounts: set[str] = field(default_factory=set)
    advice: _Advice | None = None


class Responses:
    """The strictest advice of all findings that name an account is the one for it.

    It has to hear the whole life of every finding, in order; repeated events change nothing.

    Args:
        days: After how many days a response expires; 0: never.
    """

    def __init__(self, days: float = 0.0) -> None:
        self._lifetime = round(days * _DAY)
        self._findings: dict[str, _Finding] = {}
        self._findings_of: dict[str, list[str]] = {}
        self._told: dict[str, ResponseAction] = {}

    def take(self, event: AlertEvent) -> list[ResponseEvent]:
        """Hear an alert event; what is new for accounts, sorted by account."""
        finding = self._findings.setdefault(event.alert_id, _Finding())
        if event.sequence <= finding.sequence:
            return []
        finding.sequence = event.sequence
        for account in set(event.accounts) - finding.accounts:
            self._findings_of.setdefault(account, []).append(event.alert_id)
        finding.accounts.update(event.accounts)
        before, finding.advice = finding.advice, _advice(event)
        changed = _action(before) != _action(finding.advice)
        concerned = finding.accounts if changed else event.accounts
        responses = (self._response(account, event) for account in sorted(concerned))
        return [response for response in responses if response is not None]

    def _response(self, account: str, event: AlertEvent) -> ResponseEvent | None:
        """What is new for an account; None when nothing is."""
        advice = self._strictest(account) or _released(event)
        told = self._told.get(account, "release")
        if advice.action == told:
            return None
        self._told[account] = advice.action
        return ResponseEvent(
            event_id=_digest(event.event_id, account, advice.action),
            time=event.time,
            account=account,
            action=advice.action,
            reason=advice.reason,
            alert_id=advice.alert_id,
            confidence=advice.confidence,
            expires=self._expiry(event) if advice.action != "release" else None,
        )

    def _strictest(self, account: str) -> _Advice | None:
        findings = (self._findings[one] for one in self._findings_of[account])
        standing = [finding.advice for finding in findings if finding.advice is not None]
        return max(standing, key=lambda one: _STRICTNESS[one.action], default=None)

    def _expiry(self, event: AlertEvent) -> str | None:
        if not self._lifetime:
            return None
        return to_rfc3339(to_microseconds(event.time, "time") + self._lifetime)


def _advice(event: AlertEvent) -> _Advice | None:
    """The advice of a finding; None when it was dismissed, which closes it as mere information."""
    if event.activity == "close" and event.severity == "info":
        return None
    response = event.response
    return _Advice(response.action, response.reason, event.alert_id, 1.0 - event.q_value)


def _action(advice: _Advice | None) -> ResponseAction:
    return "release" if advice is None else advice.action


def _released(event: AlertEvent) -> _Advice:
    return _Advice("release", event.response.reason, event.alert_id, 1.0 - event.q_value)


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=12, person=b"gauger").hexdigest()
