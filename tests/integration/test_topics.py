from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.topics import TopicReport, check_topics, settle_topics
from stream.cli import main
from stream.errors import FailedRun
from tests.broker.harness import KafkaBroker
from tests.integration.logins import sasl, tls


@pytest.fixture
def options(broker: KafkaBroker, topic_prefix: str) -> KafkaOptions:
    return KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        prefix=topic_prefix,
        application=topic_prefix,
        partitions=3,
    )


@pytest.fixture
def admin(broker: KafkaBroker) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers) as client:
        yield client


@pytest.fixture
def environ(options: KafkaOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("bootstrap_servers", "prefix", "application", "partitions"):
        monkeypatch.setenv(f"GAUGER_KAFKA__{key.upper()}", str(getattr(options, key)))


def create(admin: KafkaAdminClient, topic: str, partitions: int, **settings: str) -> None:
    configs = {key.replace("_", "."): value for key, value in settings.items()}
    wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": configs}
    admin.create_topics({topic: wanted}, wait_for_metadata=True)


def statuses(report: TopicReport) -> set[str]:
    return {state.status for state in report.topics}


def differences(report: TopicReport, topic: str) -> dict[str, tuple[str, str, str]]:
    (state,) = (one for one in report.topics if one.topic == topic)
    return {one.key: (one.expected, one.found, one.mend) for one in state.differences}


def test_missing_topics_are_created_once_and_are_then_as_they_should_be(
    options: KafkaOptions,
) -> None:
    assert statuses(check_topics(options)) == {"missing"}
    assert statuses(settle_topics(options)) == {"created"}
    assert statuses(settle_topics(options)) == {"ok"}
    report = check_topics(options)
    assert (statuses(report), report.bad) == ({"ok"}, [])
    counts = {state.topic: state.partitions for state in report.topics}
    names = TopicNames.of(options)
    assert (counts[names.ties], counts[names.findings]) == (3, 1)


@pytest.mark.parametrize("login", [sasl, tls])
def test_topics_are_created_through_a_protected_listener(
    login: Callable[[KafkaBroker], KafkaOptions], secured_broker: KafkaBroker
) -> None:
    name = f"test-{uuid4().hex[:10]}"
    options = replace(login(secured_broker), prefix=name, application=name)
    assert statuses(settle_topics(options)) == {"created"}
    assert statuses(check_topics(options)) == {"ok"}


def test_a_wrong_partition_count_is_told_and_never_changed(
    options: KafkaOptions, admin: KafkaAdminClient
) -> None:
    names = TopicNames.of(options)
    create(admin, names.events, 2)
    create(admin, names.control, 2)
    report = settle_topics(options, alter=True)
    assert report.bad == [names.events, names.control]
    expected, found, mend = differences(report, names.events)["partitions"]
    assert (expected, found) == ("3", "2")
    assert "set kafka.partitions = 2" in mend
    assert "delete the topic" in differences(report, names.control)["partitions"][2]


def test_settings_that_lose_data_are_told_and_mended_on_request(
    options: KafkaOptions, admin: KafkaAdminClient
) -> None:
    names = TopicNames.of(options)
    create(admin, names.events, 3, retention_ms="1000", max_message_bytes="1000")
    create(admin, names.accounts_changelog, 3)
    report = settle_topics(options)
    assert report.bad == [names.events, names.accounts_changelog]
    found = {key: value for key, (_, value, _) in differences(report, names.events).items()}
    assert found == {
        "retention.ms": "1000",
        "max.message.bytes": "1000",
        "message.timestamp.type": "CreateTime",
    }
    told = differences(report, names.accounts_changelog)["cleanup.policy"]
    assert told == ("exactly compact", "delete", "gauger topics --alter sets it")
    report = settle_topics(options, alter=True)
    altered = [state.topic for state in report.topics if state.status == "altered"]
    assert (altered, report.bad) == ([names.events, names.accounts_changelog], [])


def test_what_an_operator_chose_beyond_our_needs_is_left_alone(
    options: KafkaOptions, admin: KafkaAdminClient
) -> None:
    names = TopicNames.of(options)
    settle_topics(options)
    longer = {"retention.ms": "-1", "segment.ms": "86400000"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, names.events, longer)])
    assert statuses(settle_topics(options, alter=True)) == {"ok"}


def test_request_topics_of_the_operator_are_only_checked(
    options: KafkaOptions, admin: KafkaAdminClient
) -> None:
    mine, folded = (f"{options.prefix}-{name}" for name in ("mine", "folded"))
    create(admin, mine, 1)
    create(admin, folded, 2, cleanup_policy="compact")
    report = settle_topics(replace(options, requests=(mine, folded)), alter=True)
    assert report.bad == [folded]
    _, found, mend = differences(report, folded)["cleanup.policy"]
    assert found == "compact"
    assert mend == (
        "kafka-configs.sh --alter --entity-type topics"
        f" --entity-name {folded} --add-config cleanup.policy=delete"
    )


def test_more_copies_than_brokers_are_refused_with_the_mend(options: KafkaOptions) -> None:
    with pytest.raises(FailedRun, match=r"set kafka\.replication"):
        settle_topics(replace(options, replication=3))


@pytest.mark.usefixtures("environ")
def test_the_verb_checks_creates_and_says_so(
    options: KafkaOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["topics", "--check"]) == 1
    said = capsys.readouterr()
    assert f"FAIL {options.prefix}.ties: missing; gauger topics creates it" in said.out
    assert said.err.startswith("gauger: 16 of 16 topics are not as needed: ")
    assert said.err.count("\n") == 1
    assert main(["topics"]) == 0
    said = capsys.readouterr()
    assert f"NEW  {options.prefix}.ties: 3 partitions" in said.out
    assert said.err == ""
    assert main(["topics", "--check", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["servers"] == options.servers
    assert {topic["status"] for topic in told["topics"]} == {"ok"}


@pytest.mark.usefixtures("environ")
def test_the_verb_tells_each_difference_with_its_mend(
    options: KafkaOptions, admin: KafkaAdminClient, capsys: pytest.CaptureFixture[str]
) -> None:
    create(admin, f"{options.prefix}.ties", 2)
    assert main(["topics"]) == 1
    lines = capsys.readouterr().out.splitlines()
    place = lines.index(f"FAIL {options.prefix}.ties: 2 partitions")
    assert lines[place + 1].strip().startswith("partitions = 2, should be 3: set kafka.partitions")


def test_the_verb_fails_in_one_line_without_a_broker_or_the_password(
    secured_broker: KafkaBroker,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GAUGER_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert main(["topics"]) == 1
    assert capsys.readouterr().err == (
        "gauger: no broker listens at 127.0.0.1:1:"
        " start the broker, or set kafka.bootstrap_servers\n"
    )
    good = sasl(secured_broker)
    for key in ("bootstrap_servers", "security_protocol", "username", "ca_file"):
        monkeypatch.setenv(f"GAUGER_KAFKA__{key.upper()}", str(getattr(good, key)))
    monkeypatch.setenv("GAUGER_KAFKA__PASSWORD", "mistaken")
    assert main(["topics", "--check"]) == 1
    assert capsys.readouterr().err == (
        f"gauger: {good.bootstrap_servers} refuses the login of 'scram':"
        " check kafka.username and kafka.password\n"
    )


def test_the_verb_neither_checks_alone_nor_alters_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["topics", "--check", "--alter"]) == 2
    assert "--check" in capsys.readouterr().err
