"""AegisGate's rules: phrases, repeated openings and volume of a key in an hour, and keys alike.

After what is published of AegisGate's distillation detection: the share of a key's prompts with
chain-of-thought phrases, the hash of the first 50 characters, more than 100 prompts an hour, and
pairs of keys compared, all within a window of an hour. Its list of proxy networks is left out: no
simulated network is on any list. Keys are compared by the openings that they share, found through
an index instead of pair by pair, with the same result.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from statistics import fmean
from typing import NamedTuple

from bench.peers.base import Score, by_account
from bench.peers.phrases import elicits
from schemas.request import RequestEvent

OPENING = 50
PROMPTS = 100
LEAST_PROMPTS = 3
LEAST_KEYS = 3
# Two keys are alike when most prompts of both begin the same way.
LEAST_SHARE = 0.5


class _Key(NamedTuple):
    """A key in an hour: how suspicious, and the opening that most of its prompts share, if any."""

    score: float
    opening: bytes | None


class AegisGate:
    """Keys by the mean of their three rules, groups of keys by the sum over their members."""

    name = "aegisgate"
    rules: tuple[str, ...] = ("100 prompts/h",)

    def close_hour(self, start: float, events: Sequence[RequestEvent]) -> list[Score]:
        """Score keys, and groups of keys whose prompts begin alike."""
        scores: list[Score] = []
        groups: dict[bytes, dict[str, float]] = defaultdict(dict)
        for account, own in by_account(events).items():
            key = _key(own)
            met = self.rules if len(own) > PROMPTS else ()
            scores.append(Score(account, key.score, rules=met))
            if key.opening is not None:
                groups[key.opening][account] = key.score
        return scores + [
            Score(opening.hex(), sum(members.values()), tuple(members))
            for opening, members in groups.items()
            if len(members) >= LEAST_KEYS
        ]


def _key(own: list[RequestEvent]) -> _Key:
    texts = [text for event in own if (text := event.system or event.prompt)]
    volume = min(1.0, len(own) / PROMPTS)
    if not texts:
        return _Key(volume / 3, None)
    phrases = fmean(elicits(event.prompt) or elicits(event.system) for event in own)
    opening, times = Counter(text[:OPENING] for text in texts).most_common(1)[0]
    repeated = times / len(texts) if len(texts) >= LEAST_PROMPTS else 0.0
    shared = opening if times / len(texts) >= LEAST_SHARE else None
    digest = None if shared is None else blake2b(shared.encode(), digest_size=8).digest()
    return _Key((volume + phrases + repeated) / 3, digest)
