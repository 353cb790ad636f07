"""Writes what instances are where their track knows better than a single frame."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Update, bindparam, update

from core.records.detections import Category
from core.records.occlusion import LabelOrigin
from core.store import tables
from core.store.prepared import Prepared

_instance = tables.instance


def write_categories(connection: Connection, categories: Sequence[tuple[int, Category]]) -> None:
    """Set (instance id, category) of instances; use `BulkWriter.each` for many.

    What a person said, made or imported stays.
    """
    _NAME.many(
        connection,
        [{"instance": instance_id, "new_category": category.value} for instance_id, category in categories],
    )


def _category_update() -> Update:
    i = _instance.c
    return (
        update(_instance)
        .where(i.id == bindparam("instance"))
        .where(i.category_annotator_id.is_(None))
        .where(i.origin != LabelOrigin.HUMAN.value, i.origin != LabelOrigin.IMPORT.value)
        .values(category=bindparam("new_category"))
    )


_NAME = Prepared(_category_update())
