"""Hash flooding: inputs chosen so that whatever is looked up in a table takes the longest way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evidence.tie_score import shipped
from models.kernels.table import mix_all
from models.requests.hashing import StringHasher, table_seed
from models.requests.kinds import KIND_BITS, TieKind
from models.ties.stage import TieStage
from models.wire.messages import TieOptions
from stream.settings import Settings
from stream.worker.stages import Ties
from tests.attacks.worlds import shown_by
from tests.strategies import KEY
from tests.stream.traffic import open_run

Hashes = NDArray[np.uint64]

GUESSED_KEY = b"the key that the attacker guessed"
BITS = 14
CHOSEN = 3_000
EXPECTED = 1.3
"""Cells looked at for each key in a table that is a fifth full, of keys that nobody chose."""


def probes(places: Hashes) -> float:
    """Cells that are looked at for each key while these places are filled, one after the other."""
    taken = np.zeros(1 << BITS, np.bool_)
    looked = 0
    for first in places.tolist():
        place = first
        while taken[place]:
            place = (place + 1) % (1 << BITS)
            looked += 1
        taken[place] = True
        looked += 1
    return looked / len(places)


def low(hashes: Hashes) -> Hashes:
    """Where `models.table` looks first."""
    places: Hashes = mix_all(hashes) & np.uint64((1 << BITS) - 1)
    return places


def high(keys: Hashes, seed: int) -> Hashes:
    """Where the table of tie values looks first."""
    places: Hashes = mix_all(keys ^ np.uint64(seed)) >> np.uint64(64 - BITS)
    return places


def networks_that_collide() -> Hashes:
    """Tie keys of IPv6 networks, of 2^48, that without a seed fall into a 64th of the table."""
    numbers = np.random.default_rng(1).integers(0, 1 << 48, 90 * CHOSEN, np.uint64)
    bits = np.uint64(1 << 55) | numbers
    keys = bits << np.uint64(KIND_BITS) | np.uint64(TieKind.NETWORK)
    return np.unique(keys[high(keys, 0) < 1 << BITS - 6])[:CHOSEN]


def test_account_names_that_collide_under_one_key_do_not_under_another() -> None:
    """The attacker signs up accounts whose names collide under the key that he takes for ours.

    Names are hashed by SipHash-1-3 under the secret key, so his choice is no better than chance.
    """
    names = [f"account-{number}" for number in range(90 * CHOSEN)]
    guessed = StringHasher(GUESSED_KEY).columns({"account": names})["account"]
    chosen = np.flatnonzero(low(guessed) < 1 << BITS - 6)[:CHOSEN]
    assert probes(low(guessed[chosen])) > 500
    ours = StringHasher(KEY).columns({"account": [names[row] for row in chosen]})["account"]
    assert probes(low(ours)) < EXPECTED


def test_networks_that_collide_without_a_seed_do_not_with_one() -> None:
    """The attacker forges addresses (X-Forwarded-For) whose networks share a place in the table.

    Keys of networks are numbers that anybody can compute, and mixing them is no secret either: what
    keeps them apart is the seed of the table.
    """
    keys = networks_that_collide()
    assert len(keys) == CHOSEN
    assert probes(high(keys, 0)) > 500
    assert probes(high(keys, table_seed(KEY))) < EXPECTED


def displaced(stage: TieStage) -> float:
    """How far the values of a stage lie from where they are looked for, on average."""
    values = stage._values
    rows = np.flatnonzero(values["key"])
    shift = np.uint64(64 - len(values).bit_length() + 1)
    homes = mix_all(values["key"][rows] ^ stage._seed) >> shift
    return float(((rows.astype(np.uint64) - homes) % np.uint64(len(values))).mean())


def test_the_table_of_a_tie_stage_is_seeded() -> None:
    """The same flood, through a tie stage."""
    batch = shown_by(1, networks_that_collide())
    far = []
    for seed in (0, table_seed(KEY)):
        stage = TieStage(shipped(), 10_000, seed)
        stage.close(5, [batch], TieOptions(epoch_seconds=300))
        far.append(displaced(stage))
    assert far[0] > 500
    assert far[1] < EXPECTED


def test_every_stage_has_the_seed_of_its_key() -> None:
    settings = Settings()
    seed = table_seed(settings.key.secret)
    assert seed
    assert seed != table_seed(KEY)
    stages = open_run(2)._detector._ties
    nothing: Any = None
    worker = Ties(replace(settings), nothing, shipped(), nothing)
    stages.append(worker.make(0).stage)
    assert {int(stage._seed) for stage in stages} == {seed}
