"""Arrays and plain values as MessagePack: what messages and states are made of, free of code.

Arrays are extension type 2, `[type, shape]` in MessagePack followed by their bytes; the type is
NumPy's description of it, which names every field of a record (as in NEP 1). Extension type 1, the
whole of NumPy's own format, is still read.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from tokenize import TokenError
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

_NUMPY_FORMAT = 1
_ARRAY = 2
_LENGTH = 2


def encode_values(value: Any) -> bytes:
    """MessagePack of nested plain values and arrays.

    Raises:
        TypeError: A value is neither plain nor an array.
        ValueError: An array holds objects.
    """
    return _ENCODER.encode(value)


def decode_values(data: bytes | memoryview) -> Any:
    """What `encode_values` made bytes of; arrays can be written to.

    Raises:
        msgspec.DecodeError: Not MessagePack.
        ValueError: An array is damaged or of objects, or values are nested too deep.
    """
    try:
        return _DECODER.decode(data)
    except (RecursionError, OverflowError, MemoryError, TypeError) as error:
        raise ValueError(f"no values of ours: {type(error).__name__}") from error


def fitted(records: NDArray[np.void], layout: np.dtype[np.void]) -> NDArray[np.void]:
    """Records of an older layout in today's: fields by name, new ones zero, dropped ones left out.

    Raises:
        ValueError: A field has another shape than before, or held what it cannot hold now.
    """
    if records.dtype == layout:
        return records
    known = records.dtype.names or ()
    out = np.zeros(len(records), layout)
    for name in layout.names or ():
        if name in known:
            before, now = records.dtype[name], layout[name]
            if before.shape != now.shape or not np.can_cast(before.base, now.base):
                raise ValueError(f"field {name} was {before}, is {now}")
            out[name] = records[name]
    return out


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return msgspec.msgpack.Ext(_ARRAY, _array_bytes(_without_residue(value)))
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"cannot be stored: {type(value).__name__}")


def _array_bytes(array: NDArray[Any]) -> bytes:
    if array.dtype.hasobject:
        raise ValueError("arrays of objects are not stored (allow_pickle is never set)")
    kind = np.lib.format.dtype_to_descr(array.dtype)
    head = msgspec.msgpack.encode([kind, array.shape])
    return len(head).to_bytes(_LENGTH, "big") + head + array.tobytes()


def _without_residue(array: NDArray[Any]) -> NDArray[Any]:
    """The array with zeros between the fields of its records, where old memory may show through."""
    names = array.dtype.names
    if names is None or sum(array.dtype[name].itemsize for name in names) == array.dtype.itemsize:
        return np.asarray(array, order="C")
    clean = np.zeros(array.shape, array.dtype)
    for name in names:
        clean[name] = array[name]
    return clean


def _decoded(code: int, data: memoryview) -> Any:
    if code == _ARRAY:
        return _array(data)
    if code == _NUMPY_FORMAT:
        return _numpy_array(data)
    raise ValueError(f"unknown extension {code}")


def _numpy_array(data: memoryview) -> NDArray[Any]:
    """An array in NumPy's own format; as large as its bytes, whatever its head claims."""
    file = BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("array of another version of NumPy's format")
    try:
        shape, in_columns, layout = np.lib.format.read_array_header_1_0(file)
    except (SyntaxError, TokenError) as error:
        raise ValueError("no head of an array") from error
    if layout.hasobject:
        raise ValueError("an array of objects")
    values = np.frombuffer(data[file.tell() :], _aligned(layout))
    return values.reshape(shape, order="F" if in_columns else "C").copy()


def _array(data: memoryview) -> NDArray[Any]:
    start = _LENGTH + int.from_bytes(data[:_LENGTH], "big")
    kind, shape = msgspec.msgpack.decode(
        data[_LENGTH:start], type=tuple[msgspec.Raw, tuple[int, ...]]
    )
    return np.frombuffer(data[start:], _layout(bytes(kind))).reshape(shape).copy()


@lru_cache(maxsize=256)
def _layout(kind: bytes) -> np.dtype[Any]:
    """The array type that NumPy describes like this, in MessagePack."""
    try:
        description = _as_description(msgspec.msgpack.decode(kind))
        layout = np.lib.format.descr_to_dtype(description)
    except (TypeError, KeyError, IndexError, SyntaxError) as error:
        raise ValueError(f"no array type: {error}") from error
    if layout.hasobject:
        raise ValueError("an array of objects")
    return _aligned(layout)


def _aligned(layout: np.dtype[Any]) -> np.dtype[Any]:
    """The type marked as aligned where it is: kernels are compiled for such records."""
    if layout.fields is None:
        return layout
    fields = {name: layout.fields[name] for name in layout.names or ()}
    described = {
        "names": list(fields),
        "formats": [_aligned(field[0]) for field in fields.values()],
        "offsets": [field[1] for field in fields.values()],
        "itemsize": layout.itemsize,
    }
    try:
        aligned: np.dtype[Any] = np.dtype(described, align=True)  # type: ignore[call-overload]  # a plain dict
    except ValueError:
        return layout
    return aligned


def _as_description(kind: Any) -> Any:
    """NumPy's description of a type as it stood before MessagePack made lists of its tuples."""
    if not isinstance(kind, list):
        return kind
    return [
        tuple(tuple(part) if place == 2 else part for place, part in enumerate(one)) for one in kind
    ]


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_encoded)
_DECODER = msgspec.msgpack.Decoder(ext_hook=_decoded)
