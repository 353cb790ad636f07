"""npz files that hold arrays of Python objects, which numpy keeps as pickles: read without unpickling."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ExchangeError, PickleRefusedError
from core.plain_pickle import loads

MOST_BYTES = 1 << 30
"""How much an array may unpack to."""


def read_object_arrays(path: Path, names: Collection[str]) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file that are wanted and there; of plain types or of lists, numbers and times.

    Raises:
        ExchangeError: it is no npz file, is damaged, or unpacks to too much.
        PickleRefusedError: an array holds more than plain data.
    """
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                try:
                    member = archive.getinfo(f"{name}.npy")
                except KeyError:
                    continue
                if member.file_size > MOST_BYTES:
                    raise _refused(path, f"its array {name} unpacks to more than {MOST_BYTES >> 30} GiB")
                with archive.open(member) as stream:
                    found[name] = _read_array(stream, member.file_size)
    except PickleRefusedError as error:
        raise PickleRefusedError(f"{path.name}: {error.problem}", error.way_out) from None
    except OSError as error:
        raise _refused(path, f"it cannot be read ({error.strerror or error})") from error
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ):
        raise _refused(path, "it is damaged, or no npz file") from None
    return found


def _read_array(stream: IO[bytes], size: int) -> NDArray[Any]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, columns_first, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, columns_first, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError("an unknown version")
    # a file may unpack to more than it says
    data = stream.read(size + 1)
    if len(data) > size:
        raise ValueError("more than it says")
    if dtype.hasobject:
        array = loads(data)
        if not isinstance(array, np.ndarray) or array.shape != shape:
            raise ValueError("not the array that it says")
        return array
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if dtype.itemsize == 0 or len(data) < count * dtype.itemsize:
        raise ValueError("too short")
    return np.frombuffer(data, dtype, count).reshape(shape, order="F" if columns_first else "C")


def _refused(path: Path, why: str) -> ExchangeError:
    return ExchangeError(f"{path.name} cannot be imported: {why}.", "Check the file, or export it once more.")
