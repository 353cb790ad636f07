"""Locks of the operating system on a file; each ends with the process that holds it, however that ends."""

from __future__ import annotations

_LOCKED_BYTE = 1 << 40  # far behind the end of any file, so that on Windows the lock hinders no write


def lock_file(descriptor: int) -> bool:
    """Lock an open file for this process alone, until it is closed; whether that was possible at once."""
    try:
        import fcntl
    except ImportError:
        return _lock_on_windows(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock_on_windows(descriptor: int) -> bool:
    import msvcrt
    import os

    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True
