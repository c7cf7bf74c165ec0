"""The highest score of any tie that an account was in, for benches that ask about accounts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import orjson

from bench.fit_tie_score import LEARNING_EPOCHS
from bench.ties import blocks_of, outcomes
from bench.worlds import World, weights_id
from models.evidence.tie_score import read_score
from models.wire.messages import TieReport
from schemas.codec import decode_truth
from stream.replay.local import LocalRun
from stream.settings import Settings

UNTIED = -100.0


class Account(msgspec.Struct, frozen=True):
    """An account of a simulated run.

    Attributes:
        requests: Its requests.
        score: The highest score of a tie that it was a member of when that was tested, after the
            learning period; `UNTIED` where there was none.
        named: Whether any alert names it.
        guilty: Whether it serves a campaign.
    """

    requests: int
    score: float
    named: bool
    guilty: bool


def accounts_of(world: World, work: Path, score: str) -> list[Account]:
    """All accounts of a world, replayed with a tie score (TOML); kept in `work`."""
    kept = work / "results" / f"accounts-{world.folder}-{weights_id(score)}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(msgspec.json.encode(_replayed(world.recorded(work), score)))
    return msgspec.json.decode(kept.read_bytes(), type=list[Account])


def _replayed(directory: Path, score: str) -> list[Account]:
    run = LocalRun(Settings(), keep_reports=True, account_scores=False, score=read_score(score))
    highest: dict[int, float] = {}
    named: set[str] = set()
    first: int | None = None
    for outcome in outcomes(run, directory):
        named.update(account for alert in outcome.alerts for account in alert.accounts)
        for epoch, report in outcome.reports:
            first = epoch if first is None else first
            if epoch - first > LEARNING_EPOCHS:
                _note(highest, report)
    truth = decode_truth((directory / "truth.json").read_bytes())
    guilty = {account.id for campaign in truth.campaigns for account in campaign.accounts}
    return [
        Account(requests, highest.get(run.account_key(name), UNTIED), name in named, name in guilty)
        for name, requests in _requests(directory).items()
    ]


def _note(highest: dict[int, float], report: TieReport) -> None:
    """Take note of the tests of an epoch."""
    ties, start = report.ties, 0
    for score, tested, end in zip(
        ties.scores.tolist(), ties.tested.tolist(), ties.member_ends.tolist(), strict=True
    ):
        if tested and score > UNTIED:
            for account in ties.members["account"][start:end].tolist():
                highest[account] = max(score, highest.get(account, UNTIED))
        start = end


def _requests(directory: Path) -> Counter[str]:
    return Counter(
        orjson.loads(line)["account"]
        for block in blocks_of(directory / "events.jsonl.zst")
        for line in block
    )
