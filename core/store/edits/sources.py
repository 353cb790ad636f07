"""Sources as a person shows, hides and finds them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from core.errors import EditRefusedError
from core.records.history import Touched
from core.store import tables
from core.store.history import History
from core.store.recorder import Recorder

_source = tables.source


def hide_source(history: History, source_id: int) -> Touched:
    """Take a source off the lists and its instances out of the queue; nothing is lost, undo brings it back.

    Raises:
        EditRefusedError: there is no such source.
    """
    return _set_state(history, [source_id], "hidden", "Hide a source")


def show_sources(history: History, source_ids: Sequence[int]) -> Touched:
    """Bring hidden sources back.

    Raises:
        EditRefusedError: there is no such source.
    """
    title = "Show a hidden source" if len(source_ids) == 1 else f"Show {len(source_ids)} hidden sources"
    return _set_state(history, source_ids, "live", title)


def relocate_source(history: History, source_id: int, path: Path) -> Touched:
    """Say where a source's footage lies now. The caller has checked by hash that it is the same.

    Raises:
        EditRefusedError: there is no such source, or nothing lies at the path.
    """
    path = path.absolute()

    def action(recorder: Recorder) -> None:
        _present(recorder, source_id)
        if not path.exists():
            raise EditRefusedError(f"There is nothing at {path}.", "Choose where the footage lies.")
        recorder.update(
            _source,
            source_id,
            {"absolute_path": str(path), "relative_path": relative_to_project(history.project.path, path)},
        )

    return history.perform(f"Find {path.name} again", action)


def relative_to_project(project_path: Path, path: Path) -> str:
    """A path from the project's folder, with POSIX separators; "" where there is none (another drive)."""
    try:
        return Path(os.path.relpath(path, project_path.parent)).as_posix()
    except ValueError:
        return ""


def _set_state(history: History, source_ids: Sequence[int], state: str, title: str) -> Touched:
    def action(recorder: Recorder) -> None:
        for source_id in source_ids:
            if _present(recorder, source_id)["state"] == "adding":
                raise EditRefusedError("That source is still being added.", "Wait for the job, or resume it.")
            recorder.update(_source, source_id, {"state": state})

    return history.perform(title, action)


def _present(recorder: Recorder, source_id: int) -> dict[str, object]:
    row = recorder.rows(_source, [source_id]).get(source_id)
    if row is None:
        raise EditRefusedError("That source is no longer there.", "Reload the list.")
    return row
