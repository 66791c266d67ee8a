"""One file of named arrays, mapped into memory: opening it reads nothing that is not used.

The file is an Arrow IPC file with one row, whose cells are the arrays; any Arrow tool can read it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Columns", "from_bytes", "open_columns", "texts", "to_bytes", "write_columns"]


class Columns:
    """Named arrays of a file, and what it says about itself.

    Parameters
    ----------
    table : Table
        One row; each cell holds one array.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        described = table.schema.metadata or {}
        self.about = {key.decode(): value.decode() for key, value in described.items()}

    @property
    def names(self) -> list[str]:
        """Names of the arrays."""
        return list(self._table.column_names)

    def __contains__(self, name: str) -> bool:
        """Tell whether there is an array of this name."""
        return name in self._table.column_names

    def array(self, name: str) -> NDArray[Any]:
        """Return a numeric array, read-only and without a copy."""
        return np.asarray(self._cell(name).to_numpy(zero_copy_only=True))

    def flags(self, name: str) -> NDArray[np.bool_]:
        """Return an array of truth values."""
        return self.array(name).view(np.bool_)

    def words(self, name: str) -> pd.Series:
        """Return an array of texts."""
        return pd.Series(self._cell(name).dictionary_decode().to_pandas())

    def values(self, name: str) -> NDArray[Any] | pd.Series:
        """Return an array of whatever it holds; truth values are told by their type."""
        cell = self._cell(name)
        if pa.types.is_dictionary(cell.type):
            return self.words(name)
        return self.flags(name) if cell.type == pa.uint8() else self.array(name)

    def _cell(self, name: str) -> pa.Array:
        return self._table.column(name).chunk(0).values


def texts(values: pd.Series | NDArray[np.object_]) -> pa.DictionaryArray:
    """Return texts in the form in which a file keeps them: each different one once."""
    codes, known = pd.factorize(np.asarray(values, dtype=object))
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(list(known), type=pa.string())
    )


def write_columns(
    path: Path, arrays: Mapping[str, NDArray[Any] | pa.Array], about: Mapping[str, str]
) -> None:
    """Write arrays as one file, whole or not at all.

    Parameters
    ----------
    path : Path
        File to write or to replace; its folder is made.
    arrays : mapping of str to array
        Numbers but for ``uint8``, truth values, or texts (see :func:`texts`), of one dimension.
    about : mapping of str to str
        What the file says about itself.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            _write(stream, arrays, about)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def to_bytes(arrays: Mapping[str, NDArray[Any] | pa.Array], about: Mapping[str, str]) -> bytes:
    """Return what :func:`write_columns` writes."""
    sink = pa.BufferOutputStream()
    _write(sink, arrays, about)
    return bytes(sink.getvalue())


def _write(
    stream: Any,  # noqa: ANN401 - whatever Arrow writes to
    arrays: Mapping[str, NDArray[Any] | pa.Array],
    about: Mapping[str, str],
) -> None:
    table = _table(arrays, about)
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)


def _table(arrays: Mapping[str, NDArray[Any] | pa.Array], about: Mapping[str, str]) -> pa.Table:
    cells = {}
    for name, values in arrays.items():
        if isinstance(values, np.ndarray):
            # Arrow packs truth values into bits, which could not be used without a copy.
            plain = values.view(np.uint8) if values.dtype == np.bool_ else values
            values = pa.array(np.ascontiguousarray(plain))
        ends = pa.array([0, len(values)], type=pa.int64())
        cells[name] = pa.LargeListArray.from_arrays(ends, values)
    return pa.table(cells).replace_schema_metadata(dict(about))


def open_columns(path: Path) -> Columns:
    """Open a file of arrays.

    Raises
    ------
    OSError, ArrowInvalid
        There is no such file, or it is no file of arrays.
    """
    with pa.memory_map(str(path)) as source:
        return Columns(pa.ipc.open_file(source).read_all())


def from_bytes(content: bytes) -> Columns:
    """Return the arrays of a file that was sent as bytes."""
    return Columns(pa.ipc.open_file(pa.py_buffer(content)).read_all())
