from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.broker.options import KafkaOptions, contradictions
from stream.settings import SettingsError, describe, load_settings
from tests.broker.certificates import Certificates, make_certificates

SASL = {
    "GAUGER_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
    "GAUGER_KAFKA__USERNAME": "amy",
    "GAUGER_KAFKA__PASSWORD": "canary",
}


def problems(environ: dict[str, str], path: Path | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ)
    return caught.value.problems


def keys(told: list[str]) -> list[str]:
    return [problem.partition(": ")[0].removeprefix("kafka.") for problem in told]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls") / "certificates")


def test_options_come_from_the_file_and_the_environment_wins(tmp_path: Path) -> None:
    path = tmp_path / "gauger.toml"
    path.write_text('[kafka]\nprefix = "a"\npartitions = 3\nrequests = ["one", "two"]\n')
    options = load_settings(path, {"GAUGER_KAFKA__PREFIX": "b"}).kafka
    assert (options.prefix, options.partitions, options.requests) == ("b", 3, ("one", "two"))


def test_a_variable_holds_a_list_with_commas() -> None:
    environ = {
        "GAUGER_KAFKA__REQUESTS": "one, two",
        "GAUGER_KAFKA__BOOTSTRAP_SERVERS": "a:1, b:2",
        "GAUGER_KAFKA__ACCOUNT_SCORES": "false",
    }
    options = load_settings(None, environ).kafka
    assert options.requests == ("one", "two")
    assert options.servers == ["a:1", "b:2"]
    assert not options.account_scores


def test_every_problem_is_told_at_once_and_once() -> None:
    environ = {
        "GAUGER_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "GAUGER_KAFKA__PARTITIONS": "0",
        "GAUGER_KAFKA__PREFIX": "with space",
        "GAUGER_KAFKA__BOOTSTRAP_SERVERS": "localhost",
        "GAUGER_KAFKA__INPUT_FORMAT": "cuneiform",
        "GAUGER_KAFKA__KEY_PASSWORD_FILE": "absent.txt",
        "GAUGER_KAFKA__STORE": "redis://",
    }
    # The key's password is at fault twice: no such file, and no certificate whose key it opens.
    expected = "bootstrap_servers input_format key_password_file key_password_file partitions"
    assert sorted(keys(problems(environ))) == [
        *expected.split(),
        *("password", "prefix", "store", "username"),
    ]


def test_nothing_follows_from_a_value_that_was_refused() -> None:
    environ = SASL | {"GAUGER_KAFKA__SECURITY_PROTOCOL": "TELNET"}
    assert keys(problems(environ)) == ["security_protocol"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("USERNAME", "amy"),
        ("PASSWORD", "secret"),
        ("CA_FILE", "ca.pem"),
        ("CERTIFICATE_FILE", "client.pem"),
    ],
)
def test_what_an_open_connection_never_uses_is_refused(key: str, value: str) -> None:
    assert keys(problems({f"GAUGER_KAFKA__{key}": value})) == [key.lower()]


@pytest.mark.parametrize(
    "topics", ["a b", "..", "x" * 250, "a,a", "gauger.alerts", "gauger-ties-changelog"]
)
def test_request_topics_that_cannot_be_are_refused(topics: str) -> None:
    assert keys(problems({"GAUGER_KAFKA__REQUESTS": topics})) == ["requests"]


@pytest.mark.parametrize("key", ["FACTS", "FEEDBACK"])
@pytest.mark.parametrize("topic", ["a b", "gauger.alerts", "gauger.requests"])
def test_topics_of_facts_and_feedback_that_cannot_be_are_refused(key: str, topic: str) -> None:
    assert keys(problems({f"GAUGER_KAFKA__{key}": topic})) == [key.lower()]


def test_facts_and_feedback_are_not_in_one_topic() -> None:
    assert keys(problems({"GAUGER_KAFKA__FEEDBACK": "gauger.facts"})) == ["feedback"]


@pytest.mark.parametrize("server", ["localhost", ":9092", "a:0", "a:65536", "a:x", "a:1,", "a:²"])
def test_servers_without_a_host_or_a_port_are_refused(server: str) -> None:
    assert keys(problems({"GAUGER_KAFKA__BOOTSTRAP_SERVERS": server})) == ["bootstrap_servers"]


def test_a_password_file_is_read_without_the_newline_of_an_editor(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(" pass word \n")
    environ = SASL | {"GAUGER_KAFKA__PASSWORD": "", "GAUGER_KAFKA__PASSWORD_FILE": str(path)}
    assert load_settings(None, environ).kafka.password == "pass word"


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff", b"x" * 65_537])
def test_a_password_file_without_a_password_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    environ = SASL | {"GAUGER_KAFKA__PASSWORD": "", "GAUGER_KAFKA__PASSWORD_FILE": str(path)}
    assert keys(problems(environ)) == ["password_file"]


def test_a_password_given_twice_is_refused(tmp_path: Path) -> None:
    environ = SASL | {"GAUGER_KAFKA__PASSWORD_FILE": str(tmp_path)}
    assert keys(problems(environ)) == ["password_file"]


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=12))
def test_no_secret_is_ever_shown(secret: str) -> None:
    environ = SASL | {
        "GAUGER_KAFKA__PASSWORD": secret,
        "GAUGER_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    }
    settings = load_settings(None, environ)
    assert settings.kafka.password == secret
    for shown in (repr(settings), str(settings.kafka), str(describe(settings))):
        assert secret not in shown
    assert describe(settings)["kafka"]["password"] == "********"
    assert all(secret not in problem for problem in problems({**environ, "GAUGER_X__Y": "1"}))


def test_certificates_that_cannot_be_used_are_refused_by_key(
    certificates: Certificates, tmp_path: Path
) -> None:
    tls = {
        "SECURITY_PROTOCOL": "SSL",
        "CA_FILE": str(certificates.ca),
        "CERTIFICATE_FILE": str(certificates.client),
        "KEY_FILE": str(certificates.client_key),
        "KEY_PASSWORD": certificates.client_key_password,
    }
    no_pem = tmp_path / "letter.txt"
    no_pem.write_text("Dear Amy")

    def refused(**changed: str) -> list[str]:
        environ = {f"GAUGER_KAFKA__{key}": value for key, value in (tls | changed).items()}
        return keys(problems(environ))

    assert refused(CA_FILE=str(no_pem)) == ["ca_file"]
    assert refused(CA_FILE=str(tmp_path / "absent")) == ["ca_file"]
    assert refused(KEY_PASSWORD="wrong") == ["certificate_file"]
    assert refused(KEY_PASSWORD="") == ["certificate_file"]
    assert refused(KEY_FILE=str(tmp_path / "absent")) == ["key_file"]
    assert refused(CERTIFICATE_FILE=str(tmp_path / "absent")) == ["certificate_file"]
    assert refused(CERTIFICATE_FILE=str(no_pem)) == ["certificate_file"]
    assert refused(CERTIFICATE_FILE="") == ["key_file", "key_password"]


@given(
    st.builds(
        KafkaOptions,
        security_protocol=st.sampled_from(["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]),
        username=st.sampled_from(["", "amy"]),
        password=st.sampled_from(["", "secret"]),
        ca_file=st.sampled_from(["", "ca.pem"]),
        certificate_file=st.sampled_from(["", "client.pem"]),
        key_file=st.sampled_from(["", "client.key"]),
    )
)
def test_each_security_protocol_asks_for_what_it_uses_and_no_more(options: KafkaOptions) -> None:
    told = set(keys(list(contradictions(options, set()))))
    for key in ("username", "password"):
        assert (key in told) == (bool(getattr(options, key)) != options.logs_in)
    for key in ("ca_file", "certificate_file"):
        assert (key in told) == (bool(getattr(options, key)) and not options.encrypted)
    used = options.encrypted and options.certificate_file
    assert ("key_file" in told) == bool(options.key_file and not used)
