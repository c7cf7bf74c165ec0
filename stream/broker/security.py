"""The same login and the same TLS for every Kafka client."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from stream.broker.options import KafkaOptions

if TYPE_CHECKING:
    from faust.types.auth import CredentialsT


class TlsFiles(Protocol):
    """What a section of the settings says of TLS; texts are paths, empty for none."""

    @property
    def encrypted(self) -> bool:
        """Whether connections use TLS."""

    @property
    def ca_file(self) -> str:
        """Certificate authorities to trust."""

    @property
    def certificate_file(self) -> str:
        """Our own certificate."""

    @property
    def key_file(self) -> str:
        """Its key, unless it is in the same file."""

    @property
    def key_password(self) -> str:
        """The password of the key."""

    @property
    def check_hostname(self) -> bool:
        """Whether a certificate must be for the host that was called."""


def tls_context(options: TlsFiles) -> ssl.SSLContext | None:
    """What TLS trusts and shows; None where connections are not encrypted.

    Raises:
        ValueError: A file cannot be used; the message starts with its key in the settings.
    """
    if not options.encrypted:
        return None
    try:
        context = ssl.create_default_context(cafile=options.ca_file or None)
    except OSError as error:
        raise ValueError(f"ca_file: {_why(options.ca_file, error)}") from error
    context.check_hostname = options.check_hostname
    if options.certificate_file:
        _show_certificate(context, options)
    return context


def kafka_python_arguments(options: KafkaOptions) -> dict[str, Any]:
    """Arguments of every kafka-python client: servers, protocol, TLS, login.

    Raises:
        ValueError: As `tls_context`.
    """
    return {"bootstrap_servers": options.servers, **_protection(options)}


def aiokafka_arguments(options: KafkaOptions) -> dict[str, Any]:
    """Arguments of every aiokafka client: servers, protocol, TLS, login.

    Raises:
        ValueError: As `tls_context`.
    """
    return {"bootstrap_servers": options.servers, **_protection(options)}


def faust_brokers(options: KafkaOptions) -> str:
    """The servers as faust writes them."""
    return ";".join(f"aiokafka://{server}" for server in options.servers)


def faust_credentials(options: KafkaOptions) -> CredentialsT | None:
    """What faust logs in with; None where nothing is protected.

    Raises:
        ValueError: As `tls_context`.
    """
    # Faust takes a second to import, and the edges do without it.
    from faust.auth import SASLCredentials, SSLCredentials  # noqa: PLC0415

    context = tls_context(options)
    if options.logs_in:
        return SASLCredentials(
            username=options.username,
            password=options.password,
            mechanism=options.sasl_mechanism,
            ssl_context=context,
        )
    return SSLCredentials(context) if context is not None else None


def _protection(options: KafkaOptions) -> dict[str, Any]:
    arguments: dict[str, Any] = {"security_protocol": options.security_protocol}
    context = tls_context(options)
    if context is not None:
        arguments["ssl_context"] = context
    if options.logs_in:
        arguments["sasl_mechanism"] = options.sasl_mechanism
        arguments["sasl_plain_username"] = options.username
        arguments["sasl_plain_password"] = options.password
    return arguments


def _show_certificate(context: ssl.SSLContext, options: TlsFiles) -> None:
    certificate, key = options.certificate_file, options.key_file or options.certificate_file
    for name, path in (("certificate_file", certificate), ("key_file", key)):
        try:
            Path(path).open("rb").close()
        except OSError as error:
            raise ValueError(f"{name}: {_why(path, error)}") from error
    try:
        # An empty password instead of none: OpenSSL would ask for it at the terminal.
        context.load_cert_chain(certificate, key, password=options.key_password)
    except (ssl.SSLError, ValueError) as error:
        text = f"{certificate} and its key {key} cannot be used together; is key_password right?"
        raise ValueError(f"certificate_file: {text} ({error})") from error


def _why(path: str, error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{path} holds no certificate in PEM form"
    return f"cannot read {path}: {error.strerror}"
