from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from weakref import ref

import numpy as np
import pytest

from schemas.codec import decode_facts, decode_requests, decode_truth
from stream.simulator import Simulation, generate, named_scenario
from stream.simulator.rhythm import DAY
from stream.simulator.rows import NEW_MODELS, Rows, join
from stream.simulator.scenario import FAMILIES
from tests.stream.simulator.runs import run

PROGRAM = """
import hashlib
from stream.simulator import Simulation, named_scenario
lines = Simulation(named_scenario("hydra").scaled(0.02), 3).lines()
print(hashlib.sha256(b"".join(lines)).hexdigest())
"""


def digest(seed: int) -> str:
    lines = Simulation(named_scenario("hydra").scaled(0.02), seed).lines()
    return hashlib.sha256(b"".join(lines)).hexdigest()


def test_the_same_seed_gives_the_same_bytes_under_another_hash_seed() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest(3)


def test_another_seed_gives_other_traffic() -> None:
    assert digest(3) != digest(4)


def test_slices_are_the_whole_run_sorted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "_SLICE", 300)
    simulation = Simulation(named_scenario("hydra").scaled(0.02), 3)
    slices = list(simulation.rows())
    days = list(simulation.days())
    whole = join(
        [rows for day in days for rows in (*simulation.ordinary(day), *simulation.campaigning(day))]
    )
    whole = whole[np.argsort(whole["time"], kind="stable")]
    assert max(rows.size for rows in slices) == 300
    assert len(slices) > len(days)
    assert join(slices).tobytes() == whole.tobytes()


def test_a_day_is_gone_before_the_next_one_is_put_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days: list[ref[Rows]] = []

    def watched(parts: list[Rows]) -> Rows:
        assert all(day() is None for day in days)
        rows = join(parts)
        days.append(ref(rows))
        return rows

    monkeypatch.setattr(generate, "join", watched)
    scenario = named_scenario("quiet").scaled(0.01)
    kept = [rows["time"].max() for rows in Simulation(scenario, 3).rows()]
    assert len(days) == len(kept) == 8


@pytest.mark.parametrize("family", ["quiet", *FAMILIES])
def test_every_event_and_the_truth_follow_the_wire_format(family: str) -> None:
    seen = run(family)
    assert seen.rejected == 0
    assert seen.unknown_fields == {}
    truth = decode_truth(seen.encoded_truth())
    assert [campaign.family for campaign in truth.campaigns] == [family] * (family != "quiet")


@pytest.mark.parametrize("family", FAMILIES)
def test_events_come_in_time_order_within_the_run(family: str) -> None:
    seen = run(family)
    scenario = seen.simulation.world.scenario
    assert (np.diff(seen.times) >= 0).all()
    assert scenario.start <= seen.times[0]
    assert seen.times[-1] < scenario.end


@pytest.mark.parametrize("family", FAMILIES)
def test_truth_agrees_with_the_events(family: str) -> None:
    seen = run(family)
    campaign = seen.campaign
    harvest = sum(requests for _, requests in campaign["harvest"])
    assert seen.times.size == seen.truth["benign_requests"] + len(seen.sent)
    assert len(seen.sent) == harvest + campaign["cover_requests"]
    per_minute = Counter(int(event["time"] // 60) for event in seen.sent)
    assert all(per_minute[minute] >= requests for minute, requests in campaign["harvest"])


@pytest.mark.parametrize("family", FAMILIES)
def test_requests_of_a_campaign_lie_in_the_windows_of_its_accounts(family: str) -> None:
    seen = run(family)
    truth = decode_truth(seen.encoded_truth()).campaigns[0]
    windows = {each.id: (float(each.start), float(each.end or 0)) for each in truth.accounts}
    for event in seen.sent:
        start, end = windows[event["account"]]
        assert start <= event["time"] <= end


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_campaigns_send_at_most_two_requests_in_a_hundred(family: str, seed: int) -> None:
    campaign = np.concatenate(
        [rows["campaign"] for rows in Simulation(named_scenario(family).scaled(0.1), seed).rows()]
    )
    assert 0 < (campaign >= 0).sum() <= 0.02 * campaign.size


@pytest.mark.parametrize("family", FAMILIES)
def test_accounts_are_never_used_before_they_exist(family: str) -> None:
    assert run(family).youngest >= 0


def test_ordinary_traffic_does_not_depend_on_the_campaign() -> None:
    assert np.array_equal(run("fragment").ordinary_times, run("relay").ordinary_times)


def test_all_families_share_one_budget() -> None:
    seen = run("all")
    assert sorted(each["family"] for each in seen.truth["campaigns"]) == sorted(FAMILIES)
    assert len(seen.sent) <= 0.02 * seen.times.size


def test_metadata_only_runs_carry_no_text() -> None:
    scenario = replace(named_scenario("template").scaled(0.02), metadata_only=True)
    for event in decode_requests(list(Simulation(scenario, 1).lines())).events:
        assert event.prompt is None
        assert event.system is None


def test_facts_withheld_from_requests_come_as_records() -> None:
    seen = run("fragment+rotate:1")
    records = [decode_facts(line) for line in seen.simulation.facts()]
    apart = {record.account for record in records if record.status == "active"}
    assert apart
    assert [record.time for record in records] == sorted(record.time for record in records)
    assert not apart & seen.shows_plan


def test_a_campaign_turns_to_a_new_model_within_a_day_of_its_release() -> None:
    scenario = named_scenario("agentic").scaled(0.2)
    begins = (Simulation(scenario, 1).campaigns[0].start - scenario.start) / DAY
    scenario = replace(scenario, release_day=begins + 0.5)
    simulation = Simulation(scenario, 1)
    rows = np.concatenate(
        [part for day in simulation.days() for part in simulation.campaigning(day)]
    )
    new = np.isin(rows["model"], NEW_MODELS)
    days = (rows["time"] - scenario.start) / DAY - begins
    assert not new[days < 0.5].any()
    assert new[days > 1.25].mean() > 0.2
