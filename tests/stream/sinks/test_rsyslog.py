"""A real collector: Debian's rsyslog takes what we send over TCP and TLS."""

from __future__ import annotations

from pathlib import Path

import orjson

from schemas.codec import encode
from schemas.outputs import output_format
from stream.forwarding.options import ForwardOptions
from stream.settings import Settings
from stream.sinks import Message, Sink, SinkUnavailable, open_sink
from tests.broker.certificates import Certificates
from tests.broker.packages import Programs
from tests.broker.properties import free_ports
from tests.broker.rsyslog import Rsyslog
from tests.models.alerts import alert, names
from tests.stream.collectors import eventually

ALERTS = [alert(f"f{row}", names('account=\\"é]', 300), at=60 * row) for row in range(5)]

OUTPUT = """
template(name="said" type="string" string="%app-name% %msg%\\n")
action(type="omfile" file="{out}" template="said")
"""
PLAIN = 'module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="{port}")\n'
TLS = """
global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="{ca}"
       DefaultNetstreamDriverCertFile="{server}" DefaultNetstreamDriverKeyFile="{server}")
module(load="imtcp" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid")
input(type="imtcp" address="127.0.0.1" port="{port}")
"""


def said(out: Path) -> list[str]:
    return out.read_text().splitlines() if out.exists() else []


def sends(sink: Sink, messages: list[Message]) -> bool:
    """Whether the sink is up and takes all."""
    try:
        sink.send(messages)
    except SinkUnavailable:
        return False
    return True


def test_rsyslog_reads_json_over_tcp_to_the_byte(programs: Programs, tmp_path: Path) -> None:
    out, port = tmp_path / "out", free_ports().open
    config = PLAIN.format(port=port) + OUTPUT.format(out=out)
    lines = [encode(event) for event in ALERTS]
    with Rsyslog(programs, tmp_path, config) as collector:
        sink = open_sink(f"syslog+tcp://127.0.0.1:{port}", Settings())
        messages = [Message("", line) for line in lines]
        assert eventually(lambda: sends(sink, messages)), collector.log()
        assert eventually(lambda: len(said(out)) >= len(lines)), collector.log()
        sink.close()
    found = [line.partition(" ") for line in said(out)]
    assert {name for name, _, _ in found} == {"gauger"}
    assert [orjson.loads(body) for _, _, body in found] == [orjson.loads(line) for line in lines]


def test_rsyslog_reads_cef_over_tls_and_nothing_from_strangers(
    programs: Programs, certificates: Certificates, tmp_path: Path
) -> None:
    out, port = tmp_path / "out", free_ports().open
    files = {"ca": certificates.ca, "server": certificates.server}
    config = TLS.format(port=port, **files) + OUTPUT.format(out=out)
    messages = [Message("", body) for one in ALERTS for body in output_format("syslog")(one)]
    address = f"syslog+tls://localhost:{port}"
    ca = {"ca_file": str(certificates.ca)}
    own = {
        "certificate_file": str(certificates.client),
        "key_file": str(certificates.client_key),
        "key_password": certificates.client_key_password,
    }
    with Rsyslog(programs, tmp_path, config) as collector:
        sink = open_sink(address, Settings(forward=ForwardOptions(**ca, **own)))  # type: ignore[arg-type]
        assert eventually(lambda: sends(sink, messages[:1])), collector.log()
        stranger = open_sink(address, Settings(forward=ForwardOptions(**ca)))  # type: ignore[arg-type]
        assert not sends(stranger, [Message("", b"<1>1 - - stranger - - - x")])
        sink.send(messages[1:])
        assert eventually(lambda: len(said(out)) >= len(messages)), collector.log()
        sink.close()
        stranger.close()
    bodies = [message.body.decode().partition("CEF:")[2] for message in messages]
    assert [line.partition("CEF:")[2] for line in said(out)] == bodies
