"""One training at a time on each device: those that come later wait for it, and say so.

A training that wants several takes them in one order everywhere, so that no two wait for each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.store.file_lock import lock_file

WAITS = "Waiting: "
"""How a training's message begins while it waits for a device."""

_POLL_S = 0.5


def gpu_locks() -> Path:
    """The folder of the locks of this machine's GPUs, which all projects share."""
    from platformdirs import user_state_path

    return user_state_path("amodal-studio", appauthor=False) / "devices"


@contextmanager
def devices_held(paths: Sequence[Path], holder: str, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold some devices for the time of the block; see `device_held`.

    Args:
        paths: of their locks, in any order.
        holder, on_wait: as there.
    """
    with ExitStack() as held:
        for path in sorted(set(paths)):
            held.enter_context(device_held(path, holder, on_wait))
        yield


@contextmanager
def device_held(path: Path, holder: str, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold a device for the time of the block, once nobody else does.

    Args:
        path: of its lock.
        holder: who holds it, for those that wait.
        on_wait: given who holds it, again and again; raises where this is not to wait any longer.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        while not lock_file(file.fileno()):
            on_wait(_read(path))
            time.sleep(_POLL_S)
        file.truncate(0)
        file.write(holder)
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:200] or "another training"
    except OSError:
        return "another training"
