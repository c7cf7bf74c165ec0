from __future__ import annotations

import pytest

from models.head.verdicts import Verdict, WaitingVerdicts, verdict_of
from schemas.codec import encode
from schemas.errors import InvalidRecord
from schemas.feedback import FeedbackRecord


@pytest.mark.parametrize(
    ("time", "expected"),
    [(1_767_225_600, 1_767_225_600_000_000), ("2026-01-01T00:00:00.25Z", 1_767_225_600_250_000)],
)
def test_a_verdict_carries_its_time_in_microseconds(time: int | str, expected: int) -> None:
    line = encode(FeedbackRecord(alert_id="a1", verdict="confirm", time=time))
    assert verdict_of(line) == Verdict(expected, "a1", "confirm")


@pytest.mark.parametrize("expires", [1_767_225_601.5, "2026-01-01T00:00:01.5Z"])
def test_a_dismissal_carries_its_end_and_its_scope(expires: float | str) -> None:
    record = FeedbackRecord("a1", 1_767_225_600, "dismiss", scope="accounts", expires=expires)
    expected = Verdict(
        1_767_225_600_000_000, "a1", "dismiss", until=1_767_225_601_500_000, scope="accounts"
    )
    assert verdict_of(encode(record)) == expected


def test_what_is_no_verdict_is_refused() -> None:
    with pytest.raises(InvalidRecord):
        verdict_of(b'{"alert_id": "a1", "verdict": "maybe", "time": 1}')


def test_a_verdict_acts_after_its_time_and_once() -> None:
    waiting = WaitingVerdicts()
    verdict = Verdict(10, "a1", "dismiss")
    for _ in range(2):
        waiting.add(verdict)
    assert not waiting.any_before(10)
    assert waiting.due(10) == []
    assert waiting.any_before(11)
    assert waiting.due(11) == [verdict]
    assert waiting.dump() == []


def test_of_one_moment_the_confirmation_holds() -> None:
    waiting = WaitingVerdicts()
    for verdict in ("dismiss", "confirm"):
        waiting.add(Verdict(10, "a1", verdict))
    assert waiting.due(11) == [Verdict(10, "a1", "confirm")]


@pytest.mark.parametrize(
    ("hides_less", "hides_more"),
    [
        (Verdict(10, "a1", "dismiss", until=20), Verdict(10, "a1", "dismiss", until=30)),
        (Verdict(10, "a1", "dismiss", until=30), Verdict(10, "a1", "dismiss")),
        (Verdict(10, "a1", "dismiss"), Verdict(10, "a1", "dismiss", scope="accounts")),
        (
            Verdict(10, "a1", "dismiss", until=30),
            Verdict(10, "a1", "dismiss", until=20, scope="accounts"),
        ),
    ],
)
def test_of_one_moment_the_dismissal_that_hides_the_least_holds(
    hides_less: Verdict, hides_more: Verdict
) -> None:
    for both in ([hides_less, hides_more], [hides_more, hides_less]):
        waiting = WaitingVerdicts()
        for verdict in both:
            waiting.add(verdict)
        assert waiting.due(11) == [hides_less]


def test_of_many_dismissals_of_one_moment_the_one_that_ends_first_holds() -> None:
    waiting = WaitingVerdicts()
    for until in range(20, 52):
        waiting.add(Verdict(10, "a1", "dismiss", until=until))
    assert waiting.due(11) == [Verdict(10, "a1", "dismiss", until=20)]
