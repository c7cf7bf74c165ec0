"""Instructions that numba has no name for, each as a function for kernels.

They are in the intermediate language of LLVM, which knows them on every processor.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

WIDTH = 64
"""Bytes that are compared at once."""

# By numba's own annotations, what it makes would be called with the typing context too.
_instruction: Any = intrinsic

_BYTE, _WORD = ir.IntType(8), ir.IntType(64)
_BYTES = ir.VectorType(_BYTE, WIDTH)


def _load(context: Any, builder: Any, what: Any, kind: Any, array: Any, place: Any) -> Any:
    """IR of a load from any byte of an array, whatever its alignment."""
    data = context.make_array(kind)(context, builder, array).data
    start = builder.gep(builder.bitcast(data, _BYTE.as_pointer()), [place])
    return builder.load(builder.bitcast(start, what.as_pointer()), align=1)


@_instruction
def load_block(_typing: Any, array: Any, place: Any) -> Any:
    """The eight bytes from byte `place` of an array on, in the machine's byte order."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _load(context, builder, _WORD, signature.args[0], *arguments)

    return types.uint64(array, types.uint64), generate


@_instruction
def differing(_typing: Any, array: Any, place: Any, other: Any) -> Any:
    """Which of the 64 bytes from `place` on differ from those from `other` on, a bit each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, *places = arguments
        mine, others = (
            _load(context, builder, _BYTES, signature.args[0], array, start) for start in places
        )
        return builder.bitcast(builder.icmp_unsigned("!=", mine, others), _WORD)

    return types.uint64(array, types.uint64, types.uint64), generate


@_instruction
def present(_typing: Any, array: Any, place: Any) -> Any:
    """Which of the 64 bytes from `place` on are not 0, a bit each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        mine = _load(context, builder, _BYTES, signature.args[0], *arguments)
        return builder.bitcast(builder.icmp_unsigned("!=", mine, _BYTES(None)), _WORD)

    return types.uint64(array, types.uint64), generate


@_instruction
def trailing_zeros(_typing: Any, bits: Any) -> Any:
    """Zeros below the lowest bit that is set; 64 if none is."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return types.uint64(types.uint64), generate


@_instruction
def bit_count(_typing: Any, bits: Any) -> Any:
    """How many bits are set."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate
