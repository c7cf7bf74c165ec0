from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import msgspec
import orjson
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import MemberToRemove

from schemas.alert import AlertEvent, Response
from schemas.codec import decode_alert, decode_facts, encode
from schemas.facts import FactsRecord
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from tests.broker.harness import KafkaBroker
from tests.broker.packages import Programs
from tests.broker.rsyslog import Rsyslog
from tests.integration.logins import without_security
from tests.integration.records import create_topic, records_of
from tests.models.alerts import alert
from tests.stream.collectors import Answer, eventually, web_collector

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60

# kafka-python's clients leave some connections to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _nothing_left_for_other_tests() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def options(broker: KafkaBroker, topic_prefix: str, tmp_path: Path) -> KafkaOptions:
    options = replace(without_security(broker), prefix=topic_prefix, application=topic_prefix)
    for topic in ("alerts", "deadletters"):
        create_topic(options, f"{topic_prefix}.{topic}", 1)
    return options


def events(count: int, first: int = 0) -> list[AlertEvent]:
    return [alert(f"f{row}", [f"a{row}"], at=60.0 * row) for row in range(first, first + count)]


def send(options: KafkaOptions, values: Sequence[AlertEvent | bytes]) -> None:
    with KafkaProducer(bootstrap_servers=options.bootstrap_servers) as producer:
        for value in values:
            line = value if isinstance(value, bytes) else encode(value)
            producer.send(TopicNames.of(options).alerts, line)
        producer.flush(30)


def started(options: KafkaOptions, *arguments: str) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "GAUGER_FORWARD__FIRST_WAIT_SECONDS": "0.1"}
    for key in ("bootstrap_servers", "prefix", "application"):
        environ[f"GAUGER_KAFKA__{key.upper()}"] = getattr(options, key)
    command = [sys.executable, "-m", "stream.cli", "forward", *arguments]
    return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told.decode()[-2_000:]


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


@contextmanager
def forwarding(options: KafkaOptions, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = started(options, *arguments)
    try:
        yield process
        stop(process)
    finally:
        if process.poll() is None:
            kill(process)


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def test_killed_in_the_middle_every_alert_arrives_whole(
    options: KafkaOptions, tmp_path: Path
) -> None:
    out, sent, group = tmp_path / "out", events(300), options.prefix
    send(options, sent[:150])
    first = started(options, "--to", f"file:{out}", "--group", group)
    assert eventually(lambda: len(lines(out)) > 100, PATIENCE)
    kill(first)
    before = len(lines(out))
    with out.open("ab") as file:
        file.write(b'{"alert_id":"torn')
    forget_members(options, group)
    send(options, sent[150:])
    with forwarding(options, "--to", f"file:{out}", "--group", group):
        assert eventually(lambda: b'"f299"' in out.read_bytes(), PATIENCE)
    found = [decode_alert(line).event_id for line in lines(out)]
    assert {*found} == {event.event_id for event in sent}
    # What was committed before the end does not come again.
    assert len(found) < len(sent) + before


def test_while_the_sink_is_away_the_group_is_kept_and_nothing_is_lost(
    options: KafkaOptions,
) -> None:
    group, away = f"{options.prefix}-siem", True
    send(options, events(3))
    with web_collector() as collector:
        collector.answer = lambda _: Answer(503 if away else 200)
        address = f"http://127.0.0.1:{collector.port}"
        with forwarding(options, "--to", address, "--group", group):
            assert eventually(lambda: len(collector.requests) > 2, PATIENCE)
            member = members(options, group)
            send(options, events(2, first=3))
            assert eventually(lambda: len(collector.requests) > 5, PATIENCE)
            assert set(collector.bodies) == {encode(events(1)[0])}
            assert members(options, group) == member
            assert len(member) == 1
            away = False
            assert eventually(lambda: collector.bodies[-1] == encode(events(5)[4]), PATIENCE)
        assert collector.bodies[-5:] == [encode(event) for event in events(5)]
        with forwarding(options, "--to", address, "--group", group):
            send(options, events(1, first=5))
            assert eventually(lambda: collector.bodies[-1] == encode(events(6)[5]), PATIENCE)
        assert collector.bodies.count(encode(events(5)[4])) == 1


def forget_members(options: KafkaOptions, group: str) -> None:
    """The broker finds out by itself that a member is gone; a test does not wait for it."""
    gone = [MemberToRemove(member_id=one) for one in members(options, group)]
    with KafkaAdminClient(bootstrap_servers=options.bootstrap_servers) as admin:
        admin.remove_group_members(group, gone)


def members(options: KafkaOptions, group: str) -> list[str]:
    with KafkaAdminClient(bootstrap_servers=options.bootstrap_servers) as admin:
        described = admin.describe_groups([group])[group]
    return [member["member_id"] for member in described["members"]]


def test_what_the_sink_refuses_is_in_the_topic_of_dead_letters(options: KafkaOptions) -> None:
    bad, good = events(2)
    send(options, [b"?", bad, good])
    with web_collector() as collector:
        collector.answer = lambda request: Answer(400 if b'"f0"' in request.body else 200)
        with forwarding(options, "--to", f"http://127.0.0.1:{collector.port}"):
            assert eventually(lambda: encode(good) in collector.bodies, PATIENCE)
    (letters,) = records_of(options, TopicNames.of(options).dead_letters).values()
    assert [letter.value for letter in letters] == [b"?", encode(bad)]
    headers = [dict(letter.headers) for letter in letters]
    assert [one["offset"] for one in headers] == [b"0", b"1"]
    assert all(one["topic"] == TopicNames.of(options).alerts.encode() for one in headers)
    assert headers[1]["reason"].startswith(b"HTTP 400")


def test_another_topic_in_another_format_is_read_by_a_group_of_kcat(
    options: KafkaOptions, programs: Programs
) -> None:
    topic = create_topic(options, f"{options.prefix}-ecs", 1)
    sent = events(3)
    send(options, sent)
    with forwarding(options, "--to", f"kafka:{topic}", "--format", "ecs"):
        read = subprocess.run(
            [
                *(programs.kcat, "-b", options.bootstrap_servers, "-G", f"{topic}-kcat"),
                *("-X", "auto.offset.reset=earliest", "-c", "3", "-f", "%k %s\\n", topic),
            ],
            env=programs.environ,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    found = [line.partition(b" ") for line in read.stdout.splitlines()]
    assert [key.decode() for key, _, _ in found] == [event.alert_id for event in sent]
    assert [orjson.loads(body)["event"]["id"] for _, _, body in found] == [
        event.event_id for event in sent
    ]


RSYSLOG = """
module(load="imkafka")
module(load="mmjsonparse")
template(name="parsed" type="string" string="%$!alert_id% %$!severity% %$!entity!kind%\\n")
ruleset(name="alerts") {{
  action(type="mmjsonparse" cookie="")
  action(type="omfile" file="{out}" template="parsed")
}}
input(type="imkafka" topic="{topic}" broker="{broker}" consumergroup="{topic}-rsyslog"
      confParam="auto.offset.reset=earliest" ruleset="alerts")
"""


def test_rsyslog_reads_and_parses_the_topic_itself(
    options: KafkaOptions, programs: Programs, tmp_path: Path
) -> None:
    out, topic = tmp_path / "out", TopicNames.of(options).alerts
    send(options, events(3))
    config = RSYSLOG.format(out=out, topic=topic, broker=options.bootstrap_servers)
    with Rsyslog(programs, tmp_path, config) as collector:
        assert eventually(lambda: len(lines(out)) >= 3, PATIENCE), collector.log()
    assert lines(out) == [f"f{row} high cluster".encode() for row in range(3)]


def test_responses_go_on_after_a_restart_and_what_was_done_comes_back_as_facts(
    options: KafkaOptions,
) -> None:
    responses, facts = (
        create_topic(options, f"{options.prefix}.{name}", 1) for name in ("responses", "facts")
    )
    lives = [
        [alert("f", ["a", "b"], at=0)],
        [alert("f", ["c"], at=60, sequence=1), as_dismissed(alert("f", [], at=120, sequence=2))],
    ]
    program = [sys.executable, str(ROOT / "examples" / "enforce.py")]
    enforcement = subprocess.Popen(
        [*program, options.bootstrap_servers, options.prefix], stdout=subprocess.PIPE
    )
    known = KafkaConsumer(
        facts,
        bootstrap_servers=options.bootstrap_servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=PATIENCE * 1_000,
    )
    done: list[FactsRecord] = []
    try:
        for life, most in zip(lives, (2, 4), strict=True):
            send(options, life)
            with forwarding(options, "--responses", "--to", f"kafka:{responses}"):
                done += [decode_facts(record.value) for record in islice(known, most)]
    finally:
        known.close()
        enforcement.kill()
        said, _ = enforcement.communicate()
    assert [(fact.account, fact.status) for fact in done] == [
        *[(account, "limited") for account in "abc"],
        *[(account, "active") for account in "abc"],
    ]
    assert said.decode().splitlines()[0] == "a is now limited"


def as_dismissed(event: AlertEvent) -> AlertEvent:
    return msgspec.structs.replace(
        event, activity="close", severity="info", response=Response("watch", "dismissed")
    )
