from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import faust
import pytest
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from stream.broker.options import KafkaOptions
from stream.broker.security import (
    aiokafka_arguments,
    faust_brokers,
    faust_credentials,
    kafka_python_arguments,
    tls_context,
)
from tests.broker.certificates import make_certificates

SASL_SSL = KafkaOptions(
    bootstrap_servers="a:1,b:2", security_protocol="SASL_SSL", username="amy", password="secret"
)
SASL_OPEN = KafkaOptions(security_protocol="SASL_PLAINTEXT", username="amy", password="secret")
TLS = KafkaOptions(security_protocol="SSL")
OPEN = KafkaOptions()


def without_context(arguments: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in arguments.items() if key != "ssl_context"}


@pytest.mark.parametrize("options", [SASL_SSL, SASL_OPEN, TLS, OPEN])
def test_all_clients_log_in_alike(options: KafkaOptions) -> None:
    expected = without_context(kafka_python_arguments(options))
    assert without_context(aiokafka_arguments(options)) == expected
    del expected["bootstrap_servers"]
    credentials = faust_credentials(options)
    of_faust = credentials_to_aiokafka_auth(credentials)
    assert without_context(of_faust) == expected
    assert (of_faust.get("ssl_context") is not None) == options.encrypted


def test_without_encryption_there_is_no_context() -> None:
    assert tls_context(OPEN) is None
    assert "ssl_context" not in kafka_python_arguments(SASL_OPEN)


@pytest.mark.parametrize("options", [TLS, replace(TLS, check_hostname=False)])
def test_a_certificate_is_verified_and_its_host_unless_told_otherwise(
    options: KafkaOptions,
) -> None:
    context = tls_context(options)
    assert context is not None
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname == options.check_hostname


def test_only_the_given_authority_is_trusted(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "certificates")
    context = tls_context(KafkaOptions(security_protocol="SSL", ca_file=str(made.ca)))
    assert context is not None
    (authority,) = context.get_ca_certs()
    assert authority["subject"] == ((("commonName", "Gauger test ca"),),)


def test_faust_understands_the_servers() -> None:
    app = faust.App("test", broker=faust_brokers(SASL_SSL), broker_credentials=None)
    assert [(url.host, url.port) for url in app.conf.broker] == [("a", 1), ("b", 2)]
