"""States of older versions brought up to date: one function a version, each to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from models.tie_layouts import ALL_SINGLES
from models.wire.columns import OF_STATE_3, TODAY, state_moved

State = dict[str, Any]


def upgraded(state: State, version: int) -> State:
    """A state of this version as one of today's.

    Raises:
        KeyError, TypeError, ValueError: It is none of that version.
    """
    for older in sorted(number for number in _STEPS if number >= version):
        state = _STEPS[older](state)
    return state


def _from_1(state: State) -> State:
    """Late rows were counted by every account stage; now their sources count them.

    What ends is counted by the run. Only whole runs were saved in version 1.
    """
    late = 0
    for stage in state["detector"]["accounts"]:
        added, duplicates, reused, stage_late = stage["counts"]
        stage["counts"] = [added, duplicates, reused]
        late += stage_late
    return {**state, "late": late}


def _from_2(state: State) -> State:
    """Nothing was dropped for want of room, nobody known to be banned, no verdict heard."""
    detector = state.get("detector")
    if detector is not None:
        for stage in (*detector["accounts"], *detector["ties"]):
            stage["evicted"] = 0
    head = (detector or state).get("head")
    if head is not None:
        for cluster in head["joining"]["clusters"]:
            cluster |= {"banned": [], "verdict": ["", 0]}
        head["budget"]["dismissed"] = [0.0, 0.0]
        head["feedback"] = {"waiting": [], "counts": [0, 0, 0]}
    if "clock" in state:
        state["feedback_coverage"] = {}
    return state


def _from_3(state: State) -> State:
    """There were fewer features, measures and breadths, and no signature was known to have crossed.

    Checkpoints held all singles that the tables did; places of values are not looked at any more.
    Facts of accounts that have sent nothing waited for ever; they are dated by the last close.
    """
    state = state_moved(state, OF_STATE_3, TODAY)
    stage = state.get("stage")
    if isinstance(stage, dict) and "capacity" in stage:
        stage["singles_from"] = ALL_SINGLES
    _date_waiting_facts(state)
    head = (state.get("detector") or state).get("head")
    if head is not None:
        _add_crossings(head)
        for cluster in head["joining"]["clusters"]:
            cluster["paid"] = []
            # Dismissals held for ever, and for what accounts share alone.
            cluster["verdict"] += [0, ""]
    return state


def _date_waiting_facts(state: State) -> None:
    for stage in (state.get("detector") or {}).get("accounts", []):
        waiting = stage.get("waiting", {})
        stage["waiting"] = {one: [stage["closed"], facts] for one, facts in waiting.items()}
    if "waiting" in state:
        state["waiting"] = [
            [kind, key, [state["epoch"], value] if kind == "waiting" else value]
            for kind, key, value in state["waiting"]
        ]


def _add_crossings(head: State) -> None:
    crossings: State = {name: [] for name in ("shown", "owners", "common", "unknown")}
    head["crossing"] = {
        "first_epoch": head["epochs"][0],
        "crossings": {**crossings, "changed": False},
    }


_STEPS: dict[int, Callable[[State], State]] = {1: _from_1, 2: _from_2, 3: _from_3}
