"""What instances are, corrected by a person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.errors import EditRefusedError
from core.records.detections import Category
from core.records.fits import FitMethod
from core.records.history import Touched
from core.records.keypoints import Template
from core.records.occlusion import LabelOrigin
from core.store import tables
from core.store.edits.names import named
from core.store.history import History
from core.store.keypoint_columns import certainty_of, from_columns
from core.store.recorder import Recorder

_NOTHING_TOLD = {"points_placed": 0, "keypoint_certainty": None}
_instance, _keypoint_set, _fit = tables.instance, tables.keypoint_set, tables.fit


def set_category(history: History, instance_ids: Sequence[int], category: Category) -> Touched:
    """Correct what instances are. Mining again does not change it back.

    Keypoints stay in force as they are; those of another template than the new category's count for nothing.
    A fit of a person is none of a car, nor the other way: it is in force no longer, and stays a version.

    Raises:
        EditRefusedError: one of the instances is not there.
    """
    ids = list(dict.fromkeys(instance_ids))

    names: list[str] = []

    def action(recorder: Recorder) -> None:
        rows = recorder.rows(_instance, ids)
        missing = [i for i in ids if i not in rows]
        if missing:
            raise EditRefusedError(f"There is no instance {missing[0]}.", "Reload the list.")
        names.append(named(rows))
        values = {"category": category.value, "category_annotator_id": recorder.annotator_id}
        changed = [i for i in ids if rows[i]["category"] != category.value]
        told = _told_by_points(recorder, [rows[i]["keypoint_set_id"] for i in changed], category)
        foreign = _foreign_fits(recorder, [rows[i]["fit_id"] for i in changed], category)
        recorder.update_many(_fit, [(fit_id, {"in_force": 0}) for fit_id in foreign])
        recorder.update_many(
            _instance,
            [
                (
                    i,
                    values
                    | told.get(rows[i]["keypoint_set_id"], _NOTHING_TOLD)
                    | ({"fit_id": None} if rows[i]["fit_id"] in foreign else {}),
                )
                for i in changed
            ],
        )

    return history.perform(lambda: f"Call {names[0]} {category.value}", action)


def is_foreign(method: str, category: Category) -> bool:
    """Whether a fit that was come by so is of something else than an object of a category."""
    return FitMethod(method).is_of_people != (category is Category.PERSON)


def _foreign_fits(recorder: Recorder, fit_ids: Sequence[int | None], category: Category) -> list[int]:
    rows = recorder.rows(_fit, [fit_id for fit_id in fit_ids if fit_id is not None])
    return [fit_id for fit_id, row in rows.items() if is_foreign(row["method"], category)]


def _told_by_points(
    recorder: Recorder, set_ids: Sequence[int | None], category: Category
) -> dict[int | None, dict[str, Any]]:
    """Id of a set of keypoints -> what an instance of a category says of them, in its own columns."""
    rows = recorder.rows(_keypoint_set, [set_id for set_id in set_ids if set_id is not None])
    template = Template.of(category)
    return {
        set_id: {
            "points_placed": row["placed"],
            "keypoint_certainty": certainty_of(
                from_columns(row["template"], json.loads(row["points"])), LabelOrigin(row["origin"])
            ),
        }
        for set_id, row in rows.items()
        if template is None or row["template"] == template.value
    }
