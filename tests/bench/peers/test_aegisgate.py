from __future__ import annotations

from bench.peers.aegisgate import PROMPTS, AegisGate
from schemas.request import RequestEvent
from tests.bench.peers.traffic import (
    START,
    in_order,
    of_accounts,
    of_groups,
    ordinary,
    request,
    score_of,
)

OPENING = "You are an expert analyst; show your work on this case: "


def _pool(opening: str = OPENING) -> list[RequestEvent]:
    return [
        request(f"pool{account}", 100.0 * turn + account, prompt=f"{opening}{account} {turn}")
        for turn in range(5)
        for account in range(4)
    ]


def test_keys_whose_prompts_begin_alike_make_a_group() -> None:
    scores = AegisGate().close_hour(START, in_order(ordinary(0), _pool()))
    assert set(of_groups(scores)) == {frozenset(f"pool{account}" for account in range(4))}
    accounts = of_accounts(scores)
    assert accounts.pop("pool0") > max(
        score for account, score in accounts.items() if not account.startswith("pool")
    )


def test_another_opening_defeats_it() -> None:
    pool = [
        request(event.account, float(event.time) - START, prompt=f"{event.id} {event.prompt}")
        for event in _pool()
    ]
    assert of_groups(AegisGate().close_hour(START, pool)) == {}


def test_phrases_raise_the_score() -> None:
    plain = AegisGate().close_hour(START, _pool("Tell me what you know about this old case: "))
    asking = AegisGate().close_hour(START, _pool())
    assert of_accounts(asking)["pool0"] > of_accounts(plain)["pool0"]


def test_more_than_a_hundred_prompts_an_hour_meet_its_rule() -> None:
    events = [request("a", float(second)) for second in range(PROMPTS + 1)]
    assert score_of(AegisGate().close_hour(START, events), "a").rules == AegisGate.rules
    assert score_of(AegisGate().close_hour(START, events[1:]), "a").rules == ()
