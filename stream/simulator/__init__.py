"""Labelled traffic: ordinary use of a language-model API, and campaigns hidden in it."""

from __future__ import annotations

from stream.simulator.generate import Simulation
from stream.simulator.scenario import CampaignPlan, Scenario, ScenarioError, named_scenario, read_scenario
from stream.simulator.writer import Written, write_scenario

__all__ = [
    "CampaignPlan", "Scenario", "ScenarioError", "Simulation", "Written",
    "named_scenario", "read_scenario", "write_scenario",
]  # fmt: skip
