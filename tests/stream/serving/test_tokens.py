from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from stream.receive.options import ReceiveOptions, faults
from stream.serving.tokens import read_tokens


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tokens"
    lines = ["# gateways", f"east {hashed('e' * 40)}", "", f"west  {hashed('w' * 40).upper()} # b"]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("header", "client"),
    [
        (f"Bearer {'e' * 40}", "east"),
        (f"bearer   {'w' * 40} ", "west"),
        (f"Bearer {'e' * 39}", None),
        (f"Bearer {hashed('e' * 40)}", None),
        (f"Basic {'e' * 40}", None),
        ("e" * 40, None),
        ("Bearer", None),
        ("Bearer ä\ud800", None),
        ("", None),
        (None, None),
    ],
)
def test_a_client_is_known_by_its_token_alone(
    file: Path, header: str | None, client: str | None
) -> None:
    assert read_tokens(file).client(header) == client


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no token"),
        ("# nobody", "holds no token"),
        ("east s3cret-as-it-is", "line 1: not a name and a SHA-256"),
        (f"\na {hashed('x')}\na {hashed('y')}", "line 3: a second token for a"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_without_its_secrets(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "tokens").write_text(text)
    with pytest.raises(ValueError, match=told) as caught:
        read_tokens(tmp_path / "tokens")
    assert "s3cret" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        read_tokens(tmp_path / "none")


SAFE = {"tokens_file": "tokens", "certificate_file": "cert"}


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({}, 0),
        ({"host": "localhost"}, 0),
        ({"host": "::1"}, 0),
        ({"host": "127.8.0.1"}, 0),
        ({"host": "0.0.0.0"}, 2),
        ({"host": "::"}, 2),
        ({"host": "gateway.example"}, 2),
        ({"host": "192.0.2.1", "tokens_file": "tokens"}, 1),
        ({"host": "192.0.2.1", "certificate_file": "cert"}, 1),
        ({"host": "192.0.2.1", **SAFE}, 0),
        ({"host": "192.0.2.1", "certificate_file": "cert", "client_ca_file": "ca"}, 0),
        ({"host": "192.0.2.1", "tokens_file": "tokens", "plain": True}, 0),
        ({"host": "192.0.2.1", "plain": True}, 1),
        ({"client_ca_file": "ca"}, 1),
        ({"key_file": "key"}, 1),
        ({"most_held_bytes": 1_024}, 1),
    ],
)
def test_nobody_listens_to_others_without_knowing_them(
    chosen: dict[str, object], count: int
) -> None:
    options = ReceiveOptions(**chosen)  # type: ignore[arg-type]
    assert len(list(faults(options, "auto"))) == count


def test_sketches_are_written_only_where_they_can_be_read() -> None:
    options = ReceiveOptions(sketch=True)
    assert not list(faults(options, "auto")) + list(faults(options, "native"))
    assert "kafka.input_format is kong" in next(faults(options, "kong"))


def test_a_role_is_a_third_word_where_there_are_roles(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"ada {hashed('a')} analyst\nbo {hashed('b')}\n")
    tokens = read_tokens(path, ("viewer", "analyst"))
    assert [tokens.role(name) for name in ("ada", "bo")] == ["analyst", "viewer"]
    assert tokens.holder("a") == "ada"
    with pytest.raises(ValueError, match="line 1"):
        read_tokens(path)
    path.write_text(f"ada {hashed('a')} root\n")
    with pytest.raises(ValueError, match="one of viewer, analyst"):
        read_tokens(path, ("viewer", "analyst"))
