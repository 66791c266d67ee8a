"""Asking for memory before it is needed, so that a search does not wait for each node in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

__all__ = ["prefetch"]


@intrinsic
def _prefetch(context: Any, array: Any, index: Any) -> Any:  # noqa: ANN401

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        kind, number = signature.args
        data = context.make_array(kind)(context, builder, values[0]).data
        place = builder.gep(data, [context.cast(builder, values[1], number, types.intp)])
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        called = builder.module.declare_intrinsic(
            "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        )
        # To be read; to be kept near; data, not code.
        how = [ir.Constant(flag, value) for value in (0, 3, 1)]
        builder.call(called, [builder.bitcast(place, byte), *how])
        return context.get_dummy_value()

    return types.void(array, index), code


prefetch = cast("Callable[[Any, Any], None]", _prefetch)
"""Ask for an element of a one-dimensional array; its index may lie beyond the end."""
