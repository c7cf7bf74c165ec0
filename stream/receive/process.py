"""The receiver as a process: what it needs, where it listens, how it ends."""

from __future__ import annotations

import asyncio
import ssl

import structlog

from schemas.formats import input_format
from schemas.reading.paths import FormatPaths
from stream.broker.names import TopicNames
from stream.edge import Sketcher
from stream.receive.application import Receiver, Sketch
from stream.receive.delivery import Delivery
from stream.receive.intake import sketched
from stream.receive.options import ReceiveOptions, faults
from stream.receive.tally import Tally
from stream.serving.server import serve, stop_signal, tls_context, tokens_of
from stream.serving.tokens import Tokens
from stream.settings import Settings, SettingsError

_log = structlog.get_logger()

_GRACE_SECONDS = 5.0


def run_receiver(settings: Settings, options: ReceiveOptions) -> None:
    """Receive until told to stop; what was begun by then is brought to its end.

    Raises:
        SettingsError: Nobody may listen with these options, or a file of theirs cannot be used.
        FailedRun: No broker lets us in, a topic is missing, or the port is taken.
    """
    problems = list(faults(options, settings.kafka.input_format))
    if problems:
        raise SettingsError(problems)
    tokens, context = tokens_of(options, "receive"), tls_context(options, "receive")
    asyncio.run(_receive(settings, options, tokens, context))


async def _receive(
    settings: Settings,
    options: ReceiveOptions,
    tokens: Tokens | None,
    context: ssl.SSLContext | None,
) -> None:
    names, tally = TopicNames.of(settings.kafka), Tally()
    texts, sketch = settings.texts, None
    if options.sketch:
        sketch = sketching(Sketcher(texts.key, texts.previous), settings.formats)
    delivery = Delivery(settings.kafka, options.delivery_seconds)
    await delivery.start([names.requests[0], names.facts, names.feedback])
    receiver = Receiver(options, settings.kafka, delivery, tokens, sketch, tally)
    telling = asyncio.create_task(tally.tell_on())
    # Before anybody is told that we listen: from then on we may be told to stop.
    stop = stop_signal()
    try:
        patience = options.body_seconds + options.delivery_seconds + _GRACE_SECONDS
        server = await serve(receiver.application(), options, context, patience)
        _log.info("receiving", url=server.url, sketches=options.sketch)
        try:
            await stop.wait()
        finally:
            await server.stop()
    finally:
        telling.cancel()
        await delivery.stop()
        tally.tell()
        _log.info("receiving_stopped")


def sketching(sketcher: Sketcher, paths: FormatPaths | None = None) -> Sketch:
    """What sketches records of any format; `paths` say where fields stand that it cannot know."""
    return lambda name, bodies: sketched(bodies, input_format(name, paths), sketcher)
