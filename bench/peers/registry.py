"""All peers, in the order in which they are shown."""

from __future__ import annotations

from bench.peers.aegisgate import AegisGate
from bench.peers.base import Peer
from bench.peers.glasswally import Glasswally
from bench.peers.loda import Loda
from bench.peers.midas import Midas
from bench.peers.mmd import Mmd
from bench.peers.spend import Spend
from bench.peers.tokens import Tokens
from bench.peers.trees import Trees


def all_peers() -> list[Peer]:
    """A fresh one of each."""
    return [Spend(), Tokens(), Glasswally(), AegisGate(), Trees(), Loda(), Mmd(), Midas()]
