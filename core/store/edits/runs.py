"""Runs as people name, annotate, hide and use them."""

from __future__ import annotations

from typing import Any

from core.errors import EditRefusedError
from core.records.history import Touched
from core.records.runs import Purpose
from core.store import tables
from core.store.connection import raw_of
from core.store.history import History
from core.store.recorder import Recorder

_run, _used = tables.run, tables.model_in_use


def name_run(history: History, run_id: int, name: str) -> Touched:
    """Give a run another name.

    Raises:
        EditRefusedError: the name is empty, or there is no such run.
    """
    name = name.strip()
    if not name:
        raise EditRefusedError("The run needs a name.", "Give one.")
    return _changed(history, run_id, {"name": name}, f"Name run {run_id} {name}")


def note_run(history: History, run_id: int, notes: str) -> Touched:
    """Write a run's notes.

    Raises:
        EditRefusedError: there is no such run.
    """
    return _changed(history, run_id, {"notes": notes}, f"Write notes of run {run_id}")


def hide_run(history: History, run_id: int, *, hidden: bool = True) -> Touched:
    """Take a run off the lists, or bring it back; nothing is lost.

    Raises:
        EditRefusedError: there is no such run, or it is in use.
    """

    def allowed(recorder: Recorder) -> None:
        query = "SELECT 1 FROM model_in_use WHERE run_id = ?"
        if hidden and raw_of(recorder.connection).execute(query, (run_id,)).fetchone():
            raise EditRefusedError(f"Run {run_id} is in use.", "Use another model first.")

    return _changed(
        history, run_id, {"hidden": int(hidden)}, f"{'Hide' if hidden else 'Show'} run {run_id}", allowed
    )


def use_run(history: History, run_id: int) -> Touched:
    """Let a run serve its purpose in the project, instead of the one that does.

    Raises:
        EditRefusedError: there is no such run, or it has no weights yet.
    """

    def action(recorder: Recorder) -> None:
        row = _row(recorder, run_id)
        if row["best"] is None:
            raise EditRefusedError(f"Run {run_id} has no weights yet.", "Wait for its first validation.")
        present = _in_use(recorder, row["purpose"])
        values = {"run_id": run_id, "annotator_id": recorder.annotator_id, "chosen_at": recorder.now}
        if present is None:
            recorder.insert(_used, {"purpose": row["purpose"], **values})
        elif present[1] != run_id:
            recorder.update(_used, present[0], values)

    return history.perform(f"Use the model of run {run_id}", action)


def use_no_run(history: History, purpose: Purpose) -> Touched:
    """Let no run serve a purpose: the project goes by what comes with the program again."""

    def action(recorder: Recorder) -> None:
        present = _in_use(recorder, purpose.value)
        if present is not None:
            recorder.delete(_used, present[0])

    return history.perform(f"Use no {purpose.value.replace('_', ' ')} of this project's", action)


def _changed(
    history: History, run_id: int, columns: dict[str, Any], title: str, allowed: Any = None
) -> Touched:
    def action(recorder: Recorder) -> None:
        _row(recorder, run_id)
        if allowed is not None:
            allowed(recorder)
        recorder.update(_run, run_id, columns)

    return history.perform(title, action)


def _row(recorder: Recorder, run_id: int) -> Any:
    row = recorder.rows(_run, [run_id]).get(run_id)
    if row is None:
        raise EditRefusedError(f"Run {run_id} is no longer there.", "Reload the list.")
    return row


def _in_use(recorder: Recorder, purpose: str) -> tuple[int, int] | None:
    """The row and the run that serve a purpose."""
    query = "SELECT id, run_id FROM model_in_use WHERE purpose = ?"
    row = raw_of(recorder.connection).execute(query, (purpose,)).fetchone()
    return None if row is None else (int(row[0]), int(row[1]))
