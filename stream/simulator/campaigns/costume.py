"""The outward look of a campaign, drawn anew each time so that no constant marks campaigns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.networks import SHARES
from stream.simulator.rhythm import CURVE_NAMES

_NETWORKS: tuple[dict[str, float], ...] = (
    {"datacentre": 1.0},
    {"home": 1.0},
    {"home": 3.0, "mobile": 2.0, "datacentre": 1.0},
    {"vpn": 1.0, "datacentre": 2.0, "home": 1.0},
    {"home": 2.0, "datacentre": 2.0},
)
_CLIENTS: tuple[dict[str, float], ...] = (
    {"sdk": 1.0},
    {"script": 1.0},
    {"sdk": 3.0, "script": 2.0, "harness": 1.0, "browser": 1.0},
    {"harness": 3.0, "sdk": 1.0},
    {"gateway": 1.0, "sdk": 2.0},
)
_MODELS = ("lyra-3", "lyra-3-large", "lyra-3-reason", "lyra-3-mini", "lyra-2-large", "lyra-2")
_PLANS = ("free", "payg", "pro", "team", "education", "research", "startup", "enterprise")
_ROUTES = ("api", "app", "batch", "cloud:aurora", "cloud:borealis", "cloud:cirrus")


@dataclass(frozen=True, slots=True)
class Costume:
    """Nuisance parameters of one campaign."""

    profile: Profile
    curve: int
    follows_zone: bool
    payment_group: int
    network_group: int
    aged: float
    oldest_days: float
    shift_hours: float
    evenness: float
    burst: float
    keeps_session: float
    words: float
    words_sigma: float
    context: float
    answer: float
    code: float
    foreign: float


def draw_costume(rng: np.random.Generator) -> Costume:
    """A look chosen at random: plans, networks, clients, models, ages, rhythm, sizes."""
    plans = rng.dirichlet(np.array([0.5, 1.6, 1.0, 0.8, 0.5, 0.5, 0.6, 0.3]))
    models = rng.dirichlet(np.array([1.2, 1.2, 1.2, 0.5, 0.4, 0.3]))
    routes = rng.dirichlet(np.array([3.0, 0.4, 0.5, 0.4, 0.4, 0.3]))
    profile = Profile(
        plans=dict(zip(_PLANS, plans.tolist(), strict=True)),
        routes=dict(zip(_ROUTES, routes.tolist(), strict=True)),
        networks=_NETWORKS[int(rng.integers(len(_NETWORKS)))],
        clients=_CLIENTS[int(rng.integers(len(_CLIENTS)))],
        models=dict(zip(_MODELS, models.tolist(), strict=True)),
        countries=np.asarray(rng.dirichlet(0.15 * SHARES), dtype=np.float64),
        second_network=float(rng.beta(1, 2)), second_client=float(rng.beta(1, 2)),
        second_route=float(rng.beta(0.5, 3)), temperature=float(rng.beta(1, 1)),
        max_tokens=float(rng.beta(1, 1)), org=float(rng.beta(0.6, 1.6)), shared_payment=0.0,
    )  # fmt: skip
    return Costume(
        profile=profile,
        curve=int(rng.choice([CURVE_NAMES.index("flat"), *range(len(CURVE_NAMES))])),
        follows_zone=bool(rng.random() < 0.5),
        payment_group=int(np.exp(rng.uniform(0.0, np.log(20.0)))),
        network_group=int(np.exp(rng.uniform(0.0, np.log(5.0)))) if rng.random() < 0.5 else 1,
        aged=float(rng.uniform(0.25, 0.7)),
        oldest_days=float(rng.uniform(6.0, 30.0)),
        shift_hours=24.0 if rng.random() < 0.4 else float(rng.uniform(3.0, 16.0)),
        evenness=float(rng.uniform(0.05, 1.1)),
        burst=float(rng.uniform(0.05, 1.0)),
        keeps_session=float(rng.beta(0.7, 1.2)),
        words=float(np.exp(rng.uniform(np.log(18), np.log(70)))),
        words_sigma=float(rng.uniform(0.6, 1.1)),
        context=float(np.exp(rng.uniform(np.log(60), np.log(3000)))),
        answer=float(np.exp(rng.uniform(np.log(70), np.log(600)))),
        code=float(rng.beta(0.5, 1.5)) * 0.8,
        foreign=float(rng.beta(0.5, 1.5)) * 0.9,
    )
