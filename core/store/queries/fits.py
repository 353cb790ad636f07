"""Fits by instance and by id, and the list of those in force, by any of its orders, paged by key.

Every order is one partial index over the fits in force that also holds what the filters ask for; only the
track and whether the fit is stale are looked up, row by row, and that in an index too.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, select, text

from core.records.fits import FitFilter, FitMethod, FitOrder, FitReview, FitRow, FitVerdict
from core.store import tables
from core.store.derived import REVIEW_RANKS, STALE_FIT, VERDICT_RANKS, stale_fit
from core.store.fit_columns import from_columns

_fit, _instance, _camera = tables.fit, tables.instance, tables.camera
_annotator = tables.annotator
_CHUNK = 500

_COLUMNS = {
    FitOrder.RMS: "rms_px",
    FitOrder.SIGMA: "sigma_m",
    FitOrder.DISTANCE: "distance_m",
    FitOrder.LENGTH: "length_m",
    FitOrder.STATURE: "height_m",
    FitOrder.VERDICT: "verdict_rank",
    FitOrder.REVIEW: "review_rank",
    FitOrder.NEWEST: "id",
}
WORST_FIRST_DESCENDS = frozenset({FitOrder.RMS, FitOrder.SIGMA, FitOrder.DISTANCE, FitOrder.NEWEST})
"""The orders whose largest values are looked at first; of the others it is the smallest."""


class FitKey(NamedTuple):
    """A place in the list, for the page after it: the value that is sorted by, and the fit's id."""

    value: float
    id: int


def fits_in_force(connection: Connection, instance_ids: Sequence[int]) -> dict[int, FitRow]:
    """id of an instance -> the fit that it has now; those without one are left out."""
    return {
        row.instance_id: row
        for row in _found(connection, _instance.c.id, instance_ids, _instance.c.fit_id == _fit.c.id)
    }


def coarse_fits(connection: Connection, instance_ids: Sequence[int]) -> dict[int, FitRow]:
    """id of an instance -> the best coarse fit of the mask and calibration that it has now.

    It need not be in force: it rests on no keypoint, so that new ones make it no worse. Good ones come first,
    then a job's, by which a person's was guided, then the newest; one that a person rejected is left out.
    """
    resting = and_(
        _fit.c.method == FitMethod.COARSE.value,
        _fit.c.mask_id == _instance.c.mask_id,
        _fit.c.calibration_id == _camera.c.calibration_id,
        _fit.c.review.is_distinct_from(FitReview.REJECTED.value),
    )
    rows = _found(connection, _fit.c.instance_id, instance_ids, resting)
    rows.sort(key=lambda row: (row.fit.verdict is FitVerdict.GOOD, row.annotator is None, row.version))
    return {row.instance_id: row for row in rows}


def fits_by_ids(connection: Connection, fit_ids: Sequence[int]) -> list[FitRow]:
    """Fits by their own ids, in the order asked for; ids that are not there are left out."""
    found = {row.id: row for row in _found(connection, _fit.c.id, fit_ids)}
    return [found[i] for i in fit_ids if i in found]


def fit_history(connection: Connection, instance_id: int) -> list[FitRow]:
    """Every version of an instance's fit, the newest first."""
    query = _query().where(_fit.c.instance_id == instance_id).order_by(_fit.c.version.desc())
    return [_record(row) for row in connection.execute(query)]


def fit_page(
    connection: Connection,
    filter: FitFilter,
    order: FitOrder = FitOrder.RMS,
    after: tuple[float, int] | None = None,
    limit: int = 100,
    *,
    descending: bool | None = None,
) -> list[FitKey]:
    """The next fits in force of objects that are still found; `fits_by_ids` reads them.

    Args:
        connection: to read with.
        filter: which fits.
        order: what the list is sorted by.
        after: key of the last one before this page (see `key_of`); None for the first page.
        limit: fits a page.
        descending: the largest first; None: whichever shows the worst first.
    """
    query, parameters = _page_query(connection, filter, order, after, limit, _down(order, descending))
    return [FitKey(value, i) for value, i in connection.execute(text(query), parameters)]


def fit_page_before(
    connection: Connection,
    filter: FitFilter,
    order: FitOrder = FitOrder.RMS,
    before: tuple[float, int] | None = None,
    limit: int = 100,
    *,
    descending: bool | None = None,
) -> list[FitKey]:
    """The page that ends just before a key, in the list's order; the last page of all for None."""
    query, parameters = _page_query(connection, filter, order, before, limit, not _down(order, descending))
    return [FitKey(value, i) for value, i in connection.execute(text(query), parameters)][::-1]


def all_fit_ids(
    connection: Connection,
    filter: FitFilter,
    order: FitOrder = FitOrder.RMS,
    *,
    descending: bool | None = None,
) -> array[int]:
    """Ids of the whole list in order, eight bytes each: for a table. Ask in the background."""
    query, parameters = _page_query(connection, filter, order, None, None, _down(order, descending))
    ids = array("q")
    for _, fit_id in connection.execute(text(query), parameters):
        ids.append(fit_id)
    return ids


def key_of(connection: Connection, fit_id: int, order: FitOrder) -> FitKey | None:
    """Where a fit stands in an order, whether or not a filter shows it; None if there is none."""
    row = connection.execute(
        text(f"SELECT {_COLUMNS[order]}, id FROM fit WHERE id = :id"), {"id": fit_id}
    ).first()
    return None if row is None else FitKey(row[0], row[1])


def matches(connection: Connection, filter: FitFilter, fit_ids: Sequence[int]) -> set[int]:
    """Which of some fits the filter shows: to jump to one, or to see which an edit took away."""
    if not fit_ids:
        return set()
    joins, conditions, parameters = _where(connection, filter)
    listed = ",".join(str(int(i)) for i in fit_ids)
    query = f"SELECT fit.id FROM fit NOT INDEXED{joins} WHERE fit.id IN ({listed}) AND {conditions}"
    return {int(row[0]) for row in connection.execute(text(query), parameters)}


def count(connection: Connection, filter: FitFilter) -> int:
    """How many fits the filter shows. Counts, so ask in the background."""
    joins, conditions, parameters = _where(connection, filter)
    query = f"SELECT count(*) FROM fit INDEXED BY ix_fit_newest{joins} WHERE {conditions}"
    return int(connection.execute(text(query), parameters).scalar_one())


def _found(
    connection: Connection,
    column: ColumnElement[int],
    ids: Sequence[int],
    condition: ColumnElement[bool] | None = None,
) -> list[FitRow]:
    rows: list[FitRow] = []
    for start in range(0, len(ids), _CHUNK):
        query = _query().where(column.in_(ids[start : start + _CHUNK]))
        if condition is not None:
            query = query.where(condition)
        rows += [_record(row) for row in connection.execute(query)]
    return rows


def _query() -> Select[Any]:
    reviewer = _annotator.alias("reviewer")
    return select(
        _fit,
        _annotator.c.name.label("annotator"),
        reviewer.c.name.label("reviewer"),
        _instance.c.fit_id.label("fit_in_force"),
        stale_fit().label("stale"),
    ).select_from(
        _fit.join(_instance, _instance.c.id == _fit.c.instance_id)
        .join(_camera, _camera.c.id == _fit.c.camera_id)
        .outerjoin(_annotator, _annotator.c.id == _fit.c.annotator_id)
        .outerjoin(reviewer, reviewer.c.id == _fit.c.reviewer_id)
    )


def _record(row: Any) -> FitRow:
    return FitRow(
        id=row.id,
        instance_id=row.instance_id,
        version=row.version,
        fit=from_columns(row),
        keypoint_set_id=row.keypoint_set_id,
        mask_id=row.mask_id,
        calibration_id=row.calibration_id,
        shape_space=row.shape_space,
        review=None if row.review is None else FitReview(row.review),
        review_reason=row.review_reason,
        reviewer=row.reviewer,
        annotator=row.annotator,
        created_at=row.created_at,
        in_force=row.fit_in_force == row.id,
        stale=bool(row.stale),
    )


def _down(order: FitOrder, descending: bool | None) -> bool:
    return order in WORST_FIRST_DESCENDS if descending is None else descending


def _page_query(
    connection: Connection,
    filter: FitFilter,
    order: FitOrder,
    key: tuple[float, int] | None,
    limit: int | None,
    down: bool,
) -> tuple[str, dict[str, Any]]:
    joins, conditions, parameters = _where(connection, filter)
    column = f"fit.{_COLUMNS[order]}"
    sign, direction = ("<", "DESC") if down else (">", "ASC")
    starts = [""]
    if key is not None:
        # two ranges of the index, as in the review queue; by id alone one is enough
        starts = [f" AND {column} {sign} :value"]
        if order is not FitOrder.NEWEST:
            starts.insert(0, f" AND {column} = :value AND fit.id {sign} :key_id")
        parameters |= {"value": key[0], "key_id": key[1]}
    query = " UNION ALL ".join(
        f"SELECT {column} AS value, fit.id AS fit_id FROM fit INDEXED BY ix_fit_{order.value}{joins}"
        f" WHERE {conditions}{start}"
        for start in starts
    )
    query += f" ORDER BY value {direction}, fit_id {direction}"
    if limit is not None:
        query += " LIMIT :limit"
        parameters["limit"] = limit
    return query, parameters


def _where(connection: Connection, filter: FitFilter) -> tuple[str, str, dict[str, Any]]:
    parameters: dict[str, Any] = {}
    joins = ""
    conditions = ["fit.in_force = 1", _NOT_GONE]
    if filter.track_id is not None or filter.stale is not None:
        # CROSS JOIN keeps SQLite from beginning with the other table, which would cost the order
        joins = " CROSS JOIN instance INDEXED BY ix_instance_fit ON instance.fit_id = fit.id"
    for name in ("camera_id", "source_id"):
        value = getattr(filter, name)
        if value is not None:
            conditions.append(f"fit.{name} = :{name}")
            parameters[name] = value
    if filter.track_id is not None:
        conditions.append("instance.track_id = :track_id")
        parameters["track_id"] = filter.track_id
    if filter.verdicts:
        ranks = ", ".join(str(VERDICT_RANKS[verdict.value]) for verdict in filter.verdicts)
        conditions.append(f"fit.verdict_rank IN ({ranks})")
    if filter.methods or filter.people is not None:
        # how it was come by says of what it is, and stands in every index
        methods = [
            method
            for method in filter.methods or FitMethod
            if filter.people is None or method.is_of_people is filter.people
        ]
        listed = ", ".join(f"'{m.value}'" for m in methods)
        conditions.append(f"fit.method IN ({listed})" if methods else "fit.method = ''")
    if filter.review is not None:
        conditions.append(_review(filter.review))
    if filter.stale is not None:
        joins += " CROSS JOIN camera ON camera.id = fit.camera_id"
        conditions.append(STALE_FIT if filter.stale else f"NOT {STALE_FIT}")
    hidden = connection.execute(text("SELECT id FROM source WHERE state != 'live'")).scalars().all()
    if hidden:
        conditions.append(f"fit.source_id NOT IN ({', '.join(str(int(i)) for i in hidden)})")
    return joins, " AND ".join(conditions), parameters


_NOT_GONE = (
    "NOT EXISTS (SELECT 1 FROM instance AS gone INDEXED BY ix_instance_gone_fit"
    " WHERE gone.fit_id = fit.id AND gone.state = 'gone')"
)
"""A few rows at most: an index of only those that are gone."""


def _review(review: str) -> str:
    if review == "none":
        return "fit.review_rank = 0"
    if review == "any":
        return "fit.review_rank > 0"
    return f"fit.review_rank = {REVIEW_RANKS[FitReview(review).value]}"
