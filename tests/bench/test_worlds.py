"""Campaigns of sizes that nobody published: as many accounts and requests as asked for."""

from __future__ import annotations

import numpy as np
import pytest

from bench.evasion_cost import world as slow_world
from bench.mixing import world as mixing_world
from bench.worlds import CLASS_OF, PAIR_OF, World, shaped, weights_id
from stream.simulator import Simulation
from stream.simulator.rows import Rows


def rows_of(world: World) -> Rows:
    """The campaigns' requests."""
    with shaped(world.scenario, world.shape):
        run = Simulation(world.scenario, world.seed)
        parts = [rows for day in run.days() for rows in run.campaigning(day)]
    return np.concatenate(parts)


@pytest.mark.parametrize("rate", [1.0, 8.0])
def test_slow_campaigns_send_what_was_asked_for(rate: float) -> None:
    rows = rows_of(slow_world(("template", "relay"), None, rate, seed=3))
    for number in (0, 1):
        own = rows[rows["campaign"] == number]
        # A canary set may come on top, up to a twentieth.
        assert 0.7 < own.size / (30 * 14 * rate) < 1.15
        assert len(np.unique(own["account"])) <= 30


def test_mixing_is_that_of_the_requests() -> None:
    rows = rows_of(mixing_world("fragment", 0.05, seed=3))
    assert 0.03 < rows["harvest"].mean() < 0.06


def test_published_sizes_are_as_before_afterwards() -> None:
    before = {family: (each.published, each.cover) for family, each in CLASS_OF.items()}
    world = slow_world(("template", "relay"), None, 1.0, seed=3)
    with shaped(world.scenario, world.shape):
        assert CLASS_OF["relay"].published.accounts == 30
        assert CLASS_OF["hydra"].published == before["hydra"][0]
    assert before == {family: (each.published, each.cover) for family, each in CLASS_OF.items()}


def test_every_family_is_left_out_with_one_other() -> None:
    assert set(PAIR_OF) == set(CLASS_OF)
    assert all(family in pair for family, pair in PAIR_OF.items())


def test_weights_are_told_apart() -> None:
    assert weights_id(None) != weights_id("[weights]") != weights_id("[weights] ")
