"""The February campaigns in a stream: the same as a recording of it, and judged to the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bench.detection import replay
from bench.rehearsal import __main__ as parts
from bench.rehearsal import february
from bench.rehearsal.february import EXCHANGES, FEBRUARY, as_published, picture
from bench.rehearsal.report import Rehearsal, told
from bench.rehearsal.streaming import Streamed, streamed
from stream.simulator import Scenario, Simulation, write_scenario
from stream.simulator.campaigns.agentic import Agentic
from stream.simulator.campaigns.sizing import fit

SEED = 5


@pytest.fixture(scope="module", autouse=True)
def three_days() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(february, "DAYS", 3.0)
        patches.setattr(february, "RELEASE_DAY", 1.5)
        patches.setattr(parts, "AIMED", 0.2)
        yield


def tiny() -> Scenario:
    """Campaigns dense enough to be alerted about."""
    return picture(6_000, [400.0] * len(FEBRUARY))


@pytest.fixture(scope="module")
def stream() -> Streamed:
    with as_published():
        return streamed(Simulation(tiny(), SEED))


def test_a_stream_is_judged_as_a_recording_of_it_is(stream: Streamed, tmp_path: Path) -> None:
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
        found = parts.judged(5_000, SEED, None)
    assert [one.family for one in found.campaigns] == [one.family.family for one in FEBRUARY]
    sent = sum(one.requests for one in found.campaigns)
    assert sent == found.requests - found.ordinary
    assert (found.contamination, found.factor) == (sent / found.requests, sent / EXCHANGES)
    assert all(0 < one.harvest <= one.requests for one in found.campaigns)
    assert any(one.telling for one in found.campaigns)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Rehearsal) == found
    lines = list(told(found))
    assert all(any(f"`{one.family}`" in line for line in lines) for one in found.campaigns)


def test_the_load_part_fits_the_time_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_speed", lambda *_: 100.0)
    with as_published():
        found = parts.load(1.0, SEED, None)
    assert 0.5 < found.requests / 4_800 < 1.2
    assert 0.0 < found.contamination < 0.6


def test_sizes_are_the_published_ones_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(february, "DAYS", 14.0)
    scenario = picture(2 * EXCHANGES, [one.exchanges for one in FEBRUARY])
    with as_published():
        sizes = [
            fit(one.family.published, plan.rate, scenario, plan.share)
            for plan, one in zip(scenario.campaigns, FEBRUARY, strict=True)
        ]
    assert [size.accounts for size in sizes] == [one.accounts for one in FEBRUARY]
    sent = [size.accounts * size.rate * size.days for size in sizes]
    assert sent == pytest.approx([one.exchanges for one in FEBRUARY])


def test_the_disclosure_adds_up() -> None:
    assert sum(one.accounts for one in FEBRUARY) == 24_000
    assert EXCHANGES > 16_000_000


def test_families_are_as_before_afterwards() -> None:
    before = Agentic.published
    with as_published():
        assert Agentic.published != before
    assert Agentic.published == before
