"""Indicators through a TAXII 2.1 server (medallion, a process of its own on loopback)."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.alert import AlertEvent
from schemas.indicators import CommunityKey, read_bundle
from schemas.outputs import OutputFormat, output_format
from schemas.outputs.stix import digests

COLLECTIONS = {
    "clear": "91a7b528-80eb-42ed-a74d-c6fbd5a26116",
    "digests": "52892447-4d7e-4f70-b94d-d7f22742ff63",
}
MEDIA_TYPE = "application/taxii+json;version=2.1"
LOGIN = "Basic " + base64.b64encode(b"gauger:loopback").decode()
KEY = CommunityKey(b"a key that operators share", "0123abcd")
PATIENCE_SECONDS = 30


def configuration(folder: Path) -> Path:
    """Settings of a server with empty collections."""
    root = {
        "information": {
            "title": "shared",
            "versions": [MEDIA_TYPE],
            "max_content_length": 10_000_000,
        },
        "status": [],
        "collections": [
            {
                "id": identity,
                "title": title,
                "can_read": True,
                "can_write": True,
                "media_types": ["application/stix+json;version=2.1"],
                "objects": [],
                "manifest": [],
            }
            for title, identity in COLLECTIONS.items()
        ],
    }
    discovery = {"title": "TAXII", "api_roots": ["/shared/"], "default": "/shared/"}
    data, config = folder / "data.json", folder / "config.json"
    data.write_text(json.dumps({"/discovery": discovery, "shared": root}))
    backend = {
        "module": "medallion.backends.memory_backend",
        "module_class": "MemoryBackend",
        "filename": str(data),
    }
    users = {"gauger": "loopback"}
    config.write_text(
        json.dumps({"backend": backend, "users": users, "taxii": {"max_page_size": 100}})
    )
    return config


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the collections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "medallion.scripts.run", "--port", str(port)]
    process = subprocess.Popen(
        [*program, str(configuration(tmp_path_factory.mktemp("taxii")))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(process, port)
        yield f"http://127.0.0.1:{port}/shared/collections/"
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the TAXII server did not start")


def ask(url: str, document: bytes | None = None) -> tuple[int, Any]:
    """Status and answer of a GET, or of a POST of a document."""
    headers = {"Authorization": LOGIN, "Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
    request = urllib.request.Request(url, document, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return answer.status, json.load(answer)


@pytest.mark.parametrize(
    ("title", "write"), [("clear", output_format("stix")), ("digests", digests(KEY))]
)
def test_what_one_operator_posts_another_gets(
    title: str, write: OutputFormat, server: str, sample_alerts: list[AlertEvent]
) -> None:
    objects = f"{server}{COLLECTIONS[title]}/objects/"
    bundles = [bundle for event in sample_alerts for bundle in write(event)]
    assert bundles
    for bundle in bundles:
        status, answer = ask(objects, bundle)
        assert status == 202
        assert answer["failure_count"] == 0
    status, envelope = ask(f"{objects}?match[type]=indicator")
    assert status == 200
    sent = read_bundle(
        b'{"objects": [%s]}'
        % b",".join(
            json.dumps(each).encode()
            for bundle in bundles
            for each in json.loads(bundle)["objects"]
        )
    )
    got = read_bundle(json.dumps(envelope).encode())
    assert got.unread == 0
    assert sorted(got.indicators) == sorted(sent.indicators)
    shown = {(tie.kind, tie.value) for event in sample_alerts for tie in event.ties if tie.value}
    assert all(
        any(each.matches(kind, value, KEY) for kind, value in shown) for each in got.indicators
    )


def test_a_server_that_does_not_know_us_gets_nothing(server: str) -> None:
    request = urllib.request.Request(server, headers={"Accept": MEDIA_TYPE})
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=PATIENCE_SECONDS)
    refusal.value.close()
    assert refusal.value.code == 401
