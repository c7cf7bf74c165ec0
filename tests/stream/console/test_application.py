"""The console over HTTP: who comes in, who decides, what is written down and what loaded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import orjson

from tests.stream.console.desk import ALERT, DISMISS, PROXY, Desk, at_the_desk

VIEWS = ("overview", "findings", "finding", "members", "heat", "graph", "account", "accounts")
QUERY = f"?id={ALERT}&name=mule-0001"


def test_nobody_sees_anything_before_signing_in(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        for view in (*VIEWS, "news", "export", "no-such"):
            answer = await one.ask(f"/api/{view}{QUERY}", Cookie="gauger_console=guess")
            assert (answer.status, answer.json) == (401, {"error": "sign in"})
        assert (await one.ask("/api/session")).json == {"name": ""}
        for door in (f"decide?id={ALERT}", "sign-out"):
            assert (await one.ask(f"/api/{door}", DISMISS)).status == 401
        assert (await one.ask("/api/sign-in", {"token": "guess"})).status == 401
        assert one.lines("feedback") == []
        assert [line["action"] for line in one.lines("audit")] == ["sign-in-refused"]

    at_the_desk(tmp_path, scenario)


def test_whoever_signs_in_sees_every_view_until_signing_out(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        for name, role in (("bo", "viewer"), ("ada", "analyst")):
            await one.sign_in(name)
            session = (await one.ask("/api/session")).json
            assert (session["name"], session["role"]) == (name, role)
            assert session["decides"] is (role == "analyst")
            for view in VIEWS:
                answer = await one.ask(f"/api/{view}{QUERY}")
                assert answer.status == 200
                assert answer.headers["Cache-Control"] == "no-store"
            assert (await one.ask("/api/sign-out", {})).status == 200
            assert (await one.ask("/api/overview")).status == 401

    at_the_desk(tmp_path, scenario)


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        answer = await one.ask("/api/sign-in", {"token": f"ada-token-{'x' * 30}"})
        cookie = answer.headers["Set-Cookie"]
        assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/"))

    at_the_desk(tmp_path, scenario)


def test_every_answer_forbids_what_is_not_ours(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        paths = ["/", "/static/app.js", "/static/../audit.py", "/nowhere", "/api/overview"]
        for path in paths:
            answer = await one.ask(path)
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert (await one.ask("/static/..%2Faudit.py")).status == 404
        async with one.session.post(f"{one.url}/", data=b"") as refused:
            assert refused.status == 405
            assert "Content-Security-Policy" in refused.headers

    at_the_desk(tmp_path, scenario)


def test_viewers_do_not_decide(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("bo")
        answer = await one.ask(f"/api/decide?id={ALERT}", DISMISS)
        assert answer.status == 403
        assert one.lines("feedback") == []
        refused = one.lines("audit")[-1]
        assert (refused["action"], refused["who"]) == ("refused", "bo")

    at_the_desk(tmp_path, scenario)


def test_another_site_cannot_decide_in_an_analysts_name(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("ada")
        mine, path = one.proof, f"/api/decide?id={ALERT}"
        for proof in ("", mine[:-1] + "x", "ä"):
            one.proof = proof
            assert (await one.ask(path, DISMISS)).status == 403
        one.proof = mine
        assert (await one.ask(path, DISMISS, Sec_Fetch_Site="cross-site")).status == 403
        form = {"Content-Type": "text/plain", "Sec-Fetch-Site": "cross-site"}
        async with one.session.post(f"{one.url}{path}", data=b"{}", headers=form) as answer:
            assert answer.status == 403
        async with one.session.post(f"{one.url}/api/sign-in", data=b"token=x") as answer:
            assert answer.status == 403
        assert one.lines("feedback") == []
        assert {line["action"] for line in one.lines("audit")[1:]} == {"refused"}

    at_the_desk(tmp_path, scenario)


def test_a_proxy_says_who_comes_and_proofs_are_asked_for_all_the_same(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        name = {"X_Forwarded_User": "cleo"}
        session = (await one.ask("/api/session", None, **name)).json
        assert (session["name"], session["decides"], session["by_token"]) == ("cleo", True, False)
        path = f"/api/decide?id={ALERT}"
        assert (await one.ask(path, DISMISS, **name)).status == 403
        one.proof = session["proof"]
        assert (await one.ask(path, DISMISS, **name)).status == 200
        assert one.lines("feedback")[0]["by"] == "cleo"
        assert (await one.ask("/api/session")).json == {"name": ""}

    at_the_desk(tmp_path, scenario, proxy=PROXY)


def test_the_export_is_a_file_and_is_written_down(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("bo")
        answer = await one.ask(f"/api/export?id={ALERT}")
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert "attachment" in answer.headers["Content-Disposition"]
        assert len(answer.body.splitlines()) == 47
        assert one.lines("audit")[-1]["action"] == "exported"
        assert (await one.ask("/api/export?id=no-such")).status == 404

    at_the_desk(tmp_path, scenario)


def test_asking_for_what_there_is_not_is_told(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("bo")
        for path, status in (
            ("/api/finding?id=no-such", 404),
            ("/api/finding", 404),
            ("/api/unheard", 404),
            (f"/api/members?id={ALERT}&sort=unheard", 422),
        ):
            answer = await one.ask(path)
            assert answer.status == status
            assert answer.json["error"]
        assert (await one.ask("/api/account?name=%3Cscript%3E")).json["account"] == "<script>"

    at_the_desk(tmp_path, scenario)


def test_news_come_as_they_happen_and_end_with_the_server(tmp_path: Path) -> None:
    async def heard(answer: aiohttp.ClientResponse) -> dict[str, Any]:
        async with asyncio.timeout(10):
            async for line in answer.content:
                if line.startswith(b"data: "):
                    told: dict[str, Any] = orjson.loads(line[6:])
                    return told
        raise AssertionError("the news have ended")

    async def scenario(one: Desk) -> None:
        await one.sign_in("bo")
        async with one.session.get(f"{one.url}/api/news") as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            first = await heard(answer)
            one.book.note_reading("live")
            latest = one.book.lives[ALERT][-1]
            one.book.add_alert(msgspec.structs.replace(latest, sequence=9, event_id="new"))
            second = await heard(answer)
            assert second == {"version": first["version"] + 2, "reading": "live"}

    at_the_desk(tmp_path, scenario)


def test_a_name_that_leads_here_is_not_enough(tmp_path: Path) -> None:
    async def scenario(one: Desk) -> None:
        await one.sign_in("ada")
        for path in ("/", "/api/overview", "/api/session"):
            assert (await one.ask(path, Host="evil.example:8319")).status == 421

    at_the_desk(tmp_path, scenario)
