"""Explanations: why a tie or an account stands out, in values, baselines and sentences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.evidence.baseline import RankTables
from models.evidence.tie_score import INPUT_NAMES
from models.features import AccountFeature
from models.pooling import TieFeature
from models.signals import ACCOUNT_FEATURES, SIGNAL_OF, SIGNALS, TIE_FEATURES
from schemas.alert import Evidence

_MOST = 6
_TELLING = 0.1
"""A mean rank that is nearer the middle tells a reader nothing, however alike the members are."""


class _Piece(NamedTuple):
    weight: float
    evidence: Evidence


def explain_tie(inputs: NDArray[np.float64], contributions: NDArray[np.float64]) -> list[Evidence]:
    """The strongest evidence of a tie, one piece a feature, the strongest first.

    `contributions` are what each input adds to the score; the parts of one account feature (level,
    oddness, likeness) are taken together. Values are mean ranks in [0, 1] for account features,
    whose baseline is 0.5 by construction.
    """
    by_name = dict(zip(INPUT_NAMES, inputs.tolist(), strict=True))
    adds = dict(zip(INPUT_NAMES, contributions.tolist(), strict=True))
    pieces = [
        _account_piece(feature, by_name, adds)
        for feature in ACCOUNT_FEATURES
        if abs(by_name[f"{feature.name}.level"]) >= _TELLING
    ]
    pieces += [_tie_piece(feature, by_name, adds) for feature in TIE_FEATURES]
    pieces.sort(key=lambda piece: (-piece.weight, piece.evidence.text))
    return [piece.evidence for piece in pieces[:_MOST] if piece.weight > 0]


def explain_crossing(causes: int, accounts: int, log_odds: float) -> Evidence:
    """What signatures that crossed say: `causes` of them at least tie the accounts together."""
    text = (
        f"{accounts} accounts of different owners present reasoning signatures given to each other"
    )
    return Evidence(SIGNALS["sharing"].id, float(causes), 1.0, round(log_odds, 4), text)


def _account_piece(
    feature: AccountFeature, inputs: dict[str, float], adds: dict[str, float]
) -> _Piece:
    level = inputs[f"{feature.name}.level"]
    weight = sum(adds[f"{feature.name}.{part}"] for part in ("level", "oddness", "alike"))
    side = feature.many if level > 0 else feature.few
    rank = level + 0.5
    beyond = rank if level > 0 else 1.0 - rank
    alike = inputs[f"{feature.name}.alike"]
    strength = f"further out than {beyond:.0%} of comparable accounts on the mean"
    likeness = ", and alike among themselves" if alike > 0.3 else ""
    text = f"{side}: {strength}{likeness}"
    signal = SIGNALS[SIGNAL_OF[feature.name]].id
    return _Piece(weight, Evidence(signal, round(rank, 4), 0.5, round(weight, 4), text))


def _tie_piece(feature: TieFeature, inputs: dict[str, float], adds: dict[str, float]) -> _Piece:
    value, weight = inputs[feature.name], adds[feature.name]
    side = feature.many if value > feature.usual else feature.few
    signal = SIGNALS[SIGNAL_OF[feature.name]].id
    return _Piece(weight, Evidence(signal, round(value, 4), feature.usual, round(weight, 4), side))


def explain_account(
    bins: NDArray[np.uint8], ranks: NDArray[np.uint8], baseline: RankTables, most: int
) -> list[Evidence]:
    """The features in which an account lies furthest out, with value and population's median."""
    distance = np.abs(ranks.astype(np.float64) / 255.0 - 0.5)
    strongest = np.argsort(-distance, kind="stable")[:most]
    found: list[Evidence] = []
    for place in strongest.tolist():
        feature = ACCOUNT_FEATURES[place]
        rank = float(ranks[place]) / 255.0
        side = feature.many if rank > 0.5 else feature.few
        beyond = rank if rank > 0.5 else 1.0 - rank
        found.append(
            Evidence(
                SIGNALS[SIGNAL_OF[feature.name]].id,
                round(feature.value_at(float(bins[place])), 4),
                round(feature.value_at(float(baseline.medians[place])), 4),
                round(2.0 * float(distance[place]), 4),
                f"{side}: further out than {beyond:.0%} of comparable accounts",
            )
        )
    return found
