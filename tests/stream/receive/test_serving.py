"""Connections: TLS, client certificates, and those that keep silent."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import aiohttp
import pytest

from stream.errors import FailedRun
from stream.receive.options import ReceiveOptions
from stream.receive.process import run_receiver
from stream.serving import server
from stream.serving.server import tls_context
from stream.settings import Settings, SettingsError
from tests.broker.certificates import Certificates, make_certificates
from tests.stream.receive.http import door


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls") / "certificates")


def of_the_server(made: Certificates, **more: str) -> ssl.SSLContext:
    options = ReceiveOptions(certificate_file=str(made.server), **more)  # type: ignore[arg-type]
    context = tls_context(options, "receive")
    assert context is not None
    return context


def of_a_client(made: Certificates, *, certified: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=made.ca)
    context.check_hostname = False
    if certified:
        context.load_cert_chain(made.client, made.client_key, made.client_key_password)
    return context


def test_with_a_certificate_connections_are_encrypted(made: Certificates) -> None:
    async def scenario() -> None:
        client = of_a_client(made, certified=False)
        async with door(context=of_the_server(made), client_context=client) as one:
            assert one.serving.url.startswith("https://")
            assert await one.post("/ingest/native", b"{}") == (200, b'{"records":1}')

    asyncio.run(scenario())


def test_a_client_without_the_certificate_that_is_asked_for_is_not_let_in(
    made: Certificates,
) -> None:
    async def attempt(*, certified: bool) -> int:
        context = of_the_server(made, client_ca_file=str(made.ca))
        client = of_a_client(made, certified=certified)
        async with door(context=context, client_context=client) as one:
            return (await one.post("/ingest/native", b"{}"))[0]

    assert asyncio.run(attempt(certified=True)) == 200
    with pytest.raises(aiohttp.ClientError):
        asyncio.run(attempt(certified=False))


def test_a_connection_whose_request_does_not_come_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "_FIRST_REQUEST_SECONDS", 0.1)

    async def scenario() -> None:
        async with door() as one:
            assert await one.get("/healthz") == 200
            host, port = one.serving.url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /facts HTTP/1.1\r\nHost: ")
            async with asyncio.timeout(30):
                with contextlib.suppress(ConnectionResetError):
                    assert not await reader.read()
            writer.close()
            with contextlib.suppress(ConnectionResetError):
                await writer.wait_closed()
            # The other one has made its request, and stays.
            assert await one.get("/healthz") == 200

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"host": "192.0.2.1"}, "set tokens_file"),
        ({"tokens_file": "none"}, "receive.tokens_file: cannot read none"),
        ({"certificate_file": "none"}, "receive.certificate_file: "),
    ],
)
def test_what_cannot_be_used_is_told_before_anybody_listens(
    chosen: dict[str, str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=told):
        run_receiver(Settings(), ReceiveOptions(**chosen))  # type: ignore[arg-type]


def test_a_port_that_is_taken_is_told() -> None:
    async def scenario(port: int) -> None:
        async with door(port=port):
            pass

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(FailedRun, match=f"cannot listen on 127.0.0.1, port {port}"):
            asyncio.run(scenario(port))
