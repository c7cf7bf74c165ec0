from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import orjson
import pytest
import zstandard
from kafka.partitioner.default import murmur2

from stream.broker.marks import Mark, read_mark
from stream.broker.options import KafkaOptions
from stream.broker.producer import BatchProducer
from stream.cli import main
from stream.errors import FailedRun
from stream.settings import Settings
from tests.broker.harness import KafkaBroker
from tests.integration.logins import plain, sasl, tls, without_security
from tests.integration.records import create_topic, records_of

START = 1_700_000_000
SECOND = 1_000_000
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys; from stream.cli import main; sys.exit(main())"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def options(broker: KafkaBroker, topic_prefix: str) -> KafkaOptions:
    return replace(without_security(broker), prefix=topic_prefix, application=topic_prefix)


@pytest.fixture(autouse=True)
def _environ(options: KafkaOptions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for key in ("bootstrap_servers", "prefix", "application"):
        monkeypatch.setenv(f"GAUGER_KAFKA__{key.upper()}", getattr(options, key))


def lines(count: int, step: float = 1.0, accounts: int = 40) -> list[bytes]:
    return [
        orjson.dumps({"id": f"r{row}", "time": START + row * step, "account": f"a{row % accounts}"})
        for row in range(count)
    ]


def write(path: str, rows: list[bytes]) -> str:
    Path(path).write_bytes(b"".join(row + b"\n" for row in rows))
    return path


def marks_of(records: list[Any]) -> list[Mark]:
    marks = (read_mark(record.headers) for record in records if not record.value)
    return [mark for mark in marks if mark is not None]


def requests_of(records: list[Any]) -> list[bytes]:
    return [record.value for record in records if record.value]


def test_a_recording_is_in_the_topic_line_by_line_and_in_order(
    options: KafkaOptions, capsys: Captured
) -> None:
    topic = create_topic(options, f"{options.prefix}.requests", 3)
    rows = lines(20_000, step=0.1)
    packed = b"".join(row + b"\n" for row in rows)
    Path("events.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(packed))
    assert main(["publish", "events.jsonl.zst", "--json"]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert (told["lines"], told["bad"], told["ending"]) == (20_000, 0, "done")
    assert told["last_time"] == "2023-11-14T22:46:39.900000Z"
    found = records_of(options, topic)
    assert sorted(found) == [0, 1, 2]
    place = {row: number for number, row in enumerate(rows)}
    published = [[place[value] for value in requests_of(records)] for records in found.values()]
    assert all(order == sorted(order) for order in published)
    assert sorted(chain.from_iterable(published)) == list(range(20_000))


def test_key_partition_and_time_are_those_of_the_request(options: KafkaOptions) -> None:
    topic = create_topic(options, f"{options.prefix}.requests", 5)
    main(["publish", write("events", lines(200))])
    for partition, records in records_of(options, topic).items():
        for record in records:
            if record.value:
                event = orjson.loads(record.value)
                assert record.key == event["account"].encode()
                assert (murmur2(record.key) & 0x7FFFFFFF) % 5 == partition
                assert record.timestamp == event["time"] * 1_000


def test_broken_lines_are_published_for_the_worker_to_refuse(
    options: KafkaOptions, capsys: Captured
) -> None:
    topic = create_topic(options, f"{options.prefix}.requests", 2)
    broken = [b"?%d" % row for row in range(30)]
    assert main(["publish", write("events", [*lines(50), *broken])]) == 0
    found = records_of(options, topic)
    assert {
        record.key for some in found.values() for record in some if record.value[:1] == b"?"
    } == {None}
    sent = [value for some in found.values() for value in requests_of(some)]
    assert sorted(value for value in sent if value[:1] == b"?") == sorted(broken)
    assert "30 of them have no readable account and time" in capsys.readouterr().out


def test_every_partition_hears_how_far_a_recording_has_come_and_that_it_has_ended(
    options: KafkaOptions,
) -> None:
    topic = create_topic(options, f"{options.prefix}.requests", 4)
    main(["publish", write("events", lines(301, accounts=1))])
    settings = Settings().epoch
    late = settings.lateness_seconds
    for records in records_of(options, topic).values():
        *marks, end = marks_of(records)
        expected = [START + second - late for second in range(0, 301, 60)]
        assert [mark.time for mark in marks] == [second * SECOND for second in expected]
        last = START + 300 + 2 * settings.seconds + late
        assert end == Mark(last * SECOND, end=True)
        assert not records[-1].value


def test_without_an_end_the_last_mark_says_where_the_recording_stands(
    options: KafkaOptions,
) -> None:
    topic = create_topic(options, f"{options.prefix}.requests", 2)
    main(["publish", write("events", lines(91)), "--no-end"])
    late = Settings().epoch.lateness_seconds
    for records in records_of(options, topic).values():
        marks = marks_of(records)
        assert marks[-1] == Mark((START + 90 - late) * SECOND)


def test_several_files_are_merged_into_a_topic_of_ones_choice(options: KafkaOptions) -> None:
    topic = create_topic(options, f"{options.prefix}.other", 1)
    rows = lines(600)
    files = [write("even", rows[::2]), write("odd", rows[1::2])]
    main(["publish", *files, "--topic", topic])
    assert requests_of(records_of(options, topic)[0]) == rows


def test_facts_are_published_first(options: KafkaOptions, capsys: Captured) -> None:
    create_topic(options, f"{options.prefix}.requests", 1)
    topic = create_topic(options, f"{options.prefix}.facts", 2)
    facts = [b'{"account":"a%d","time":1700000000,"plan":"pro"}' % row for row in range(20)]
    main(["publish", write("events", []), "--facts", write("facts", [*facts, b"?"]), "--json"])
    told = orjson.loads(capsys.readouterr().out)
    assert (told["facts"], told["bad_facts"], told["marks"]) == (20, 1, 0)
    found = [record for some in records_of(options, topic).values() for record in some]
    assert sorted(record.value for record in found) == sorted(facts)
    assert all(orjson.loads(one.value)["account"].encode() == one.key for one in found)


def test_feedback_is_published_first(options: KafkaOptions, capsys: Captured) -> None:
    create_topic(options, f"{options.prefix}.requests", 1)
    topic = create_topic(options, f"{options.prefix}.feedback", 1)
    said = [b'{"alert_id":"a%d","time":1700000000,"verdict":"dismiss"}' % row for row in range(9)]
    files = [write("early", said[:4]), write("late", [b"?", *said[4:]])]
    chosen = [part for name in files for part in ("--feedback", name)]
    main(["publish", write("events", []), *chosen, "--json"])
    told = orjson.loads(capsys.readouterr().out)
    assert (told["feedback"], told["bad_feedback"]) == (9, 1)
    assert [record.value for record in records_of(options, topic)[0]] == said


def test_a_recording_that_breaks_off_is_published_as_far_as_it_goes(
    options: KafkaOptions, capsys: Captured
) -> None:
    topic = create_topic(options, f"{options.prefix}.requests", 1)
    Path("events").write_bytes(b"\n".join(lines(10))[:-5])
    assert main(["publish", "events"]) == 1
    assert len(requests_of(records_of(options, topic)[0])) == 10
    assert "line 10 breaks off" in capsys.readouterr().err


def test_a_topic_that_is_missing_is_told_with_its_mend(
    options: KafkaOptions, capsys: Captured
) -> None:
    assert main(["publish", write("events", lines(10))]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"has no topic {options.prefix}.requests; gauger topics creates" in told


def test_a_delivery_that_fails_is_told_in_one_line(options: KafkaOptions, capsys: Captured) -> None:
    create_topic(options, f"{options.prefix}.requests", 1, max_message_bytes="20000")
    long = orjson.dumps({"time": START, "account": "a", "prompt": "x" * 30_000})
    assert main(["publish", write("events", [*lines(10), long])]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "raise max.message.bytes" in told


def test_ctrl_c_ends_it_after_what_was_published_is_delivered(options: KafkaOptions) -> None:
    topic = create_topic(options, f"{options.prefix}.requests", 1)
    write("events", lines(1_000, step=0.05))
    command = [sys.executable, "-c", PROGRAM, "publish", "events", "--speed", "1", "--json"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE)
    while not any(records_of(options, topic).values()):
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    told = orjson.loads(out)
    assert told["ending"] == "interrupted"
    records = records_of(options, topic)[0]
    assert requests_of(records) == lines(1_000, step=0.05)[: told["lines"]]
    assert 0 < told["lines"] < 1_000
    assert not any(mark.end for mark in marks_of(records))


@pytest.mark.parametrize("login", [sasl, plain, tls])
def test_it_logs_in_where_brokers_ask_for_it(
    secured_broker: KafkaBroker, topic_prefix: str, login: Callable[[KafkaBroker], KafkaOptions]
) -> None:
    topic = create_topic(without_security(secured_broker), topic_prefix, 1)
    with BatchProducer(login(secured_broker)) as producer:
        writer = producer.topic(topic)
        writer.append(0, 1_000, b"a", b"{}")
        writer.ship()
    (record,) = records_of(without_security(secured_broker), topic)[0]
    assert (record.key, record.value, record.timestamp) == (b"a", b"{}", 1_000)


def test_records_larger_than_a_batch_find_their_place(options: KafkaOptions) -> None:
    topic = create_topic(options, f"{options.prefix}.requests", 1, max_message_bytes="3000000")
    values = [b"small", b"x" * 2_000_000, b"small", b"y" * 1_500_000]
    with BatchProducer(options) as producer:
        writer = producer.topic(topic)
        for value in values:
            writer.append(0, 1_000, None, value)
        writer.ship()
    assert [record.value for record in records_of(options, topic)[0]] == values


def test_a_broker_that_restarts_loses_and_doubles_nothing(own_broker: KafkaBroker) -> None:
    options = without_security(own_broker)
    topic = create_topic(options, "requests", 2)
    values = [b"%d" % row + b" " * 2_000 for row in range(4_000)]
    back = Thread(target=own_broker.start)
    with BatchProducer(options) as producer:
        writer = producer.topic(topic)
        for row, value in enumerate(values):
            writer.append(row % 2, 1_000, None, value)
            if row == 2_000:
                own_broker.kill()
                back.start()
        writer.ship()
    back.join()
    found = records_of(options, topic)
    assert [record.value for record in found[0]] == values[::2]
    assert [record.value for record in found[1]] == values[1::2]


def test_a_broker_that_is_gone_is_told_and_not_waited_for_for_ever(
    own_broker: KafkaBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.broker.producer._DELIVERY_SECONDS", 1.0)
    topic = create_topic(without_security(own_broker), "requests", 1)
    producer = BatchProducer(without_security(own_broker))
    writer = producer.topic(topic)
    own_broker.kill()
    writer.append(0, 1_000, None, b"never")
    writer.ship()
    with pytest.raises(FailedRun, match="does not take what is published"):
        producer.close()


def test_an_interrupt_while_the_broker_is_slow_loses_and_doubles_nothing(
    own_broker: KafkaBroker,
) -> None:
    options = without_security(own_broker)
    topic = create_topic(options, "requests", 1)
    values = [b"%d" % row + b" " * 2_000 for row in range(4_000)]
    taken = 0
    with BatchProducer(options) as producer:
        writer = producer.topic(topic)
        own_broker.pause()
        Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            for value in values:
                writer.append(0, 1_000, None, value)
                taken += 1
        except KeyboardInterrupt:
            own_broker.resume()
        writer.ship()
    assert 0 < taken < len(values)
    assert [record.value for record in records_of(options, topic)[0]] == values[:taken]
