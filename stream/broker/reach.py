"""Why a broker does not let us in, in one line that names the mend.

Clients hide the cause: they log it, try again, and give up with a time-out.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from stream.broker.options import KafkaOptions
from stream.broker.security import aiokafka_arguments
from stream.errors import FailedRun, UsageError

PATIENCE_SECONDS = 10.0
"""How long a broker may take to answer."""

_CLOSING_SECONDS = 2.0
# OpenSSL's codes of what is wrong with a certificate.
_EXPIRED = 10
_OTHER_HOST = {62, 64}


class BrokerUnreachable(FailedRun):
    """No broker lets us in; the message says why, and what to do about it."""


def require_broker(options: KafkaOptions, seconds: float = PATIENCE_SECONDS) -> None:
    """Make sure that a broker answers and lets us in, and that the brokers it names do.

    Args:
        options: Where the cluster is and how to log in.
        seconds: How long each may take.

    Raises:
        BrokerUnreachable: None does.
        UsageError: The files of the login cannot be used.
    """
    asyncio.run(reach_broker(options, seconds))


async def reach_broker(options: KafkaOptions, seconds: float = PATIENCE_SECONDS) -> None:
    """As `require_broker`, inside a running event loop."""
    try:
        arguments = aiokafka_arguments(options)
    except ValueError as error:
        raise UsageError(f"kafka.{error}") from error
    del arguments["bootstrap_servers"]
    told: list[str] = []
    for server in options.servers:
        try:
            named = await _brokers_named_by(server, arguments, seconds)
        except (OSError, KafkaError) as error:
            told.append(_reason(server, error, options))
        else:
            await _reach_one(server, named, options, arguments, seconds)
            return
    others = f" (and {len(told) - 1} more servers fail)" if told[1:] else ""
    raise BrokerUnreachable(told[0] + others)


async def _reach_one(
    server: str,
    named: list[str],
    options: KafkaOptions,
    arguments: dict[str, Any],
    seconds: float,
) -> None:
    """Make sure that one of the brokers answers by the name it gives itself."""
    told: list[str] = []
    for name in named:
        try:
            await _brokers_named_by(name, arguments, seconds)
        except (OSError, KafkaError) as error:
            told.append(_reason(name, error, options))
        else:
            return
    if not told:
        raise BrokerUnreachable(f"{server} knows no broker of its cluster yet: try again")
    text = f"{server} answers, but sends us to {named[0]} (its advertised.listeners)"
    raise BrokerUnreachable(f"{text}: {told[0]}")


async def _brokers_named_by(server: str, arguments: dict[str, Any], seconds: float) -> list[str]:
    host, _, port = server.rpartition(":")
    closed = False

    def note_close(*_: object) -> None:
        nonlocal closed
        closed = True

    connection = AIOKafkaConnection(
        host.strip("[]"),
        int(port),
        request_timeout_ms=round(seconds * 1000),
        on_close=note_close,
        **arguments,
    )
    try:
        await connection.connect()
        metadata = await connection.send(MetadataRequest([]))
    finally:
        ending = connection.close()
        # A connection that was never made has no end to wait for.
        if closed:
            await asyncio.wait([ending], timeout=_CLOSING_SECONDS)
    return [f"{broker[1]}:{broker[2]}" for broker in metadata.brokers]


def _reason(server: str, error: Exception, options: KafkaOptions) -> str:
    if isinstance(error, KafkaError):
        return _refusal(server, error, options)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _mistrust(server, error)
    if isinstance(error, ssl.SSLError | ConnectionResetError | BrokenPipeError):
        return _closed(server, options)
    return _silence(server, error)


def _silence(server: str, error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return f"there is no host {server.rpartition(':')[0]}: check kafka.bootstrap_servers"
    if isinstance(error, TimeoutError):
        return f"{server} does not answer: is the broker well, is a firewall in between?"
    if isinstance(error, ConnectionRefusedError):
        mend = "start the broker, or set kafka.bootstrap_servers"
        return f"no broker listens at {server}: {mend}"
    return f"{server} cannot be reached ({error}): check kafka.bootstrap_servers"


def _refusal(server: str, error: KafkaError, options: KafkaOptions) -> str:
    if isinstance(error, SaslAuthenticationFailed):
        mend = "check kafka.username and kafka.password"
        return f"{server} refuses the login of {options.username!r}: {mend}"
    if isinstance(error, UnsupportedSaslMechanismError):
        mend = "choose another kafka.sasl_mechanism"
        return f"{server} takes no login by {options.sasl_mechanism}: {mend}"
    if isinstance(error, IllegalSaslStateError):
        mend = "set kafka.security_protocol to PLAINTEXT or SSL"
        return f"{server} asks for no login: {mend}"
    if isinstance(error, KafkaConnectionError):
        if isinstance(error.__cause__, ssl.SSLError):
            mend = "set kafka.certificate_file to one that it trusts"
            return f"{server} asks for a client certificate: {mend}"
        return _closed(server, options)
    return f"{server} refuses us: {error}"


def _mistrust(server: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _OTHER_HOST:
        mend = "call it by a name that it holds, or set kafka.check_hostname = false"
        return f"the certificate of {server} is for another host: {mend}"
    if error.verify_code == _EXPIRED:
        return f"the certificate of {server} has expired: renew it at the broker"
    mend = "set kafka.ca_file to the authority that signed it"
    return f"the certificate of {server} is not trusted ({error.verify_message}): {mend}"


def _closed(server: str, options: KafkaOptions) -> str:
    mend = f"kafka.security_protocol is {options.security_protocol}; is that the listener's?"
    return f"{server} hangs up on us: {mend}"
