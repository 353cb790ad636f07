"""The columns of instances and fits that follow from others. The tables' CHECKs hold writers to this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, ColumnElement, case, func, literal_column, null

from core.records.fits import FitReview, FitVerdict
from core.records.occlusion import LabelOrigin, Verdict
from core.store import tables

NO_TEST_UNCERTAINTY = 2.0
"""Uncertainty of an instance of which nothing is known to be certain: it comes last in the queue."""

VERDICT_RANKS: Mapping[str, int] = {
    FitVerdict.TOO_FEW_POINTS.value: 0,
    FitVerdict.OUTSIDE_SHAPE_SPACE.value: 1,
    FitVerdict.AMBIGUOUS.value: 2,
    FitVerdict.GOOD.value: 3,
}
"""Place of each verdict of a fit in a list, the worst first."""

REVIEW_RANKS: Mapping[str | None, int] = {
    None: 0,
    FitReview.REJECTED.value: 1,
    FitReview.ACCEPTED.value: 2,
}
"""Place of each review of a fit in a list: first those that nobody has looked at."""


def derived_columns(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The derived columns of a whole row, or nothing for a table that has none.

    Args:
        table: the table's name.
        row: all other columns of the row; those that are missing count as NULL.
    """
    if table == tables.fit.name:
        return {
            "verdict_rank": VERDICT_RANKS[row["verdict"]],
            "review_rank": REVIEW_RANKS[row.get("review")],
        }
    if table != tables.instance.name:
        return {}
    verdict = row.get("verdict")
    if verdict is None:
        label, origin = row.get("machine_label"), row.get("machine_origin")
    else:
        label, origin = None if verdict == Verdict.REJECTED else verdict, LabelOrigin.HUMAN.value
    return {
        "size": max(row["w"], row["h"]),
        "uncertainty": uncertainty(row.get("margin"), row.get("find_margin")),
        "label": label,
        "label_origin": origin,
    }


DERIVED = {
    tables.instance.name: frozenset({"size", "uncertainty", "label", "label_origin"}),
    tables.fit.name: frozenset({"verdict_rank", "review_rank"}),
}
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


def uncertainty(margin: float | None, find_margin: float | None) -> float:
    """How near the machine was to saying something else of an object: small is uncertain.

    Args:
        margin: -1..1, of the tests of what hides it. find_margin: 0..1, of its find. None: nothing says so.
    """
    return min(
        NO_TEST_UNCERTAINTY if margin is None else abs(margin),
        NO_TEST_UNCERTAINTY if find_margin is None else find_margin,
    )


def uncertainty_of(
    margin: ColumnElement[Any] | None = None, find_margin: ColumnElement[Any] | None = None
) -> ColumnElement[Any]:
    """SQL for `uncertainty` of a row, one of whose margins becomes the one given."""
    i = tables.instance.c
    margin = i.margin if margin is None else margin
    find_margin = i.find_margin if find_margin is None else find_margin
    return func.min(
        func.coalesce(func.abs(margin), NO_TEST_UNCERTAINTY), func.coalesce(find_margin, NO_TEST_UNCERTAINTY)
    )


STALE_FIT = (
    "(fit.keypoint_set_id IS NOT instance.keypoint_set_id OR fit.calibration_id IS NOT camera.calibration_id"
    " OR (fit.mask_id IS NOT NULL AND fit.mask_id IS NOT instance.mask_id))"
)
"""SQL over the tables fit, instance and camera: what the fit was made from is no longer in force.

A fit that used no mask does not mind a new one.
"""


def stale_fit() -> ColumnElement[bool]:
    """`STALE_FIT` as a column."""
    return literal_column(STALE_FIT, Boolean)


STALE_PIECE = (
    "(piece.mask_id IS NOT instance.mask_id OR piece.keypoint_set_id IS NOT instance.keypoint_set_id"
    " OR piece.fit_id IS NOT instance.fit_id OR piece.calibration_id IS NOT camera.calibration_id"
    " OR piece.category <> instance.category OR instance.verdict IS 'rejected'"
    " OR ((piece.standing = 0 OR piece.footprint IS NOT NULL) AND instance.label IS NOT 'unoccluded')"
    " OR (piece.carries_fit AND (SELECT fit.review FROM fit WHERE fit.id = piece.fit_id) IS 'rejected'))"
)
"""SQL over the tables piece, instance and camera: the piece is not what is known of its object now.

What it was made from is no longer in force, or a person has said since that it should not be pasted.
"""


def stale_piece() -> ColumnElement[bool]:
    """`STALE_PIECE` as a column."""
    return literal_column(STALE_PIECE, Boolean)
