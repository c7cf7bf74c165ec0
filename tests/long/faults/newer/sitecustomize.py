"""On the path of a process: it is of the next release, by the versions of what it writes."""

from __future__ import annotations

from models.wire import codec, state

state.VERSION += 1
codec.WIRE_VERSION += 1
# Bound when it was defined.
codec._digest.__defaults__ = (codec.WIRE_VERSION,)
