"""The objects behind a bar of an evaluation, worst first, paged by key.

By badness a page is a range of an index that holds every bin: nothing is sorted, and no row is read but
those of the page. By another number the rows of the evaluation, which lie together, are read once and the
first few of the order kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select, text

from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import (
    Having,
    ObjectResult,
    ObjectSaid,
    Order,
    Outcome,
    Pose3D,
    ResultFilter,
    ResultKey,
    Subject,
    label_words,
)
from core.records.occlusion import OcclusionLabel
from core.records.slices import CATEGORIES, NOT_FOUND, NOTHING_THERE, POINT_TAGS, UNKNOWN, By, Slice
from core.store import tables
from core.store.said_columns import said_of_row

LAST = 1e6
"""What those are sorted by that have no such number: they come last."""

_WRONG = 1e7  # before all others
_said = tables.evaluation_said
_BIN = {
    By.OCCLUSION: "occlusion_bin",
    By.DISTANCE: "distance_bin",
    By.SIZE: "size_bin",
    By.HOUR: "hour_bin",
}
_TOLD = {Order.HEADING: "heading ", Order.JOINTS: "joints "}  # before a number in a fit's detail
_UNOCCLUDED = OcclusionLabel.UNOCCLUDED


def _detail_in(labels: Iterable[tuple[OcclusionLabel, OcclusionLabel]]) -> str:
    return f"detail IN ({', '.join(repr(label_words(*pair)) for pair in labels)})"


# each rises from the worst to the best
_SORTED = {
    Order.BADNESS: "-badness",
    Order.BOX: f"coalesce(box_iou, {LAST})",
    Order.MASK: f"coalesce(mask_iou, {LAST})",
    Order.HIDDEN: f"coalesce(hidden_iou, {LAST})",
    Order.POINTS: f"coalesce(1.0 * points_right / nullif(points_placed, 0), {LAST})",
    Order.TAGS: f"coalesce(1.0 * tags_right / nullif(tags_told, 0), {LAST})",
    Order.ROTATION: f"coalesce(-rotation_rad, {LAST})",
    Order.PLACE: f"coalesce(-place_m, {LAST})",
    Order.ADD: f"CASE WHEN place_m IS NULL OR category != 'car' THEN {LAST} ELSE -badness END",
    **{
        order: f"CASE instr(detail, '{word}') WHEN 0 THEN {LAST}"
        f" ELSE -CAST(substr(detail, instr(detail, '{word}') + {len(word)}) AS REAL) END"
        for order, word in _TOLD.items()
    },
}
# what an object has that a figure counts
_HAS = {
    **{
        one: f"{one.value} IS NOT NULL"
        for one in (Having.BOX, Having.MASK, Having.HIDDEN, Having.ROTATION, Having.PLACE)
    },
    **{
        one: "EXISTS (SELECT 1 FROM evaluation_said AS s WHERE s.number = evaluation_object.number"
        f" AND s.evaluation_id = evaluation_object.evaluation_id AND s.{one.value} IS NOT NULL)"
        for one in (Having.WHOLE, Having.SEEN)
    },
    Having.PLACED: "points_placed > 0",
    Having.COMPARED: "points_placed IS NOT NULL",
    Having.TAGS: "tags_told > 0",
    Having.ADD: "(place_m IS NOT NULL AND category = 'car')",
    Having.HEADING: f"instr(detail, '{_TOLD[Order.HEADING]}') != 0",
    Having.JOINTS: f"instr(detail, '{_TOLD[Order.JOINTS]}') != 0",
    Having.LABEL: "detail != ''",
    Having.IS_UNOCCLUDED: _detail_in((_UNOCCLUDED, said) for said in OcclusionLabel),
    Having.SAID_UNOCCLUDED: _detail_in((truth, _UNOCCLUDED) for truth in OcclusionLabel),
}
_INDEX = "ix_evaluation_object_worst"
_KEY = "sqlite_autoindex_evaluation_object_1"  # the table itself, which has no row ids


def result_page(
    connection: Connection,
    evaluation_id: int,
    filter: ResultFilter = ResultFilter(),  # frozen
    after: ResultKey | None = None,
    limit: int = 100,
) -> list[ObjectResult]:
    """The next objects, worst first; of equally bad ones the one that was counted first.

    Args:
        connection: to read with.
        evaluation_id: of which evaluation.
        filter: which objects, and by what they are sorted.
        after: `result_key` of the last one before this page; None for the first page.
        limit: objects a page.
    """
    where, parameters = _where(filter)
    parameters |= {"evaluation": evaluation_id, "limit": limit}
    starts = [""]
    order = _order(filter)
    if order == _SORTED[Order.BADNESS]:
        # two ranges of the index, as SQLite does not read one for a comparison of rows that ends otherwise
        if after is not None:
            starts = [" AND badness = :badness AND number > :number", " AND badness < :badness"]
            parameters |= {"badness": -after.value, "number": after.number}
        parts = " UNION ALL ".join(
            f"SELECT badness, number FROM evaluation_object INDEXED BY {_INDEX}"
            f" WHERE evaluation_id = :evaluation{start}{where}"
            for start in starts
        )
        query = f"SELECT number FROM ({parts} ORDER BY badness DESC, number ASC LIMIT :limit)"
    else:
        start = ""
        if after is not None:
            start = f" AND ({order}, number) > (:value, :number)"
            parameters |= {"value": after.value, "number": after.number}
        query = (
            f"SELECT number FROM evaluation_object INDEXED BY {_KEY}"
            f" WHERE evaluation_id = :evaluation{start}{where} ORDER BY {order}, number LIMIT :limit"
        )
    numbers = [int(row[0]) for row in connection.execute(text(query), parameters)]
    found = results(connection, evaluation_id, numbers)
    return [found[number] for number in numbers]


def result_key(filter: ResultFilter, row: ObjectResult) -> ResultKey:
    """Where a row stands in a filter's order, for the page after it."""
    return ResultKey(_value(filter, row), row.number)


def count_results(connection: Connection, evaluation_id: int, filter: ResultFilter = ResultFilter()) -> int:
    """How many objects a filter shows."""
    where, parameters = _where(filter)
    # the index decides all but what an object has: of that the rows themselves are read in their order
    index = _INDEX if filter.counts.having is None else _KEY
    query = (
        f"SELECT count(*) FROM evaluation_object INDEXED BY {index} WHERE evaluation_id = :evaluation{where}"
    )
    return int(connection.execute(text(query), parameters | {"evaluation": evaluation_id}).scalar_one())


def results(connection: Connection, evaluation_id: int, numbers: Sequence[int]) -> dict[int, ObjectResult]:
    """Objects of an evaluation by their numbers; those that are not there are left out."""
    listed = ",".join(str(int(number)) for number in numbers)
    query = (
        "SELECT o.*, p.hour FROM evaluation_object AS o LEFT JOIN evaluation_picture AS p"
        " ON p.evaluation_id = o.evaluation_id AND p.place = o.picture"
        f" WHERE o.evaluation_id = :evaluation AND o.number IN ({listed})"
    )
    rows = connection.execute(text(query), {"evaluation": evaluation_id})
    return {row.number: _record(row) for row in rows}


def result_said(connection: Connection, evaluation_id: int, number: int) -> ObjectSaid | None:
    """What was said of one object; None where nothing is kept of it."""
    c = _said.c
    query = select(_said).where(c.evaluation_id == evaluation_id, c.number == number)
    row = connection.execute(query).first()
    return None if row is None else said_of_row(row)


def true_pose_of(connection: Connection, instance_id: int) -> Pose3D | None:
    """Where an object of the project stands in truth, as the newest evaluation of fits has it; or None."""
    query = (
        "SELECT o.evaluation_id, o.number FROM evaluation_object AS o"
        " JOIN evaluation AS e ON e.id = o.evaluation_id"
        " WHERE o.instance_id = :instance AND e.subject = :fits ORDER BY o.evaluation_id DESC LIMIT 1"
    )
    asked = {"instance": instance_id, "fits": Subject.FITS.value}
    row = connection.execute(text(query), asked).first()
    said = None if row is None else result_said(connection, row.evaluation_id, row.number)
    return None if said is None else said.true_car


def instances_of(
    connection: Connection, evaluation_id: int, filter: ResultFilter = ResultFilter(), limit: int = 1000
) -> list[int]:
    """The project's objects behind a filter, each once, the worst first: to be sent to the review queue."""
    found: dict[int, None] = {}
    after: ResultKey | None = None
    while len(found) < limit:
        page = result_page(connection, evaluation_id, filter, after, limit)
        found.update(dict.fromkeys(row.instance_id for row in page if row.instance_id is not None))
        if len(page) < limit:
            break
        after = result_key(filter, page[-1])
    return list(found)[:limit]


def _order(filter: ResultFilter) -> str:
    """What a filter sorts by; of a bar of a tag, objects come first of which such a point is wrong.

    Where tags are sorted by, a point is wrong whose tag is; else one that is not in its place.
    """
    order = _SORTED[filter.order]
    column, bits = _wrong_bits(filter)
    return f"{order} - {_WRONG} * (({column} & {bits}) != 0)" if bits else order


def _value(filter: ResultFilter, row: ObjectResult) -> float:
    def share(right: int | None, count: int | None) -> float:
        return right / count if right is not None and count else LAST

    def falling(value: float | None) -> float:
        return LAST if value is None else -value

    def rising(value: float | None) -> float:
        return LAST if value is None else value

    values = {
        Order.BADNESS: -row.badness,
        Order.BOX: rising(row.box_iou),
        Order.MASK: rising(row.mask_iou),
        Order.HIDDEN: rising(row.hidden_iou),
        Order.POINTS: share(row.points_right, row.points_placed),
        Order.TAGS: share(row.tags_right, row.tags_told),
        Order.ROTATION: falling(row.rotation_rad),
        Order.PLACE: falling(row.place_m),
        Order.ADD: LAST if row.place_m is None or row.category is not Category.CAR else -row.badness,
        **{order: falling(_told(row.detail, word)) for order, word in _TOLD.items()},
    }
    column, bits = _wrong_bits(filter)
    return values[filter.order] - (_WRONG if getattr(row, column) & bits else 0.0)


def _told(detail: str, word: str) -> float | None:
    """The number after a word."""
    found = re.search(re.escape(word) + r"([0-9.]+)", detail)
    return None if found is None else float(found[1])


def _wrong_bits(filter: ResultFilter) -> tuple[str, int]:
    """The column that says of which tags something is wrong, and its bits for the tags whose bar it is."""
    tags = {one.bin for one in filter.slices if one.by is By.TAG and one.bin != UNKNOWN}
    if filter.order is Order.TAGS:
        # bits of 4 x the true tag + the said one: all of a true one but itself
        return "tag_pairs", sum(_pairs_of(tag) & ~(1 << (len(POINT_TAGS) + 1) * tag) for tag in tags)
    return "wrong_tags", sum(1 << tag for tag in tags)


def _pairs_of(tag: int) -> int:
    """The bits of `tag_pairs` of a tag that is true, whatever was said."""
    return ((1 << len(POINT_TAGS)) - 1) << len(POINT_TAGS) * tag


def _where(filter: ResultFilter) -> tuple[str, dict[str, Any]]:
    conditions: list[str] = []
    parameters: dict[str, Any] = {}
    for place, one in enumerate(filter.slices):
        if one.by is not By.ALL:
            conditions.append(_condition(one, f"slice{place}", filter.counts.having))
            parameters[f"slice{place}"] = _asked(one, filter.counts.having)
    listed = {
        "outcome": filter.outcomes,
        "counted": filter.counts.outcomes,
        "kind": filter.counts.categories,
    }
    for start, values in listed.items():
        if values:
            names = [f"{start}{place}" for place in range(len(values))]
            column = "category" if start == "kind" else "outcome"
            conditions.append(f"{column} IN ({', '.join(':' + name for name in names)})")
            parameters |= {name: one.value for name, one in zip(names, values, strict=True)}
    if filter.counts.having is not None:
        conditions.append(_HAS[filter.counts.having])
    if filter.confused is not None:
        name, row, column = filter.confused
        conditions += _confused(name, row, column, parameters)
    return "".join(f" AND {condition}" for condition in conditions), parameters


def _condition(one: Slice, name: str, having: Having | None) -> str:
    if one.by is By.CATEGORY:
        return f"category = :{name}"
    if one.by is By.TAG and having is Having.TAGS and one.bin != UNKNOWN:
        return f"(tag_pairs & :{name}) != 0"
    if one.by is By.TAG:
        return f"tags = :{name}" if one.bin == UNKNOWN else f"(tags & :{name}) != 0"
    return f"{_BIN[one.by]} = :{name}"


def _asked(one: Slice, having: Having | None) -> Any:
    if one.by is By.CATEGORY:
        return "" if one.bin == UNKNOWN else CATEGORIES[one.bin].value
    if one.by is By.TAG and having is Having.TAGS and one.bin != UNKNOWN:
        return _pairs_of(one.bin)
    if one.by is By.TAG:
        return 0 if one.bin == UNKNOWN else 1 << one.bin
    return one.bin


def _confused(name: str, row: str, column: str, parameters: dict[str, Any]) -> list[str]:
    """Conditions for the objects in a cell."""
    if name == "category":
        parameters |= {"row": row, "column": column}
        if row == NOTHING_THERE:
            return [f"outcome = '{Outcome.EXTRA.value}'", "category = :column", ":row IS NOT NULL"]
        said = "said IS NULL AND :column IS NOT NULL" if column == NOT_FOUND else "said = :column"
        return [f"outcome != '{Outcome.EXTRA.value}'", "category = :row", said]
    if name == "tag":
        places = {tag.value.replace("_", " "): place for place, tag in enumerate(POINT_TAGS)}
        parameters["pair"] = 1 << (len(POINT_TAGS) * places[row] + places[column])
        return ["(tag_pairs & :pair) != 0"]
    parameters["detail"] = f"{row} > {column}"
    return ["detail = :detail"]


def _record(row: Any) -> ObjectResult:
    return ObjectResult(
        number=row.number,
        picture=row.picture,
        instance_id=row.instance_id,
        place=row.place,
        category=Category(row.category),
        said=None if row.said is None else Category(row.said),
        outcome=Outcome(row.outcome),
        badness=row.badness,
        score=row.score,
        box=Box(row.x, row.y, row.w, row.h),
        occlusion=row.occlusion,
        distance_m=row.distance_m,
        hour=row.hour,
        box_iou=row.box_iou,
        mask_iou=row.mask_iou,
        hidden_iou=row.hidden_iou,
        points_right=row.points_right,
        points_placed=row.points_placed,
        tags_right=row.tags_right,
        tags_told=row.tags_told,
        rotation_rad=row.rotation_rad,
        place_m=row.place_m,
        tags=row.tags,
        wrong_tags=row.wrong_tags,
        tag_pairs=row.tag_pairs,
        detail=row.detail,
    )
