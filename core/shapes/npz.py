"""npz files read with suspicion: plain arrays only, and no more of them than expected."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core.errors import AmodalError


def read_arrays(
    stream: IO[bytes], known: Collection[str], most_bytes: int, refuse: Callable[[str], AmodalError]
) -> dict[str, NDArray[np.generic]]:
    """The known arrays of an npz file; others are not even unpacked.

    Args:
        stream: the open file.
        known: names of the arrays wanted; those that are missing are left out.
        most_bytes: how much the file may unpack to.
        refuse: makes the error from the end of a sentence that begins with the file's name.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            if sum(member.file_size for member in archive.infolist()) > most_bytes:
                raise refuse(f"unpacks to more than {most_bytes >> 20} MiB.")
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as file:
            return {key: file[key] for key in file.files if key in known}
    except MemoryError:  # an array's header may say any shape
        raise refuse("says that it holds more than fits into memory.") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, EOFError, OSError, NotImplementedError):
        raise refuse("is damaged, no npz file, or holds more than plain arrays.") from None
