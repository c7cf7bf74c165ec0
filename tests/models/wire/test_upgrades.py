"""States of older versions, brought up to date as they are read."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
import pytest

from models.tie_layouts import ALL_SINGLES
from models.wire.state import MAGIC, VERSION, decode_state
from models.wire.upgrades import upgraded
from schemas.errors import InvalidRecord


def of_version_1(state: Any) -> bytes:
    body = msgspec.msgpack.encode(state)
    digest = blake2b(body, digest_size=16, person=b"gauger-state").digest()
    return MAGIC + b"\x01" + digest + body


def run(*counts: list[int]) -> dict[str, Any]:
    return {"detector": {"accounts": [{"counts": one} for one in counts], "ties": [{}]}, "bad": 3}


def test_late_rows_of_all_stages_become_those_of_the_run() -> None:
    state = decode_state(of_version_1(run([10, 2, 1, 4], [20, 0, 0, 5])))
    assert state["late"] == 9
    assert [stage["counts"] for stage in state["detector"]["accounts"]] == [[10, 2, 1], [20, 0, 0]]


def test_before_version_3_nothing_was_dropped_for_want_of_room() -> None:
    detector = upgraded(run([10, 2, 1], [20, 0, 0]), 2)["detector"]
    stages = [*detector["accounts"], *detector["ties"]]
    assert [stage["evicted"] for stage in stages] == [0, 0, 0]


def test_before_version_4_facts_without_an_account_had_no_date() -> None:
    stage = {"counts": [1, 0, 0], "evicted": 0, "closed": 40, "waiting": {7: {"plan": 2}}}
    [accounts] = upgraded({"detector": {"accounts": [stage], "ties": []}}, 3)["detector"][
        "accounts"
    ]
    assert accounts["waiting"] == {7: [40, {"plan": 2}]}
    later = [41, [[9_000, 7, {"plan": 3}]]]
    piece = {"waiting": [["waiting", 7, {"plan": 2}], ["facts", *later]], "epoch": 40}
    assert upgraded(piece, 3)["waiting"] == [["waiting", 7, [40, {"plan": 2}]], ["facts", *later]]


@pytest.mark.parametrize("run_whole", [True, False])
def test_before_version_3_nobody_had_said_anything_of_a_finding(*, run_whole: bool) -> None:
    head = {"epochs": [12, 40], "joining": {"clusters": [{"id": "one"}]}, "budget": {"days": 3}}
    whole = {"detector": {"head": head, "accounts": [], "ties": []}}
    found = upgraded(whole if run_whole else {"head": head}, 2)
    head = (found["detector"] if run_whole else found)["head"]
    unsaid = {"banned": [], "verdict": ["", 0, 0, ""], "paid": []}
    assert head["joining"]["clusters"] == [{"id": "one", **unsaid}]
    assert head["budget"] == {"days": 3, "dismissed": [0.0, 0.0]}
    assert head["feedback"] == {"waiting": [], "counts": [0, 0, 0]}
    nothing = {"shown": [], "owners": [], "common": [], "unknown": [], "changed": False}
    assert head["crossing"] == {"first_epoch": 12, "crossings": nothing}


def test_before_version_3_a_source_had_told_no_verdicts() -> None:
    assert upgraded({"clock": 7}, 2) == {"clock": 7, "feedback_coverage": {}}
    assert upgraded({"clock": 7}, 3) == {"clock": 7}


def test_before_version_4_checkpoints_of_ties_held_all_singles() -> None:
    assert upgraded({"stage": {"capacity": 64}}, 3)["stage"]["singles_from"] == ALL_SINGLES
    assert upgraded({"stage": {"rows": 64}}, 3) == {"stage": {"rows": 64}}


def test_a_state_of_today_stays_as_it_is() -> None:
    state = run([10, 2, 1])
    assert upgraded(state, VERSION) is state


@pytest.mark.parametrize("state", [{}, {"detector": []}, run([1, 2, 3]), {"detector": {}}])
def test_what_is_no_run_was_never_saved_in_version_1(state: dict[str, Any]) -> None:
    with pytest.raises(InvalidRecord, match="not a state of version 1"):
        decode_state(of_version_1(state))
