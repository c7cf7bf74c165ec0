"""Layouts of the records that ties are kept in; each is part of the state format."""

from __future__ import annotations

import numpy as np

from models.evidence.baseline import FEATURES

VALUE = np.dtype(
    [
        ("key", np.uint64),
        ("account", np.uint64),
        ("count", np.int32),
        ("epoch", np.int32),
        ("joined", np.int32),
        ("slot", np.int32),
    ],
    align=True,
)
"""A tie value: its only account and how often that showed it, or `TIE` and the number of the tie.

`slot` is the account's in the batch of `epoch`, of no meaning later.
"""

TIE = np.dtype(
    [
        ("key", np.uint64),
        ("volume", np.int64),
        ("tested_volume", np.int64),
        ("members", np.int32),
        ("tested_members", np.int32),
        ("head", np.int32),
        ("first_epoch", np.int32),
        ("last_epoch", np.int32),
        ("listed_members", np.int32),
    ],
    align=True,
)
"""A tie: members, requests that showed the value, both at its last test, and the chain of members.

`listed_members` is how many members it had when the head last saw them.
"""

MEMBER = np.dtype(
    [
        ("account", np.uint64),
        ("owner", np.uint64),
        ("payment", np.uint32),
        ("network", np.uint32),
        ("tie", np.int32),
        ("next", np.int32),
        ("count", np.int32),
        ("requests", np.int32),
        ("joined", np.int32),
        ("epoch", np.int32),
        ("issued", np.uint8),
        ("ranked", np.uint8),
        ("ranks", np.uint8, (FEATURES,)),
    ],
    align=True,
)
"""An account within a tie, which last showed the value in `epoch`.

`issued` is 1 if the value is a signature that is known to have been issued to the account.

`requests` and `ranks` are the account's when it did. They are kept here, a copy a tie, because a
tie partition hears of an account only when it shows one of the partition's values: what it knows
must not depend on how many partitions there are.
"""

ALL_SINGLES = int(np.iinfo(np.int32).min)
"""Before any epoch: no single was last shown that long ago."""
