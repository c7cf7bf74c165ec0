from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.requests.hashing import (
    StringHasher,
    keyed_hash,
    network_bits,
    network_columns,
    network_text,
)
from tests.strategies import KEY, ipv4, ipv6, unicode_texts

ROOT = Path(__file__).resolve().parents[3]


@given(ipv4)
def test_an_ipv4_address_and_its_network_can_be_read_back(address: IPv4Address) -> None:
    own, network = network_bits(str(address))
    assert network_text(own) == str(address)
    assert network_text(network) == str(IPv4Network((address, 24), strict=False))


@given(ipv6)
def test_an_ipv6_address_counts_by_its_48_bits(address: IPv6Address) -> None:
    own, network = network_bits(str(address))
    assert own == 0
    assert network_text(network) == str(IPv6Network((address, 48), strict=False))


@given(ipv4)
def test_a_mapped_address_is_the_address_that_it_maps(address: IPv4Address) -> None:
    assert network_bits(f"::ffff:{address}") == network_bits(str(address))


@given(ipv4, ipv6)
def test_all_network_numbers_fit_56_bits_and_differ(four: IPv4Address, six: IPv6Address) -> None:
    numbers = [*network_bits(str(four)), network_bits(str(six))[1]]
    assert all(0 < number < 2**56 for number in numbers)
    assert len(set(numbers)) == 3


@given(st.integers(0, 255), ipv4)
def test_neighbours_share_their_network_alone(last: int, address: IPv4Address) -> None:
    neighbour = IPv4Address(int(address) & ~255 | last)
    assert network_bits(str(neighbour))[1] == network_bits(str(address))[1]
    same = neighbour == address
    assert (network_bits(str(neighbour))[0] == network_bits(str(address))[0]) is same


@pytest.mark.parametrize("text", ["", "nowhere", "10.0.0", "10.0.0.256", "::1::2", "10.0.0.1/24"])
def test_what_is_no_address_is_nothing(text: str) -> None:
    assert network_bits(text) == (0, 0)


@given(st.text())
def test_no_text_breaks_the_reading_of_addresses(text: str) -> None:
    own, network = network_bits(text)
    assert (network == 0) <= (own == 0)


@given(st.binary(max_size=40))
def test_a_keyed_hash_depends_on_key_and_purpose(data: bytes) -> None:
    first = keyed_hash(KEY, "account", data)
    assert 0 < first < 2**64
    assert first == keyed_hash(KEY, "account", data)
    assert first != keyed_hash(KEY[::-1], "account", data)
    assert first != keyed_hash(KEY, "payment", data)
    assert first != keyed_hash(KEY, "account", data + b"x")


nearly_addresses = st.text("0123456789.", max_size=16) | st.builds(
    "{}{}{}".format,
    st.sampled_from(["", " ", "0", "\0"]),
    ipv4 | ipv6,
    st.sampled_from(["", ".", "\n", "0", "%eth0", "\0"]),
)


@given(st.lists(nearly_addresses | unicode_texts, max_size=8))
def test_addresses_in_columns_are_read_like_single_ones(texts: list[str]) -> None:
    own, network = network_columns(texts)
    assert list(zip(own.tolist(), network.tolist(), strict=True)) == [
        network_bits(text) for text in texts
    ]


def siphash_1_3(first: int, second: int, data: bytes) -> int:
    """SipHash-1-3 in plain Python, from the paper (Aumasson and Bernstein, 2012)."""
    mask = 2**64 - 1
    v = [
        first ^ 0x736F6D6570736575,
        second ^ 0x646F72616E646F6D,
        first ^ 0x6C7967656E657261,
        second ^ 0x7465646279746573,
    ]

    def turn(place: int, bits: int) -> None:
        v[place] = (v[place] << bits | v[place] >> (64 - bits)) & mask

    def mix() -> None:
        for left, right, bits in ((0, 1, 13), (2, 3, 16)):
            v[left] = (v[left] + v[right]) & mask
            turn(right, bits)
            v[right] ^= v[left]
        turn(0, 32)
        for left, right, bits in ((2, 1, 17), (0, 3, 21)):
            v[left] = (v[left] + v[right]) & mask
            turn(right, bits)
            v[right] ^= v[left]
        turn(2, 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for start in range(0, len(padded), 8):
        block = int.from_bytes(padded[start : start + 8], "little")
        v[3] ^= block
        mix()
        v[0] ^= block
    v[2] ^= 0xFF
    for _ in range(3):
        mix()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def test_the_twin_is_siphash() -> None:
    # The interpreter's own hash of bytes is SipHash-1-3 under a key of zeros, once seeded with 0.
    script = (
        "print(hash(b'gauger') % 2**64, hash(bytes(range(29))) % 2**64, sys.hash_info.algorithm)"
    )
    said = subprocess.run(
        [sys.executable, "-c", f"import sys; {script}"],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    if said[2] != "siphash13":
        pytest.skip(f"this interpreter hashes by {said[2]}")
    assert said[:2] == [str(siphash_1_3(0, 0, data)) for data in (b"gauger", bytes(range(29)))]


@given(st.lists(unicode_texts, max_size=8))
def test_strings_are_hashed_by_siphash(texts: list[str]) -> None:
    first, second = (keyed_hash(KEY, "account", half) for half in (b"first", b"second"))
    hashes = StringHasher(KEY).columns({"account": texts})["account"]
    assert hashes.tolist() == [
        siphash_1_3(first, second, text.replace("\0", "\ufffd").encode()) if text else 0
        for text in texts
    ]


@given(st.lists(st.tuples(unicode_texts, unicode_texts), min_size=1, max_size=8))
def test_a_string_hash_is_its_own_whatever_stands_beside_it(pairs: list[tuple[str, str]]) -> None:
    hasher = StringHasher(KEY)
    accounts, payments = (list(column) for column in zip(*pairs, strict=True))
    together = hasher.columns({"account": accounts, "payment": payments})
    for purpose, texts in (("account", accounts), ("payment", payments)):
        assert together[purpose].tolist() == [hasher.one(purpose, text) for text in texts]
    assert len(set(together["account"].tolist())) == len(set(accounts))


def test_a_string_hash_depends_on_key_and_purpose_and_every_character() -> None:
    texts = ["a", "b", "ab", "ba", "aaaaaaaa", "aaaaaaaaa", "baaaaaaaa", "a" * 100, "é", "e"]
    hashes = [
        hash_
        for key in (KEY, KEY[::-1])
        for column in StringHasher(key).columns({"account": texts, "owner": texts}).values()
        for hash_ in column.tolist()
    ]
    assert len(set(hashes)) == 4 * len(texts)


def test_string_hashes_have_no_bias() -> None:
    texts = [f"id-{number}" for number in range(4_000)]
    hashes = StringHasher(KEY).columns({"request": texts})["request"]
    bits = (hashes[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.05


def test_hashes_do_not_depend_on_the_hash_seed_of_the_interpreter() -> None:
    script = (
        "from models.requests.hashing import *; "
        f"print(keyed_hash({KEY!r}, 'account', b'x'), StringHasher({KEY!r}).one('owner', 'a b'))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    own = f"{keyed_hash(KEY, 'account', b'x')} {StringHasher(KEY).one('owner', 'a b')}\n"
    assert said == {own}


def test_of_a_masked_address_the_network_is_known() -> None:
    masked = network_bits("192.0.2.0/24")
    assert masked == (0, network_bits("192.0.2.9")[1])
    address, network = network_columns(["192.0.2.0/24", "192.0.2.9"])
    assert address[0] == 0
    assert network[0] == network[1] == masked[1]
    assert network_bits("no address/24") == network_bits("2001:db8::.0/24") == (0, 0)
