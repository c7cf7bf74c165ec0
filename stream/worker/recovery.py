"""Faust's recovery of tables, mended: its end cannot be missed.

Faust signals that the changelogs are read, and takes the signal back before it looks for the next
record. Where that happens before anybody waits for it, as with short changelogs on a busy machine,
the process waits for ever and its partitions with it. Here the signal holds until the next recovery
begins.
"""

from __future__ import annotations

from asyncio import Event
from typing import Any

from faust.tables import TableManager
from faust.tables.recovery import Recovery


class HeldSignal(Event):
    """A signal that `clear` does not take back, only `withdraw`."""

    def clear(self) -> None:
        """Nothing: whoever clears it does not know whether it was heard."""

    def withdraw(self) -> None:
        """Take it back."""
        super().clear()


class HeldRecovery(Recovery):
    """Recovery whose end is signalled until it starts again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held = HeldSignal()
        self._signal_recovery_end = self._held

    def _set_recovery_started(self) -> None:
        self._held.withdraw()
        super()._set_recovery_started()


class Tables(TableManager):
    """Faust's tables with the mended recovery."""

    @property
    def recovery(self) -> Recovery:
        """The recovery of these tables."""
        if self._recovery is None:
            self._recovery = HeldRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
