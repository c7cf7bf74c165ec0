"""Feedback behind a log: each verdict reaches the head once, and nobody waits for more of them."""

from __future__ import annotations

from unittest.mock import Mock

from hypothesis import given
from hypothesis import strategies as st

from models.head.partition import HeadPartition
from models.head.verdicts import Verdict
from models.options import EpochOptions
from models.sources.feedback_partition import FeedbackPartition, PlacedVerdict
from models.wire.protocol import Sent, Standing
from models.wire.state import decode_state, encode_state

logs = st.lists(st.none() | st.sampled_from("abc"), max_size=40)
"""Records of a source: the alert that is judged, None where a record could not be read."""


def read(source: FeedbackPartition, log: list[str | None], stop: int, size: int) -> list[Sent]:
    sent: list[Sent] = []
    while source.position + 1 < stop:
        start = source.position + 1
        end = min(start + size, stop)
        verdicts: list[PlacedVerdict] = [
            (place, place, alert, "confirm", 0, "")
            for place, alert in enumerate(log[start:end], start)
            if alert is not None
        ]
        sent.append(source.read(verdicts, end - 1))
    return sent


@given(logs, st.data())
def test_every_verdict_reaches_the_head_once_whatever_is_read_again(
    log: list[str | None], data: st.DataObject
) -> None:
    source, sent = FeedbackPartition("feedback/0"), list[Sent]()
    saved: bytes | None = None
    for stop in sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=4))):
        sent += read(source, log, stop, data.draw(st.integers(1, 9)))
        if data.draw(st.booleans()):
            sent.append(source.tell())
            saved = encode_state(source.dump())
        if data.draw(st.booleans()):
            source = FeedbackPartition("feedback/0")
            if saved is not None:
                source.load(decode_state(saved))
    sent += [*read(source, log, len(log), data.draw(st.integers(1, 9))), source.tell()]
    head = Mock()
    partition = HeadPartition(head, 1, EpochOptions(), ["requests/0"])
    for message in [message for one in sent for message in one.head]:
        partition.receive(message)
    heard = [call.args[0] for call in head.add_verdict.call_args_list]
    assert heard == [
        Verdict(place, alert, "confirm") for place, alert in enumerate(log) if alert is not None
    ]
    assert partition.gaps == 0


def test_what_follows_on_something_missing_is_refused() -> None:
    source, head = FeedbackPartition("feedback/0"), Mock()
    partition = HeadPartition(head, 1, EpochOptions(), [])
    source.read([(0, 0, "a", "confirm", 0, "")], 0)
    [late] = source.read([(1, 0, "b", "confirm", 0, "")], 1).head
    partition.receive(late)
    assert (partition.gaps, head.add_verdict.called) == (1, False)


def test_feedback_holds_nobody_back() -> None:
    source = FeedbackPartition("feedback/2")
    read(source, ["a", None, "b"], 3, 2)
    assert source.tell().head == [Standing("feedback/2", 2, None, (), "feedback")]


def test_a_cut_of_the_head_stays_as_it_is_while_verdicts_come() -> None:
    state: dict[str, list[str]] = {"waiting": []}
    source, head = FeedbackPartition("feedback/0"), Mock()
    head.dump.return_value = state
    head.add_verdict.side_effect = lambda verdict: state["waiting"].append(verdict.alert_id)
    partition = HeadPartition(head, 1, EpochOptions(), [])
    cut = partition.cut()
    [verdicts] = source.read([(0, 0, "a", "confirm", 0, "")], 0).head
    partition.receive(verdicts)
    assert state["waiting"] == ["a"]
    assert [*cut.pieces, cut.closing["feedback_coverage"]] == [{"head": {"waiting": []}}, {}]
