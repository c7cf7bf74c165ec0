"""The configuration files of a test broker."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from pathlib import Path

from tests.broker.certificates import Certificates

USERS = {"plain": "plain secret", "scram": "scram secret"}

_COMMON = """
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=OPEN
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# Tests of crashes need members that are soon given up.
group.min.session.timeout.ms=1000
# After a kill the controller waits for the session of the broker that was.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Indexes are allocated ahead, and tests make many partitions.
log.index.size.max.bytes=1048576
"""
_SECURED = """
listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_plain="{password}";
listener.name.sasl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.tls.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={server}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
"""
_LOGGING = """
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c: %m%n
"""


@dataclass(frozen=True)
class Ports:
    """Loopback ports: without security, of the controller, SASL over TLS, TLS alone."""

    open: int
    controller: int
    sasl: int
    tls: int


def free_ports(first: int | None = None, host: str = "127.0.0.1") -> Ports:
    """Ports that nobody listens on now; `first`, if given, is the one without security."""
    found = [] if first is None else [first]
    while len(found) < 4:
        # Below the ports that outgoing connections get: a restart must find its ports free.
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            if port not in found and probe.connect_ex((host, port)) != 0:
                found.append(port)
    return Ports(*found)


def write_properties(
    folder: Path, ports: Ports, certificates: Certificates | None, host: str = "127.0.0.1"
) -> Path:
    """Write the broker's and its log's configuration; it listens on an address of this machine.

    Returns:
        The broker's properties file.
    """
    protocols = {"OPEN": "PLAINTEXT", "CONTROLLER": "PLAINTEXT"}
    advertised = {"OPEN": f"{host}:{ports.open}"}
    text = _COMMON
    if certificates is not None:
        protocols |= {"SASL": "SASL_SSL", "TLS": "SSL"}
        advertised |= {"SASL": f"localhost:{ports.sasl}", "TLS": f"localhost:{ports.tls}"}
        text += _SECURED.format(
            password=USERS["plain"], server=certificates.server, ca=certificates.ca
        )
    listeners = {name: f"{host}:{getattr(ports, name.lower())}" for name in protocols}
    text += (
        f"controller.quorum.voters=1@{host}:{ports.controller}\n"
        f"listeners={_addresses(listeners)}\n"
        f"advertised.listeners={_addresses(advertised)}\n"
        f"listener.security.protocol.map={','.join(f'{a}:{b}' for a, b in protocols.items())}\n"
        f"log.dirs={folder / 'data'}\n"
    )
    (folder / "log4j2.properties").write_text(_LOGGING)
    properties = folder / "server.properties"
    properties.write_text(text)
    return properties


def _addresses(listeners: dict[str, str]) -> str:
    return ",".join(f"{name}://{address}" for name, address in listeners.items())
