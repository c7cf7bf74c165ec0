"""What servers may choose about listening, and when that is not safe."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Protocol


class Listening(Protocol):
    """Options of a server; an empty text stands for none."""

    @property
    def host(self) -> str:
        """Address to listen on."""

    @property
    def port(self) -> int:
        """Port to listen on; 0: any that is free."""

    @property
    def certificate_file(self) -> str:
        """Our certificate (PEM); with it connections use TLS."""

    @property
    def key_file(self) -> str:
        """Its key (PEM), unless it is in the same file."""

    @property
    def plain(self) -> bool:
        """Listen beyond loopback without TLS: something in front of us ends it."""


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def exposures(section: str, options: Listening, *, guarded: bool, guard: str) -> Iterator[str]:
    """Why nobody may listen with these options, each as `section.key: what`.

    Args:
        section: Of the settings.
        options: Options whose single values are legal.
        guarded: Whether it is known who comes.
        guard: What to set where it is not.
    """
    if is_loopback(options.host):
        return
    reached = f"{section}.host: {options.host} can be reached by others:"
    if not guarded:
        yield f"{reached} set {guard}"
    if not (options.certificate_file or options.plain):
        text = "needs certificate_file, or plain = true behind something that ends TLS"
        yield f"{reached} {text}"
