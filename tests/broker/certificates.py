"""A certificate authority of our own, with a broker's and a client's certificate."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_DAYS = "30"
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")


@dataclass(frozen=True)
class Certificates:
    """PEM files.

    Attributes:
        ca: The authority's certificate.
        server: The broker's key and certificate in one file, as Kafka reads them.
        client: The client's certificate.
        client_key: The client's key, encrypted with `client_key_password`.
        other_ca: An authority that signed none of these.
    """

    ca: Path
    server: Path
    client: Path
    client_key: Path
    client_key_password: str
    other_ca: Path


def make_certificates(folder: Path) -> Certificates:
    """Make all of them with openssl; the broker's is for localhost alone, not for 127.0.0.1."""
    folder.mkdir(parents=True)
    ca, other = (_authority(folder, name) for name in ("ca", "other"))
    key, certificate = _signed(folder, "broker", "DNS:localhost")
    server = folder / "server.pem"
    server.write_text(key.read_text() + certificate.read_text())
    client_key, client = _signed(folder, "client", "DNS:client")
    encrypted = folder / "client-encrypted.key"
    password = "open sesame"
    pass_out = ("-passout", f"pass:{password}")
    _openssl("pkcs8", "-topk8", "-in", client_key, "-out", encrypted, *pass_out)
    return Certificates(ca, server, client, encrypted, password, other)


def _authority(folder: Path, name: str) -> Path:
    certificate = folder / f"{name}.pem"
    new = (*_NEW_KEY, "-keyout", folder / f"{name}.key")
    subject = ("-subj", f"/CN=Gauger test {name}")
    _openssl("req", "-x509", *new, "-days", _DAYS, *subject, "-out", certificate)
    return certificate


def _signed(folder: Path, name: str, names: str) -> tuple[Path, Path]:
    """A key and its certificate, signed by the authority."""
    key, request, certificate = (folder / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
    new = (*_NEW_KEY, "-keyout", key)
    extension = ("-addext", f"subjectAltName={names}")
    _openssl("req", *new, "-subj", f"/CN={name}", *extension, "-out", request)
    authority = ("-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial")
    copied = ("-copy_extensions", "copy", "-days", _DAYS)
    _openssl("x509", "-req", "-in", request, *authority, *copied, "-out", certificate)
    return key, certificate


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], capture_output=True, check=True)
