"""Commands of the documentation, run as a reader would type them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

NOT_RUN = {
    "make ": "sets up, tests and runs this very check",
    "gauger console": "serves a page until it is stopped, as tests/stream/console does",
    ".venv/bin/gauger console": "the same, where `make setup` leaves it",
    "docker compose ": "needs an engine; as far as `config` in tests/test_compose.py",
    "pip install ": "installs into the environment that runs the tests",
    "kubectl ": "needs a cluster; the manifests are read in tests/examples/test_kubernetes.py",
    "sigma convert ": "run over alerts in tests/consumers/test_sigma.py",
    'curl --user "$LOGIN"': "needs a TAXII server; there is one in tests/consumers/test_taxii.py",
    "gauger alerts --format stix | while": "the same",
    "echo 'chat+https://": "writes to /etc the address of a chat",
    "GAUGER_FORWARD__TO_FILE=/etc/": "the same",
    'echo "gateway-1 ': "writes to /etc; the line itself is read in tests/stream/receive",
    "gauger forward --to file:/var/log": "writes to /var/log; the tutorial does it elsewhere",
}
"""What cannot be run here, by how it begins, with the reason."""

LASTING = ("worker", "receive", "forward")
_BROKER = re.compile(
    r"gauger (?:--config \S+ )?"
    r"(?:topics|worker|publish|warm|receive|forget|alerts|forward|explain|who|accounts|trace)\b"
)
_PATIENCE_SECONDS = 300
_BEGIN = "jobs=()\n"
_END = '\nfor job in "${jobs[@]}"; do kill -TERM "$job"; wait "$job"; done\n'
_FENCE = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of commands.

    Attributes:
        page: Where it stands.
        line: Its first line there.
        commands: What can be run, each with the lines that it goes on in.
        left_out: What cannot.
    """

    page: str
    line: int
    commands: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def needs_broker(self) -> bool:
        return any(_needs_broker(command) for command in self.commands)


def _needs_broker(command: str) -> bool:
    return bool(_BROKER.search(command)) and "--from " not in command


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page."""
    text = page.read_text("utf-8")
    for found in _FENCE.finditer(text):
        said = list(_commands(found[2]))
        yield Block(
            page.relative_to(ROOT).as_posix(),
            text.count("\n", 0, found.start()) + 2,
            tuple(one for one in said if not _left_out(one)),
            tuple(one for one in said if _left_out(one)),
        )


def _left_out(command: str) -> bool:
    return any(begins(command, start) for start in NOT_RUN)


def begins(command: str, start: str) -> bool:
    """Whether a command begins so, variables that are set for it aside."""
    bare = re.sub(r"^(?:\w+=\S+ )+", "", command.lstrip())
    return command.lstrip().startswith(start) or bare.startswith(start)


def _commands(text: str) -> Iterator[str]:
    """Commands, with lines that end in a backslash, or are in a loop, kept together."""
    open_lines: list[str] = []
    for line in text.splitlines():
        if not open_lines and (not line.strip() or line.lstrip().startswith("#")):
            continue
        open_lines.append(line)
        joined = "\n".join(open_lines)
        loops = joined.count("; do") - len(re.findall(r"^done", joined, re.MULTILINE))
        if not line.endswith("\\") and not loops:
            yield joined
            open_lines = []


def _awaited(command: str) -> str:
    """A command in the background is at work before the next begins, and ends with the block."""
    return re.sub(
        r"^(gauger .*?) &( +#.*)?$",
        r"rm -f at-work; GAUGER_AT_WORK=at-work \1 & jobs+=($!)\n"
        r'until [ -e at-work ]; do kill -0 "${jobs[-1]}"; sleep 0.1; done',
        command,
    )


def lasting(command: str) -> str | None:
    """What a command runs that ends by no means by itself, settings aside; None where it ends."""
    bare = re.sub(r" --config \S+|( &)?( +#.*)?$", "", command)
    words = bare.split()
    ends = words[:1] != ["gauger"] or words[1] not in LASTING or "--from" in words
    return None if ends else bare


def run(block: Block, folder: Path, server: Path, replaced: dict[str, str]) -> str:
    """Run a block by bash in a folder; what it says, or an AssertionError with all of that.

    Args:
        block: What to run.
        folder: Where.
        server: The socket of `tests.fast_gauger`.
        replaced: Words of the documentation, and what stands for them here.
    """
    script = _BEGIN + "\n".join(map(_awaited, block.commands)) + _END
    for word, here in replaced.items():
        script = script.replace(word, here)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GAUGER_")}
    path = f"{ROOT / 'tests' / 'documentation' / 'bin'}{os.pathsep}{environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**environ, "PATH": path, "GAUGER_SOCKET": str(server), "PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{block.page}:{block.line}\n{script}\n\n{done.stdout}"
    return done.stdout
