"""The columns of an instance that follow from its others. The tables' CHECKs hold writers to this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, func, null

from core.records.occlusion import LabelOrigin, Verdict
from core.store import tables

NO_TEST_UNCERTAINTY = 2.0
"""Uncertainty of an instance that no test has seen: it comes after all others in the queue."""


def derived_columns(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The derived columns of a whole row, or nothing for a table that has none.

    Args:
        table: the table's name.
        row: all other columns of the row; those that are missing count as NULL.
    """
    if table != tables.instance.name:
        return {}
    verdict = row.get("verdict")
    margin = row.get("margin")
    if verdict is None:
        label, origin = row.get("machine_label"), row.get("machine_origin")
    else:
        label, origin = None if verdict == Verdict.REJECTED else verdict, LabelOrigin.HUMAN.value
    return {
        "size": max(row["w"], row["h"]),
        "uncertainty": NO_TEST_UNCERTAINTY if margin is None else abs(margin),
        "label": label,
        "label_origin": origin,
    }


DERIVED = {tables.instance.name: frozenset({"size", "uncertainty", "label", "label_origin"})}
"""Names of the derived columns of each table that has some."""


def label_in_force(machine_label: ColumnElement[Any]) -> ColumnElement[Any]:
    """SQL for the label in force of a row whose machine's label becomes the one given."""
    verdict = tables.instance.c.verdict
    return case(
        (verdict.is_(None), machine_label), (verdict == Verdict.REJECTED.value, null()), else_=verdict
    )


def origin_in_force(machine_origin: ColumnElement[Any]) -> ColumnElement[Any]:
    """SQL for the origin of the label in force of a row whose machine's origin becomes the one given."""
    verdict = tables.instance.c.verdict
    return case((verdict.is_(None), machine_origin), else_=LabelOrigin.HUMAN.value)


def uncertainty_of(margin: ColumnElement[Any]) -> ColumnElement[Any]:
    """SQL for the uncertainty of a row whose margin becomes the one given."""
    return func.coalesce(func.abs(margin), NO_TEST_UNCERTAINTY)
