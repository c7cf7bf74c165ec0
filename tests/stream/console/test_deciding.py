"""Verdicts: what makes one, where it is written, what is written down, what happens if not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.codec import decode_feedback
from schemas.feedback import FeedbackRecord
from schemas.times import to_microseconds
from stream.console.deciding import FileWriter, TopicWriter, decision_of, record_of
from stream.errors import FailedRun
from stream.receive.refusal import Refusal
from tests.stream.console.desk import ALERT, DISMISS, Desk, at_the_desk, book_of

REASON = DISMISS["reason"]
SUPPRESS = {**DISMISS, "verdict": "suppress", "scope": "accounts", "days": 7}


def test_a_verdict_is_written_where_the_detector_hears_it_and_written_down(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("ada")
        for said in (SUPPRESS, {"verdict": "confirm", "sequence": 3}):
            assert (await one.ask(f"/api/decide?id={ALERT}", said)).status == 200
        suppressed, confirmed = [
            decode_feedback(orjson.dumps(line)) for line in one.lines("feedback")
        ]
        time = to_microseconds(one.book.lives[ALERT][-1].time, "time") / 1e6
        assert suppressed == FeedbackRecord(
            ALERT, time, "dismiss", REASON, "ada", "accounts", time + 7 * 86_400
        )
        assert confirmed == FeedbackRecord(ALERT, time, "confirm", None, "ada")
        told = one.lines("audit")
        assert [line["action"] for line in told] == [
            "sign-in", "decided", "written", "decided", "written",
        ]  # fmt: skip
        assert told[1] | {"action": "written"} == told[2] | {"time": told[1]["time"]}
        assert told[2].items() >= {
            "who": "ada", "role": "analyst", "alert_id": ALERT, "verdict": "suppress",
            "reason": REASON, "scope": "accounts",
        }.items()  # fmt: skip
        shown = (await one.ask(f"/api/finding?id={ALERT}")).json
        assert [said["verdict"] for said in shown["said"]] == ["confirm", "suppress"]

    at_the_desk(tmp_path, scenario)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"verdict": "dismiss", "sequence": 3}, 422),
        ({**DISMISS, "reason": "  "}, 422),
        ({**DISMISS, "scope": "ties"}, 422),
        ({**DISMISS, "reason": "x" * 2_001}, 422),
        ({**SUPPRESS, "days": 0}, 422),
        ({**SUPPRESS, "days": 367}, 422),
        ({**SUPPRESS, "scope": "everything"}, 422),
        ({**SUPPRESS, "scope": None}, 422),
        ({**DISMISS, "by": "somebody else"}, 422),
        ({"verdict": "shrug", "sequence": 3}, 422),
        ([], 422),
        ({**DISMISS, "reason": "x" * 20_000}, 413),
        ({**DISMISS, "sequence": 2}, 409),
    ],
)
def test_half_a_verdict_is_none(tmp_path: Path, said: Any, status: int) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("ada")
        assert (await one.ask(f"/api/decide?id={ALERT}", said)).status == status
        assert (await one.ask("/api/decide?id=no-such-alert", DISMISS)).status == 404
        assert one.lines("feedback") == []
        assert [line["action"] for line in one.lines("audit")] == ["sign-in"]

    at_the_desk(tmp_path, scenario)


def test_without_a_file_for_verdicts_nobody_decides(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("ada")
        assert (await one.ask("/api/session")).json["decides"] is False
        answer = await one.ask(f"/api/decide?id={ALERT}", DISMISS)
        assert answer.status == 409
        assert "--feedback" in answer.json["error"]

    at_the_desk(tmp_path, scenario, writer=lambda _: None)


class Broken(FileWriter):
    async def write(self, record: FeedbackRecord) -> None:
        raise Refusal(503, "Kafka does not take what is sent")


def test_a_verdict_that_is_not_written_is_told_and_not_shown(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("ada")
        assert (await one.ask(f"/api/decide?id={ALERT}", DISMISS)).status == 503
        assert [line["action"] for line in one.lines("audit")][1:] == ["decided", "not-written"]
        assert (await one.ask(f"/api/finding?id={ALERT}")).json["said"] == []

    at_the_desk(tmp_path, scenario, writer=Broken)


def test_what_cannot_be_written_down_does_not_happen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("ada")

        def full(*_: object) -> None:
            raise FailedRun("audit.jsonl: No space left on device")

        monkeypatch.setattr("stream.console.audit.AuditLog.write", full)
        assert (await one.ask(f"/api/decide?id={ALERT}", DISMISS)).status == 503
        assert one.lines("feedback") == []

    at_the_desk(tmp_path, scenario)


def test_verdicts_on_live_traffic_hold_from_now_on() -> None:
    class Topic:
        def __init__(self) -> None:
            self.records: list[Any] = []

        async def deliver(self, topic: str, records: Any) -> None:
            self.records.append((topic, *records))

    topic, life = Topic(), book_of().lives[ALERT]
    writer = TopicWriter(topic, "gauger.feedback", lambda: 1_800_000_000_000_000)  # type: ignore[arg-type]
    decision = decision_of(orjson.dumps(SUPPRESS))
    record = record_of(decision, life, "ada", writer.time_of(life))
    assert record.time == "2027-01-15T08:00:00.000000Z"
    assert record.expires == "2027-01-22T08:00:00.000000Z"
    asyncio.run(writer.write(record))
    [(name, (key, value))] = topic.records
    assert (name, key) == ("gauger.feedback", ALERT.encode())
    assert decode_feedback(value).scope == "accounts"
