"""The HTTP side: who may send what to which door, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import orjson
from aiohttp import web

from schemas.formats import format_names
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.clock import elapsed
from stream.monitoring.exposition import CONTENT_TYPE, exposition
from stream.receive import intake
from stream.receive.bodies import Room, declared_size, read_body, unpack_body
from stream.receive.delivery import Record
from stream.receive.intake import Taken
from stream.receive.options import ReceiveOptions
from stream.receive.otlp import JSON, PROTOBUF, exported, failed
from stream.receive.refusal import Refusal
from stream.receive.splitting import (
    Unsplittable,
    json_records,
    json_traces,
    protobuf_traces,
)
from stream.receive.tally import Tally
from stream.serving.tokens import Tokens

TRACES = "/v1/traces"
METRICS = "/metrics"

# As large as brokers take by default (1 MiB), with room for what Kafka adds.
_MOST_TRACES = 900 * 1024
_OTLP_FORMAT = "otel"
_ANYBODY = "anybody"
_CLIENT = web.RequestKey("client", str)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Take = Callable[[Sequence[bytes]], Taken]
Sketch = Callable[[str, Sequence[bytes]], Taken]
Split = Callable[[bytes], list[bytes]]


class Deliverer(Protocol):
    """Writes records to topics: a `stream.receive.delivery.Delivery`."""

    async def deliver(self, topic: str, records: Sequence[Record]) -> None:
        """Write records; done when all are safe. Raises Refusal."""

    async def ready(self) -> bool:
        """Whether records can be written now."""


class Receiver:
    """The doors of `gauger receive`.

    Args:
        options: How much to take, and whether to sketch.
        kafka: Topics, and the format in which workers read requests.
        deliverer: Where records go.
        tokens: Who may send; None: anybody who reaches us.
        sketch: Makes what is written of records of a format; None: they are written as they come.
        tally: Counts what was taken and refused.
    """

    def __init__(
        self,
        options: ReceiveOptions,
        kafka: KafkaOptions,
        deliverer: Deliverer,
        tokens: Tokens | None,
        sketch: Sketch | None,
        tally: Tally,
    ) -> None:
        self._options = options
        self._names = TopicNames.of(kafka)
        self._topic_format = kafka.input_format
        self._deliverer = deliverer
        self._tokens = tokens
        self._sketch = sketch
        self._tally = tally
        self._room = Room(options.most_held_bytes)

    def application(self) -> web.Application:
        """What aiohttp serves."""
        application = web.Application(middlewares=[self._guard])
        application.router.add_get("/healthz", _healthy)
        application.router.add_get("/readyz", self._ready)
        application.router.add_get(METRICS, self._metrics)
        application.router.add_post(TRACES, self._traces)
        application.router.add_post("/ingest/{format}", self._requests)
        application.router.add_post("/facts", self._facts)
        application.router.add_post("/feedback", self._feedback)
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who may come, and tell everybody else why not in a form they can read."""
        try:
            if request.method == "POST" or request.path == METRICS:
                request[_CLIENT] = self._client(request)
            return await handler(request)
        except Refusal as refusal:
            self._tally.refuse(refusal.status)
            return _refused(request, refusal)

    def _client(self, request: web.Request) -> str:
        if "Origin" in request.headers:
            # A page in the browser of somebody on this machine reaches loopback too.
            raise Refusal(403, "browsers are not let in")
        if self._tokens is None:
            return _ANYBODY
        client = self._tokens.client(request.headers.get("Authorization"))
        if client is None:
            raise Refusal(401, "no bearer token that is known")
        return client

    async def _ready(self, _: web.Request) -> web.Response:
        if await self._deliverer.ready():
            return web.Response(text="ready\n")
        return web.Response(status=503, text="Kafka does not answer\n")

    async def _metrics(self, _: web.Request) -> web.Response:
        metrics = self._tally.metrics
        metrics.held.set(self._room.in_use)
        return web.Response(
            body=exposition(metrics.registry), headers={"Content-Type": CONTENT_TYPE}
        )

    async def _requests(self, request: web.Request) -> web.Response:
        name = request.match_info["format"]
        if name not in format_names():
            raise Refusal(404, f"no such format; there is {', '.join(format_names())}")
        take = self._taking(name)
        return _told(await self._take(request, json_records, take, self._names.requests[0]))

    async def _traces(self, request: web.Request) -> web.Response:
        if request.content_type not in {JSON, PROTOBUF}:
            raise Refusal(415, f"Content-Type must be {PROTOBUF} or {JSON}")
        split = json_traces if request.content_type == JSON else protobuf_traces
        taken = await self._take(
            request,
            lambda body: split(body, _MOST_TRACES),
            self._taking(_OTLP_FORMAT),
            self._names.requests[0],
        )
        body = exported(request.content_type, taken.dropped, taken.reason)
        return web.Response(body=body, content_type=request.content_type)

    async def _facts(self, request: web.Request) -> web.Response:
        return _told(await self._take(request, json_records, intake.facts, self._names.facts))

    async def _feedback(self, request: web.Request) -> web.Response:
        return _told(await self._take(request, json_records, intake.verdicts, self._names.feedback))

    def _taking(self, name: str) -> Take:
        """What is done with records of a format.

        Raises:
            Refusal: Workers could not read them.
        """
        sketch = self._sketch
        if sketch is not None:
            return lambda bodies: sketch(name, bodies)
        if self._topic_format not in {"auto", name}:
            reason = f"the topic is read as {self._topic_format}"
            raise Refusal(
                409, f'{reason}: set kafka.input_format = "auto", or receive with --sketch'
            )
        return intake.raw

    async def _take(self, request: web.Request, split: Split, take: Take, topic: str) -> Taken:
        """Read a body and write its records; done when Kafka has them.

        Raises:
            Refusal: It is not taken.
        """
        options, start = self._options, elapsed()
        with self._room.held(declared_size(request, options)):
            sent = await read_body(request, options)
            body = await unpack_body(request, sent, options.most_unpacked_bytes)
            with self._room.held(len(body) - len(sent) if body is not sent else 0):
                taken = await asyncio.to_thread(_records, body, split, take)
                await self._deliverer.deliver(topic, taken.records)
        self._tally.take(request[_CLIENT], len(taken.records), taken.dropped, elapsed() - start)
        return taken


def _records(body: bytes, split: Split, take: Take) -> Taken:
    try:
        return take(split(body))
    except Unsplittable as error:
        raise Refusal(400, str(error)) from error


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _told(taken: Taken) -> web.Response:
    answer: dict[str, object] = {"records": len(taken.records)}
    if taken.dropped:
        answer |= {"dropped": taken.dropped, "reason": taken.reason}
    return web.Response(body=orjson.dumps(answer), content_type=JSON)


def _refused(request: web.Request, refusal: Refusal) -> web.Response:
    content_type, body = JSON, orjson.dumps({"error": refusal.reason})
    if request.path == TRACES:
        content_type = PROTOBUF if request.content_type == PROTOBUF else JSON
        body = failed(content_type, refusal.status, refusal.reason)
    response = web.Response(status=refusal.status, body=body, content_type=content_type)
    if refusal.retry_seconds is not None:
        response.headers["Retry-After"] = str(refusal.retry_seconds)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
