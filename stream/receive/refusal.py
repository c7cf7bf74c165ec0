"""Why a body is not taken, as an HTTP status and a sentence."""

from __future__ import annotations


class Refusal(Exception):
    """A body that is not taken.

    Args:
        status: The HTTP status.
        reason: Why, for a person; repeats nothing of the body.
        retry_seconds: When to try again; None: never with this body.
    """

    def __init__(self, status: int, reason: str, retry_seconds: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_seconds = retry_seconds
