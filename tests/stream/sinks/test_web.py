"""HTTP, Splunk, and chats: what is sent, and what answers mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import orjson
import pytest
from msgspec.structs import replace

from schemas.codec import encode
from stream.errors import UsageError
from stream.forwarding.options import ForwardOptions
from stream.settings import Settings
from stream.sinks import Message, Sink, SinkRefused, SinkUnavailable, open_sink
from tests.broker.certificates import Certificates
from tests.models.alerts import alert
from tests.stream.collectors import Answer, WebCollector, server_tls, web_collector

ONE, TWO = Message("f1", b'{"event_id":"e1"}'), Message("f2", b'{"event_id":"e2"}')
TOKEN = "canary-token"


@pytest.fixture
def collector() -> Iterator[WebCollector]:
    with web_collector() as made:
        yield made


def sink_to(address: str, **options: object) -> Sink:
    return open_sink(address, Settings(forward=ForwardOptions(**options)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "sent", "content_type"),
    [
        ("lines", ONE.body + b"\n" + TWO.body + b"\n", "application/x-ndjson"),
        ("array", b"[" + ONE.body + b"," + TWO.body + b"]", "application/json"),
    ],
)
def test_several_alerts_go_in_one_request(
    collector: WebCollector, body: str, sent: bytes, content_type: str
) -> None:
    sink_to(f"http://127.0.0.1:{collector.port}/in?x=1", body=body).send([ONE, TWO])
    (request,) = collector.requests
    assert (request.path, request.body) == ("/in?x=1", sent)
    assert request.headers["Content-Type"] == content_type


def test_one_alert_goes_as_it_is_with_the_login(collector: WebCollector) -> None:
    options = {"token": TOKEN, "token_scheme": "ApiKey", "content_type": "text/plain"}
    sink = sink_to(f"http://127.0.0.1:{collector.port}/in", **options)
    assert sink.most == 1
    sink.send([ONE])
    (request,) = collector.requests
    assert request.body == ONE.body
    assert request.headers["Authorization"] == f"ApiKey {TOKEN}"
    assert request.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize("status", [400, 402, 409, 413, 415, 422, 431])
def test_a_request_that_is_at_fault_is_refused_with_what_was_said(
    collector: WebCollector, status: int
) -> None:
    collector.answer = lambda _: Answer(status, b"no\nsuch  field")
    with pytest.raises(SinkRefused, match=rf"HTTP {status} .*: no such field"):
        sink_to(f"http://127.0.0.1:{collector.port}").send([ONE])


@pytest.mark.parametrize(
    "status", [302, 307, 401, 403, 404, 405, 407, 408, 410, 425, 429, 500, 502, 503, 504]
)
def test_what_is_not_the_fault_of_a_message_is_tried_again(
    collector: WebCollector, status: int
) -> None:
    elsewhere = {"Location": f"http://127.0.0.1:{collector.port}/elsewhere"}
    collector.answer = lambda _: Answer(status, headers=elsewhere)
    with pytest.raises(SinkUnavailable, match=f"HTTP {status}"):
        sink_to(f"http://127.0.0.1:{collector.port}/in").send([ONE])
    assert [request.path for request in collector.requests] == ["/in"]


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [("7", 7, 7), (timedelta(hours=2), 6_000, 7_200), (timedelta(days=-900), 0, 0)],
    ids=["seconds", "ahead", "past"],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(
    collector: WebCollector, asked: str | timedelta, least: float, most: float
) -> None:
    if isinstance(asked, timedelta):
        asked = format_datetime(datetime.now(UTC) + asked, usegmt=True)
    collector.answer = lambda _: Answer(429, headers={"Retry-After": asked})
    with pytest.raises(SinkUnavailable) as caught:
        sink_to(f"http://127.0.0.1:{collector.port}").send([ONE])
    assert caught.value.retry_after is not None
    assert least <= caught.value.retry_after <= most


@pytest.mark.parametrize("asked", ["soon", "-3", ""])
def test_a_retry_after_that_says_nothing_is_none(collector: WebCollector, asked: str) -> None:
    collector.answer = lambda _: Answer(503, headers={"Retry-After": asked})
    with pytest.raises(SinkUnavailable) as caught:
        sink_to(f"http://127.0.0.1:{collector.port}").send([ONE])
    assert caught.value.retry_after is None


def test_a_collector_that_is_away_or_silent_is_tried_again(collector: WebCollector) -> None:
    with web_collector() as gone:
        pass
    with pytest.raises(SinkUnavailable, match="cannot be reached"):
        sink_to(f"http://127.0.0.1:{gone.port}").send([ONE])


def test_splunk_takes_envelopes_in_one_request(collector: WebCollector) -> None:
    collector.answer = lambda _: Answer(body=b'{"text":"Success","code":0}')
    sink = sink_to(f"hec+http://127.0.0.1:{collector.port}", token=TOKEN)
    ecs = Message("", b'{"@timestamp":1,"event":{}}')
    sink.send([Message("", b'{"event":{"a":1},"time":3}'), ONE, ecs, Message("", b"CEF:0|x")])
    (request,) = collector.requests
    assert request.path == "/services/collector/event"
    assert request.headers["Authorization"] == f"Splunk {TOKEN}"
    assert request.body == (
        b'{"event":{"a":1},"time":3}{"event":{"event_id":"e1"}}'
        b'{"event":{"@timestamp":1,"event":{}}}{"event":"CEF:0|x"}'
    )


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"{}", b'{"code":9}'])
def test_splunk_has_nothing_until_it_says_so(collector: WebCollector, answer: bytes) -> None:
    collector.answer = lambda _: Answer(body=answer)
    with pytest.raises(SinkUnavailable, match="without the code of success"):
        sink_to(f"hec+http://127.0.0.1:{collector.port}", token=TOKEN).send([ONE])


def test_a_chat_is_sent_text_in_which_nothing_is_a_mention(collector: WebCollector) -> None:
    sink = sink_to(f"chat+http://127.0.0.1:{collector.port}/services/x")
    sink.send([Message("", b"a <!channel> & more")])
    assert orjson.loads(collector.bodies[0]) == {"text": "a &lt;!channel&gt; &amp; more"}


def test_a_chat_is_told_a_finding_in_a_line(collector: WebCollector) -> None:
    event = replace(alert("f7", ["a", "b"], at=60), title="two\naccounts\x1b[31m")
    sink_to(f"chat+http://127.0.0.1:{collector.port}").send([Message("", encode(event))])
    assert orjson.loads(collector.bodies[0])["text"] == (
        "[HIGH] two accounts [31m | 2 accounts, 100 requests, 1970-01-01T00:01Z to "
        "1970-01-01T00:01Z | hold: harvest is running | f7"
    )


def test_teams_is_sent_a_card(collector: WebCollector) -> None:
    sink_to(f"teams+http://127.0.0.1:{collector.port}/x").send([Message("", b"a finding")])
    (attachment,) = orjson.loads(collector.bodies[0])["attachments"]
    assert attachment["content"]["body"][0]["text"] == "a finding"


@pytest.mark.parametrize(
    ("address", "options", "told"),
    [
        ("https://user:canary-token@host/x", {}, "holds a login"),
        ("https://host:port", {}, "no web address"),
        ("https:", {}, "no web address"),
        ("https://host/a b", {}, "no web address"),
        ("http://collector.example.org", {"token": TOKEN}, "in clear"),
        ("hec+http://192.0.2.1:8088", {"token": TOKEN}, "in clear"),
        ("hec+https://host", {}, "token_file: is needed"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_its_secrets(
    address: str, options: dict[str, str], told: str
) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        sink_to(address, **options)
    assert "canary" not in str(caught.value)


def test_tls_asks_for_the_right_authority_and_host(certificates: Certificates) -> None:
    with web_collector(server_tls(certificates.server)) as collector:
        for ca, host in ((certificates.other_ca, "localhost"), (certificates.ca, "127.0.0.1")):
            sink = sink_to(f"https://{host}:{collector.port}", ca_file=str(ca), token=TOKEN)
            with pytest.raises(SinkUnavailable, match="certificate verify failed"):
                sink.send([ONE])
        assert collector.requests == []
        sink_to(f"https://localhost:{collector.port}", ca_file=str(certificates.ca)).send([ONE])
        assert collector.bodies == [ONE.body]


def test_a_client_certificate_is_shown(certificates: Certificates) -> None:
    shown = {
        "ca_file": str(certificates.ca),
        "certificate_file": str(certificates.client),
        "key_file": str(certificates.client_key),
        "key_password": certificates.client_key_password,
    }
    with web_collector(server_tls(certificates.server, certificates.ca)) as collector:
        with pytest.raises(SinkUnavailable):
            sink_to(f"https://localhost:{collector.port}", ca_file=shown["ca_file"]).send([ONE])
        sink_to(f"https://localhost:{collector.port}", **shown).send([ONE])
        assert collector.bodies == [ONE.body]


def test_certificates_that_cannot_be_used_are_told_by_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"forward\.ca_file"):
        sink_to("https://localhost:1", ca_file=str(tmp_path / "absent.pem"))
