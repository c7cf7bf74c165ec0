"""Profiles and tie statistics as no account ever made them, but as the layouts allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.evidence.baseline import FEATURES
from models.layouts import HOURS, MOVABLE, PROFILE
from models.pooling import tie_statistics
from models.requests.batch import BREADTHS, MEASURES
from models.requests.kinds import TieKind

NOW = 1_760_000_000_000_000
"""Microseconds."""
_YEARS = 3 * 365 * 86_400 * 1_000_000

_LOGARITHMS = {
    "log_input": ("known_input", 2.0, 19.9),
    "log_output": ("known_output", 2.0, 14.9),
    "log_characters": ("texts", 2.0, 15.9),
}
_HABITS = ("shown", "again", "returns", "settled", "moved")
_SHARES = {
    "single_turn": "known_messages",
    "cached_share": "known_input",
    "reasoning": "requests",
    "refused": "requests",
    "cut": "requests",
    "failed": "requests",
}


def plausible_profiles(random: np.random.Generator, count: int) -> NDArray[np.void]:
    """Accounts from one request in all to a steady relay, known in part."""
    records = np.zeros(count, PROFILE)
    records["first"] = NOW - random.integers(0, _YEARS, count)
    known = random.random(count) < 0.7
    records["created"][known] = (records["first"] - random.integers(0, _YEARS, count))[known]
    records["last"] = NOW
    records["idle"] = np.exp2(random.uniform(0, 13.9, count)) * 6e7 - 6e7
    sums = dict.fromkeys(MEASURES, np.zeros(count))
    sums["requests"] = np.exp2(random.uniform(0, 14.0, count))
    for name in ("known_input", "known_output", "known_messages", "texts"):
        sums[name] = sums["requests"] * random.random(count) * (random.random(count) < 0.8)
    for name, (whole, low, high) in _LOGARITHMS.items():
        mean, deviation = random.uniform(low, high, count), random.uniform(0, 3.9, count)
        sums[name] = sums[whole] * mean
        sums[f"{name}_squared"] = sums[whole] * (mean**2 + deviation**2)
    for name, whole in _SHARES.items():
        sums[name] = sums[whole] * random.random(count)
    sums["tokens"] = sums["known_input"] * np.exp2(random.uniform(2, 19, count))
    sums["log_samples"] = sums["requests"] * random.uniform(0, 6.9, count)
    for place, name in enumerate(MEASURES):
        records["sums"][:, place] = sums[name]
    records["lifetime"] = np.ceil(sums["requests"])
    for name in ("marks", "old_marks"):
        records[name] = _marks(random, sums["requests"])
    spread = random.random((count, HOURS)) ** random.uniform(0, 40, (count, 1))
    records["hours"] = spread * (sums["requests"] / spread.sum(axis=1))[:, None]
    records["active"] = np.maximum(1.0, sums["requests"] * random.uniform(0.002, 1, count))
    records["busy"] = records["active"] * random.uniform(1, 9, count)
    records["busy"] = np.clip(records["busy"], sums["requests"] / 50, sums["requests"])
    records["active"] = np.minimum(records["active"], records["busy"])
    records["sampled"] = sums["texts"] * random.uniform(0, 40, count)
    records["repeated"] = records["sampled"] * random.random(count)
    records["shown"] = sums["texts"] * random.uniform(0, 40, count)
    records["again"] = records["shown"] * random.random(count)
    records["returns"] = records["active"] * random.random(count)
    records["settled"] = (sums["requests"] * random.random(count))[:, None]
    records["moved"] = records["settled"] * random.random((count, len(MOVABLE)))
    records["plan"] = random.integers(0, 6, count)
    return records


def _marks(random: np.random.Generator, requests: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Bits of up to 15 distinct values; a session has 2 to 100 requests."""
    shape = (len(requests), len(BREADTHS), 64)
    distinct = np.exp2(random.uniform(-2, np.log2(15), shape[:2]))
    place = BREADTHS.index("sessions")
    distinct[:, place] = np.minimum(requests * random.uniform(0.01, 0.5, len(requests)), 75)
    number = np.floor(64 * (1.0 - np.exp(-distinct / 64)))
    bits = random.permuted(np.broadcast_to(np.arange(64), shape), axis=2) < number[..., None]
    return np.packbits(bits, axis=2).view(np.uint64)[..., 0]


def extreme_profiles() -> NDArray[np.void]:
    """All nothing, all tiny, all full; and an account that signs up in the future."""
    records = np.zeros(5, PROFILE)
    records["first"] = [0, NOW, 1, NOW, NOW]
    for row, value in ((1, 1e-30), (2, 3e30), (3, 1.0)):
        for name in ("sums", "hours", "active", "busy", "repeated", "sampled", *_HABITS):
            records[name][row] = value
    records["marks"][2] = records["old_marks"][2] = 2**64 - 1
    for name in ("idle", "old_idle", "lifetime"):
        records[name][2] = 2**62
    records["created"][3] = NOW + _YEARS
    records["first"][4] = NOW + _YEARS
    return records


def plausible_statistics(random: np.random.Generator, count: int) -> NDArray[np.void]:
    """Ties of 3 to 60,000 accounts of which some is known."""
    records = np.zeros(count, tie_statistics(FEATURES))
    kinds = random.integers(1, 1 + len(TieKind), count).astype(np.uint64)
    records["tie"] = random.integers(1, 2**59, count).astype(np.uint64) << np.uint64(4) | kinds
    members = np.exp2(random.uniform(1.6, 15.9, count)).astype(np.int64)
    records["members"] = members
    records["known"] = members * random.random(count)
    each = np.exp2(random.uniform(0, 9, count))
    records["counts"] = records["volume"] = members * each
    records["count_squares"] = members * each**2 * random.uniform(1, 50, count)
    records["shares"] = members * 65_536 * random.random(count)
    for distinct, known in (("owners", "owned"), ("payments", "paying"), ("networks", "located")):
        records[known] = members * random.random(count) * (random.random(count) < 0.8)
        records[distinct] = np.ceil(records[known] * random.random(count))
    mean, deviation = random.uniform(0, 5_000, count), random.uniform(0, 2_000, count)
    records["joined"] = members * mean
    records["joined_squares"] = members * (mean**2 + deviation**2)
    ranks, spread = random.uniform(0, 255, (2, count, FEATURES))
    known_members = records["known"][:, None]
    records["sums"] = known_members * ranks
    records["squares"] = known_members * np.minimum(ranks**2 + spread**2, 255 * ranks)
    return records


def extreme_statistics() -> NDArray[np.void]:
    """A tie of nobody, of one, and of as many as counts can hold."""
    records = np.zeros(3, tie_statistics(FEATURES))
    records["tie"] = TieKind.FRAGMENT
    for row, value in ((1, 1), (2, 2**40)):
        for name in records.dtype.names or ():
            if name != "tie":
                records[name][row] = value
    return records
