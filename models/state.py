"""State as bytes: versioned, self-describing, free of code (never pickle)."""

from __future__ import annotations

from hashlib import blake2b
from io import BytesIO
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.errors import InvalidRecord

MAGIC = b"GAUGER\x00"
VERSION = 1
_ARRAY = 1
_DIGEST_SIZE = 16


def encode_state(state: dict[str, Any]) -> bytes:
    """Bytes of a nested state of plain values and arrays: magic, version, digest, MessagePack.

    Arrays are extension type 1 in NumPy's own format (NEP 1), which names every field of a record.
    The digest (BLAKE2b of 16 bytes) covers the MessagePack.
    """
    body = msgspec.msgpack.Encoder(enc_hook=_encoded).encode(state)
    return MAGIC + bytes([VERSION]) + _digest(body) + body


def decode_state(data: bytes) -> dict[str, Any]:
    """The state that `encode_state` made bytes of.

    Raises:
        InvalidRecord: Not a state, of an unknown version, or damaged.
    """
    if not data.startswith(MAGIC):
        raise InvalidRecord("not a state of Gauger", None)
    version = data[len(MAGIC)] if len(data) > len(MAGIC) else 0
    if version != VERSION:
        raise InvalidRecord(f"state of version {version}, this release reads {VERSION}", None)
    start = len(MAGIC) + 1 + _DIGEST_SIZE
    body = memoryview(data)[start:]
    if _digest(body) != data[start - _DIGEST_SIZE : start]:
        raise InvalidRecord("damaged state: its digest does not fit", None)
    try:
        state = msgspec.msgpack.Decoder(ext_hook=_decoded).decode(body)
    except (msgspec.DecodeError, ValueError, EOFError) as error:
        raise InvalidRecord(f"damaged state: {error}", None) from error
    if not isinstance(state, dict):
        raise InvalidRecord("damaged state: not a table", None)
    return state


def _digest(body: bytes | memoryview) -> bytes:
    return blake2b(body, digest_size=_DIGEST_SIZE, person=b"gauger-state").digest()


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        buffer = BytesIO()
        np.lib.format.write_array(buffer, _without_residue(value), allow_pickle=False)
        return msgspec.msgpack.Ext(_ARRAY, buffer.getvalue())
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"state cannot hold {type(value).__name__}")


def _without_residue(array: NDArray[Any]) -> NDArray[Any]:
    """The array with zeros between the fields of its records, where old memory may show through."""
    if array.dtype.names is None:
        return np.ascontiguousarray(array)
    clean = np.zeros(array.shape, array.dtype)
    for name in array.dtype.names:
        clean[name] = array[name]
    return clean


def _decoded(code: int, data: memoryview) -> Any:
    if code != _ARRAY:
        raise ValueError(f"unknown extension {code}")
    return np.lib.format.read_array(BytesIO(data), allow_pickle=False)
