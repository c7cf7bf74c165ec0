"""Framing: an attacker makes the accounts of an honest competitor look like his own cluster.

That he cannot draw anybody in by signatures alone is held by `tests/models/ties/test_crossings.py`
and `test_crossing_findings.py`; that strangers around a cluster stay out of it, by
`test_clusters.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import orjson

from tests.attacks.worlds import among, ordinary, replayed
from tests.stream.traffic import DAY, START, _words, pooled

RIVALS = [f"rival-{number}" for number in range(6)]
MULES = [f"mule-{number}" for number in range(12)]
BEGIN, END = START + 0.9 * DAY, START + 2.4 * DAY


def rivals() -> Iterator[dict[str, Any]]:
    """Six customers of a published template, a year old, each with his own payment and address.

    All their requests hold the template, which is the fragment of `pooled`.
    """
    template = _words(Random(1), 40)
    random = Random(8)
    for number, name in enumerate(RIVALS):
        for request in range(40):
            yield {
                "id": f"{name}-{request}",
                "time": START + random.uniform(0.05, 2.95) * DAY,
                "account": name,
                "org": f"rival-org-{number}",
                "payment": f"rival-card-{number}",
                "plan": "pro",
                "account_created": START - (200 + 30 * number) * DAY,
                "ip": f"192.0.{number}.9",
                "user_agent": f"own-client/{number}",
                "prompt": f"{template} {_words(random, random.randrange(10, 90))}",
                "input_tokens": round(random.lognormvariate(6, 1)),
                "output_tokens": round(random.lognormvariate(5, 1)),
                "messages": random.randrange(1, 12),
            }


def test_whoever_copies_a_template_does_not_draw_its_owners_into_his_finding() -> None:
    """The attacker harvests with the template that honest customers of a competitor use."""
    harvest = list(pooled(MULES, BEGIN, END, 240))
    _, heard = replayed(among([*rivals(), *harvest], ordinary()))
    named = {account for one in heard.alerts for account in orjson.loads(one)["accounts"]}
    assert named >= set(MULES[:6])
    assert not named & set(RIVALS)
    assert not {account for account in named if account.startswith("user-")}
