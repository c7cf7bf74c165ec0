"""What becomes of requests: traits of their accounts, context growth, usage, status, signatures."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Accounts
from stream.simulator.randomness import Flags, Floats, Ints, lognormal, mix, uniform_of
from stream.simulator.rhythm import Sittings
from stream.simulator.rows import NEW_MODELS, STOPS, Rows, blank
from stream.simulator.world import World

_REASONING_MODELS = (4, 7, 8)
_TEMPERATURES = np.array([np.nan, np.nan, 0.0, 0.0, 0.2, 0.3, 0.7, 1.0])
_CAPS = np.array([-1, -1, -1, 256, 1024, 1024, 2048, 4096, 8192])
_SPEED = np.array([90, 160, 80, 45, 60, 50, 4000, 70, 55], dtype=np.float64)


def opened(world: World, rng: np.random.Generator, accounts: Ints, sat: Sittings) -> Rows:
    """Rows for the sittings of accounts (position -> account number), dressed in their traits."""
    rows = blank(sat.owner.size)
    rows["time"] = sat.time
    rows["account"] = accounts[sat.owner]
    rows["turn"] = sat.turn
    rows["session"] = sat.sitting + int(rng.integers(1 << 40, 1 << 46))
    dress(world, rows)
    return rows


def dress(world: World, rows: Rows) -> None:
    """Sets network, client, route, model and parameters from each row's account.

    Choices between a first and a second habit hang on the session, so that they last through it.
    """
    who = world.people.table[rows["account"]]
    for name, salt in (("network", 5), ("client", 6), ("route", 7), ("model", 8)):
        second = uniform_of(rows["session"], salt) < who[f"{name}_alt_share"]
        rows[name] = np.where(second, who[f"{name}_alt"], who[name])
    explores = uniform_of(rows["session"], 13) < who["explores"]
    rows["model"][explores] = mix(rows["session"][explores], 14) % np.uint64(6)
    _release(world, rows, who["adopts"])
    _migrate(world, rows, who)
    _roam(world, rows, who["roams"])
    place(world, rows)
    _parameters(rows, who)
    rows["style"] = who["style"]
    rows["mask"] = who["mask"]
    rows["messages"] = 1 + 2 * (rows["turn"] + who["shots"])
    rows["n"] = np.maximum(who["samples"], 1)
    rows["key"] = (uniform_of(rows["session"], 3) * who["keys"]).astype(np.int64)


def place(world: World, rows: Rows) -> None:
    """Sets the host within each row's network: lasting for some accounts, new for others."""
    days = world.people.table["host_days"][rows["account"]]
    period = np.where(days > 0, rows["time"] / 86_400.0 // np.maximum(days, 1), 0)
    lasting = rows["account"].astype(np.int64) * 4096 + period.astype(np.int64)
    choice = np.where(days > 0, lasting, rows["session"])
    hosts = world.networks.hosts()[rows["network"]]
    rows["host"] = 1 + (mix(choice, 9) % hosts.astype(np.uint64)).astype(np.int64)


def _roam(world: World, rows: Rows, share: Floats) -> None:
    """Some accounts leave by several exits: cloud gateways, mobile carriers, VPN providers."""
    away = np.flatnonzero(uniform_of(rows["session"], 15) < share)
    account = rows["account"][away].astype(np.int64)
    exits = 1 + mix(account, 16) % np.uint64(9)
    exit_of = mix(account * 16 + (mix(rows["session"][away], 17) % exits).astype(np.int64), 18)
    kind = uniform_of(account, 19)
    home = rows["network"][away]
    for low, high, name in ((0.0, 0.45, "datacentre"), (0.45, 0.7, "vpn"), (0.7, 1.0, "mobile")):
        pool = world.networks.pool(name)
        chosen = (kind >= low) & (kind < high)
        home[chosen] = pool[(exit_of[chosen] % np.uint64(pool.size)).astype(np.int64)]
    rows["network"][away] = home


def _parameters(rows: Rows, who: Accounts) -> None:
    """Sampling parameters: an account's own, in some sessions another program's."""
    rows["temperature"], rows["max_tokens"] = who["temperature"], who["max_tokens"]
    other = np.flatnonzero(uniform_of(rows["session"], 22) < who["varies"])
    choice = mix(rows["session"][other], 23)
    rows["temperature"][other] = _TEMPERATURES[
        (choice % np.uint64(_TEMPERATURES.size)).astype(np.int64)
    ]
    choice >>= np.uint64(20)
    rows["max_tokens"][other] = _CAPS[(choice % np.uint64(_CAPS.size)).astype(np.int64)]


def _release(world: World, rows: Rows, adopts: Floats) -> None:
    """After a release, honest accounts move over, some at once, most over the following days."""
    release = world.scenario.release_day
    if release is None:
        return
    passed = (rows["time"] - world.scenario.start) / 86_400.0 - release
    eager = adopts * np.clip(0.25 + passed / 4.0, 0.0, 1.0) * (passed > 0)
    moved = (uniform_of(rows["session"], 10) < eager) & (rows["model"] != 6)
    rows["model"][moved] = np.where(rows["model"][moved] == 4, NEW_MODELS[1], NEW_MODELS[0])


def _migrate(world: World, rows: Rows, who: Accounts) -> None:
    """Some customers move for good: to another model, or from the API to a cloud."""
    scenario, account = world.scenario, rows["account"].astype(np.int64)
    passed = (rows["time"] - scenario.start) / (scenario.end - scenario.start)
    honest = who["campaign"] < 0
    for name, share, salt in (("model", 0.07, 24), ("route", 0.03, 26)):
        moves = honest & (uniform_of(account, salt) < share)
        moved = moves & (passed > uniform_of(account, salt + 1)) & (rows["model"] != 6)
        rows[name][moved] = who[f"{name}_alt"][moved]


def grow_context(rows: Rows, fresh: Ints, base: Ints, output: Ints, caching: Floats) -> None:
    """Sets usage of session-contiguous rows: each turn carries all earlier ones.

    `fresh` are the new tokens of a turn, `base` those of system text and tools, `output` the
    answer's; `caching` is the share of the carried part that the cache serves.
    """
    carried = np.cumsum(fresh + output) - fresh - output
    first = np.flatnonzero(rows["turn"] == 0)
    groups = np.repeat(np.arange(first.size), np.diff(np.append(first, rows.size)))
    carried = carried - carried[first][groups] if first.size else carried
    carried = np.minimum(carried, 190_000)
    rows["input"] = base + carried + fresh
    reusable = np.where(rows["turn"] > 0, base + carried, base * (base > 1200))
    rows["cached"] = (reusable * caching).astype(np.int64) // 64 * 64
    rows["output"] = output


def finish(world: World, rng: np.random.Generator, rows: Rows) -> Rows:
    """Sets reasoning, stop reason, status, refusals, latency and signatures. Returns the rows."""
    _reason(rng, rows)
    _stop(rng, rows)
    rows["output"] *= rows["n"]
    _refuse(world, rng, rows)
    _fail(rng, rows)
    speed = _SPEED[rows["model"]] * lognormal(rng, 1.0, 0.35, rows.size)
    wait = lognormal(rng, 320.0, 0.5, rows.size) + (rows["input"] - rows["cached"]) * 0.02
    rows["output"] += rows["reasoning"]
    rows["latency"] = np.round(wait + rows["output"] / speed * 1000.0, 1)
    return rows


def _reason(rng: np.random.Generator, rows: Rows) -> None:
    able = np.isin(rows["model"], _REASONING_MODELS) & (rows["operation"] == 0)
    thinks = able & (rng.random(rows.size) < 0.8)
    rows["reasoning"] = np.where(thinks, lognormal(rng, 420.0, 1.1, rows.size), 0.0).astype(
        np.int64
    )
    signs = thinks & (uniform_of(rows["account"].astype(np.int64), 11) < 0.8)
    numbers = rng.integers(1, 1 << 62, rows.size)
    rows["issued"] = np.where(signs, numbers, -1)
    follows = np.zeros(rows.size, dtype=bool)
    follows[1:] = (rows["turn"][1:] > 0) & (rows["session"][1:] == rows["session"][:-1])
    previous = np.roll(rows["issued"], 1)
    rows["presented"] = np.where(follows, previous, -1)


def _stop(rng: np.random.Generator, rows: Rows) -> None:
    capped = (rows["max_tokens"] >= 0) & (rows["output"] > rows["max_tokens"])
    rows["output"] = np.where(capped, rows["max_tokens"], rows["output"])
    calls = (rows["tools"] >= 0) & (rng.random(rows.size) < 0.7)
    rows["stop"] = np.where(calls, STOPS.index("tool_use"), STOPS.index("end_turn"))
    rows["stop"][rng.random(rows.size) < 0.01] = STOPS.index("stop_sequence")
    rows["stop"][capped] = STOPS.index("max_tokens")


def _refuse(world: World, rng: np.random.Generator, rows: Rows) -> None:
    refused = rng.random(rows.size) < world.people.table["refusal"][rows["account"]]
    refuse(rng, rows, refused)


def refuse(rng: np.random.Generator, rows: Rows, refused: Flags) -> None:
    """Marks rows as refused: a short answer and, mostly, the stop reason."""
    hit = np.flatnonzero(refused)
    rows["refused"][hit] = True
    rows["output"][hit] = np.minimum(rows["output"][hit], rng.integers(8, 160, hit.size))
    said = hit[rng.random(hit.size) < 0.7]
    rows["stop"][said] = STOPS.index("refusal")


def _fail(rng: np.random.Generator, rows: Rows) -> None:
    draws = rng.random(rows.size)
    limited = 0.002 + 0.02 * uniform_of(rows["account"].astype(np.int64), 12) ** 4
    rows["status"] = np.select(
        [draws < limited, draws < limited + 0.002, draws < limited + 0.004], [429, 529, 400], 200
    )
    block(rows, rows["status"] != 200)


def block(rows: Rows, failed: Flags) -> None:
    """Empties the answers of rows whose status says that there was none."""
    for name in ("output", "reasoning", "cached"):
        rows[name][failed] = 0
    rows["refused"][failed] = False
    rows["issued"][failed] = -1
    rows["stop"][failed] = STOPS.index("error")
