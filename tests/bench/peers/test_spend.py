from __future__ import annotations

from bench.peers.spend import LEAST_SPEND, MULTIPLIER, Spend, cost
from tests.bench.peers.traffic import START, fed, request, score_of


def _scores(spends: list[float]) -> list[float]:
    """Score at the end of each day's first hour, for dollars spent in it."""
    peer, found = Spend(), []
    for day, dollars in enumerate(spends):
        start = day * 86_400.0
        written = round(dollars / 15e-6)
        (score,) = peer.close_hour(START + start, [request("a", start, output_tokens=written)])
        found.append(score.score)
    return found


def test_a_multiple_of_the_daily_mean_passes_the_rule() -> None:
    *usual, last = _scores([2.0, 2.0, 2.0, 2.0, 7.0])
    assert max(usual[1:]) < MULTIPLIER < last
    assert abs(last - 3.5) < 0.01


def test_steady_spend_scores_one_however_high() -> None:
    assert all(abs(score - 1.0) < 0.01 for score in _scores([50.0] * 6)[1:])


def test_a_newcomer_is_judged_by_the_floor() -> None:
    below, above = _scores([LEAST_SPEND * 0.9]), _scores([LEAST_SPEND * 1.1])
    assert below[0] < MULTIPLIER < above[0]


def test_days_without_spend_lower_the_mean() -> None:
    peer = Spend()
    peer.close_hour(START, [request("a", 0.0, output_tokens=200_000)])
    later = 3 * 86_400.0
    event = request("a", later, output_tokens=400_000)
    (score,) = peer.close_hour(START + later, [event])
    # 6 dollars today; 3, 0 and 0 in the three days before.
    assert abs(score.score - 6.0) < 0.01
    assert score.rules == Spend.rules


def test_spend_adds_up_over_the_hours_of_a_day() -> None:
    hour = [request("a", 0.0, output_tokens=20_000)]
    first, second = fed(Spend(), [hour, hour])
    assert score_of(second, "a").score == 2 * score_of(first, "a").score


def test_cached_tokens_cost_less() -> None:
    fresh = request("a", 0.0, input_tokens=1_000)
    cached = request("a", 0.0, input_tokens=1_000, cached_tokens=900)
    assert cost(cached) < 0.2 * cost(fresh)
