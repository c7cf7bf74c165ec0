"""What an operator may choose about Kafka: where it is, how to log in, how the work is shared."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from schemas.formats import DEFAULT_FORMAT, format_names
from stream.broker.names import MOST_CHARACTERS, TopicNames, is_topic_name

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
"""How a connection is protected; the names are Kafka's own."""

SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
"""How a user proves who they are."""

SECRET = {"secret": True}
"""Metadata of a field that is never shown."""

_MOST_SECRET_BYTES = 65_536

Name = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9._-]{{1,{MOST_CHARACTERS}}}$")]
"""The start of a topic's or a consumer group's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaOptions:
    """One description of a cluster, for every client of it. An empty text stands for none.

    Attributes:
        bootstrap_servers: `host:port`, several parted by commas; the rest is learned from them.
        application: Consumer groups and changelogs are named after it.
        prefix: Topics are named after it.
        requests: Request topics; none: `<prefix>.requests`.
        facts: Topic of facts; none: `<prefix>.facts`.
        feedback: Topic of feedback; none: `<prefix>.feedback`.
        input_format: How requests are written.
        partitions: Partitions of the internal topics: the most workers that can share the work.
        replication: Copies of every partition of the topics that Gauger creates.
        standby_replicas: Workers that keep a spare copy of another's state.
        store: Where a running worker keeps its checkpoints: `memory://`, or `rocksdb://` and the
            absolute path of a folder of its own.
        idle_seconds: After how long without a record a source holds nothing up any more.
        most_ahead_seconds: How far a request's time may be ahead of its record's in Kafka; 0: as
            far as it says.
        checkpoint_seconds: How often a partition's state is saved.
        account_scores: Whether scores of accounts are published.
        security_protocol: How connections are protected.
        sasl_mechanism: How the user logs in, with `SASL_PLAINTEXT` and `SASL_SSL`.
        username: The user.
        password: Their password.
        password_file: A file with the password, instead of `password`.
        ca_file: Certificate authorities to trust (PEM); none: those of the system.
        certificate_file: Our own certificate (PEM), where brokers ask for one.
        key_file: Its key (PEM), unless it is in the same file.
        key_password: The password of the key.
        key_password_file: A file with it, instead of `key_password`.
        check_hostname: Whether a broker's certificate must be for the host that was called.
    """

    bootstrap_servers: Annotated[str, Meta(min_length=1)] = "localhost:9092"
    application: Name = "gauger"
    prefix: Name = "gauger"
    requests: tuple[str, ...] = ()
    facts: str = ""
    feedback: str = ""
    input_format: str = DEFAULT_FORMAT
    partitions: Annotated[int, Meta(ge=1, le=1_024)] = 6
    replication: Annotated[int, Meta(ge=1, le=100)] = 1
    standby_replicas: Annotated[int, Meta(ge=0, le=16)] = 0
    store: Annotated[str, Meta(pattern=r"^(memory://|rocksdb:///.+)$")] = "memory://"
    idle_seconds: Annotated[float, Meta(ge=0.1, le=86_400)] = 30.0
    most_ahead_seconds: Annotated[int, Meta(ge=0, le=10**9)] = 0
    checkpoint_seconds: Annotated[float, Meta(ge=0.1, le=3_600)] = 30.0
    account_scores: bool = True
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False, metadata=SECRET)
    password_file: str = ""
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    key_password: str = field(default="", repr=False, metadata=SECRET)
    key_password_file: str = ""
    check_hostname: bool = True

    @property
    def servers(self) -> list[str]:
        """The bootstrap servers, one by one."""
        return [server.strip() for server in self.bootstrap_servers.split(",")]

    @property
    def store_folder(self) -> Path | None:
        """The folder of a store on disk."""
        folder = self.store.removeprefix("rocksdb://")
        return None if folder == self.store else Path(folder)

    @property
    def encrypted(self) -> bool:
        """Whether connections use TLS."""
        return self.security_protocol in {"SSL", "SASL_SSL"}

    @property
    def logs_in(self) -> bool:
        """Whether a user and a password are asked for."""
        return self.security_protocol in {"SASL_PLAINTEXT", "SASL_SSL"}


def with_secrets(options: KafkaOptions, problems: list[str]) -> KafkaOptions:
    """The options with the secrets that files hold; what is wrong is appended to `problems`.

    White space at both ends of a file does not count, so an editor's newline changes nothing.
    """
    return replace(
        options,
        password=secret_of(options, "password", problems),
        key_password=secret_of(options, "key_password", problems),
    )


def contradictions(options: KafkaOptions, faulty: AbstractSet[str]) -> Iterator[str]:
    """What does not go together, each as `key: what`.

    Args:
        options: Options whose single values are legal.
        faulty: Keys whose value was refused already: nothing more is said for their sake.
    """
    for keys, wrong, text in (*_login_rules(options), *_tls_rules(options), *_name_rules(options)):
        if wrong and faulty.isdisjoint(keys):
            yield f"{keys[0]}: {text}"


_Rule = tuple[tuple[str, ...], bool, str]


def _login_rules(options: KafkaOptions) -> Iterator[_Rule]:
    protocol = options.security_protocol
    needed = options.logs_in
    unused = f"has no use with security_protocol {protocol}; SASL_SSL logs in"
    yield (
        ("username", "security_protocol"),
        needed and not options.username,
        (f"is needed with security_protocol {protocol}"),
    )
    yield (
        ("password", "security_protocol", "password_file"),
        (needed and not options.password and not options.password_file),
        f"is needed with security_protocol {protocol}; or set password_file",
    )
    for key in ("username", "password", "password_file"):
        yield (key, "security_protocol"), not needed and bool(getattr(options, key)), unused


def _tls_rules(options: KafkaOptions) -> Iterator[_Rule]:
    unused = f"has no use with security_protocol {options.security_protocol}; SSL and SASL_SSL do"
    for key in ("ca_file", "certificate_file", "key_file", "key_password", "key_password_file"):
        given = bool(getattr(options, key))
        yield (key, "security_protocol"), given and not options.encrypted, unused
        if key not in {"ca_file", "certificate_file"}:
            alone = given and options.encrypted and not options.certificate_file
            yield (key, "certificate_file"), alone, "is needed for a certificate_file alone"


def _name_rules(options: KafkaOptions) -> Iterator[_Rule]:
    for server in options.servers:
        host, _, port = server.rpartition(":")
        legal = bool(host) and port.isascii() and port.isdigit() and 0 < int(port) < 65_536
        yield ("bootstrap_servers",), not legal, f"{server!r} is not host:port"
    names = TopicNames.of(options)
    read = [("requests", topic) for topic in options.requests]
    read += [(key, topic) for key in ("facts", "feedback") if (topic := getattr(options, key))]
    for key, topic in read:
        yield (key,), not is_topic_name(topic), f"{topic!r} is no name of a topic"
        ours = topic in names.written
        yield (key, "prefix", "application"), ours, f"{topic} is written by Gauger itself"
    twice = len(set(options.requests)) < len(options.requests)
    yield ("requests",), twice, "names a topic twice"
    for key, others in (("facts", names.requests), ("feedback", (*names.requests, names.facts))):
        topic = getattr(names, key)
        yield (key, "requests", "facts"), topic in others, f"{topic} holds something else already"
    known = format_names()
    unknown = options.input_format not in known
    text = f"no format {options.input_format!r}; there is {', '.join(known)}"
    yield ("input_format",), unknown, text


def secret_of(options: object, key: str, problems: list[str]) -> str:
    """A secret of a section: given as `key`, or read from the file that `key_file` names.

    What is wrong is appended to `problems`, never with the secret itself.
    """
    given: str = getattr(options, key)
    path: str = getattr(options, f"{key}_file")
    if not path:
        return given
    if given:
        problems.append(f"{key}_file: cannot stand beside {key}")
        return given
    try:
        return _read_secret(Path(path))
    except ValueError as error:
        problems.append(f"{key}_file: {error}")
        return ""


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_SECRET_BYTES + 1)
        text = content.decode().strip()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text") from error
    if len(content) > _MOST_SECRET_BYTES:
        raise ValueError(f"{path} is longer than 64 KiB; is it a password?")
    if not text:
        raise ValueError(f"{path} is empty")
    return text
