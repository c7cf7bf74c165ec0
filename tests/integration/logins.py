"""The ways into the secured test broker."""

from __future__ import annotations

from dataclasses import replace

from stream.broker.options import KafkaOptions
from tests.broker.harness import KafkaBroker


def sasl(broker: KafkaBroker) -> KafkaOptions:
    assert broker.certificates is not None
    return KafkaOptions(
        bootstrap_servers=broker.sasl_servers,
        security_protocol="SASL_SSL",
        username="scram",
        password=broker.users["scram"],
        ca_file=str(broker.certificates.ca),
    )


def plain(broker: KafkaBroker) -> KafkaOptions:
    password = broker.users["plain"]
    return replace(sasl(broker), sasl_mechanism="PLAIN", username="plain", password=password)


def tls(broker: KafkaBroker) -> KafkaOptions:
    made = broker.certificates
    assert made is not None
    return KafkaOptions(
        bootstrap_servers=broker.tls_servers,
        security_protocol="SSL",
        ca_file=str(made.ca),
        certificate_file=str(made.client),
        key_file=str(made.client_key),
        key_password=made.client_key_password,
    )


def without_security(broker: KafkaBroker) -> KafkaOptions:
    return KafkaOptions(bootstrap_servers=broker.bootstrap_servers)
