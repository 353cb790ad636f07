"""Body models in pickles, as SMPL's official files are: of Python 2, with variables of chumpy.

Nothing of theirs is run: see `core/plain_pickle.py`. The names known here come on top of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import AmodalError, PickleRefusedError
from core.plain_pickle import loads
from core.plain_pickle_known import KNOWN, Constructor, SparseColumns, refused

_MOST_INSTRUCTIONS = 100_000
"""A body has some hundred, as its numbers lie in arrays."""


def read_pickled_arrays(
    data: bytes, known: Collection[str], most_values: int, refuse: Callable[[str], AmodalError]
) -> dict[str, NDArray[np.generic]]:
    """The known arrays of a pickled dict; sparse ones come whole.

    Args:
        data: the pickle.
        known: names of the arrays wanted; those that are missing are left out.
        most_values: how many a sparse matrix may have, written out.
        refuse: makes the error from the end of a sentence that begins with the file's name.
    """
    try:
        found = loads(data, CONSTRUCTORS, _MOST_INSTRUCTIONS)
        if not isinstance(found, dict):
            raise refuse("holds no dict of arrays.")
        arrays = {}
        for key in known:
            if key not in found:
                continue
            value = found[key]
            value = value.dense(most_values) if isinstance(value, SparseColumns) else value
            if not isinstance(value, np.ndarray) or value.dtype.hasobject:
                raise refuse(f"has something else than an array as {key}.")
            arrays[key] = value
        return arrays
    except PickleRefusedError as error:
        raise refuse(f"cannot be used. {error.problem}") from None


def _set(arguments: tuple[Any, ...], _: Any) -> tuple[Any, ...]:
    """A set as its values; chumpy's variables keep one, of what has changed."""
    if len(arguments) > 1 or not all(isinstance(one, list) for one in arguments):
        raise refused("it is damaged (a set)")
    return tuple(arguments[0]) if arguments else ()


def _select(_: tuple[Any, ...], state: Any) -> NDArray[Any]:
    """chumpy's choice among the values of an array: those at `idxs`, in the preferred shape."""
    parts = state if isinstance(state, dict) else {}
    values, places, shape = parts.get("a"), parts.get("idxs"), parts.get("preferred_shape")
    if not isinstance(values, np.ndarray) or not isinstance(places, np.ndarray):
        raise refused("it has a chumpy expression that is more than a choice among an array's values")
    if places.dtype.kind not in "iu" or values.dtype.hasobject:
        raise refused("it is damaged (a chumpy choice of another kind)")
    if places.size and not (places.min() >= 0 and places.max() < values.size):
        raise refused("it is damaged (a chumpy choice of values that are not there)")
    values = np.atleast_1d(values)
    chosen = values[
        np.unravel_index(places.astype(np.intp), values.shape)
    ]  # never a copy of all that is chosen from
    if shape is None:
        return np.asarray(chosen)
    whole = isinstance(shape, tuple) and len(shape) <= 8 and all(type(n) is int and n >= 0 for n in shape)
    if not whole or math.prod(shape) != chosen.size:
        raise refused("it is damaged (a chumpy choice of another size than it says)")
    return np.asarray(chosen.reshape(shape))


CONSTRUCTORS: Mapping[str, Constructor] = {
    **KNOWN,
    **dict.fromkeys(("__builtin__.set", "builtins.set"), Constructor(_set)),
    "chumpy.reordering.Select": Constructor(_select, has_state=True),
}
"""The names that a body's pickle may hold, and what each makes."""
