"""The keypoint queue: which objects are to be annotated next, paged by key.

Unoccluded ones come first, then occluded ones, then those that no test has seen; among each, those with the
fewest points placed, then by id. Each of the three is a merge of index ranges as in the review queue
(`queue.py`), and a page goes on with the next where one ends. What a person rejected is left out.

The queue of proposals holds those whose points a network placed and nobody has confirmed: the least certain
first, whatever their label, by an index of its own that holds no others.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from core.records.detections import Category
from core.records.keypoints import KeypointFilter, Template
from core.records.occlusion import OcclusionLabel, Verdict

_LABELS = (OcclusionLabel.UNOCCLUDED, OcclusionLabel.OCCLUDED, None)
_NO_TEMPLATE = Template.CAR.size  # nobody annotates what has none


class KeypointKey(NamedTuple):
    """A place in the queue: the label's rank (0 unoccluded, 1 occluded, 2 none), points placed, id.

    In the queue of proposals the rank is 0, and the certainty (0..1) stands in the place of `placed`.
    """

    rank: int
    placed: float
    id: int


class _Branch(NamedTuple):
    """A range of the index: what its first columns equal, and the bound of the points placed, or ""."""

    equal: str
    bound: str


def page_keys(
    connection: Connection,
    filter: KeypointFilter,
    after: tuple[int, float, int] | None = None,
    limit: int = 100,
) -> list[KeypointKey]:
    """The next objects; the last one's key leads to the next page.

    Args:
        connection: to read with.
        filter: which objects.
        after: key of the last one before this page (see `key_of`); None for the first page.
        limit: objects a page.
    """
    return _read(connection, filter, after, limit, forward=True)


def page_before(
    connection: Connection,
    filter: KeypointFilter,
    before: tuple[int, float, int] | None = None,
    limit: int = 100,
) -> list[KeypointKey]:
    """The page that ends just before a key, in queue order; the last page of all for None."""
    return _read(connection, filter, before, limit, forward=False)[::-1]


def all_ids(connection: Connection, filter: KeypointFilter) -> array[int]:
    """Ids of the whole queue in order, eight bytes each: for a table. Ask in the background."""
    ids = array("q")
    for rank in _ranks(filter):
        query, parameters = _query(connection, filter, rank, None, None, forward=True)
        for _, instance_id in connection.execute(text(query), parameters):
            ids.append(instance_id)
    return ids


def key_of(connection: Connection, instance_id: int, *, proposed: bool = False) -> KeypointKey | None:
    """Where an instance stands in the queue, whether or not a filter shows it; None if there is none.

    Args:
        proposed: in the queue of proposals, where it has a place only as long as it is one.
    """
    row = connection.execute(
        text("SELECT label, points_placed, keypoint_certainty FROM instance WHERE id = :id"),
        {"id": instance_id},
    ).first()
    if row is None or (proposed and row[2] is None):
        return None
    if proposed:
        return KeypointKey(0, row[2], instance_id)
    return KeypointKey(_LABELS.index(row[0]), row[1], instance_id)


def matches(connection: Connection, filter: KeypointFilter, ids: Sequence[int]) -> set[int]:
    """Which of some instances the filter shows: to jump to one, or to see which an edit took away."""
    if not ids:
        return set()
    listed = ",".join(str(int(i)) for i in ids)
    found: set[int] = set()
    for rank in _ranks(filter):
        _, branches, residual, parameters = _where(connection, filter, rank)
        for branch in branches:
            query = (
                f"SELECT id FROM instance NOT INDEXED WHERE id IN ({listed}) AND {branch.equal}{residual}"
                f" AND {branch.bound or 1}"
            )
            found.update(int(row[0]) for row in connection.execute(text(query), parameters))
    return found


def count(connection: Connection, filter: KeypointFilter) -> int:
    """How many objects the filter shows. Counts, so ask in the background."""
    total = 0
    for rank in _ranks(filter):
        index, branches, residual, parameters = _where(connection, filter, rank)
        for branch in branches:
            query = (
                f"SELECT count(*) FROM instance INDEXED BY {index} WHERE {branch.equal}{residual}"
                f" AND {branch.bound or 1}"
            )
            total += int(connection.execute(text(query), parameters).scalar_one())
    return total


def _read(
    connection: Connection,
    filter: KeypointFilter,
    key: tuple[int, float, int] | None,
    limit: int,
    *,
    forward: bool,
) -> list[KeypointKey]:
    found: list[KeypointKey] = []
    ranks = _ranks(filter)
    for rank in ranks if forward else ranks[::-1]:
        if key is not None and (rank < key[0] if forward else rank > key[0]):
            continue
        start = None if key is None or rank != key[0] else (key[1], key[2])
        query, parameters = _query(connection, filter, rank, start, limit - len(found), forward=forward)
        found += [KeypointKey(rank, placed, i) for placed, i in connection.execute(text(query), parameters)]
        if len(found) >= limit:
            break
    return found


def _query(
    connection: Connection,
    filter: KeypointFilter,
    rank: int,
    start: tuple[float, int] | None,
    limit: int | None,
    *,
    forward: bool,
) -> tuple[str, dict[str, Any]]:
    index, branches, residual, parameters = _where(connection, filter, rank)
    sign, order = (">", "ASC") if forward else ("<", "DESC")
    by = "keypoint_certainty" if filter.proposed else "points_placed"
    starts = [("", "")]
    if start is not None:
        # two ranges, as in the review queue; the + keeps SQLite from taking the bound for the index
        starts = [(f" AND {by} = :p AND id {sign} :i", "+"), (f" AND {by} {sign} :p", "")]
        parameters |= {"p": start[0], "i": start[1]}
    query = " UNION ALL ".join(
        f"SELECT {by}, id FROM instance INDEXED BY {index} WHERE {branch.equal}{begun}"
        f"{f' AND {plus}{branch.bound}' if branch.bound else ''}{residual}"
        for branch in branches
        for begun, plus in starts
    )
    query += f" ORDER BY {by} {order}, id {order}"
    if limit is not None:
        query += " LIMIT :limit"
        parameters["limit"] = limit
    return query, parameters


def _bound(filter: KeypointFilter, category: Category) -> str:
    """The condition on the points placed, or "" where any number will do."""
    if filter.proposed:
        return "keypoint_certainty IS NOT NULL"  # what is confirmed is done, however many points it has
    if filter.done is None:
        return ""
    template = Template.of(category)
    whole = _NO_TEMPLATE if template is None else template.size
    return f"points_placed {'>=' if filter.done else '<'} {whole}"


def _ranks(filter: KeypointFilter) -> list[int]:
    if filter.proposed:
        return [0]
    if filter.label is None:
        return [0, 1, 2]
    return [_LABELS.index(filter.label)]


def _where(
    connection: Connection, filter: KeypointFilter, rank: int
) -> tuple[str, list[_Branch], str, dict[str, Any]]:
    """The index, its branches, the other conditions, and the parameters."""
    parameters: dict[str, Any] = {}
    residual: list[str] = []
    kind = "proposed" if filter.proposed else "keypoint_queue"
    index, lead = f"ix_instance_{kind}", ""
    if filter.track_id is not None:
        index, lead = "ix_instance_track_id", "track_id = :track AND "
        parameters["track"] = filter.track_id
    if filter.source_id is not None:
        parameters["source"] = filter.source_id
        if filter.track_id is None:
            index, lead = f"ix_instance_source_{kind}", "source_id = :source AND "
        else:
            residual.append("source_id = :source")
    if filter.camera_id is not None:
        residual.append("camera_id = :camera")
        parameters["camera"] = filter.camera_id
    label = _LABELS[rank]
    if filter.proposed:
        said = "1" if filter.label is None else f"label = '{filter.label.value}'"
        extra = f" AND verdict IS NOT '{Verdict.REJECTED.value}'"
    elif label is None:
        said, extra = "label IS NULL", f" AND verdict IS NOT '{Verdict.REJECTED.value}'"
    else:
        said, extra = f"label = '{label.value}'", ""
    if filter.min_size_px is not None:
        residual.append("size >= :size")
        parameters["size"] = filter.min_size_px
    hidden = connection.execute(text("SELECT id FROM source WHERE state != 'live'")).scalars().all()
    if hidden:
        residual.append(f"source_id NOT IN ({', '.join(str(int(i)) for i in hidden)})")
    branches = [
        _Branch(
            f"{lead}state = 'live' AND category = '{category.value}' AND thinned = {thinned} AND {said}",
            _bound(filter, category),
        )
        for category in map(Category, filter.categories or tuple(Category))
        for thinned in ((0, 1) if filter.include_thinned else (0,))
    ]
    return index, branches, extra + "".join(f" AND {condition}" for condition in residual), parameters
