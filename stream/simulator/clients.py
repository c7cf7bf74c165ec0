"""Client software: user agents and TLS fingerprints, grouped in families by who uses them."""

from __future__ import annotations

import hashlib

import numpy as np

from stream.simulator.randomness import Ints, pick, zipf_weights

_SYSTEMS = (
    "Linux x86_64",
    "Linux arm64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "Windows NT 10.0; Win64; x64",
)


def _versions(
    name: str, versions: tuple[str, ...], systems: tuple[str, ...]
) -> list[tuple[str, str]]:
    return [
        (f"{name}/{version} ({system})", name + system)
        for version in versions
        for system in systems
    ]


_FAMILIES: dict[str, list[tuple[str, str]]] = {
    "browser": [
        *_versions("Mozilla/5.0 Chrome", ("129.0", "130.0", "131.0"), _SYSTEMS[1:]),
        *_versions("Mozilla/5.0 Firefox", ("132.0", "133.0"), _SYSTEMS[2:]),
        *_versions("Mozilla/5.0 Safari", ("17.6", "18.1"), _SYSTEMS[2:3]),
    ],
    "app": [
        *_versions(
            "LyraMobile", ("3.1.0", "3.2.1", "3.3.0"), ("iOS 18.1", "Android 14", "Android 15")
        ),
        *_versions("LyraDesktop", ("1.8.2", "1.9.0"), _SYSTEMS[2:]),
    ],
    "sdk": [
        *_versions("lyra-python", ("1.42.0", "1.41.2", "1.39.1", "1.30.0", "0.28.4"), _SYSTEMS[:3]),
        *_versions("lyra-node", ("4.12.0", "4.11.3", "4.2.0"), _SYSTEMS[:3]),
        *_versions("lyra-go", ("0.9.1", "0.8.0"), _SYSTEMS[:1]),
    ],
    "harness": [
        *_versions("tern-code", ("2.1.4", "2.1.3", "2.0.9", "1.8.0"), _SYSTEMS[:3]),
        *_versions("patchwork-agent", ("0.44.1", "0.43.0"), _SYSTEMS[:3]),
        *_versions("kestrel-ide", ("5.2.0", "5.1.1"), _SYSTEMS[1:]),
        *_versions("opencrate", ("0.7.2", "0.6.9"), _SYSTEMS[:3]),
    ],
    "script": [
        *_versions("python-requests", ("2.32.3", "2.31.0", "2.28.1"), ("",)),
        *_versions("python-httpx", ("0.27.2", "0.25.0"), ("",)),
        *_versions("aiohttp", ("3.10.5", "3.9.1"), ("",)),
        *_versions("Go-http-client", ("2.0", "1.1"), ("",)),
        *_versions("okhttp", ("4.12.0",), ("",)),
        *_versions("axios", ("1.7.7", "1.6.2"), ("",)),
        *_versions("curl", ("8.5.0", "7.88.1"), ("",)),
        *_versions("Java-http-client", ("17.0.9", "21.0.2"), ("",)),
        *_versions("node-fetch", ("1.0",), ("",)),
    ],
    "gateway": [
        *_versions("switchyard-proxy", ("1.52.0", "1.51.3", "1.48.1"), ("",)),
        *_versions("portal-gateway", ("3.4.1", "3.3.0"), ("",)),
        *_versions("undici", ("6.19.8",), ("",)),
    ],
}
FAMILY_NAMES = tuple(_FAMILIES)


def _flatten() -> tuple[list[tuple[str, str]], dict[str, Ints]]:
    table: list[tuple[str, str]] = []
    numbers: dict[str, Ints] = {}
    for family, entries in _FAMILIES.items():
        numbers[family] = np.arange(len(table), len(table) + len(entries), dtype=np.int64)
        for agent, stack in entries:
            digest = hashlib.blake2b(stack.encode(), digest_size=16).hexdigest()
            table.append((agent.removesuffix(" ()"), digest))
    return table, numbers


CLIENTS, _NUMBERS = _flatten()


def draw_clients(rng: np.random.Generator, family: str, size: int) -> Ints:
    """Clients of a family, popular versions drawn more."""
    numbers = _NUMBERS[family]
    weights = zipf_weights(numbers.size, 0.8) * (0.3 + rng.random(numbers.size))
    return numbers[pick(rng, weights, size)]
