from __future__ import annotations

import asyncio

import faust
import pytest

from stream.worker.recovery import HeldRecovery, Tables


async def recovery() -> HeldRecovery:
    tables = faust.App("test", store="memory://", TableManager=Tables).tables
    assert isinstance(tables, Tables)
    found = tables.recovery
    assert isinstance(found, HeldRecovery)
    assert tables.recovery is found
    return found


def test_an_end_that_is_taken_back_before_anybody_waits_is_still_heard() -> None:
    async def missed() -> bool:
        one = await recovery()
        one._set_recovery_started()
        one.signal_recovery_end.set()
        one.signal_recovery_end.clear()
        return await asyncio.wait_for(one.signal_recovery_end.wait(), 10)

    assert asyncio.run(missed())


def test_the_end_of_the_recovery_before_is_not_that_of_the_next() -> None:
    async def stale() -> None:
        one = await recovery()
        one.signal_recovery_end.set()
        one._set_recovery_started()
        await asyncio.wait_for(one.signal_recovery_end.wait(), 0.1)

    with pytest.raises(TimeoutError):
        asyncio.run(stale())


def test_the_end_wakes_whoever_waits_already() -> None:
    async def waiting() -> bool:
        one = await recovery()
        one._set_recovery_started()
        heard = asyncio.create_task(one.signal_recovery_end.wait())
        await asyncio.sleep(0)
        one.signal_recovery_end.set()
        one.signal_recovery_end.clear()
        return await asyncio.wait_for(heard, 10)

    assert asyncio.run(waiting())
