"""The console over HTTP: pages, views, verdicts, and news as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec
import orjson
from aiohttp import web

from schemas.times import to_rfc3339
from stream.clock import elapsed, now
from stream.console.access import COOKIE, Access, Person
from stream.console.audit import AuditLog, AuditRecord
from stream.console.book import Book
from stream.console.deciding import Writer, decision_of, record_of
from stream.console.members import export
from stream.console.pages import HEADERS, read_files
from stream.console.standing import word
from stream.console.views import Unfit, Views
from stream.errors import FailedRun
from stream.receive.refusal import Refusal

_MOST_BODY = 16 * 1024
_MOST_LISTENERS = 64
_NEWS_SECONDS = 1.0
_BEAT_SECONDS = 15.0
_PERSON = web.RequestKey("person", Person)
_JSON = "application/json"
_OPEN = frozenset({"/api/session", "/api/sign-in"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _SignIn(msgspec.Struct):
    token: str


class Console:
    """The doors of `gauger console`.

    Args:
        book: What is known; grows while we serve.
        views: What is shown of it.
        access: Who comes.
        audit: Where decisions are written down.
        writer: Where verdicts go; None: nowhere, so nobody decides.
        secure: Whether connections are encrypted, by us or by who is in front of us.
    """

    def __init__(
        self,
        book: Book,
        views: Views,
        access: Access,
        audit: AuditLog,
        writer: Writer | None,
        *,
        secure: bool,
    ) -> None:
        self._book = book
        self._views = views
        self._access = access
        self._audit = audit
        self._writer = writer
        self._secure = secure
        self._files = read_files()
        self._listeners = 0
        self._ending = asyncio.Event()
        self._deciding = asyncio.Lock()

    def application(self) -> web.Application:
        """What aiohttp serves."""
        application = web.Application(middlewares=[self._guard], client_max_size=_MOST_BODY)
        application.on_response_prepare.append(_secured)
        application.on_shutdown.append(self._end)
        router = application.router
        router.add_get("/", self._file)
        router.add_get("/static/{name}", self._file)
        router.add_get("/api/session", self._session)
        router.add_post("/api/sign-in", self._sign_in)
        router.add_post("/api/sign-out", self._sign_out)
        router.add_get("/api/news", self._news)
        router.add_get("/api/export", self._export)
        router.add_post("/api/decide", self._decide)
        router.add_get("/api/{view}", self._view)
        return application

    async def _end(self, _: web.Application) -> None:
        self._ending.set()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who may come, and only what they mean to do; tell why not."""
        try:
            self._require_our_name(request)
            if request.path.startswith("/api/") and request.path not in _OPEN:
                request[_PERSON] = self._person(request)
            return await handler(request)
        except Refusal as refusal:
            return _told(refusal.reason, refusal.status)
        except FailedRun as error:
            return _told(str(error), 503)
        except web.HTTPException as error:
            return _told(error.reason.lower(), error.status)

    def _require_our_name(self, request: web.Request) -> None:
        if not self._access.is_ours(request.host):
            raise Refusal(421, "the console does not go by this name")

    def _known(self, request: web.Request) -> Person | None:
        cookie, address = request.cookies.get(COOKIE), request.remote
        return self._access.person(cookie, request.headers, address, elapsed())

    def _person(self, request: web.Request) -> Person:
        person = self._known(request)
        if person is None:
            raise Refusal(401, "sign in")
        if request.method != "GET" and not self._access.is_meant(person, request.headers):
            self._note(request, "refused", person, detail="not from our own page")
            raise Refusal(403, "this does not come from the console's own page")
        return person

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "index.html")
        if name not in self._files:
            raise Refusal(404, "no such page")
        file = self._files[name]
        return web.Response(
            body=file.body,
            content_type=file.content_type,
            charset="utf-8",
            headers={"Cache-Control": "no-cache"},
        )

    async def _sign_in(self, request: web.Request) -> web.Response:
        if request.content_type != _JSON or request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise Refusal(403, "this does not come from the console's own page")
        try:
            sent = msgspec.json.decode(await request.read(), type=_SignIn)
        except msgspec.MsgspecError as error:
            raise Refusal(422, "no token") from error
        session = self._access.sign_in(sent.token, elapsed())
        if session is None:
            self._note(request, "sign-in-refused", None)
            raise Refusal(401, "nobody has this token")
        person = self._access.person(session, {}, request.remote, elapsed())
        self._note(request, "sign-in", person)
        response = _answer({"signed_in": True})
        response.set_cookie(
            COOKIE, session, httponly=True, samesite="Strict", secure=self._secure, path="/"
        )
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        self._access.sign_out(request[_PERSON].session)
        self._note(request, "sign-out", request[_PERSON])
        response = _answer({"signed_in": False})
        response.del_cookie(COOKIE, path="/")
        return response

    async def _session(self, request: web.Request) -> web.Response:
        """Who looks at the page; nobody, before anybody has signed in."""
        person = self._known(request)
        if person is None:
            return _answer({"name": ""})
        decides = person.role == "analyst" and self._writer is not None
        return _answer(
            {
                "name": person.name,
                "role": person.role,
                "proof": self._access.proof(person),
                "decides": decides,
                "writes": self._writer is not None,
                "by_token": not person.session.startswith("proxy:"),
            }
        )

    async def _view(self, request: web.Request) -> web.Response:
        name = request.match_info["view"]
        if name not in self._views:
            raise Refusal(404, "no such view")
        try:
            body = await asyncio.to_thread(self._views.encoded, name, dict(request.query))
        except KeyError as error:
            raise Refusal(404, "there is nothing of that name") from error
        except Unfit as error:
            raise Refusal(422, str(error)) from error
        return web.Response(body=body, content_type=_JSON, headers={"Cache-Control": "no-store"})

    async def _export(self, request: web.Request) -> web.Response:
        alert_id = request.query.get("id", "")
        if alert_id not in self._book.lives:
            raise Refusal(404, "there is nothing of that name")
        self._note(request, "exported", request[_PERSON], alert_id=alert_id)
        with self._book.lock:
            text = export(self._book, alert_id)
        return web.Response(
            text=text,
            content_type="text/csv",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="accounts-{alert_id[:40]}.csv"',
            },
        )

    async def _decide(self, request: web.Request) -> web.Response:
        person, writer = request[_PERSON], self._writer
        if person.role != "analyst":
            self._note(request, "refused", person, detail="viewers do not decide")
            raise Refusal(403, "viewers look on; an analyst decides")
        if writer is None:
            raise Refusal(409, "verdicts go nowhere: start the console with --feedback FILE")
        alert_id = request.query.get("id", "")
        decision = decision_of(await request.read())
        async with self._deciding:
            life = self._book.lives.get(alert_id)
            if life is None:
                raise Refusal(404, "there is nothing of that name")
            record = record_of(decision, life, person.name, writer.time_of(life))
            said: dict[str, str] = {
                "alert_id": alert_id,
                "verdict": word(record),
                "effective": str(record.time),
                "reason": record.reason or "",
                "scope": record.scope or "",
                "expires": str(record.expires or ""),
            }
            self._note(request, "decided", person, **said)
            try:
                await writer.write(record)
            except (FailedRun, Refusal) as error:
                self._note(request, "not-written", person, **said, detail=str(error))
                raise
            self._note(request, "written", person, **said)
            self._book.add_verdict(record)
        return _answer({"said": msgspec.to_builtins(record)})

    async def _news(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the version of what is known, whenever it has changed."""
        if self._listeners >= _MOST_LISTENERS:
            raise Refusal(429, "too many pages are open", 30)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        self._listeners += 1
        try:
            # A page that is closed has no more to hear.
            with suppress(ConnectionError):
                await self._tell(response)
        finally:
            self._listeners -= 1
        return response

    async def _tell(self, response: web.StreamResponse) -> None:
        told, quiet = -1, 0.0
        while not self._ending.is_set():
            version = self._book.version
            if version != told:
                told, quiet = version, 0.0
                news = {"version": version, "reading": self._book.reading}
                await response.write(b"data: " + orjson.dumps(news) + b"\n\n")
            elif quiet >= _BEAT_SECONDS:
                quiet = 0.0
                await response.write(b": still here\n\n")
            quiet += _NEWS_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _NEWS_SECONDS)

    def _note(self, request: web.Request, action: str, person: Person | None, **more: str) -> None:
        self._audit.write(
            AuditRecord(
                time=to_rfc3339(now()),
                action=action,
                who=person.name if person else "",
                role=person.role if person else "",
                address=request.remote or "",
                **more,
            )
        )


def _answer(values: dict[str, Any]) -> web.Response:
    return web.Response(
        body=orjson.dumps(values), content_type=_JSON, headers={"Cache-Control": "no-store"}
    )


def _told(reason: str, status: int) -> web.Response:
    response = _answer({"error": reason})
    response.set_status(status)
    return response


async def _secured(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
