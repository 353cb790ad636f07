"""Evaluations as people name, annotate and hide them, and objects that they ask to be looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import EditRefusedError
from core.records.history import Touched
from core.store import tables
from core.store.connection import raw_of
from core.store.edits.names import named
from core.store.history import History
from core.store.recorder import Recorder

_evaluation, _request = tables.evaluation, tables.review_request
_CHUNK = 500


def name_evaluation(history: History, evaluation_id: int, name: str) -> Touched:
    """Give an evaluation another name.

    Raises:
        EditRefusedError: the name is empty, or there is no such evaluation.
    """
    name = name.strip()
    if not name:
        raise EditRefusedError("The evaluation needs a name.", "Give one.")
    return _changed(history, evaluation_id, {"name": name}, f"Name evaluation {evaluation_id} {name}")


def note_evaluation(history: History, evaluation_id: int, notes: str) -> Touched:
    """Write an evaluation's notes.

    Raises:
        EditRefusedError: there is no such evaluation.
    """
    return _changed(history, evaluation_id, {"notes": notes}, f"Write notes of evaluation {evaluation_id}")


def hide_evaluation(history: History, evaluation_id: int, *, hidden: bool = True) -> Touched:
    """Take an evaluation off the lists, or bring it back; nothing is lost.

    Raises:
        EditRefusedError: there is no such evaluation.
    """
    title = f"{'Hide' if hidden else 'Show'} evaluation {evaluation_id}"
    return _changed(history, evaluation_id, {"hidden": int(hidden)}, title)


def ask_for_review(
    history: History, instance_ids: Sequence[int], evaluation_id: int | None = None
) -> Touched:
    """Put objects into the review queue's list of what is asked for; the next verdict takes them off it.

    Those that stand there already stay as they are.

    Args:
        history: whose edit it is.
        instance_ids: which objects.
        evaluation_id: the evaluation whose results ask, or None.

    Raises:
        EditRefusedError: there is nothing to ask for, or an object is not there.
    """
    ids = list(dict.fromkeys(instance_ids))
    if not ids:
        raise EditRefusedError(
            "None of these is an object of the project.",
            "Choose some that are: what was found where nothing is cannot be reviewed.",
        )
    names: list[str] = []

    def action(recorder: Recorder) -> None:
        rows = recorder.rows(tables.instance, ids)
        missing = [one for one in ids if one not in rows]
        if missing:
            raise EditRefusedError(f"There is no instance {missing[0]}.", "Reload the list.")
        names.append(named(rows))
        open_already = open_requests(recorder, ids)
        recorder.insert_many(
            _request,
            [
                {
                    "instance_id": one,
                    "evaluation_id": evaluation_id,
                    "annotator_id": recorder.annotator_id,
                    "asked_at": recorder.now,
                    "answered_at": None,
                }
                for one in ids
                if one not in open_already
            ],
        )

    return history.perform(lambda: f"Ask for a review of {names[0]}", action)


def answer_requests(recorder: Recorder, instance_ids: Sequence[int]) -> None:
    """Take objects off the list of what is asked for, as a part of the edit that answers."""
    answered = {"answered_at": recorder.now}
    recorder.update_many(
        _request, [(row, answered) for row in open_requests(recorder, instance_ids).values()]
    )


def open_requests(recorder: Recorder, instance_ids: Sequence[int]) -> dict[int, int]:
    """instance id -> the request for it that nobody has answered."""
    found: dict[int, int] = {}
    for start in range(0, len(instance_ids), _CHUNK):
        chunk = tuple(instance_ids[start : start + _CHUNK])
        query = (
            "SELECT instance_id, id FROM review_request WHERE answered_at IS NULL"
            f" AND instance_id IN ({', '.join('?' * len(chunk))})"
        )
        found.update(raw_of(recorder.connection).execute(query, chunk).fetchall())
    return found


def _changed(history: History, evaluation_id: int, columns: dict[str, Any], title: str) -> Touched:
    def action(recorder: Recorder) -> None:
        if evaluation_id not in recorder.rows(_evaluation, [evaluation_id]):
            raise EditRefusedError(f"Evaluation {evaluation_id} is no longer there.", "Reload the list.")
        recorder.update(_evaluation, evaluation_id, columns)

    return history.perform(title, action)
