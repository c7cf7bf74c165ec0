"""A source behind a log: whatever is read again, account partitions hold each row once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.sources.source_partition import SourcePartition
from models.wire.protocol import (
    NOTHING,
    Admitted,
    Close,
    Progress,
    Rows,
    Standing,
    ToSources,
)
from models.wire.state import decode_state, encode_state
from tests.models.rows import Row
from tests.models.source_logs import (
    HOUR,
    LATENESS,
    LENGTH,
    MINUTE,
    MOST_ROWS,
    OPTIONS,
    PARTITIONS,
    SECOND,
    START,
    Mark,
    Receivers,
    Record,
    logs,
    new_source,
    read,
)


@given(logs(), st.integers(1, 30))
def test_every_row_reaches_its_partition_once(log: list[Record], size: int) -> None:
    source, receivers = new_source(), Receivers()
    for sent in read(source, log, len(log), size):
        receivers.take(sent)
    refused = [row.position for row in source.take_refused()]
    numbers = [number for number, _ in receivers.rows]
    assert sorted(numbers + refused) == [
        place for place, row in enumerate(log) if isinstance(row, Row)
    ]
    for partition, one in enumerate(receivers.accounts):
        held = [log[number] for number, _ in one.rows]
        assert all(isinstance(row, Row) and row.account % PARTITIONS == partition for row in held)
        assert one.gaps == 0


@given(logs(), st.data())
def test_reading_again_from_a_standing_does_not_show(
    log: list[Record], data: st.DataObject
) -> None:
    undisturbed = Receivers()
    for sent in read(new_source(), log, len(log), 1):
        undisturbed.take(sent)
    source, receivers = new_source(), Receivers()
    saved: bytes | None = None
    for stop in sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=5))):
        for sent in read(source, log, stop, data.draw(st.integers(1, 30))):
            receivers.take(sent)
        if data.draw(st.booleans()):
            receivers.take(source.tell())
            saved = encode_state(source.dump())
        if data.draw(st.booleans()):
            source = new_source()
            if saved is not None:
                source.load(decode_state(saved))
    for sent in read(source, log, len(log), data.draw(st.integers(1, 30))):
        receivers.take(sent)
    assert receivers.rows == undisturbed.rows
    assert [one.gaps for one in receivers.accounts] == [0] * PARTITIONS


@given(logs(), st.integers(1, 30))
def test_an_epoch_is_told_no_later_than_what_lets_it_close(log: list[Record], size: int) -> None:
    source, dealt, told = new_source(), set[int](), set[int]()
    for sent in [*read(source, log, len(log), size), source.tell()]:
        for _, message in sent.accounts:
            assert isinstance(message, Rows)
            dealt |= set() if message.batch is None else set(message.batch.epoch.tolist())
        for standing in sent.head:
            assert isinstance(standing, Standing)
            assert standing.watermark is not None
            told |= set(standing.epochs)
            passed = (standing.watermark - LATENESS) // LENGTH
            assert {epoch for epoch in dealt if epoch < passed} <= told
    assert dealt == told


@given(logs(), st.integers(1, 30))
def test_no_row_follows_in_an_epoch_that_the_source_has_let_go(
    log: list[Record], size: int
) -> None:
    source = new_source()
    passed = NOTHING
    for sent in read(source, log, len(log), size):
        for _, message in sent.accounts:
            assert isinstance(message, Rows)
            assert message.batch is None or int(message.batch.epoch.min()) >= passed
        for standing in sent.head:
            assert isinstance(standing, Standing)
            assert standing.watermark is not None
            passed = source.source.first_open(standing.watermark)


@given(logs(), st.integers(1, 30))
def test_what_the_head_is_told_every_account_partition_gets(log: list[Record], size: int) -> None:
    source, receivers = new_source(), Receivers()
    for sent in [*read(source, log, len(log), size), source.tell("idle")]:
        receivers.take(sent)
        for standing in sent.head:
            assert isinstance(standing, Standing)
            assert all(one.covered >= standing.position for one in receivers.accounts)
    last = receivers.standings[-1]
    assert (last.position, last.state) == (len(log) - 1, "idle")


def test_rows_that_a_mark_and_the_end_bring_back_both_arrive() -> None:
    log: list[Record] = [Row(START + row * MINUTE, 3) for row in range(300)]
    log += [Row(START + 8 * HOUR, 3), Row(START + 20 * HOUR, 3), Mark(START + 7 * HOUR, end=True)]
    receivers = Receivers()
    for sent in read(new_source(), log, len(log), 50):
        receivers.take(sent)
    assert [number for number, _ in receivers.rows] == list(range(302))


def test_messages_are_bounded_where_rows_were_believed_one_by_one() -> None:
    rows: list[Record] = [Row(START + row * SECOND, 3 * row) for row in range(4_000)]
    source = new_source()
    sizes = [
        len(message.batch)
        for sent in read(source, rows, len(rows), len(rows))
        for _, message in sent.accounts
        if isinstance(message, Rows) and message.batch is not None
    ]
    assert sum(sizes) == 4_000
    assert max(sizes) <= MOST_ROWS


def test_rows_that_one_record_made_believed_stay_in_one_message() -> None:
    parked = [Row(START + row * SECOND, 3 * (row % 2)) for row in range(255)]
    source = new_source()
    read(source, parked, 255, 50)
    [sent] = read(source, [*parked, Row(START, 0)], 256, 50)
    [message] = [one for number, one in sent.accounts if number == 0]
    assert isinstance(message, Rows)
    assert message.batch is not None
    assert (len(message.batch), message.previous, message.position) == (256, NOTHING, 255)


def test_a_source_asks_to_be_admitted_and_counts_nothing_before_its_floor() -> None:
    source = SourcePartition("requests/7", PARTITIONS, OPTIONS)
    assert source.join().head == [Standing("requests/7", NOTHING, None, [], "joining")]
    floor = START // LENGTH + 100
    source.hear(Admitted("requests/6", floor + 9))
    assert source.is_held
    source.hear(Admitted("requests/7", floor, floor - 1))
    source.hear(Admitted("requests/7", floor - 50, floor - 51))
    held = source.is_held
    receivers = Receivers()
    for sent in read(source, [Row(START + row * MINUTE, row) for row in range(90)], 90, 40):
        receivers.take(sent)
    assert {epoch for _, epoch in receivers.rows} == {floor}
    assert (held, source.epochs_ahead) == (False, 1)


def test_epochs_are_ahead_until_they_are_decided() -> None:
    source = new_source()
    rows: list[Record] = [Row(START + row * LENGTH, row) for row in range(60)]
    read(source, rows, 60, 7)
    first = START // LENGTH
    assert source.epochs_ahead == 60
    source.hear(Progress(first + 39))
    source.hear(Progress(first + 9))
    assert source.epochs_ahead == 20
    again = new_source()
    again.hear(Admitted("requests/0", 0, first + 49))
    read(again, rows, 60, 7)
    assert again.epochs_ahead == 10


def test_a_source_far_ahead_is_held_until_epochs_are_decided() -> None:
    source = new_source()
    rows: list[Record] = [Row(START + row * SECOND, row) for row in range(40)]
    rows += [Row(START + row * LENGTH, row) for row in range(1, 20)]
    read(source, rows, 51, 9)
    before = source.is_held
    read(source, rows, 52, 9)
    assert (before, source.is_held) == (False, True)
    source.hear(Progress(START // LENGTH))
    assert not source.is_held


def test_what_an_epoch_waits_for_is_read_however_far_ahead_it_is() -> None:
    rows: list[Record] = [Row(START + row * LENGTH, row) for row in range(60)]
    told: list[ToSources] = [
        Admitted("requests/0", 0, NOTHING, 40),
        Close(START // LENGTH, {"requests/0": 40, "requests/1": 90}),
    ]
    for word in told:
        source = new_source()
        source.hear(word)
        read(source, rows, 40, 9)
        before = source.is_held
        read(source, rows, 41, 9)
        assert (before, source.is_held) == (False, True)
