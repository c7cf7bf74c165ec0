"""Which keys a state was made under, and whether they are still ours.

Under another key every account would begin anew beside what is kept of it, and `forget` would find
nothing. Whoever goes on with a state looks first, and writes nothing where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.errors import InvalidRecord
from stream.settings import Settings

_MEND = "set GAUGER_KEY_FILE to the key of this state, or start a new application"
_TEXT_MEND = "name that key in text_key.previous_file, with an overlap"


class StateKeys:
    """The keys of the settings, as a state says them."""

    def __init__(self, settings: Settings) -> None:
        self._key, self._texts = settings.key.id, settings.texts.ids

    @property
    def stated(self) -> dict[str, Any]:
        """Their ids, to be kept with a state."""
        return {"key": self._key, "texts": list(self._texts)}

    def require(self, state: Mapping[str, Any]) -> None:
        """Refuse a state that was made under other keys; the first states do not say.

        Of the keys of texts one that is known is enough: one gives way to the other.

        Raises:
            InvalidRecord: Naming the ids and the mend.
        """
        key = state.get("key", self._key)
        if key != self._key:
            reason = f"state made under key {key}, not {self._key}: {_MEND}"
            raise InvalidRecord(reason, "key")
        texts = state.get("texts", [key])
        if not set(texts) & set(self._texts):
            ours, theirs = (" and ".join(ids) for ids in (self._texts, texts))
            reason = f"texts of the state were hashed under key {theirs}, not {ours}: {_TEXT_MEND}"
            raise InvalidRecord(reason, "key")
