"""The files of the page, and the headers that keep it to itself."""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple

_TYPES = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer: nothing from elsewhere, no script but ours, in nobody's frame."""


class File(NamedTuple):
    """A file of the page."""

    content_type: str
    body: bytes


def read_files() -> dict[str, File]:
    """The files of the page by name; they are few and small."""
    return {
        entry.name: File(_TYPES[entry.name.rpartition(".")[2]], entry.read_bytes())
        for entry in resources.files(__package__).joinpath("static").iterdir()
    }
