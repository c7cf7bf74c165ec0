from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.fleet import Assumptions, Model, PerRecord, kept
from bench.report import PAGE, between, fleets
from bench.speed.table import Row, markdown

RATES = st.floats(1.0, 1e7)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(kept(), Assumptions())


@settings(max_examples=25)
@given(low=RATES, factor=st.floats(1.0, 100.0))
def test_more_requests_need_no_less_of_anything(model: Model, low: float, factor: float) -> None:
    for ask in (model.fleet, model.loads, model.bytes_written):
        few, many = ask(low), ask(low * factor)
        assert all(math.isfinite(value) and value >= 0 for value in many.values())
        # A power of ten and the same a hair above it may round apart.
        assert all(many[name] >= few[name] * (1 - 1e-9) for name in few)


def test_each_bound_is_reached_where_it_is_said_to_be(model: Model) -> None:
    for rate, name in model.breaks():
        assert model.loads(rate * 1.001)[name] >= 1
        assert model.loads(rate * 0.98)[name] < 1


def test_longer_retention_of_fewer_copies_is_less_disk() -> None:
    three, one = (Model(kept(), replace(Assumptions(), copies=n)).fleet(1e4) for n in (3.0, 1.0))
    assert three["disk, TB"] == pytest.approx(3 * one["disk, TB"])
    assert one["between the brokers, MB/s"] == 0


COSTS = st.floats(0.01, 1e3)


@given(request=COSTS, record=COSTS, few=st.floats(0.0, 0.4), apart=st.floats(0.1, 1.0))
def test_a_cost_that_grows_with_records_is_found(
    request: float, record: float, few: float, apart: float
) -> None:
    cost = PerRecord(request, record)
    found = PerRecord.fitted(*((at, cost.at(at)) for at in (few, few + apart)))
    assert found.request == pytest.approx(request, rel=1e-6, abs=1e-6)
    assert found.record == pytest.approx(record, rel=1e-6)


def test_the_page_has_the_fleets_of_the_kept_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert between(page, "fleets", fleets()) == page


def test_a_table_has_a_line_for_each_row_and_a_cell_for_each_column() -> None:
    lines = list(markdown([("a", [Row("x", 1234.0, "s", cpu=0.5), Row("y", None, "no")])]))
    assert len({line.count("|") for line in lines}) == 1
    assert lines[3:] == ["| x | 0.5 |  | 1,234 | s |  |  |", "| y |  |  |  | no |  |  |"]
