"""Content hashes: how footage, frames and files are known again wherever they lie."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final

HASH_BYTES: Final = 16
_BLOCK_BYTES: Final = 1 << 20


def hash_bytes(data: bytes | bytearray | memoryview) -> bytes:
    """The 16-byte BLAKE2b hash of some bytes."""
    return blake2b(data, digest_size=HASH_BYTES).digest()


def hash_file(path: Path) -> bytes:
    """The 16-byte BLAKE2b hash of a file's bytes, read in blocks.

    Raises:
        OSError: the file cannot be read.
    """
    state = blake2b(digest_size=HASH_BYTES)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            state.update(block)
    return state.digest()


def hash_of_hashes(hashes: Iterable[bytes]) -> bytes:
    """One 16-byte hash over many, in their order."""
    state = blake2b(digest_size=HASH_BYTES)
    for item in hashes:
        state.update(item)
    return state.digest()
