"""The page in a real browser: what an analyst does, and what strangers cannot do to them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import msgspec
import orjson
import pytest

from bench.scene import SMALL, alert_lines
from models.signals import ACCOUNT_FEATURES
from schemas.alert import AlertEvent
from schemas.codec import decode_alert, encode
from stream.cli import main
from stream.keys import read_key
from tests.stream.console.desk import ALERT, book_of, large, large_alert
from tests.stream.console.visits import ENTER, assert_clean, over, serving, sign_in, started
from tests.stream.console.webdriver import Browser
from tests.stream.traffic import open_run, play, recording

PICTURES = os.environ.get("GAUGER_PICTURES")
"""A folder into which the tests write pictures of the pages, for the documentation."""

SAMPLE = Path(__file__).parents[3] / "examples" / "events.jsonl.zst"
FACTS = SAMPLE.with_name("facts.jsonl")
ESCAPE, DOWN, RIGHT = "\ue00c", "\ue015", "\ue014"
UNNAMED = """[...document.querySelectorAll("button, a, input, select, canvas")].filter((one) =>
    !(one.ariaHidden || one.textContent || one.getAttribute("aria-label") || one.labels?.length))"""
PLACED = "return [...document.querySelectorAll('#stands .placed')].map((one) => one.textContent)"
ABOVE_ACCOUNTS = "return Math.floor(document.querySelector('#members').offsetTop)"
MARKUP = "<img src=x onerror=document.title=7>"
FINDING = f"#/findings/{ALERT}"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A finished replay."""
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(SMALL.lines()) + b"\n")
    told = alert_lines(SMALL, read_key(None).secret)
    (tmp_path / "alerts.jsonl").write_bytes(b"\n".join(told) + b"\n")
    (tmp_path / "scores.jsonl").write_bytes(b"\n".join(map(encode, SMALL.scores())) + b"\n")
    return tmp_path


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a replay of the shipped recording leaves."""
    folder = tmp_path_factory.mktemp("replayed")
    written = [(f"--{name}", str(folder / f"{name}.jsonl")) for name in ("alerts", "scores")]
    options = [word for pair in written for word in pair]
    features = ["--features", str(folder / "features.parquet")]
    assert main(["replay", str(SAMPLE), *options, *features, "--facts", str(FACTS)]) == 0
    return folder


def picture(browser: Browser, name: str, most: int = 2_000) -> None:
    for scheme in ("light", "dark") if PICTURES else ():
        browser.prefer(scheme)
        browser.photograph(Path(PICTURES or "") / f"console-{name}-{scheme}.png", most=most)


def test_from_the_link_to_an_account(files: Path, browser: Browser) -> None:
    with started(files, *over(files)) as link:
        browser.open(link)
        browser.until(lambda: browser.text("#state") == "all read", "the traffic")
        browser.see("46 accounts act as one")
        assert "token" not in browser.run("return location.href + document.referrer")
        browser.see("of 364 in the traffic read", ".tiles")
        browser.click("tbody tr:first-child a")
        for heading in ("Why", "What holds it together", "Activity", "Could it be harmless?"):
            browser.see(heading)
        browser.see("Honest traffic that shows the same")
        assert browser.texts(".evidence .words")[0] == "accounts of unrelated owners"
        assert browser.run("return document.querySelectorAll('.graph .edge').length") > 10
        browser.write("#member-text", "0031")
        browser.until(lambda: browser.texts("#members tbody th") == ["mule-0031"], "the search")
        browser.click("#members tbody a")
        browser.see("beside its cohort")
        browser.see("mule-0031", "h1")
        assert "Single-turn requests" in browser.text("main")
        # Of a score the features are known that stand out; of these scores one is of this version.
        browser.see("as its score tells", "#stands")
        assert browser.texts("#stands tbody .words") == ["Age"]
        browser.write("#search-text", "harvest-sdk" + ENTER)
        browser.see("3 findings")
        assert_clean(browser, link)


def test_a_replay_becomes_its_pages(tmp_path: Path, replayed: Path, browser: Browser) -> None:
    events = [decode_alert(line) for line in (replayed / "alerts.jsonl").read_bytes().splitlines()]
    given = {"alerts": "alerts.jsonl", "scores": "scores.jsonl", "features": "features.parquet"}
    arguments = [word for name, file in given.items() for word in (f"--{name}", replayed / file)]
    traffic = ["--events", SAMPLE, "--facts", FACTS, "--feedback", tmp_path / "feedback.jsonl"]
    with started(tmp_path, *map(str, [*arguments, *traffic])) as link:
        browser.open(link)
        browser.until(lambda: browser.text("#state") == "all read", "the traffic", 120)
        browser.see(events[-1].title)
        picture(browser, "overview")
        browser.click("tbody a")
        browser.see("What holds it together")
        told = [piece.text for piece in events[-1].evidence]
        browser.until(lambda: browser.texts(".evidence .words") == told, "the evidence")
        picture(browser, "finding", browser.run(ABOVE_ACCOUNTS))
        browser.open(f"{link.partition('#')[0]}#/accounts/{events[0].accounts[0]}")
        browser.see("features nearer the middle", "#stands")
        placed = (
            "return [...document.querySelectorAll('#stands .placed')].map(one => one.textContent)"
        )
        ranks = [float(words.split()[1]) for words in browser.run(placed)]
        assert ranks == sorted(ranks, reverse=True)
        assert len(ranks) == len(ACCOUNT_FEATURES)
        assert 49 < ranks[-1] < ranks[0] <= 100
        picture(browser, "account")
        assert_clean(browser, link)


@cache
def of_strangers() -> tuple[bytes, ...]:
    """Traffic in which an account and a client program are named in markup."""
    name = orjson.dumps(MARKUP)
    return tuple(
        line.replace(b'"mule-3"', name).replace(b'"relay/2', b'"<b>relay/2') for line in recording()
    )


@cache
def found() -> tuple[AlertEvent, ...]:
    heard = play(open_run(), of_strangers())
    return tuple(map(decode_alert, heard.alerts))


def test_a_verdict_is_written_and_the_next_replay_honours_it(
    tmp_path: Path, browser: Browser
) -> None:
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(of_strangers()) + b"\n")
    (tmp_path / "alerts.jsonl").write_bytes(b"\n".join(map(encode, found())) + b"\n")
    arguments = over(tmp_path)
    del arguments[4:6]
    alert_id = found()[0].alert_id
    with started(tmp_path, *arguments) as link:
        browser.open(link)
        browser.see("accounts act as one")
        browser.click("tbody a")
        browser.see("Nobody has said anything of it yet.")
        browser.click("[data-verdict=suppress]")
        browser.click("dialog [type=submit]")
        assert browser.run("return document.querySelector('dialog #reason').matches(':invalid')")
        browser.write("dialog #reason", f"a load test {MARKUP}")
        browser.click("dialog [type=submit]")
        browser.see("suppress (ties)")
        browser.see(f"a load test {MARKUP}")
        assert browser.run("return document.querySelectorAll('main img').length") == 0
        assert_clean(browser, link)
    said = (tmp_path / "feedback.jsonl").read_bytes().splitlines()
    told = [orjson.loads(line) for line in (tmp_path / "audit.jsonl").read_bytes().splitlines()]
    assert [line["action"] for line in told] == ["sign-in", "decided", "written"]
    run = open_run()
    assert run.add_feedback(said) == []
    heard = [decode_alert(one) for one in play(run, of_strangers()).alerts]
    mine = [one for one in heard if one.alert_id == alert_id]
    assert (mine[-1].activity, mine[-1].severity) == ("close", "info")
    assert all(one.activity != "close" for one in found() if one.alert_id == alert_id)


def test_markup_out_of_traffic_is_text(tmp_path: Path, browser: Browser) -> None:
    book = book_of()
    last = book.lives[ALERT][-1]
    evil = msgspec.structs.replace(
        last,
        sequence=9,
        event_id="evil",
        accounts=[MARKUP],
        accounts_total=47,
        title=f"47 accounts {MARKUP}",
        ties=[msgspec.structs.replace(tie, value=MARKUP) for tie in last.ties],
        evidence=[msgspec.structs.replace(last.evidence[0], text=MARKUP)],
        examples=[msgspec.structs.replace(last.examples[0], account=MARKUP, id=MARKUP)],
        references=[MARKUP],
    )
    assert book.add_alert(evil)
    with serving(tmp_path, book) as url:
        sign_in(browser, url, "ada")
        browser.see(f"47 accounts {MARKUP}")
        browser.click("tbody tr:first-child a")
        browser.see(f"47 accounts {MARKUP}", "h1")
        browser.until(lambda: MARKUP in browser.texts(".evidence .words"), "the evidence")
        browser.see(MARKUP[:9], ".graph")
        browser.write("#member-text", "onerror")
        browser.until(lambda: browser.texts("#members tbody th") == [MARKUP], "the member")
        browser.click("#members tbody a")
        browser.see(MARKUP, "h1")
        browser.write("#search-text", MARKUP + ENTER)
        browser.see(f"Search: {MARKUP}", "h1")
        assert browser.run("return document.querySelectorAll('main img, main b').length") == 0
        assert "Gauger" in browser.run("return document.title")
        assert_clean(browser, url)


def test_an_open_page_hears_of_what_happens(tmp_path: Path, browser: Browser) -> None:
    book = book_of()
    with serving(tmp_path, book) as url:
        sign_in(browser, url, "bo")
        browser.see("46 accounts act as one")
        last = book.lives[ALERT][-1]
        fresh = msgspec.structs.replace(
            last, alert_id="f" * 24, sequence=0, event_id="fresh", title="7 strangers act as one"
        )
        book.add_alert(fresh)
        browser.see("7 strangers act as one")
        browser.open(f"{url}/{FINDING}")
        browser.see("46 accounts act as one", "h1")
        browser.write("#member-text", "0002")
        browser.until(lambda: browser.texts("#members tbody th") == ["mule-0002"], "the search")
        grown = msgspec.structs.replace(
            last, sequence=9, event_id="grown", accounts=["late-0002"], title="47 act as one"
        )
        book.add_alert(grown)
        browser.see("47 act as one", "h1")
        # What was being looked for is still looked for.
        browser.until(lambda: "late-0002" in browser.texts("#members tbody th"), "the newcomer")
        assert browser.run("return document.activeElement.id") == "member-text"
        assert_clean(browser, url)


def test_all_can_be_done_by_keyboard(tmp_path: Path, browser: Browser) -> None:
    with serving(tmp_path, book_of()) as url:
        sign_in(browser, url, "ada", FINDING)
        browser.see("Activity")
        browser.press("/")
        assert browser.run("return document.activeElement.id") == "search-text"
        focus = "document.querySelector(arguments[0]).focus()"
        browser.run(focus, "#skip")
        browser.press(ENTER)
        assert browser.run("return document.activeElement.id") == "main"
        browser.run(focus, ".heat canvas")
        browser.press(DOWN, DOWN, RIGHT)
        browser.until(
            lambda: "mule-" in browser.text(".heat .readout"), "the cell under the cursor"
        )
        browser.run(focus, "[data-verdict=dismiss]")
        browser.press(ENTER)
        browser.see("Dismiss this finding", "dialog")
        assert browser.run("return document.activeElement.id") == "reason"
        browser.press(ESCAPE)
        browser.until(lambda: browser.text("dialog") == "", "the end of the dialogue")
        browser.run(focus, "th button")
        browser.press(ENTER)
        browser.until(
            lambda: browser.run(
                "return document.querySelector('th[aria-sort]')?.innerText"
            ).startswith("Account"),
            "the accounts by name",
        )
        assert browser.run(f"return {UNNAMED}.length") == 0
        assert browser.run("return document.querySelector('table:not(:has(caption))')") is None
        assert_clean(browser, url)


def test_who_only_looks_on_cannot_decide(tmp_path: Path, browser: Browser) -> None:
    with serving(tmp_path, book_of()) as url:
        browser.open(url)
        browser.see("Sign in")
        browser.write("#token", "guess" + ENTER)
        browser.see("nobody has this token")
        sign_in(browser, url, "bo", FINDING)
        browser.see("You look on; an analyst decides.")
        assert browser.run("return document.querySelectorAll('[data-verdict]').length") == 0
        browser.click("#sign-out")
        browser.see("Sign in")


def test_the_theme_is_the_systems_until_one_is_chosen(tmp_path: Path, browser: Browser) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    with serving(tmp_path, book_of()) as url:
        sign_in(browser, url, "bo")
        light = browser.run(ground)
        browser.prefer("dark")
        browser.until(lambda: browser.run(ground) != light, "the dark theme")
        browser.click("#theme")
        browser.until(lambda: browser.run(ground) == light, "the chosen theme")
        browser.open(f"{url}/{FINDING}")
        assert browser.run(ground) == light


def test_five_thousand_members_stay_usable(tmp_path: Path, browser: Browser) -> None:
    with serving(tmp_path, large()) as url:
        sign_in(browser, url, "bo", f"#/findings/{large_alert()}")
        browser.see("Each row stands for up to 13 accounts")
        browser.see("5,000 accounts", "#members")
        assert browser.run("return document.querySelectorAll('*').length") < 3_000
        browser.write("#member-text", "4999")
        browser.until(lambda: browser.texts("#members tbody th") == ["many-4999"], "the search")
        assert_clean(browser, url)
