"""What an operator may choose about a port: where to listen, and whom to let in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenOptions:
    """Where to listen, and whom to let in. An empty text stands for none.

    Attributes:
        host: Address to listen on.
        port: Port to listen on.
        tokens_file: Names of clients, each with the SHA-256 of its bearer token.
        certificate_file: Our certificate (PEM); with it connections use TLS.
        key_file: Its key (PEM), unless it is in the same file.
        client_ca_file: Authorities (PEM) one of which must have signed the client's certificate.
        plain: Listen beyond loopback without TLS: something in front of us ends it.
    """

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 0
    tokens_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    plain: bool = False

    @property
    def is_local(self) -> bool:
        """Whether only programs of this machine can reach us."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def listening_faults(
    options: ListenOptions, section: str, guards: Sequence[str] = ("tokens_file", "client_ca_file")
) -> Iterator[str]:
    """Why nobody may listen with these options of a section, each as `section.key: what`.

    Args:
        options: Options whose single values are legal.
        section: Of the settings.
        guards: Options of which one has to say who comes, where strangers can reach us.
    """
    if not options.is_local and not any(getattr(options, guard) for guard in guards):
        text = f"set {' or '.join(guards)}"
        yield f"{section}.host: {options.host} can be reached by others: {text}"
    if not options.is_local and not (options.certificate_file or options.plain):
        text = "needs certificate_file, or plain = true behind something that ends TLS"
        yield f"{section}.host: {options.host} can be reached by others: {text}"
    for key in ("key_file", "client_ca_file"):
        if getattr(options, key) and not options.certificate_file:
            yield f"{section}.{key}: has no use without certificate_file"
