"""The February campaigns in a stream: the same as a recording of it, and judged to the end."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bench.detection import replay
from bench.rehearsal.__main__ import judged, load
from bench.rehearsal.february import EXCHANGES, FEBRUARY, as_published, picture
from bench.rehearsal.report import Rehearsal, told
from bench.rehearsal.streaming import Streamed, streamed
from stream.simulator import Scenario, Simulation, write_scenario
from stream.simulator.campaigns.agentic import Agentic
from stream.simulator.campaigns.sizing import budget_of, fit

SEED = 5


def tiny() -> Scenario:
    """Campaigns dense enough to be alerted about."""
    return picture(7_000, [400.0] * len(FEBRUARY))


@pytest.fixture(scope="module")
def stream() -> Streamed:
    with as_published():
        return streamed(Simulation(tiny(), SEED))


def test_a_stream_and_a_recording_of_it_are_judged_alike(stream: Streamed, tmp_path: Path) -> None:
    with as_published():
        write_scenario(tiny(), SEED, tmp_path, guard=False)
    recorded = replay(tmp_path, None)
    assert stream.alerts
    assert stream.alerts == recorded.alerts
    assert stream.traffic.requests == recorded.traffic.requests


def test_a_stream_ends_where_it_is_told_to(stream: Streamed) -> None:
    with as_published():
        begun = streamed(Simulation(tiny(), SEED), 500)
    assert begun.traffic.requests == 500
    assert begun.traffic.first == stream.traffic.first
    assert begun.traffic.last < stream.traffic.last


def test_the_judged_part_tells_of_all_campaigns() -> None:
    with as_published():
        found = judged(3_000, SEED, None)
    assert [one.family for one in found.campaigns] == [one.family.family for one in FEBRUARY]
    sent = sum(one.requests for one in found.campaigns)
    assert sent == found.requests - found.ordinary
    assert 0.0 < found.contamination == sent / found.requests
    assert found.factor == sent / EXCHANGES
    assert not found.corpora
    assert all(0 < one.harvest <= one.requests for one in found.campaigns)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Rehearsal) == found
    text = "\n".join(told(found))
    assert all(f"`{one.family}`" in text for one in found.campaigns)


def test_the_load_part_has_the_published_size_where_time_allows() -> None:
    scenario = picture(2 * EXCHANGES, [one.exchanges for one in FEBRUARY])
    with as_published():
        for plan, one in zip(scenario.campaigns, FEBRUARY, strict=True):
            size = fit(one.family.published, plan.rate, scenario, plan.share)
            assert (size.accounts, size.rate_factor) == (one.accounts, 1.0)
            assert size.accounts * size.rate * size.days == pytest.approx(one.exchanges)
            assert budget_of(scenario, plan.share) == pytest.approx(one.exchanges, rel=0.002)


def test_the_load_part_is_scaled_down_where_it_does_not() -> None:
    with as_published():
        found = load(0.01, SEED, None)
    assert found.factor < 0.01


def test_the_disclosure_adds_up() -> None:
    assert sum(one.accounts for one in FEBRUARY) == 24_000
    assert EXCHANGES > 16_000_000


def test_families_are_as_before_afterwards() -> None:
    before = Agentic.published
    with as_published():
        assert Agentic.published != before
    assert Agentic.published == before
