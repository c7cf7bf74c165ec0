from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import faust
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient

from stream.broker.options import KafkaOptions
from stream.broker.reach import BrokerUnreachable, require_broker
from stream.broker.security import (
    aiokafka_arguments,
    faust_brokers,
    faust_credentials,
    kafka_python_arguments,
)
from tests.broker.harness import KafkaBroker
from tests.integration.logins import plain, sasl, tls, without_security

TOPIC = "test-logins"
LEFT_TO_THE_COLLECTOR = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

Result = TypeVar("Result")


def run(work: Coroutine[object, object, Result]) -> Result:
    """Run it; aiokafka leaves TLS connections to the collector, which is called here and now."""
    try:
        return asyncio.run(work)
    finally:
        gc.collect()


def refusal(options: KafkaOptions, seconds: float = 10.0) -> str:
    with pytest.raises(BrokerUnreachable) as caught:
        require_broker(options, seconds)
    told = str(caught.value)
    assert "\n" not in told
    assert not options.password or options.password not in told
    return told


@LEFT_TO_THE_COLLECTOR
@pytest.mark.parametrize("login", [sasl, plain, tls, without_security])
def test_one_description_lets_both_clients_in(
    login: Callable[[KafkaBroker], KafkaOptions], secured_broker: KafkaBroker
) -> None:
    options = login(secured_broker)
    require_broker(options)
    admin = KafkaAdminClient(**kafka_python_arguments(options))
    assert admin.describe_cluster()["brokers"]
    admin.close()

    async def started() -> None:
        producer = AIOKafkaProducer(**aiokafka_arguments(options))
        await producer.start()
        await producer.stop()

    run(started())


@LEFT_TO_THE_COLLECTOR
@pytest.mark.parametrize("login", [sasl, plain, tls, without_security])
def test_faust_is_let_in_by_the_same_description(
    login: Callable[[KafkaBroker], KafkaOptions], secured_broker: KafkaBroker, tmp_path: Path
) -> None:
    options = login(secured_broker)

    async def partition() -> object:
        app = faust.App(
            "test-login",
            broker=faust_brokers(options),
            broker_credentials=faust_credentials(options),
            datadir=str(tmp_path),
            loop=asyncio.get_running_loop(),
        )
        async with app.transport.create_producer() as producer:
            sent = await producer.send_and_wait(TOPIC, None, b"x", 0, None, None)
        return sent.partition

    with KafkaAdminClient(bootstrap_servers=secured_broker.bootstrap_servers) as admin:
        if TOPIC not in admin.list_topics():
            admin.create_topics({TOPIC: {"num_partitions": 1, "replication_factor": 1}})
            admin.wait_for_topics([TOPIC])
    assert run(partition()) == 0


def test_a_wrong_password_is_told(secured_broker: KafkaBroker) -> None:
    for good in (sasl(secured_broker), plain(secured_broker)):
        told = refusal(replace(good, password="mistaken"))
        assert f"refuses the login of {good.username!r}: check kafka.username and" in told


def test_a_login_that_the_broker_does_not_offer_is_told(secured_broker: KafkaBroker) -> None:
    good = sasl(secured_broker)
    assert "kafka.sasl_mechanism" in refusal(replace(good, sasl_mechanism="SCRAM-SHA-256"))
    servers = secured_broker.bootstrap_servers
    open_login = replace(good, security_protocol="SASL_PLAINTEXT", bootstrap_servers=servers)
    assert "asks for no login: set kafka.security_protocol" in refusal(open_login)


def test_a_certificate_that_cannot_be_trusted_is_told(secured_broker: KafkaBroker) -> None:
    good = sasl(secured_broker)
    assert secured_broker.certificates is not None
    other = replace(good, ca_file=str(secured_broker.certificates.other_ca))
    assert "is not trusted" in refusal(other)
    assert "kafka.ca_file" in refusal(other)
    by_address = replace(
        good, bootstrap_servers=good.bootstrap_servers.replace("localhost", "127.0.0.1")
    )
    assert "kafka.check_hostname" in refusal(by_address)
    require_broker(replace(by_address, check_hostname=False))


def test_a_missing_client_certificate_is_told(secured_broker: KafkaBroker) -> None:
    bare = replace(tls(secured_broker), certificate_file="", key_file="", key_password="")
    assert "kafka.certificate_file" in refusal(bare)


def test_another_protocol_than_the_listeners_is_told(secured_broker: KafkaBroker) -> None:
    open_servers, sasl_servers = secured_broker.bootstrap_servers, secured_broker.sasl_servers
    for options in (
        KafkaOptions(bootstrap_servers=sasl_servers),
        replace(tls(secured_broker), bootstrap_servers=open_servers),
        replace(tls(secured_broker), bootstrap_servers=sasl_servers),
    ):
        assert "hangs up on us: kafka.security_protocol is" in refusal(options)


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_no_broker_is_told(silent: str) -> None:
    nobody = KafkaOptions(bootstrap_servers="127.0.0.1:1")
    assert "no broker listens at 127.0.0.1:1: start the broker" in refusal(nobody)
    no_host = KafkaOptions(bootstrap_servers="no.such.host.invalid:9092")
    assert "there is no host no.such.host.invalid" in refusal(no_host)
    assert "does not answer" in refusal(KafkaOptions(bootstrap_servers=silent), 0.2)
    both = KafkaOptions(bootstrap_servers="127.0.0.1:1,127.0.0.1:2")
    assert "(and 1 more servers fail)" in refusal(both)


def test_one_good_server_is_enough(secured_broker: KafkaBroker) -> None:
    servers = f"127.0.0.1:1,{secured_broker.bootstrap_servers}"
    require_broker(KafkaOptions(bootstrap_servers=servers))
