"""Logs: constant events with key-values, on stderr; JSON lines unless a person is reading."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import structlog


def configure_logging(level: str = "info", *, json: bool = False) -> None:
    """Set structlog up for this process.

    Args:
        level: Least severity shown: `debug`, `info`, `warning` or `error`.
        json: JSON lines even where a person is reading.
    """
    terminal = sys.stderr.isatty() and not json
    # https://no-color.org: whatever it says, if it says anything.
    colours = not os.environ.get("NO_COLOR")
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=colours)
        if terminal
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _take_over_logging(shared, renderer)


def mute_clients(clients: Sequence[str] = ("aiokafka", "kafka")) -> None:
    """Keep the Kafka clients' own logs from a person: every retry of theirs is several lines.

    What comes to nothing is told by our errors.
    """
    for name in clients:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _take_over_logging(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> None:
    """What libraries log, in the same form; below a warning they are of no interest."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
