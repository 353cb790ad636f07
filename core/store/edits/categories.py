"""What instances are, corrected by a person."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import EditRefusedError
from core.records.detections import Category
from core.records.history import Touched
from core.store import tables
from core.store.edits.names import named
from core.store.history import History
from core.store.recorder import Recorder

_instance = tables.instance


def set_category(history: History, instance_ids: Sequence[int], category: Category) -> Touched:
    """Correct what instances are. Mining again does not change it back.

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
        recorder.update_many(_instance, [(i, values) for i in ids if rows[i]["category"] != category.value])

    return history.perform(lambda: f"Call {names[0]} {category.value}", action)
