"""What `gauger forward` does: the pieces of a run, put together from a plan and the settings."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from threading import Event

import structlog
from msgspec.structs import asdict

from stream.broker.names import TopicNames
from stream.errors import UsageError
from stream.forwarding.forwarder import Forwarded, Forwarder, Source, Translate
from stream.forwarding.messages import AlertMessages, ResponseMessages
from stream.forwarding.refused import Refused, RefusedFile, RefusedNowhere, RefusedTopic
from stream.forwarding.responses import Responses
from stream.forwarding.sources import FileSource, TopicSource
from stream.forwarding.watch import ForwardWatch
from stream.monitoring.health import Pulse
from stream.monitoring.server import monitored
from stream.settings import Settings
from stream.sharing import alert_format
from stream.sinks import group_name, open_sink, shown, usual_format
from stream.sinks.kafka import TopicSink

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardPlan:
    """What to forward, and where; None: as the settings have it.

    Attributes:
        to: The sink.
        source: A file of alerts; None: the topic.
        output_format: The format of alerts.
        group: The consumer group; None: one of the sink's own.
        dead_letters: File for what the sink refuses.
        responses: Send responses instead of alerts.
        metrics_port: Where the run tells of itself; 0: nowhere.
    """

    to: str | None = None
    source: str | None = None
    output_format: str | None = None
    group: str | None = None
    dead_letters: str | None = None
    responses: bool = False
    metrics_port: int = 0


def forward(plan: ForwardPlan, settings: Settings, stop: Event) -> Forwarded:
    """Forward until the file ends, or for ever from the topic.

    Args:
        plan: What was asked for.
        settings: The rest.
        stop: Ends it in good order when set.

    Returns:
        What was done.

    Raises:
        UsageError: There is no such sink or format, or the settings do not suffice.
        FailedRun: The source breaks off, the sink refuses everything, or the port is taken.
    """
    to = plan.to or settings.forward.to
    if not to:
        raise UsageError("where to? --to SINK, or forward.to in the settings")
    translate = _translation(plan, to, settings)
    with ExitStack() as stack:
        sink = stack.enter_context(closing(open_sink(to, settings)))
        refused = stack.enter_context(closing(_refused(plan, settings)))
        watch = ForwardWatch(settings.metrics.stuck_seconds)
        # The port of the settings is the worker's, and forwarders are several.
        listening = replace(settings.metrics, port=plan.metrics_port)
        stack.enter_context(monitored(listening, watch))
        source = _source(plan, to, settings, stop, watch.pulse)
        forwarder = Forwarder(source, translate, sink, refused, settings.forward, watch=watch)
        _log.info("forward_started", sink=shown(to), responses=plan.responses)
        forwarder.run()
        _log.info("forward_ended", **asdict(forwarder.done))
        return forwarder.done


def _translation(plan: ForwardPlan, to: str, settings: Settings) -> Translate:
    if plan.responses:
        if plan.output_format:
            raise UsageError("--format is of alerts: it cannot stand beside --responses")
        return ResponseMessages(Responses(settings.forward.response_days))
    name = plan.output_format or settings.forward.format or usual_format(to)
    return AlertMessages(alert_format(name, settings.community_key))


def _source(plan: ForwardPlan, to: str, settings: Settings, stop: Event, pulse: Pulse) -> Source:
    if plan.source is not None:
        return FileSource(plan.source, stop)
    options = settings.kafka
    # How far alerts have come, and how far responses have, are two things.
    usual = group_name(options.application, to) + ("-responses" if plan.responses else "")
    return TopicSource(
        options,
        TopicNames.of(options).alerts,
        plan.group or usual,
        settings.forward.begin,
        stop,
        with_past=plan.responses,
        pulse=pulse,
    )


def _refused(plan: ForwardPlan, settings: Settings) -> Refused:
    names = TopicNames.of(settings.kafka)
    path = plan.dead_letters or settings.forward.dead_letters
    if path:
        return RefusedFile(path, plan.source or names.alerts)
    if plan.source is not None:
        return RefusedNowhere()
    seconds = settings.forward.timeout_seconds
    return RefusedTopic(TopicSink(settings.kafka, names.dead_letters, seconds, 1), names.alerts)
