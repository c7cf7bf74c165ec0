"""CEF, syslog and LEEF, read by parsers written after the standards, not after our code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings

from schemas.alert import AlertEvent
from schemas.outputs import output_format
from schemas.outputs._parts import encoded
from tests.models.alerts import alert
from tests.schemas.alert_events import alert_events, with_many_accounts

SYSLOG = re.compile(
    rb"<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<process>\S+)"
    rb" (?P<id>\S+) - (?P<message>.*)",
    re.DOTALL,
)
SEPARATORS = {"accounts": ",", "techniques": ",", "references": ",", "title": "", "reason": ""}


class Line(NamedTuple):
    """Header fields after the version, and what the line says by key."""

    header: list[str]
    pairs: dict[str, str]


def parse_cef(message: bytes) -> Line:
    """After the CEF guide: seven pipes, `key=value` parted by blanks, backslash escapes."""
    version, *header, extension = re.split(r"(?<!\\)(?:\\\\)*\|", message.decode(), maxsplit=7)
    assert version == "CEF:0"
    keys = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)=", extension))
    ends = [found.start() for found in keys[1:]] + [len(extension)]
    pairs = {
        found[1]: unescape(extension[found.end() : end])
        for found, end in zip(keys, ends, strict=True)
    }
    named = {
        pairs.get(f"{key}Label", key): value
        for key, value in pairs.items()
        if not key.endswith("Label")
    }
    plain = {"msg": "title", "suser": "accounts"}
    return Line(
        [re.sub(r"\\(.)", r"\1", field) for field in header],
        {plain.get(key, key): value for key, value in named.items()},
    )


def unescape(value: str) -> str:
    meant = {"\\": "\\", "=": "=", "n": "\n", "r": "\r"}
    assert not re.search(r"(?<!\\)(?:\\\\)*=", value)
    return re.sub(r"\\(.)", lambda found: meant[found[1]], value)


def parse_syslog(message: bytes) -> Line:
    found = SYSLOG.fullmatch(message)
    assert found
    text = found["message"]
    assert text.isascii() or text.startswith(b"\xef\xbb\xbf")
    return parse_cef(text.removeprefix(b"\xef\xbb\xbf"))


def parse_leef(message: bytes) -> Line:
    version, *header, delimiter, attributes = message.decode().split("|", 6)
    assert (version, delimiter) == ("LEEF:2.0", "0x09")
    pairs = dict(pair.split("=", 1) for pair in attributes.split("\t"))
    plain = {"msg": "title", "usrName": "accounts", "eventId": "event", "alertId": "externalId"}
    return Line(header, {plain.get(key, key): value for key, value in pairs.items()})


PARSERS: dict[str, Callable[[bytes], Line]] = {
    "cef": parse_cef,
    "syslog": parse_syslog,
    "leef": parse_leef,
}


def lines_of(name: str, event: AlertEvent) -> list[Line]:
    return [PARSERS[name](message) for message in output_format(name)(event)]


def items(lines: list[Line], key: str) -> list[str]:
    """The items of a list over all lines: joined, cut pieces put together, then decoded."""
    separator = SEPARATORS.get(key, ";")
    said = [line.pairs[key] for line in lines if key in line.pairs]
    if not said:
        return []
    whole = separator.join(said).replace(f"{separator}%+", "")
    return [decode(item) for item in (whole.split(separator) if separator else [whole])]


def decode(item: str) -> str:
    return unquote_to_bytes(item).decode()


def told(event: AlertEvent) -> Iterator[tuple[str, list[str]]]:
    """What each list must say."""
    yield "accounts", event.accounts
    yield "techniques", event.techniques
    yield "references", event.references
    yield "title", [event.title]
    yield "reason", [event.response.reason]


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=30)
@given(event=alert_events)
def test_an_independent_reader_gets_all_that_was_said(name: str, event: AlertEvent) -> None:
    lines = lines_of(name, event)
    for key, said in told(event):
        assert items(lines, key) == said
    for key, said in (
        ("evidence", [piece.text for piece in event.evidence]),
        ("ties", [tie.value or f" {tie.accounts}" for tie in event.ties]),
    ):
        found = items(lines, key)
        assert len(found) == len(said)
        assert all(item.endswith(text) for item, text in zip(found, said, strict=True))
    assert len(items(lines, "examples")) == len(event.examples)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=30)
@given(event=alert_events)
def test_every_line_can_be_read_alone(name: str, event: AlertEvent) -> None:
    lines = lines_of(name, event)
    assert [line.pairs["part"] for line in lines] == [str(n + 1) for n in range(len(lines))]
    assert {line.pairs["parts"] for line in lines} == {str(len(lines))}
    assert {decode(line.pairs["event"]) for line in lines} == {event.event_id}
    assert {decode(line.pairs["externalId"]) for line in lines} == {event.alert_id}
    assert {line.header[0] for line in lines} == {"Gauger"}


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=30)
@given(event=alert_events)
def test_no_line_is_longer_than_collectors_take(name: str, event: AlertEvent) -> None:
    for message in output_format(name)(event):
        assert len(message) <= 2_048
    for line in lines_of(name, event):
        for key in ("title", "reason", "accounts", "evidence", "ties", "examples"):
            assert len(line.pairs.get(key, "")) <= 1_023


@pytest.mark.parametrize("name", PARSERS)
def test_the_longest_member_list_goes_over_several_lines(name: str) -> None:
    event = with_many_accounts(alert("f1", ["a"], at=0))
    lines = lines_of(name, event)
    assert len(lines) > 10
    assert items(lines, "accounts") == event.accounts
    # No account is torn: whoever searches for one finds it.
    assert sum(line.pairs["accounts"].count("account-") for line in lines) == len(event.accounts)


@pytest.mark.parametrize(
    ("severity", "priority"),
    [("critical", 130), ("high", 131), ("medium", 132), ("low", 133), ("info", 134)],
)
def test_syslog_priority_is_local0_and_the_severity(severity: str, priority: int) -> None:
    event = alert("f1", ["a"], at=0, severity=severity)  # type: ignore[arg-type]
    (message,) = output_format("syslog")(event)
    found = SYSLOG.fullmatch(message)
    assert found
    assert int(found["priority"]) == priority
    assert found["time"].decode() == event.time
    assert len(found["app"]) <= 48
    assert len(found["id"]) <= 32


@settings(max_examples=50)
@given(alert_events)
def test_encoded_texts_hold_no_control_and_can_be_decoded(event: AlertEvent) -> None:
    for text in [event.title, *event.accounts]:
        written = encoded(text, ",;")
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029,;]|%\+", written)
        assert decode(written) == text
