from __future__ import annotations

from collections import Counter

import numpy as np

from tests.long.soak import Sample, Soak, process_complaints, sizes, table_complaints


def sample(day: int, *, memory: float = 100.0, handles: int = 5, rows: int = 1_000) -> Sample:
    return Sample(day, memory, handles, 0, Counter({"rows": rows}), [])


def test_no_table_exceeds_its_rule_while_accounts_come_and_go() -> None:
    *_, last = samples = list(Soak(60, 400, 3, 1, epoch_seconds=7_200).samples(9))
    assert [reason for one in samples for reason in one.exceeded] == []
    assert last.findings > 0
    ruled = ("accounts.*.profiles", "accounts.*.waiting", "head.joining.clusters")
    assert all(last.tables[name] for name in ruled)


def test_sizes_are_summed_over_partitions_and_entries() -> None:
    state = {
        "ties": [{"members": np.zeros((3, 2))}, {"members": np.zeros((4, 2))}],
        "open": {7: [1, 2], 8: [3]},
        "count": 12,
    }
    assert sizes(state) == {
        "": 3,
        "ties": 2,
        "ties.*": 2,
        "ties.*.members": 7,
        "open": 2,
        "open.*": 3,
    }


def test_growth_of_a_table_is_told() -> None:
    steady = [sample(day) for day in range(9)]
    growing = [sample(day, rows=1_000 + 100 * day) for day in range(9)]
    assert table_complaints(steady, 3) == []
    assert table_complaints(growing, 3) == ["rows grew from 1,600 to 1,750"]


def test_growth_of_the_process_is_told_after_the_warm_up_alone() -> None:
    warming = [sample(day, memory=100.0 if day > 2 else 10.0) for day in range(9)]
    assert process_complaints(warming, 3) == []
    leaking = [sample(day, memory=100.0 + day, handles=5 + day // 8) for day in range(19)]
    assert process_complaints(leaking, 3) == [
        "memory grew from 105.0 to 116.0 MiB", "open files grew from 5 to 7",
    ]  # fmt: skip
