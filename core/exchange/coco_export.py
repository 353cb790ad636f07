"""COCO instances JSON out of a project."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, Literal

from core.exchange.coco_fit import plain_fit
from core.exchange.coco_keypoints import no_points, plain_points, template_of, whole_points
from core.exchange.coco_words import COCO_IDS, category_table
from core.exchange.json_writer import whole_file, write_object
from core.exchange.polygons import polygons_of
from core.exchange.targets import check_target
from core.records.detections import Category
from core.records.fits import FitRow
from core.records.project import QueueFilter
from core.store.project import Project, program_version
from core.store.queries.export import (
    ExportFrame,
    ExportInstance,
    categories_with_keypoints,
    count_with,
    frames_with,
    instances_with,
)

FORMAT = 1
"""Version of what we add to COCO under "amodal" and "occlusion"."""

ALL = QueueFilter(include_thinned=True)
"""The filter that lets everything through."""

_PROGRESS_EVERY = 500


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was written: numbers of pictures and objects."""

    images: int
    annotations: int


def export_coco(
    project: Project,
    path: Path,
    filter: QueueFilter = ALL,
    *,
    segmentation: Literal["rle", "polygon"] = "rle",
    include_rejected: bool = False,
    name_of: Callable[[ExportFrame], str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> ExportSummary:
    """Write instances as COCO JSON, all as of one moment; the file is whole or not there.

    An image is a frame. Its file name is that of the picture, after its folder's name; a video's frame is
    called VIDEO/PTS.jpg, though no such file exists unless somebody writes it. "amodal" says where the frame
    is in its footage, and the annotation's "occlusion" holds label, origin, verdict, tests and reviews.
    Keypoints are COCO's, with all that we know of each under "amodal", as is the fit. Where any object of a
    category has keypoints, the category names them, and its objects without any say so.

    Args:
        project: what to read.
        path: the file to write; an old JSON file is replaced, and nothing else ever (see `check_target`).
        filter: which instances.
        segmentation: masks as compressed RLE (exact) or as polygons (for tools that know no RLE; holes are
            filled).
        include_rejected: also those that a person rejected (they say so in occlusion.verdict).
        name_of: gives a frame's file name; `file_name_of` where None.
        progress: called with 0 to 1 now and then; what it raises ends the export.

    Raises:
        DiskFullError, ExchangeError: nothing was written.
    """
    check_target(project, path)
    with project.read() as connection, whole_file(path) as file:
        total = count_with(connection, filter, rejected=include_rejected)
        pointed = categories_with_keypoints(connection)
        found = _followed(instances_with(connection, filter, rejected=include_rejected), total, progress)
        counts = write_object(
            file,
            [
                ("info", _info(project)),
                ("licenses", []),
                ("categories", category_table(pointed)),
                (
                    "images",
                    (
                        _image(frame, (name_of or file_name_of)(frame))
                        for frame in frames_with(connection, filter, rejected=include_rejected)
                    ),
                ),
                ("annotations", (_annotation(one, segmentation, pointed) for one in found)),
            ],
        )
    return ExportSummary(counts["images"], counts["annotations"])


def _followed(
    found: Iterable[ExportInstance], total: int, progress: Callable[[float], None] | None
) -> Iterator[ExportInstance]:
    for number, one in enumerate(found):
        if progress is not None and number % _PROGRESS_EVERY == 0:
            progress(number / total)
        yield one


def _info(project: Project) -> dict[str, Any]:
    now = datetime.fromtimestamp(time.time(), UTC)
    return {
        "description": project.name,
        "version": "1.0",
        "year": now.year,
        "contributor": f"Amodal Studio {program_version()}",
        "date_created": now.isoformat(timespec="seconds"),
        "amodal": {"format": FORMAT, "project": project.uuid},
    }


def _image(frame: ExportFrame, name: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": frame.id,
        "file_name": name,
        "width": frame.width,
        "height": frame.height,
        "amodal": {
            "camera": frame.camera,
            "source_hash": frame.source_hash.hex(),
            "content_hash": frame.content_hash.hex(),
            "pts": frame.pts,
            "time_s": frame.time_s,
        },
    }
    if frame.captured_at is not None:
        row["date_captured"] = datetime.fromtimestamp(frame.captured_at, UTC).isoformat()
        row["amodal"]["captured_at"] = frame.captured_at
    return row


def file_name_of(frame: ExportFrame) -> str:
    """A frame's file name in COCO: SOURCE/PICTURE, or VIDEO/PTS.jpg."""
    source = PurePath(frame.source_path).name
    return f"{source}/{frame.name}" if frame.name is not None else f"{source}/{frame.pts:012d}.jpg"


def _annotation(one: ExportInstance, segmentation: str, pointed: Collection[Category]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": one.id,
        "image_id": one.frame_id,
        "category_id": COCO_IDS[one.category],
        "bbox": [one.box.x, one.box.y, one.box.w, one.box.h],
        "area": one.box.area if one.area is None else one.area,
        "segmentation": _segmentation(one, segmentation),
        "iscrowd": 0,
        "score": one.score,
        "occlusion": _occlusion(one),
        "amodal": {"origin": one.origin.value, "detector": one.detector} | _models(one),
    }
    if one.track_id is not None:
        row["track_id"] = one.track_id
    if one.keypoints is not None and one.keypoints.keypoints.template is template_of(one.category):
        row |= plain_points(one.keypoints.keypoints)
        row["amodal"]["keypoints"] = whole_points(one.keypoints)
    elif one.category in pointed:
        row |= no_points(template_of(one.category))
    if one.fit is not None:
        row["amodal"]["fit"] = _fit(one.fit)
    return row


def _models(one: ExportInstance) -> dict[str, Any]:
    """Which models said what of it, where some did."""
    told = {
        "found_by": () if one.found_by is None else (one.found_by,),
        "judged_by": () if one.judged_by is None else (one.judged_by,),
        "points_by": () if one.keypoints is None else one.keypoints.models,
    }
    return {
        name: [{"run": model.run_id, "name": model.name, "weights": model.weights} for model in models]
        for name, models in told.items()
        if models
    }


def _fit(row: FitRow) -> dict[str, Any]:
    """A fit with what the project says of it."""
    return plain_fit(row.fit) | {
        "stale": row.stale,
        "review": None if row.review is None else row.review.value,
        "shape_space": row.shape_space,
    }


def _segmentation(one: ExportInstance, kind: str) -> Any:
    if one.rle is None:
        return []
    if kind == "polygon":
        return polygons_of(one.rle)
    return {"size": [one.rle.height, one.rle.width], "counts": one.rle.counts.decode("ascii")}


def _occlusion(one: ExportInstance) -> dict[str, Any]:
    return {
        "label": None if one.label is None else one.label.value,
        "origin": None if one.label_origin is None else one.label_origin.value,
        "machine_label": None if one.machine_label is None else one.machine_label.value,
        "machine_origin": None if one.machine_origin is None else one.machine_origin.value,
        "margin": one.margin,
        "verdict": None if one.verdict is None else one.verdict.value,
        "annotator": one.annotator,
        "tests": [
            {
                "test": outcome.test.value,
                "value": outcome.value,
                "threshold": outcome.threshold,
                "occluded": outcome.occluded,
                "margin": outcome.margin,
                "by": outcome.by,
                "detail": outcome.detail,
            }
            for outcome in one.outcomes
        ],
        "reviews": [
            {
                "annotator": review.annotator,
                "verdict": review.verdict.value,
                "reason": review.reason,
                "decided_at": review.decided_at,
            }
            for review in one.reviews
        ],
    }
