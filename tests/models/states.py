"""States as plain values, to be compared."""

from __future__ import annotations

from typing import Any

import numpy as np


def content(state: Any) -> Any:
    """A state as nested plain values; records by field, so that what lies between does not show."""
    if isinstance(state, dict):
        return {key: content(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return [content(value) for value in state]
    if isinstance(state, np.ndarray) and state.dtype.names:
        return {name: content(state[name]) for name in state.dtype.names}
    if isinstance(state, np.ndarray):
        return [state.dtype.str, state.shape, state.tobytes()]
    return state
