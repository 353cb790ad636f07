"""COCO instances JSON into a project: pictures are matched to its frames, objects to its objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from core.errors import ExchangeError
from core.exchange.coco_file import CocoFile, CocoObject
from core.exchange.coco_match import match_images
from core.exchange.coco_parse import read_coco
from core.exchange.coco_sides import SideCheck
from core.records.finds import FoundInstance
from core.records.keypoints import PlacedPoint
from core.records.occlusion import LabelOrigin
from core.store.bulk import BulkWriter
from core.store.project import Project
from core.store.writers.imports import ImportedInstance, write_imported
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from core.store.writers.tracks import track_the_untracked


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What was read.

    Attributes:
        images: pictures in the file.
        matched_images: those with objects that are frames of the project.
        added: objects that are new.
        found_again: objects that were there already.
        labelled: objects that got an occlusion label or a review from the file.
        pointed: objects that got keypoints from the file.
        left_out: plain words -> how many objects were left out for that reason.
        sides: what the file's cars say of the left and right of their keypoints.
    """

    images: int
    matched_images: int
    added: int
    found_again: int
    labelled: int
    pointed: int
    left_out: dict[str, int]
    sides: SideCheck


def import_coco(
    project: Project,
    path: Path,
    *,
    source_id: int | None = None,
    reviews: bool = True,
    mirrored: bool = False,
    job_id: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> ImportSummary:
    """Read a COCO instances file of any tool.

    Pictures are matched to frames by what our exports say of them, else by file name. Labels become
    imported ones; but what annotators said, where a file of ours tells it, comes along in their names, where
    they said nothing here. What a person did here is never changed, and stays in force; only between copies
    of one project does the last word count. Keypoints come along too, where nobody has placed any here.
    Done twice, it changes nothing more.

    Args:
        project: where the footage is already.
        path: the file.
        source_id: only frames of this source, where names alone would be ambiguous.
        reviews: whether to take along what annotators said, rejections included. Without it, what they said
            is an imported label without a name, and what they rejected is left out.
        mirrored: whether the file calls left what is a driver's right, in its keypoints; checked on the
            wheels of its largest cars (see `check_sides`). What this program wrote is taken as it is.
        job_id: of the job that imports.
        progress: called with 0 to 1; what it raises ends the import, and what is written stays.

    Raises:
        ExchangeError: the file is not fit, or none of its pictures is in the project; nothing was written.
        ProjectError, DiskFullError: as it happens; what is written stays.
    """
    file = read_coco(path, reviews=reviews, mirrored=mirrored)
    with project.read() as connection:
        frames = match_images(connection, list(file.images.values()), source_id)
    if file.images and not frames:
        raise ExchangeError(
            f"None of the {len(file.images)} pictures with objects in {path.name} is in the project.",
            "Add their footage first, or check that the file names are those of the footage.",
        )
    own = file.project == project.uuid
    missing = sum(len(file.objects[key]) for key in file.images if key not in frames)
    if missing:
        file.left_out["in pictures that are not in the project"] += missing
    with project.bulk() as bulk:
        totals = _write(bulk, file, frames, own, job_id, progress)
    return ImportSummary(
        images=file.image_count,
        matched_images=len(frames),
        added=totals["added"],
        found_again=totals["found again"],
        labelled=totals["labelled"],
        pointed=totals["pointed"],
        left_out=dict(file.left_out),
        sides=file.sides,
    )


def _write(
    bulk: BulkWriter,
    file: CocoFile,
    frames: dict[int | str, int],
    own: bool,
    job_id: int | None,
    progress: Callable[[float], None] | None,
) -> Counter[str]:
    totals: Counter[str] = Counter()
    tracks: dict[int | str, list[int]] = {}
    done = 0

    def write(connection: Connection, keys: Sequence[int | str]) -> None:
        nonlocal done
        for key in keys:
            objects = file.objects[key]
            written = write_imported(
                connection, frames[key], [_item(one, own) for one in objects], job_id=job_id
            )
            totals["added"] += written.added
            totals["found again"] += len(written.ids) - written.added
            totals["labelled"] += written.labelled
            totals["pointed"] += write_keypoints(
                connection, _keypoints(objects, written.ids), origin=LabelOrigin.IMPORT, job_id=job_id
            )
            for instance_id, one in zip(written.ids, objects, strict=True):
                if one.track is not None:
                    tracks.setdefault(one.track, []).append(instance_id)
        done += len(keys)

    def followed(keys: Iterable[int | str]) -> Iterable[int | str]:
        for key in keys:
            if progress is not None:
                progress(done / max(1, len(frames)))
            yield key

    bulk.each(followed(frames), write)

    def track(connection: Connection, groups: Sequence[list[int]]) -> None:
        for ids in groups:
            track_the_untracked(connection, ids, job_id=job_id)

    bulk.each(tracks.values(), track)
    return totals


def _keypoints(objects: Sequence[CocoObject], ids: Sequence[int]) -> list[FoundKeypoints]:
    """The objects' keypoints, with what hides a point by its id here."""
    here = {one.id: instance_id for one, instance_id in zip(objects, ids, strict=True) if one.id is not None}

    def point(placed: PlacedPoint | None) -> PlacedPoint | None:
        if placed is None or placed.hider is None:
            return placed
        return replace(placed, hider=here.get(placed.hider))

    return [
        FoundKeypoints(
            instance_id,
            replace(said.keypoints, points=tuple(point(one) for one in said.keypoints.points)),
            said.annotator,
        )
        for said, instance_id in ((one.keypoints, i) for one, i in zip(objects, ids, strict=True))
        if said is not None
    ]


def _item(one: CocoObject, own: bool) -> ImportedInstance:
    return ImportedInstance(
        found=FoundInstance(one.box, one.category, one.score, one.rle, one.area),
        label=one.label,
        known_id=one.id if own else None,
        reviews=one.reviews,
        same_project=own,
    )
