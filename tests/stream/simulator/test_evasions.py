from __future__ import annotations

from collections import Counter
from statistics import median
from typing import Any

import numpy as np
import pytest

from schemas.codec import decode_facts, decode_truth
from tests.stream.simulator.runs import Run, run


def shares_of(events: list[dict[str, Any]], field: str) -> Counter[str]:
    per_account = {event["account"]: event.get(field) for event in events}
    return Counter(value for value in per_account.values() if value is not None)


def common_runs(seen: Run) -> int:
    """Accounts that have the most widespread six-word run of the campaign in common."""
    holders: dict[tuple[str, ...], set[str]] = {}
    for event in seen.sent:
        words = event["prompt"].split()
        for start in range(len(words) - 5):
            holders.setdefault(tuple(words[start : start + 6]), set()).add(event["account"])
    return max(len(accounts) for accounts in holders.values())


def test_cover_mixes_in_requests_that_are_no_harvest() -> None:
    plain, covered = run("template").campaign, run("template+cover:0.8").campaign

    def cover(campaign: dict[str, Any]) -> float:
        harvest = sum(requests for _, requests in campaign["harvest"])
        return float(campaign["cover_requests"] / (campaign["cover_requests"] + harvest))

    assert cover(covered) > 0.5
    assert cover(plain) < 0.4


def test_the_fragment_is_shared_by_nearly_all_accounts() -> None:
    seen = run("fragment")
    assert common_runs(seen) >= 0.8 * len(seen.members)


def test_paraphrase_breaks_up_what_is_shared() -> None:
    plain, reworded = run("fragment"), run("fragment+paraphrase:1")
    assert common_runs(reworded) / len(reworded.members) < common_runs(plain) / len(plain.members)


def test_jitter_gives_accounts_a_night() -> None:
    def hours(seen: Run) -> float:
        shares = []
        for account in seen.members:
            times = [e["time"] for e in seen.sent if e["account"] == account]
            counts = np.bincount([int(time // 3600 % 24) for time in times], minlength=24)
            night = min(counts[np.arange(start, start + 6) % 24].sum() for start in range(24))
            shares.append(night / max(counts.sum(), 1))
        return float(median(shares))

    assert hours(run("balanced+jitter:1", 5, 0.1)) <= hours(run("balanced", 5, 0.1))


def test_rotate_replaces_banned_accounts_and_says_so_in_facts() -> None:
    seen = run("fragment+rotate:1")
    truth = decode_truth(seen.encoded_truth()).campaigns[0]
    used = len(truth.accounts)
    assert used > 2 * len(run("fragment").members)
    banned = {
        record.account: float(record.time)
        for record in map(decode_facts, seen.simulation.facts())
        if record.status == "banned"
    }
    assert banned
    last = {event["account"]: event["time"] for event in seen.sent}
    assert all(last[account] <= time + 1 for account, time in banned.items() if account in last)


def test_isolate_gives_each_account_a_payment_and_address_of_its_own() -> None:
    seen = run("balanced+isolate:1")
    facts = [record for record in map(decode_facts, seen.simulation.facts()) if record.payment]
    own = [record.payment for record in facts if record.account in seen.members]
    payments = Counter(str(payment) for payment in own)
    payments.update(shares_of(seen.sent, "payment"))
    assert payments
    assert max(payments.values()) == 1
    blocks = Counter(
        {(e["account"], e["ip"].rpartition(".")[0]): 1 for e in seen.sent if "ip" in e}
    )
    assert Counter(block for _, block in blocks).most_common(1)[0][1] < 0.4 * len(seen.members)


def test_balanced_accounts_share_payments() -> None:
    assert max(shares_of(run("balanced").sent, "payment").values()) >= 3


def test_split_sends_sanitised_requests_over_other_routes() -> None:
    events = run("template+split:1").sent
    moved = [e for e in events if e["route"].startswith(("cloud:", "router:"))]
    assert len(moved) > 0.9 * len(events)
    assert not any("ip" in event or "user_agent" in event for event in moved)


def test_warm_up_lets_accounts_behave_well_first() -> None:
    def ahead(seen: Run) -> float:
        first = min(minute for minute, _ in seen.campaign["harvest"]) * 60
        early = [event for event in seen.sent if event["time"] < first]
        return len({event["account"] for event in early}) / len(seen.members)

    assert ahead(run("template+warmup:1")) > ahead(run("template"))


def test_failover_blocks_one_route_and_moves_on() -> None:
    seen = run("agentic+failover:1")
    blocked = Counter(event["status"] for event in seen.sent)
    assert blocked[403] + blocked[429] > 0
    routes = {event["route"] for event in seen.sent}
    assert len(routes & {"cloud:aurora", "cloud:borealis", "cloud:cirrus", "router:meridian"}) > 0


def test_signatures_cross_accounts_only_in_relays() -> None:
    assert run("relay").crossed_signatures > 0
    assert run("template").crossed_signatures == 0


def test_most_probes_are_refused_within_hours() -> None:
    seen = run("probe")
    minutes = [minute for minute, _ in seen.campaign["harvest"]]
    assert max(minutes) - min(minutes) < 12 * 60
    harvest = sum(requests for _, requests in seen.campaign["harvest"])
    refused = sum(event["refused"] for event in seen.sent if "refused" in event)
    assert refused > 0.45 * harvest


@pytest.mark.parametrize("rate", ["1", "1/3", "1/10"])
def test_a_lower_rate_is_never_raised(rate: str) -> None:
    used = run(f"drip@{rate}").campaign["used"]
    assert used["rate_factor"] <= eval_fraction(rate) + 1e-3


def eval_fraction(text: str) -> float:
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom or 1)
