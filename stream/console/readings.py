"""Features of accounts in units that people read: the detector counts most of them in doublings."""

from __future__ import annotations

from collections.abc import Callable
from math import exp2
from typing import Literal, NamedTuple

Unit = Literal["count", "tokens", "share", "seconds", "times", "number"]
Scale = Callable[[float], float]


class Reading(NamedTuple):
    """How a feature reads.

    Attributes:
        name: What it is.
        unit: What `of` gives; `share` in [0, 1].
        of: Takes a value on the feature's own scale.
    """

    name: str
    unit: Unit
    of: Scale

    def rounded(self, value: float) -> float:
        """A value as it reads, to two digits: bins are no finer; counts to the next whole one."""
        read = max(self.of(value), 0.0)
        return float(round(read)) if self.unit == "count" else float(f"{read:.2g}")


def _as_is(value: float) -> float:
    return value


def _doubled(value: float) -> float:
    return exp2(value)


def _counted(value: float) -> float:
    return exp2(value) - 1.0


def _hours(value: float) -> float:
    return 3_600.0 * _counted(value)


def _minutes(value: float) -> float:
    return 60.0 * _counted(value)


READINGS: dict[str, Reading] = {
    "load": Reading("Tokens a day", "tokens", _counted),
    "networks": Reading("Networks", "count", _counted),
    "clients": Reading("Client programs", "count", _counted),
    "end_users": Reading("End users", "count", _counted),
    "models": Reading("Models", "count", _counted),
    "scripts": Reading("Writing systems", "count", _counted),
    "toolsets": Reading("Sets of tools", "count", _counted),
    "turnover": Reading("Sessions a request", "number", _doubled),
    "canaries": Reading("One text, back on time", "share", _as_is),
    "ratio": Reading("Tokens written for each read", "number", _doubled),
    "samples": Reading("Answers asked for a request", "number", _doubled),
    "rerouted": Reading("Requests over new pathways", "share", _as_is),
    "input": Reading("Typical tokens read a request", "tokens", _counted),
    "output": Reading("Typical tokens written a request", "tokens", _counted),
    "text": Reading("Typical characters of new text", "number", _counted),
    "input_spread": Reading("Spread of tokens read", "times", _doubled),
    "output_spread": Reading("Spread of tokens written", "times", _doubled),
    "text_spread": Reading("Spread of characters", "times", _doubled),
    "single_turn": Reading("Single-turn requests", "share", _as_is),
    "cached": Reading("Tokens read from a cache", "share", _as_is),
    "reasoning": Reading("Requests with reasoning", "share", _as_is),
    "cut": Reading("Answers cut off", "share", _as_is),
    "repetition": Reading("Text seen shortly before", "share", _as_is),
    "shapes": Reading("Sets of parameters", "count", _counted),
    "pivot": Reading("Requests to new models", "share", _as_is),
    "programme": Reading("Newness on a special plan", "number", _as_is),
    "refused": Reading("Refused", "share", _as_is),
    "failed": Reading("Failed", "share", _as_is),
    "techniques": Reading("Different texts refused", "count", _counted),
    "countries": Reading("Countries", "count", _counted),
    "night": Reading("Requests in the quietest eight hours", "share", _as_is),
    "day": Reading("Evenness over the day", "share", _as_is),
    "idle": Reading("Longest pause of late", "seconds", _minutes),
    "pace": Reading("Requests in a busy epoch", "number", _counted),
    "bursts": Reading("Requests in a busy moment", "number", _doubled),
    "likeness": Reading("Requests like one another", "share", _as_is),
    "age": Reading("Age", "seconds", _hours),
    "ramp": Reading("Requests a day since sign-up", "number", _counted),
    "volume": Reading("Requests of late", "number", _counted),
}
"""By name of the feature; one that is not here reads on its own scale."""


def reading(name: str) -> Reading:
    """How a feature reads."""
    return READINGS.get(name) or Reading(name.replace("_", " "), "number", _as_is)
