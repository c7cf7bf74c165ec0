from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from stream.errors import UsageError
from stream.forwarding.options import ForwardOptions
from stream.settings import Settings
from stream.sinks import Message, Sink, SinkRefused, SinkUnavailable, open_sink
from tests.broker.certificates import Certificates
from tests.stream.collectors import StreamCollector, counted, eventually, server_tls

HEADER = b"<109>1 - - gauger - - - "
ONE, TWO = Message("", b'{"a":"\xc3\xa9"}'), Message("", b"<13>1 - h a - - - CEF:0|x")
AS_SENT = [HEADER + ONE.body, TWO.body]


@pytest.fixture
def collector() -> Iterator[StreamCollector]:
    with StreamCollector() as made:
        yield made


def sink_to(address: str, **options: object) -> Sink:
    return open_sink(address, Settings(forward=ForwardOptions(**options)))  # type: ignore[arg-type]


def arrived(collector: StreamCollector, messages: list[list[bytes]]) -> bool:
    """Whether these messages came over the collector's connections."""
    want = [b"".join(b"%d %b" % (len(one), one) for one in several) for several in messages]
    return eventually(lambda: collector.received == want)


def test_messages_are_sent_with_their_length_and_a_header_if_they_have_none(
    collector: StreamCollector,
) -> None:
    sink = sink_to(f"syslog+tcp://127.0.0.1:{collector.port}")
    sink.send([ONE])
    sink.send([TWO])
    sink.close()
    assert arrived(collector, [AS_SENT])
    assert counted(collector.received[0]) == AS_SENT


def test_a_connection_that_ended_in_good_order_is_made_anew(collector: StreamCollector) -> None:
    sink = sink_to(f"syslog+tcp://127.0.0.1:{collector.port}")
    sink.send([ONE])
    assert arrived(collector, [AS_SENT[:1]])
    collector.hang_up()
    sink.send([TWO])
    sink.close()
    assert arrived(collector, [AS_SENT[:1], AS_SENT[1:]])


def test_what_a_collector_had_not_read_when_it_hung_up_is_sent_again(
    collector: StreamCollector,
) -> None:
    sink = sink_to(f"syslog+tcp://127.0.0.1:{collector.port}")
    sink.send([ONE])
    assert arrived(collector, [AS_SENT[:1]])
    collector.stop_reading()
    sink.send([TWO])
    collector.hang_up()
    third = Message("", b"<1>third")
    with pytest.raises(SinkUnavailable, match="reset"):
        sink.send([third])
    sink.send([third])
    sink.close()
    assert arrived(collector, [AS_SENT[:1], [TWO.body, third.body]])


def test_a_collector_that_is_away_is_tried_again() -> None:
    with StreamCollector() as gone:
        pass
    sink = sink_to(f"syslog+tcp://127.0.0.1:{gone.port}")
    with pytest.raises(SinkUnavailable, match="cannot be reached"):
        sink.send([ONE])
    with StreamCollector(port=gone.port) as back:
        sink.send([ONE])
        sink.close()
        assert arrived(back, [AS_SENT[:1]])


def test_tls_asks_for_the_right_authority(certificates: Certificates) -> None:
    with StreamCollector(server_tls(certificates.server)) as collector:
        address = f"syslog+tls://localhost:{collector.port}"
        mistrusting = sink_to(address, ca_file=str(certificates.other_ca))
        with pytest.raises(SinkUnavailable, match="certificate verify failed"):
            mistrusting.send([ONE])
        sink = sink_to(address, ca_file=str(certificates.ca))
        sink.send([ONE, TWO])
        sink.close()
        assert arrived(collector, [[], AS_SENT])


def test_a_collector_that_wants_another_certificate_has_nothing(
    certificates: Certificates,
) -> None:
    shown = {
        "certificate_file": str(certificates.client),
        "key_file": str(certificates.client_key),
        "key_password": certificates.client_key_password,
    }
    ca = str(certificates.ca)
    with StreamCollector(server_tls(certificates.server, certificates.ca)) as collector:
        address = f"syslog+tls://localhost:{collector.port}"
        with pytest.raises(SinkUnavailable):
            sink_to(address, ca_file=ca).send([ONE])
        sink = sink_to(address, ca_file=ca, **shown)
        sink.send([ONE])
        sink.close()
        assert arrived(collector, [[], AS_SENT[:1]])


def test_a_datagram_holds_a_message() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(10)
        sink = sink_to(f"syslog+udp://127.0.0.1:{collector.getsockname()[1]}")
        sink.send([ONE])
        assert collector.recv(65_536) == AS_SENT[0]
        with pytest.raises(SinkRefused, match="no datagram"):
            sink.send([Message("", b"x" * 70_000)])
        sink.send([TWO])
        assert collector.recv(65_536) == AS_SENT[1]
        sink.close()


@pytest.mark.parametrize(
    "address",
    ["syslog+udp:", "syslog+tcp://", "syslog+tls://host:x", "syslog+tcp://host/path",
     "syslog+tcp://user@host"],
)  # fmt: skip
def test_what_is_no_collector_is_told(address: str) -> None:
    with pytest.raises(UsageError, match="no collector"):
        sink_to(address)
