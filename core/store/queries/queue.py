"""The review queue: which instances come next, least certain first, paged by key.

Every page is one merge of index ranges: the filter's equal columns are spread into branches (each verdict,
thinned or not), each branch reads its own range of an index that holds all that the filter asks of, and
SQLite merges them in order. Nothing is sorted, and nothing before the page is read.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from core.records.occlusion import OcclusionTest, Verdict
from core.records.project import QueueFilter
from core.store.queries.hours import utc_offsets

REASON_BITS = {
    OcclusionTest.OVERLAP: 1,
    OcclusionTest.BORDER: 2,
    OcclusionTest.STATIC: 4,
    OcclusionTest.WALT: 8,
    OcclusionTest.CLASSIFIER: 16,
}
"""The bit of each test in the column `reasons`."""


_ASKED = "id IN (SELECT instance_id FROM review_request WHERE answered_at IS NULL)"
_REJECTED = f"verdict = '{Verdict.REJECTED.value}'"


class QueueKey(NamedTuple):
    """A place in the queue, for the page after or before it."""

    uncertainty: float
    id: int


class _Where(NamedTuple):
    by_index: str
    branches: list[str]
    residual: str
    parameters: dict[str, Any]


def page(
    connection: Connection, filter: QueueFilter, after: tuple[float, int] | None = None, limit: int = 100
) -> list[int]:
    """Ids of the next instances, least certain first.

    Args:
        connection: to read with.
        filter: which instances.
        after: (uncertainty, id) of the last one before this page (see `key_of`); None for the first page.
        limit: ids a page.
    """
    return [key.id for key in page_keys(connection, filter, after, limit)]


def page_keys(
    connection: Connection, filter: QueueFilter, after: tuple[float, int] | None = None, limit: int = 100
) -> list[QueueKey]:
    """As `page`, with the keys, so that the last one leads to the next page."""
    return _read(connection, filter, after, limit, forward=True)


def page_before(
    connection: Connection, filter: QueueFilter, before: tuple[float, int] | None = None, limit: int = 100
) -> list[QueueKey]:
    """The page that ends just before a key, in queue order; the last page of all for None."""
    return _read(connection, filter, before, limit, forward=False)[::-1]


def key_of(connection: Connection, instance_id: int) -> QueueKey | None:
    """Where an instance stands in the queue, whether or not a filter shows it; None if there is none."""
    row = connection.execute(
        text("SELECT uncertainty, id FROM instance WHERE id = :id"), {"id": instance_id}
    ).first()
    return None if row is None else QueueKey(float(row[0]), int(row[1]))


def matches(connection: Connection, filter: QueueFilter, ids: Sequence[int]) -> set[int]:
    """Which of some instances the filter shows: to jump to one, or to see which an edit took away."""
    if not ids:
        return set()
    where = _where(connection, filter)
    listed = ",".join(str(int(i)) for i in ids)
    query = " UNION ALL ".join(
        f"SELECT id FROM instance NOT INDEXED WHERE id IN ({listed}) AND {branch}{where.residual}"
        for branch in where.branches
    )
    return {int(row[0]) for row in connection.execute(text(query), where.parameters)}


def count(connection: Connection, filter: QueueFilter, cap: int | None = None) -> int:
    """How many instances the filter shows, counted up to cap where one is given.

    Takes about 0.1 s a million, so that a window asks in the background.
    """
    where = _where(connection, filter)
    total = 0
    for branch in where.branches:
        query = f"SELECT count(*) FROM instance {where.by_index} WHERE {branch}{where.residual}"
        if cap is not None:
            query = (
                f"SELECT count(*) FROM (SELECT 1 FROM instance {where.by_index} "
                f"WHERE {branch}{where.residual} LIMIT :cap)"
            )
        parameters = where.parameters | ({"cap": cap - total} if cap is not None else {})
        total += int(connection.execute(text(query), parameters).scalar_one())
        if cap is not None and total >= cap:
            return cap
    return total


def position(connection: Connection, filter: QueueFilter, key: tuple[float, int]) -> int:
    """How many instances of the filter stand before a key. Counts, so ask in the background."""
    where = _where(connection, filter)
    parameters = where.parameters | {"u": key[0], "i": key[1]}
    total = 0
    for branch in where.branches:
        for part in ("uncertainty < :u", "uncertainty = :u AND id < :i"):
            query = (
                f"SELECT count(*) FROM instance {where.by_index} WHERE {branch} AND {part}{where.residual}"
            )
            total += int(connection.execute(text(query), parameters).scalar_one())
    return total


def all_ids(connection: Connection, filter: QueueFilter) -> array[int]:
    """Ids of the whole queue in order, eight bytes each: for a table over a million rows.

    Takes about a second a million: ask in the background.
    """
    ids = array("q")
    for key in _stream(connection, filter):
        ids.append(key.id)
    return ids


def where_clause(
    connection: Connection, filter: QueueFilter, *, rejected: bool = True
) -> tuple[str, dict[str, Any]]:
    """A filter as an SQL condition on the table instance, with its parameters.

    Args:
        connection: to read with.
        filter: which instances.
        rejected: False leaves out those that a person rejected, unless the filter asks for them.
    """
    where = _where(connection, filter)
    branches = where.branches
    if not rejected and filter.verdict != Verdict.REJECTED:
        branches = [branch for branch in branches if not branch.endswith(_REJECTED)]
    return f"({' OR '.join(f'({branch})' for branch in branches)}){where.residual}", where.parameters


def _stream(connection: Connection, filter: QueueFilter) -> Iterator[QueueKey]:
    query, parameters = _page_query(connection, filter, None, None, forward=True)
    for row in connection.execute(text(query), parameters):
        yield QueueKey(float(row[0]), int(row[1]))


def _read(
    connection: Connection, filter: QueueFilter, key: tuple[float, int] | None, limit: int, *, forward: bool
) -> list[QueueKey]:
    query, parameters = _page_query(connection, filter, key, limit, forward=forward)
    return [QueueKey(u, i) for u, i in connection.execute(text(query), parameters).all()]


def _page_query(
    connection: Connection,
    filter: QueueFilter,
    key: tuple[float, int] | None,
    limit: int | None,
    *,
    forward: bool,
) -> tuple[str, dict[str, Any]]:
    where = _where(connection, filter)
    parameters = dict(where.parameters)
    sign, order = (">", "ASC") if forward else ("<", "DESC")
    starts = [""]
    if key is not None:
        # SQLite reads only the first column of a row comparison from an index that ends in the row's id,
        # and would walk through all rows of the same uncertainty; two ranges do not
        starts = [f" AND uncertainty = :u AND id {sign} :i", f" AND uncertainty {sign} :u"]
        parameters |= {"u": key[0], "i": key[1]}
    parts = [
        f"SELECT uncertainty, id FROM instance {where.by_index} WHERE {branch}{start}{where.residual}"
        for branch in where.branches
        for start in starts
    ]
    query = " UNION ALL ".join(parts) + f" ORDER BY uncertainty {order}, id {order}"
    if limit is not None:
        query += " LIMIT :limit"
        parameters["limit"] = limit
    return query, parameters


def _where(connection: Connection, filter: QueueFilter) -> _Where:
    parameters: dict[str, Any] = {}
    lead = ""
    index = "ix_instance_queue"
    residual: list[str] = []
    if filter.asked:  # they are few: each is looked up, and what is left is sorted
        index, lead = "", f"{_ASKED} AND "
        for name, value in (
            ("track", filter.track_id),
            ("source", filter.source_id),
            ("camera", filter.camera_id),
        ):
            if value is not None:
                residual.append(f"{name}_id = :{name}")
                parameters[name] = value
    elif filter.track_id is not None:
        index, lead = "ix_instance_track_id", "track_id = :track AND "
        parameters["track"] = filter.track_id
    elif filter.source_id is not None:
        index, lead = "ix_instance_source_queue", "source_id = :source AND "
        parameters["source"] = filter.source_id
    elif filter.camera_id is not None:
        index, lead = "ix_instance_camera_queue", "camera_id = :camera AND "
        parameters["camera"] = filter.camera_id
    if not filter.asked and filter.source_id is not None and filter.track_id is not None:
        residual.append("source_id = :source")
        parameters["source"] = filter.source_id
    several = filter.track_id is not None or filter.source_id is not None
    if not filter.asked and filter.camera_id is not None and several:
        residual.append("camera_id = :camera")
        parameters["camera"] = filter.camera_id
    residual += _residual(connection, filter, parameters)
    branches = [
        f"{lead}state = 'live' AND thinned = {thinned} AND {verdict}"
        for thinned in ((0, 1) if filter.include_thinned or filter.asked else (0,))
        for verdict in _verdicts(filter)
    ]
    by_index = f"INDEXED BY {index}" if index else "NOT INDEXED"
    return _Where(by_index, branches, "".join(f" AND {condition}" for condition in residual), parameters)


def _verdicts(filter: QueueFilter) -> list[str]:
    given = [f"verdict = '{verdict.value}'" for verdict in Verdict]
    if filter.verdict is None:
        return ["verdict IS NULL", *given]
    if filter.verdict == "none":
        return ["verdict IS NULL"]
    if filter.verdict == "any":
        return given
    return [f"verdict = '{Verdict(filter.verdict).value}'"]


def _residual(connection: Connection, filter: QueueFilter, parameters: dict[str, Any]) -> list[str]:
    conditions = []
    if filter.label is not None:
        conditions.append("label = :label")
        parameters["label"] = filter.label.value
    if filter.categories:
        names = [f"category{n}" for n in range(len(filter.categories))]
        conditions.append(f"category IN ({', '.join(':' + name for name in names)})")
        parameters |= {name: c.value for name, c in zip(names, filter.categories, strict=True)}
    if filter.min_size_px is not None:
        conditions.append("size >= :size")
        parameters["size"] = filter.min_size_px
    if filter.min_score is not None:
        conditions.append("score >= :score")
        parameters["score"] = filter.min_score
    if filter.reason is not None:
        conditions.append("(reasons & :reason) != 0")
        parameters["reason"] = REASON_BITS[OcclusionTest(filter.reason)]
    if filter.hour is not None:
        shifts = " ".join(
            f"WHEN {camera} THEN {offset!r}" for camera, offset in utc_offsets(connection).items()
        )
        shift = f"CASE camera_id {shifts} END" if shifts else "0"
        conditions.append(f"CAST((captured_at + {shift}) / 3600.0 AS INTEGER) % 24 = :hour")
        parameters["hour"] = filter.hour
    hidden = connection.execute(text("SELECT id FROM source WHERE state != 'live'")).scalars().all()
    if hidden:
        conditions.append(f"source_id NOT IN ({', '.join(str(int(i)) for i in hidden)})")
    return conditions
