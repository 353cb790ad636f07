"""What a few names in pickles stand for: arrays of numpy, times, sparse matrices, chumpy's variables.

Each is made from its arguments and state by the code here; nothing of the packages named is called, save
numpy's own arrays and plain types.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import PickleRefusedError

MOST_VALUES = 1 << 26
"""How many values may come of a pickle, one that stands in several places counted as often."""

_DTYPE = re.compile(r"[<>|=]?(?:[biufc]\d{1,2}|[SU]\d{1,9}|O8|O4|O|\?)\Z")


@dataclass(frozen=True, slots=True)
class Name:
    """A class or function that a pickle names; it is never looked up."""

    path: str


@dataclass(frozen=True, slots=True, eq=False)
class SparseColumns:
    """A compressed sparse column matrix, as SciPy keeps it.

    Attributes:
        shape: rows, columns.
        data, indices: (n,) values and their rows.
        indptr: (columns + 1,) where each column begins among them.
    """

    shape: tuple[int, int]
    data: NDArray[Any]
    indices: NDArray[Any]
    indptr: NDArray[Any]

    def dense(self, most_values: int = MOST_VALUES) -> NDArray[Any]:
        """(rows, columns) the whole matrix.

        Raises:
            PickleRefusedError: it would have more values than that.
        """
        rows, columns = self.shape
        if rows * columns > most_values:
            raise refused(f"a matrix of {rows} x {columns} values is larger than any that is expected")
        full = np.zeros(self.shape, dtype=self.data.dtype)
        column = np.repeat(np.arange(columns), np.diff(self.indptr))
        np.add.at(full, (self.indices, column), self.data)
        return full


@dataclass(frozen=True, slots=True)
class Constructor:
    """What a known name does.

    Attributes:
        make: the value from the arguments that the pickle gives, and from the state that follows.
        has_state: whether a state follows; else `make` is given None for it.
    """

    make: Callable[[tuple[Any, ...], Any], Any]
    has_state: bool = False


def refused(what: str) -> PickleRefusedError:
    """The error, with its reason."""
    return PickleRefusedError(
        f"The pickle was not read: {what}.", "Save the data as plain arrays or JSON, if it can be trusted."
    )


def _dtype(arguments: tuple[Any, ...], state: Any) -> np.dtype[Any]:
    text = arguments[0] if arguments else None
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if not isinstance(text, str) or not _DTYPE.match(text):
        raise refused(f"it has an array of the type {text!r}, which is not plain")
    if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
        raise refused("it has an array of a compound type")
    order = state[1].decode("latin-1") if isinstance(state[1], bytes) else state[1]
    if order not in ("<", ">", "|", "="):
        raise refused("it has an array of an unknown byte order")
    found = np.dtype("O") if text.lstrip("<>|=").startswith("O") else np.dtype(text)
    if found.itemsize == 0:
        raise refused("it has an array of values without a size")
    # without an order of its own, a type has that of whoever wrote it, which is that of every machine here
    return found.newbyteorder(">") if order == ">" else found.newbyteorder("<") if order == "<" else found


def _array(arguments: tuple[Any, ...], state: Any) -> NDArray[Any]:
    """ndarray's own state: version, shape, dtype, whether columns go first, and the values."""
    if not arguments or arguments[0] != Name("numpy.ndarray"):
        raise refused("it has an array of a class of its own")
    if not isinstance(state, tuple) or len(state) != 5:
        raise refused("it is damaged (an array's state)")
    _, shape, dtype, columns_first, values = state
    return _filled(shape, dtype, values, "F" if columns_first else "C")


def _from_buffer(arguments: tuple[Any, ...], _: Any) -> NDArray[Any]:
    if len(arguments) != 4:
        raise refused("it is damaged (an array's state)")
    values, dtype, shape, order = arguments
    return _filled(shape, dtype, values, "F" if order == "F" else "C")


def _filled(shape: Any, dtype: Any, values: Any, order: str) -> NDArray[Any]:
    whole = isinstance(shape, tuple) and all(type(side) is int and 0 <= side < 1 << 48 for side in shape)
    if not whole or len(shape) > 32 or not isinstance(dtype, np.dtype):
        raise refused("it is damaged (an array's shape or type)")
    count = math.prod(shape)
    if dtype.hasobject:
        if not isinstance(values, list) or len(values) != count:
            raise refused("it is damaged (an array has fewer values than it says)")
        found = np.empty(count, dtype=object)
        for place, value in enumerate(values):
            found[place] = value
        return found.reshape(shape, order="F" if order == "F" else "C")
    raw = values.encode("latin-1") if isinstance(values, str) else values
    if not isinstance(raw, bytes | bytearray) or len(raw) != count * dtype.itemsize:
        raise refused("it is damaged (an array has fewer values than it says)")
    return np.frombuffer(bytes(raw), dtype=dtype).reshape(shape, order="F" if order == "F" else "C").copy()


def _scalar(arguments: tuple[Any, ...], _: Any) -> Any:
    if len(arguments) != 2 or not isinstance(arguments[0], np.dtype) or arguments[0].hasobject:
        raise refused("it is damaged (a number's type)")
    return _filled((1,), arguments[0], arguments[1], "C")[0]


def _encoded(arguments: tuple[Any, ...], _: Any) -> bytes:
    """How Python 3 writes bytes for Python 2: as a text with its coding."""
    text, coding = arguments
    if not isinstance(text, str) or coding not in ("latin1", "latin-1"):
        raise refused("it has a text in an unknown coding")
    return text.encode("latin-1")


def _bytes(arguments: tuple[Any, ...], _: Any) -> bytes:
    if arguments:
        raise refused("it makes bytes in an unknown way")
    return b""


def _datetime(arguments: tuple[Any, ...], _: Any) -> datetime:
    """The ten bytes of a datetime: year, month, day, hour, minute, second and microseconds."""
    packed, zone = arguments[0], arguments[1] if len(arguments) > 1 else None
    raw = packed.encode("latin-1") if isinstance(packed, str) else packed
    if not isinstance(raw, bytes) or len(raw) != 10 or not (zone is None or isinstance(zone, tzinfo)):
        raise refused("it is damaged (a time)")
    high, low, month, day, hour, minute, second, *micro = raw
    return datetime(
        256 * high + low,
        month & 127,
        day,
        hour,
        minute,
        second,
        int.from_bytes(bytes(micro), "big"),
        zone,
        fold=month >> 7,
    )


def _timedelta(arguments: tuple[Any, ...], _: Any) -> timedelta:
    if len(arguments) != 3 or not all(type(one) is int for one in arguments):
        raise refused("it is damaged (a span of time)")
    return timedelta(*arguments)


def _timezone(arguments: tuple[Any, ...], _: Any) -> tzinfo:
    if not arguments or not isinstance(arguments[0], timedelta):
        raise refused("it is damaged (a time zone)")
    return timezone(arguments[0])


def _offset_zone(arguments: tuple[Any, ...], _: Any) -> tzinfo:
    """dateutil's zone of a fixed offset: name and offset."""
    if len(arguments) != 2 or not isinstance(arguments[1], timedelta):
        raise refused("it is damaged (a time zone)")
    return timezone(arguments[1])


def _local_zone(_: tuple[Any, ...], state: Any) -> tzinfo:
    """dateutil's zone of the machine that wrote it: its offset in winter."""
    offset = state.get("_std_offset") if isinstance(state, dict) else None
    if not isinstance(offset, timedelta):
        raise refused("it is damaged (a time zone)")
    return timezone(offset)


def _sparse_columns(_: tuple[Any, ...], state: Any) -> SparseColumns:
    if not isinstance(state, dict):
        raise refused("it is damaged (a sparse matrix)")
    shape = state.get("_shape", state.get("shape"))
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(type(n) is int and n >= 0 for n in shape):
        raise refused("it is damaged (a sparse matrix)")
    values, rows, begins = (_flat(state.get(key)) for key in ("data", "indices", "indptr"))
    integers = rows.dtype.kind in "iu" and begins.dtype.kind in "iu"
    if not integers or len(rows) != len(values) or len(begins) != shape[1] + 1:
        raise refused("it is damaged (a sparse matrix)")
    ordered = begins[0] == 0 and begins[-1] == len(values) and (np.diff(begins.astype(np.int64)) >= 0).all()
    if not ordered or (len(rows) and not (rows.min() >= 0 and rows.max() < shape[0])):
        raise refused("it is damaged (a sparse matrix)")
    return SparseColumns((shape[0], shape[1]), values, rows, begins)


def _flat(value: Any) -> NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.ndim != 1 or value.dtype.kind not in "biuf":
        raise refused("it is damaged (a sparse matrix)")
    return value


def _chumpy(_: tuple[Any, ...], state: Any) -> NDArray[Any]:
    """A chumpy variable stands for its value."""
    value = state.get("x") if isinstance(state, dict) else None
    if not isinstance(value, np.ndarray):
        raise refused("it has a chumpy expression that is more than an array")
    return value


KNOWN: Mapping[str, Constructor] = {
    **dict.fromkeys(("numpy.dtype",), Constructor(_dtype, has_state=True)),
    **dict.fromkeys(
        ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"),
        Constructor(_array, has_state=True),
    ),
    **dict.fromkeys(
        ("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"), Constructor(_from_buffer)
    ),
    **dict.fromkeys(("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"), Constructor(_scalar)),
    "_codecs.encode": Constructor(_encoded),
    **dict.fromkeys(("builtins.bytes", "__builtin__.bytes"), Constructor(_bytes)),
    "datetime.datetime": Constructor(_datetime),
    "datetime.timedelta": Constructor(_timedelta),
    "datetime.timezone": Constructor(_timezone),
    "datetime.tzinfo": Constructor(lambda _, __: None),  # what zones of Python's own kind begin as
    **dict.fromkeys(
        ("dateutil.tz.tz.tzutc", "dateutil.tz.tzutc"), Constructor(lambda _, __: timezone(timedelta(0)))
    ),
    **dict.fromkeys(("dateutil.tz.tz.tzoffset", "dateutil.tz.tzoffset"), Constructor(_offset_zone)),
    **dict.fromkeys(("dateutil.tz.tz.tzlocal", "dateutil.tz.tzlocal"), Constructor(_local_zone, True)),
    **dict.fromkeys(
        ("scipy.sparse.csc.csc_matrix", "scipy.sparse._csc.csc_matrix"),
        Constructor(_sparse_columns, has_state=True),
    ),
    "chumpy.ch.Ch": Constructor(_chumpy, has_state=True),
}
"""The names that are known, and what each makes; a reader of other files adds to a copy."""
