from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from stream.broker import health
from stream.broker.health import broker_checks
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.topics import settle_topics
from stream.checks import Check
from stream.cli import main
from stream.clock import now
from tests.broker.harness import KafkaBroker
from tests.integration.logins import plain, sasl, tls


@pytest.fixture
def options(broker: KafkaBroker, topic_prefix: str) -> KafkaOptions:
    made = KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers, prefix=topic_prefix, application=topic_prefix
    )
    settle_topics(made)
    return made


@pytest.fixture
def admin(broker: KafkaBroker) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers) as client:
        yield client


@pytest.fixture
def published(options: KafkaOptions) -> str:
    """A request topic with ten records in its first partition."""
    topic = TopicNames.of(options).requests[0]
    with KafkaProducer(bootstrap_servers=options.bootstrap_servers) as producer:
        for _ in range(10):
            producer.send(topic, b"{}", partition=0)
    return topic


def consumer(options: KafkaOptions, topic: str) -> KafkaConsumer:
    return KafkaConsumer(
        topic,
        bootstrap_servers=options.bootstrap_servers,
        group_id=f"{options.application}-ingest",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )


def read(records: KafkaConsumer, most: int) -> None:
    """Read some records, and say so."""
    seen = 0
    while seen < most:
        seen += sum(map(len, records.poll(1000, max_records=most - seen).values()))
    records.commit()


def told(checks: list[Check], name: str) -> list[tuple[str, str]]:
    return [(check.status, check.text) for check in checks if check.name == name]


def configured(options: KafkaOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the options to the program as an operator would."""
    default = KafkaOptions()
    for one in fields(options):
        value = getattr(options, one.name)
        if value != getattr(default, one.name):
            monkeypatch.setenv(f"GAUGER_KAFKA__{one.name.upper()}", str(value))


def test_a_good_set_up_has_no_problem(
    options: KafkaOptions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(options, monkeypatch)
    assert main(["doctor", "--json"]) == 0
    checks = [Check(**check) for check in json.loads(capsys.readouterr().out)["checks"]]
    assert told(checks, "login") == [("ok", "none, not encrypted")]
    ((status, text),) = told(checks, "broker")
    assert (status, "Kafka 4" in text) == ("ok", True)
    assert told(checks, "topics") == [("ok", "16 as needed")]
    idle = ("warning", "has never been at work: start gauger worker")
    assert told(checks, f"group {options.application}") == [idle]
    ((status, _),) = told(checks, "clock")
    assert status == "ok"


def test_no_broker_is_the_one_problem_that_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(KafkaOptions(bootstrap_servers="127.0.0.1:1"), monkeypatch)
    assert main(["doctor"]) == 1
    mend = "start the broker, or set kafka.bootstrap_servers"
    said = capsys.readouterr()
    assert f"FAIL broker: no broker listens at 127.0.0.1:1: {mend}\n" in said.out
    assert said.out.count("FAIL") == 1
    assert said.err.splitlines()[-1] == f"gauger: broker: no broker listens at 127.0.0.1:1: {mend}"


def test_a_wrong_partition_count_is_told_with_its_mend(
    options: KafkaOptions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(replace(options, partitions=3), monkeypatch)
    assert main(["doctor"]) == 1
    mend = "set kafka.partitions = 6, or choose another kafka.application and prefix"
    problem = f"FAIL topic {options.prefix}.ties: partitions = 6, should be 3: {mend}\n"
    assert problem in capsys.readouterr().out


def test_a_wrong_password_is_told_with_its_mend(
    secured_broker: KafkaBroker,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    configured(replace(sasl(secured_broker), password="mistaken"), monkeypatch)
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    mend = "check kafka.username and kafka.password"
    servers = secured_broker.sasl_servers
    assert f"FAIL broker: {servers} refuses the login of 'scram': {mend}\n" in said.out
    assert "mistaken" not in said.out + said.err


def test_missing_topics_are_one_problem(options: KafkaOptions) -> None:
    checks = broker_checks(replace(options, prefix=f"{options.prefix}-other"))
    ((status, text),) = told(checks, "topics")
    assert status == "problem"
    assert text.startswith("13 of 16 are missing (")
    assert text.endswith(", …): run gauger topics")


def test_each_way_in_is_named(secured_broker: KafkaBroker) -> None:
    (login,) = told(broker_checks(plain(secured_broker)), "login")
    assert login == ("ok", "plain by PLAIN, encrypted")
    (login,) = told(broker_checks(tls(secured_broker)), "login")
    assert login == ("ok", "client certificate, encrypted")


def test_workers_are_counted_and_what_they_have_not_read(
    options: KafkaOptions, published: str
) -> None:
    name = f"group {options.application}-ingest"
    records = consumer(options, published)
    read(records, 4)
    at_work = told(broker_checks(options), name)
    records.close()
    behind = f"6 records behind in {published}"
    assert at_work == [("ok", f"1 member, {behind}")]
    left = told(broker_checks(options), name)
    assert left == [("warning", f"0 members, {behind}: start gauger worker")]


def test_records_that_retention_took_unread_are_told(
    options: KafkaOptions, published: str, admin: KafkaAdminClient
) -> None:
    records = consumer(options, published)
    read(records, 4)
    admin.delete_records({TopicPartition(published, 0): 7})
    checks = told(broker_checks(options), f"group {options.application}-ingest")
    records.close()
    lost = f"3 records deleted before they were read in {published}: raise their retention.ms"
    assert ("problem", lost) in checks


def test_a_clock_that_differs_from_the_clusters_is_told(
    options: KafkaOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "now", lambda: now() + 60_000_000)
    ((status, text),) = told(broker_checks(options), "clock")
    assert status == "problem"
    assert text.startswith(("the cluster's is 60.", "the cluster's is 59."))
    assert text.endswith(" s behind: keep both by NTP")
