"""Hypothesis strategies for traffic: small request events, times with jumps, texts, networks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import numpy as np
from hypothesis import strategies as st

from schemas.request import RequestEvent

KEY = b"a fixed key for tests, 32 bytes."
START = 20_370 * 86_400
"""A midnight in 2025, Unix seconds."""

accounts = st.sampled_from([f"account-{number}" for number in range(6)])
words = st.text("abcdefghijklmnop", min_size=1, max_size=7)
sentences = st.lists(words, min_size=1, max_size=40).map(" ".join)
_phrases = st.sampled_from([
    "grade the following answer step by step and write down the whole reasoning that leads there",
    "please summarise these minutes for the board in five short points without naming any person",
])  # fmt: skip


def _event(values: dict[str, Any]) -> RequestEvent:
    return RequestEvent(**values)


events = st.fixed_dictionaries(
    {
        "id": st.integers(0, 400).map("id-{}".format),
        "time": st.integers(0, 3_300_000).map(lambda milliseconds: START + milliseconds / 1000),
        "account": accounts,
    },
    optional={
        "payment": st.sampled_from(["card-1", "card-2"]),
        "org": st.sampled_from(["org-1", "org-2", "org-3"]),
        "plan": st.sampled_from(["free", "payg", "enterprise", "unheard-of"]),
        "account_created": st.integers(0, START),
        "ip": st.sampled_from(["10.0.0.1", "10.0.0.2", "2001:db8::1", "nowhere"]),
        "user_agent": st.sampled_from(["sdk/1", "sdk/2"]),
        "tools": st.lists(st.sampled_from(["search", "shell"]), max_size=2),
        "max_tokens": st.sampled_from([256, 1024]),
        "messages": st.integers(0, 9),
        "input_tokens": st.integers(0, 10_000),
        "output_tokens": st.integers(0, 10_000),
        "refused": st.booleans(),
        "signatures_presented": st.lists(st.sampled_from(["s1", "s2", "s3"]), max_size=3),
        "prompt": _phrases | sentences,
        "system": _phrases,
    },
).map(_event)
"""Requests of one hour by few accounts that share much; ids repeat."""

keys = st.integers(1, 2**64 - 1) | st.integers(1, 40)
key_arrays = st.lists(keys, max_size=60).map(lambda values: np.array(values, np.uint64))

ipv4 = st.integers(0, 2**32 - 1).map(IPv4Address)
ipv6 = st.integers(0, 2**128 - 1).map(IPv6Address).filter(lambda address: not address.ipv4_mapped)

_LETTERS = "abz AZ019 .-éßÿΩжя界語の한🙂\n\t“”"
unicode_texts = st.text(
    st.sampled_from(_LETTERS) | st.characters(exclude_categories=["Cs"]), max_size=120
)
