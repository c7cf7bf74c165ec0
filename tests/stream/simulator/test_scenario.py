from __future__ import annotations

from pathlib import Path

import pytest

from stream.simulator import ScenarioError, named_scenario, read_scenario
from stream.simulator.campaigns.sizing import Published, fit
from stream.simulator.scenario import FAMILIES, RATES, Scenario


def test_a_name_holds_family_evasions_and_rate() -> None:
    plan = named_scenario("fragment+cover:0.3+rotate@1/3").campaigns[0]
    assert plan.family == "fragment"
    assert plan.evasions == {"cover": 0.3, "rotate": 0.5}
    assert plan.rate == pytest.approx(1 / 3)


def test_all_holds_every_family_in_equal_shares() -> None:
    plans = named_scenario("all").campaigns
    assert [plan.family for plan in plans] == list(FAMILIES)
    assert sum(plan.share for plan in plans) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("nonsense", "nonsense"),
        ("drip+magic", "magic"),
        ("drip@fast", "fast"),
        ("drip+cover:7", "cover"),
    ],
)
def test_an_unknown_part_is_named(name: str, word: str) -> None:
    with pytest.raises(ScenarioError, match=word):
        named_scenario(name)


def test_a_file_says_the_same_as_a_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('days = 3.0\n[[campaigns]]\nfamily = "relay"\nevasions = { split = 0.5 }\n')
    scenario = read_scenario(path)
    assert (scenario.name, scenario.days) == ("mine", 3.0)
    assert scenario.campaigns[0].evasions == {"split": 0.5}


def test_a_file_with_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("dayz = 3.0\n")
    with pytest.raises(ScenarioError, match="dayz"):
        read_scenario(path)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("requests", [1_000.0, 50_000.0, 5_000_000.0])
def test_a_campaign_keeps_to_its_budget_and_floor(rate: float, requests: float) -> None:
    published = Published(3_500, 857.0, 60.0, "example")
    scenario = Scenario(requests_per_day=requests)
    size = fit(published, rate, scenario, 1.0)
    budget = scenario.contamination * scenario.requests
    assert size.accounts * size.rate * size.days <= budget * 1.001
    assert size.accounts >= published.floor
    assert size.rate <= published.rate * rate * 1.001


def test_accounts_give_way_before_the_rate() -> None:
    size = fit(Published(5_000, 5.0, 6.0, "example"), 1.0, Scenario(), 1.0)
    assert (size.rate, size.rate_factor) == (5.0, 1.0)
    assert size.accounts < 5_000
