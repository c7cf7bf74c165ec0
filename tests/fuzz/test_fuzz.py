"""A bounded run of every target; `make fuzz` runs them longer, guided by coverage."""

from __future__ import annotations

import pytest

from tests.fuzz.mutation import mutations
from tests.fuzz.seeds import FOLDER, seeds
from tests.fuzz.targets import TARGETS

MUTATIONS = 300


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_finds_of_before_hold(name: str) -> None:
    assert seeds(name)
    for seed in seeds(name):
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_input_costs_itself_alone(name: str) -> None:
    for number, data in enumerate(mutations(seeds(name), MUTATIONS, 20)):
        try:
            TARGETS[name](data)
        except Exception as error:
            error.add_note(f"mutation {number} of {name}: {data[:400]!r}")
            raise


def test_every_find_belongs_to_a_target() -> None:
    assert {path.name for path in FOLDER.iterdir()} <= TARGETS.keys()
