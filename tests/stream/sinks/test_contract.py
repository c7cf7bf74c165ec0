"""What every sink has in common, also one that is added tomorrow."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.outputs import output_names
from stream.forwarding.options import ForwardOptions
from stream.settings import Settings
from stream.sinks import group_name, open_sink, schemes, shown, usual_format

ADDRESSES = {
    "-": "-",
    "file": "file:alerts.jsonl",
    "kafka": "kafka:alerts-ocsf",
    **{
        scheme: f"{scheme}://localhost:1"
        for scheme in (
            *("http", "https", "hec+http", "hec+https", "chat+http", "chat+https"),
            *("teams+http", "teams+https", "syslog+udp", "syslog+tcp", "syslog+tls"),
        )
    },
}


def test_every_scheme_is_tried_here_and_belongs_to_one_sink() -> None:
    assert schemes() == sorted(ADDRESSES)


@pytest.mark.parametrize("scheme", ADDRESSES)
def test_opening_a_sink_connects_to_nothing_and_it_can_be_closed(scheme: str) -> None:
    sink = open_sink(ADDRESSES[scheme], Settings(forward=ForwardOptions(token="t")))
    assert sink.most >= 1
    sink.close()
    sink.close()


@pytest.mark.parametrize("scheme", ADDRESSES)
def test_the_usual_format_is_one(scheme: str) -> None:
    assert usual_format(ADDRESSES[scheme]) in output_names()


def test_what_is_shown_of_a_web_address_ends_with_its_host() -> None:
    assert shown("chat+https://hooks.example.org/services/secret") == (
        "chat+https://hooks.example.org"
    )
    assert shown("file:a/b") == "file:a/b"


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_group_is_a_name_that_kafka_takes_and_another_for_another_sink(
    path: str, other: str
) -> None:
    address = f"https://host/{path}"
    name = group_name("gauger", address)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,249}", name)
    assert name == group_name("gauger", address)
    if path != other:
        assert name != group_name("gauger", f"https://host/{other}")
