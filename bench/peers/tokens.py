"""Elastic's token rule: much read, many calls, long answers of one user within an hour.

After the published rule "Potential Abuse of Resources by High Token Count and Large Response Sizes"
of elastic/detection-rules, whose fixed floors make the rule; without them, its risk score is what
we calibrate, so that small prompts are not out of its sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from bench.peers.base import Score, by_account
from schemas.request import RequestEvent

LONGEST_PROMPT, CALLS, MEAN_ANSWER, RISK = 5_000, 10, 500.0, 10.0


class Tokens:
    """Longest prompt times calls times mean answer of an account in an hour."""

    name = "elastic tokens"
    rules: tuple[str, ...] = ("floors",)

    def close_hour(self, start: float, events: Sequence[RequestEvent]) -> list[Score]:
        """Score each account by its risk."""
        return [self._score(account, own) for account, own in by_account(events).items()]

    def _score(self, account: str, own: list[RequestEvent]) -> Score:
        longest = max(event.input_tokens or 0 for event in own)
        answer = fmean(event.output_tokens or 0 for event in own)
        risk = longest / 1_000 * len(own) * answer / MEAN_ANSWER
        above = longest > LONGEST_PROMPT and len(own) > CALLS and answer > MEAN_ANSWER
        return Score(account, risk, rules=self.rules if above and risk > RISK else ())
