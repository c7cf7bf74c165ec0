from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.peers.base import HOUR
from bench.peers.registry import all_peers
from tests.bench.peers.traffic import START, fed, ordinary

ROOT = Path(__file__).parents[3]
PROGRAM = """
from hashlib import blake2b
from bench.peers.base import HOUR
from bench.peers.registry import all_peers
from tests.bench.peers.traffic import fed, ordinary
hours = [ordinary(hour) for hour in range(12)]
for peer in all_peers():
    told = [
        sorted((one.subject, one.score, sorted(one.accounts), one.rules) for one in hour)
        for hour in fed(peer, hours)
    ]
    print(peer.name, blake2b(repr(told).encode()).hexdigest())
"""


def _told(hash_seed: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=ROOT, check=True, capture_output=True
    ).stdout


def test_scores_do_not_hang_on_the_process() -> None:
    assert _told("1") == _told("2") != b""


def test_no_peer_flags_ordinary_accounts_by_its_fixed_rules() -> None:
    for peer in all_peers():
        scored = fed(peer, [ordinary(hour) for hour in range(12)])
        assert [score for hour in scored for score in hour if score.rules] == []


def test_peers_take_hours_without_requests_before_and_between() -> None:
    for peer in all_peers():
        assert peer.close_hour(START, []) == []
        peer.close_hour(START + 5 * HOUR, ordinary(5))


def test_names_tell_peers_apart() -> None:
    names = [peer.name for peer in all_peers()]
    assert len(set(names)) == len(names)
