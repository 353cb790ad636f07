"""Fits as a person accepts and judges them: versions, one of them in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import EditRefusedError
from core.records.detections import Category
from core.records.fits import Fit, FitMadeFrom, FitReview
from core.records.history import Touched
from core.store import tables
from core.store.connection import raw_of
from core.store.edits.categories import is_foreign
from core.store.edits.names import named
from core.store.fit_columns import to_columns
from core.store.history import History
from core.store.recorder import Recorder

_fit, _instance = tables.fit, tables.instance


def save_fit(history: History, instance_id: int, fit: Fit, made_from: FitMadeFrom) -> Touched:
    """Add a version of an object's fit and put it in force; the earlier ones stay and can be compared.

    Raises:
        EditRefusedError: there is no such instance.
    """
    return save_fits(history, [(instance_id, fit, made_from)])


def save_fits(history: History, fits: Sequence[tuple[int, Fit, FitMadeFrom]]) -> Touched:
    """As `save_fit`, of several objects in one edit: the frames of a track that were fitted together.

    Args:
        history: whose edit it is.
        fits: one for each of the instances.

    Raises:
        EditRefusedError: one of the instances is not there.
    """
    names: list[str] = []

    def action(recorder: Recorder) -> None:
        put_fits(recorder, fits)
        names.append(named(recorder.rows(_instance, [instance_id for instance_id, _, _ in fits])))

    return history.perform(lambda: f"Fit {names[0]}", action)


def put_fits(recorder: Recorder, fits: Sequence[tuple[int, Fit, FitMadeFrom]]) -> None:
    """What `save_fits` does, as a part of an edit.

    Raises:
        EditRefusedError: one of the instances is not there.
    """
    rows = recorder.rows(_instance, [instance_id for instance_id, _, _ in fits])
    for instance_id, _, _ in fits:
        if instance_id not in rows:
            raise EditRefusedError(f"There is no instance {instance_id}.", "Reload the list.")
    ids = recorder.insert_many(
        _fit,
        [
            {
                "instance_id": instance_id,
                "camera_id": rows[instance_id]["camera_id"],
                "source_id": rows[instance_id]["source_id"],
                "version": _newest_version(recorder, instance_id) + 1,
                **to_columns(fit, made_from),
                "annotator_id": recorder.annotator_id,
                "created_at": recorder.now,
                "in_force": 0,
            }
            for instance_id, fit, made_from in fits
        ],
    )
    for (instance_id, _, _), fit_id in zip(fits, ids, strict=True):
        _put_in_force(recorder, rows[instance_id], fit_id)


def use_fit(history: History, fit_id: int) -> Touched:
    """Put an earlier version of an object's fit in force again.

    Raises:
        EditRefusedError: it is not there any more, or is a person's where the object is called a car, say.
    """
    names: list[str] = []

    def action(recorder: Recorder) -> None:
        row = recorder.rows(_fit, [fit_id]).get(fit_id)
        if row is None:
            raise EditRefusedError("That fit is no longer there.", "Choose another version.")
        instances = recorder.rows(_instance, [row["instance_id"]])
        category = instances[row["instance_id"]]["category"]
        if is_foreign(row["method"], Category(category)):
            raise EditRefusedError(
                f"That fit is from when this object was called something else than a {category}.",
                "Correct what it is in Review, or choose another version.",
            )
        names.append(named(instances))
        _put_in_force(recorder, instances[row["instance_id"]], fit_id)

    return history.perform(lambda: f"Use an earlier fit of {names[0]}", action)


def review_fits(
    history: History, fit_ids: Sequence[int], review: FitReview | None, reason: str | None = None
) -> Touched:
    """Accept or reject fits; None takes back what was said of them.

    Args:
        history: whose edit it is.
        fit_ids: of which fits.
        review: what they are.
        reason: of a rejection, in a person's words.

    Raises:
        EditRefusedError: one of the fits is not there.
    """
    ids = list(dict.fromkeys(fit_ids))
    why = reason.strip() or None if reason is not None and review is FitReview.REJECTED else None
    names: list[str] = []

    def action(recorder: Recorder) -> None:
        rows = recorder.rows(_fit, ids)
        missing = [i for i in ids if i not in rows]
        if missing:
            raise EditRefusedError("That fit is no longer there.", "Reload the list.")
        names.append(named(recorder.rows(_instance, [row["instance_id"] for row in rows.values()])))
        said = None if review is None else review.value
        values = {
            "review": said,
            "review_reason": why,
            "reviewer_id": None if review is None else recorder.annotator_id,
            "reviewed_at": None if review is None else recorder.now,
        }
        recorder.update_many(
            _fit,
            [(i, values) for i in ids if (rows[i]["review"], rows[i]["review_reason"]) != (said, why)],
        )

    return history.perform(lambda: _title(names[0], review, why), action)


def _title(what: str, review: FitReview | None, why: str | None) -> str:
    if review is None:
        return f"Clear the review of the fit of {what}"
    if review is FitReview.ACCEPTED:
        return f"Accept the fit of {what}"
    return f"Reject the fit of {what}: {why}" if why else f"Reject the fit of {what}"


def _put_in_force(recorder: Recorder, instance: dict[str, Any], fit_id: int) -> None:
    before = instance["fit_id"]
    if before == fit_id:
        return
    if before is not None:
        recorder.update(_fit, before, {"in_force": 0})
    recorder.update(_fit, fit_id, {"in_force": 1})
    recorder.update(_instance, instance["id"], {"fit_id": fit_id})


def _newest_version(recorder: Recorder, instance_id: int) -> int:
    [(newest,)] = raw_of(recorder.connection).execute(
        "SELECT max(version) FROM fit WHERE instance_id = ?", (instance_id,)
    )
    return newest or 0
