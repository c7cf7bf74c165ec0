"""What an operator may choose about metrics and health of workers and forwarders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from stream.serving.listening import ListenOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsOptions(ListenOptions):
    """Where a worker tells of itself. An empty text stands for none.

    Attributes:
        port: Port to listen on; 0: none is opened.
        stuck_seconds: A process that stands still for longer is not healthy.
    """

    port: Annotated[int, Meta(ge=0, le=65_535)] = 0
    stuck_seconds: Annotated[float, Meta(ge=1, le=3_600)] = 60.0
