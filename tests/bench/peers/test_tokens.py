from __future__ import annotations

from bench.peers.tokens import Tokens
from schemas.request import RequestEvent
from tests.bench.peers.traffic import START, of_accounts, ordinary, request, score_of


def _calls(account: str, count: int, read: int, written: int) -> list[RequestEvent]:
    return [
        request(account, float(second), input_tokens=read, output_tokens=written)
        for second in range(count)
    ]


def test_long_prompts_and_answers_in_number_pass_the_floors() -> None:
    scores = Tokens().close_hour(START, [*ordinary(0), *_calls("heavy", 11, 5_001, 501)])
    assert score_of(scores, "heavy").rules == Tokens.rules
    assert max(of_accounts(scores), key=of_accounts(scores).__getitem__) == "heavy"


def test_each_floor_counts() -> None:
    for count, read, written in ((10, 6_000, 600), (20, 5_000, 600), (20, 6_000, 500)):
        (score,) = Tokens().close_hour(START, _calls("a", count, read, written))
        assert score.rules == ()


def test_the_score_goes_on_below_the_floors() -> None:
    (little,) = Tokens().close_hour(START, _calls("a", 5, 100, 100))
    (more,) = Tokens().close_hour(START, _calls("a", 10, 100, 100))
    assert more.score == 2 * little.score > 0
