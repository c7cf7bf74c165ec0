"""Layouts of the records that state is kept in; each is part of the state format."""

from __future__ import annotations

import numpy as np

from models.kernels.batch import UNIT
from models.requests.batch import BREADTHS, MEASURES
from schemas.facts import AccountStatus

HOURS = 24
MOVABLE = ("models", "routes")
"""Breadths in which it is noted what share of an account's requests turns to something new."""

RECENT = 32
MOVABLE_COLUMNS = np.array([BREADTHS.index(name) for name in MOVABLE])

UNITS = np.array(
    [UNIT**2 if name.endswith("_squared") else UNIT if name.startswith(("log_", "cached")) else 1.0
     for name in MEASURES]
)  # fmt: skip
"""What divides each measure, so that fixed point becomes plain numbers."""

STATUSES: tuple[AccountStatus, ...] = ("active", "limited", "banned")
"""What an account may do; profiles hold the place in this list."""

BANNED = STATUSES.index("banned")

PARTIAL = np.dtype(
    [
        ("account", np.uint64),
        ("example", np.uint64),
        ("owner", np.uint64),
        ("payment", np.uint64),
        ("network", np.uint64),
        ("created", np.int64),
        ("first", np.int64),
        ("last", np.int64),
        ("parts", np.uint64),
        ("marks", np.uint64, (len(BREADTHS),)),
        ("measures", np.int64, (len(MEASURES),)),
        ("plan", np.int32),
        ("chosen", np.int32),
    ],
    align=True,
)
"""One account in one open epoch: integers that any order of rows gives alike.

`example` is the smallest request hash, `chosen` the row of the current batch that brought it,
`parts` the 60ths of the epoch with activity; times are microseconds.
"""

EDGE = np.dtype([("tie", np.uint64), ("slot", np.int32), ("count", np.int32)], align=True)
"""One account showing one tie value in one epoch, `count` times."""

PROFILE = np.dtype(
    [
        ("account", np.uint64),
        ("owner", np.uint64),
        ("payment", np.uint64),
        ("network", np.uint64),
        ("stated_payment", np.uint64),
        ("created", np.int64),
        ("first", np.int64),
        ("last", np.int64),
        ("idle", np.int64),
        ("old_idle", np.int64),
        ("lifetime", np.int64),
        ("marks", np.uint64, (len(BREADTHS),)),
        ("old_marks", np.uint64, (len(BREADTHS),)),
        ("sums", np.float32, (len(MEASURES),)),
        ("hours", np.float32, (HOURS,)),
        ("active", np.float32),
        ("busy", np.float32),
        ("repeated", np.float32),
        ("sampled", np.float32),
        ("shown", np.float32),
        ("again", np.float32),
        ("returns", np.float32),
        ("settled", np.float32, (len(MOVABLE),)),
        ("moved", np.float32, (len(MOVABLE),)),
        ("familiar", np.uint64, (len(MOVABLE),)),
        ("pending", np.uint64, (len(MOVABLE),)),
        ("novel_since", np.int32, (len(MOVABLE),)),
        ("kept_text", np.uint32),
        ("kept_epoch", np.int32),
        ("kept_gap", np.int32),
        ("last_epoch", np.int32),
        ("marks_since", np.int32),
        ("contributes", np.int32),
        ("plan", np.int16),
        ("flagged", np.int16),
        ("status", np.int16),
        ("recent", np.uint16, (RECENT,)),
    ],
    align=True,
)
"""One account over its life, constant size.

`sums`, `hours`, `active` (epochs), `busy` (60ths of epochs), `repeated` and `sampled` (fragments)
decay; so do `shown` (fragments in epochs of several requests), `again` (those that another request
of the epoch showed before), `returns` (of the text in `kept_text`, at a constant period: the last
`kept_gap` epochs before `kept_epoch`), `settled` (requests of accounts with a past) and `moved`
(those that went to what is not `familiar`, which what is `pending` becomes a day after
`novel_since`, the epoch plus one, 0 for none); `marks` and `idle` (microseconds) cover the current
generation, `old_…` the one before;
`contributes` is the first epoch in which the account next counts for the baseline; `payment` and
`network` are tie keys of values it showed of late, `stated_payment` one that came as a fact;
`status` is a place in `STATUSES`.
"""
