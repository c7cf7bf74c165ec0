"""Labelled traffic: ordinary use of a language-model API, and campaigns hidden in it."""

from __future__ import annotations

from stream.simulator.corpus import CorpusError
from stream.simulator.generate import Simulation
from stream.simulator.leakage import LeakError, check_leakage
from stream.simulator.scenario import (
    CampaignPlan,
    Scenario,
    ScenarioError,
    named_scenario,
    read_scenario,
)
from stream.simulator.writer import Written, simulate, write_scenario

__all__ = [
    "CampaignPlan",
    "CorpusError",
    "LeakError",
    "Scenario",
    "ScenarioError",
    "Simulation",
    "Written",
    "check_leakage",
    "named_scenario",
    "read_scenario",
    "simulate",
    "write_scenario",
]
