"""Evaluates a project's fits in 3D, by the true 3D that stands beside its footage."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from core.errors import EvaluationError
from core.evaluation.compared import MATCHED, ComparedObject
from core.evaluation.drawn_anew import Drawn
from core.evaluation.fit_errors import FitErrors, Standing, fit_errors
from core.evaluation.fit_figures import fit_figures
from core.evaluation.truth_digest import TruthDigest
from core.geometry.boxes import iou_matrix, to_array
from core.geometry.cameras import Camera
from core.jobs.context import JobContext
from core.jobs.evaluate.detections import Outcomes, evenly
from core.jobs.evaluate.fitted import FittedObjects, SaidStanding
from core.jobs.evaluate.places import FramePlace, frames_by_ids, grounds_of
from core.jobs.evaluate.settings import EvaluateSettings
from core.jobs.evaluate.true_3d import SUFFIX, TrueFootage, TrueStanding, with_truth
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import ObjectResult, ObjectSaid, Outcome, PictureRow, Pose3D
from core.records.figures import words_of
from core.records.fits import FitReview, FitRow, FitVerdict
from core.records.occlusion import Verdict
from core.records.project import SourceRow
from core.records.shapes import KeypointTag
from core.store import tables
from core.store.queries.fits import fits_in_force
from core.store.queries.frames import frames_of
from core.store.queries.sources import list_sources

_i = tables.instance.c
_COMPARED = 0.85  # of the progress


@dataclass(frozen=True, slots=True)
class _There:
    instance_id: int
    category: Category
    box: Box


@dataclass(frozen=True, slots=True)
class _Frame:
    source_id: int
    number: int
    id: int
    objects: tuple[_There, ...]


@dataclass(slots=True)
class _Tally:
    """What is counted on the way; `groups` are the tracks of the truth, by which intervals draw."""

    objects: list[ComparedObject] = field(default_factory=list)
    errors: list[FitErrors | None] = field(default_factory=list)
    groups: list[tuple[int, int]] = field(default_factory=list)
    pictures: list[PictureRow] = field(default_factory=list)
    unknown: int = 0
    unmatched: int = 0
    of_nothing: int = 0
    left_out: int = 0
    stale: int = 0
    others: int = 0


def evaluate_fits(context: JobContext, settings: EvaluateSettings) -> Outcomes:
    """How far the fits in force of cars and people are off from where these stand in truth.

    An object of the project is the true one whose box, of what is seen or of the whole, has an IoU of one
    half or more with its own, the largest first. Only these are compared: what mining did not find has no fit
    to blame. Those without a fit count as missed.

    Raises:
        EvaluationError: no footage has true 3D beside it, or nothing in it is fitted; or what stands there
            cannot be read.
        ShapeSpaceError, BodyModelError: a file of the settings cannot be used.
    """
    with context.project.read() as connection:
        sources = with_truth(list_sources(connection, context.project, counted=False))
        if not sources:
            raise EvaluationError(
                "No footage of this project has its true 3D beside it.",
                f"Fits are measured where NAME{SUFFIX} stands beside NAME.mp4: `amodal synth street` makes"
                " such a project, and the guide of simulated streets says what the file holds.",
            )
        frames = [frame for source in sources for frame in _frames(connection, source)]
        grounds = grounds_of(connection)
        chosen = [frames[place] for place in evenly(len(frames), settings.most)] if frames else []
        places = frames_by_ids(connection, [one.id for one in chosen], grounds)
        cameras = {camera_id: camera for camera_id, (camera, _) in grounds.known.items()}
    fitted, tally, digest = FittedObjects(settings.space, settings.body), _Tally(), TruthDigest()
    truths: dict[int, TrueFootage] = {}
    of_id = {one.id: one for one in sources}
    for done, frame in enumerate(chosen):
        context.check_stop()
        context.progress(_COMPARED * done / len(chosen), f"Comparing frame {done + 1:,} of {len(chosen):,}")
        if frame.source_id not in truths:
            truths = {frame.source_id: TrueFootage(of_id[frame.source_id])}  # one at a time: they are large
        truth = truths[frame.source_id]
        known = truth.objects(frame.number)
        with context.project.read() as connection:
            rows = fits_in_force(connection, [one.instance_id for one in frame.objects])
        pairs = _pairs(known, frame.objects)
        place = places[frame.id]
        tally.unmatched += len(known) - len(pairs)
        taken = {one.instance_id for _, one in pairs}
        tally.of_nothing += sum(i not in taken for i in rows)
        if not pairs:
            continue
        for one, there in pairs:
            row = rows.get(there.instance_id)
            if row is not None and not _counts(row, settings):
                tally.left_out += 1
                row = None
            said = None if row is None else fitted.said(row, one.standing.is_person)
            _add(tally, one, there, row, said, truth.up, cameras.get(place.camera_id), place)
            digest.words(place.content_hash.hex(), there.instance_id, one.track_id, one.category)
            digest.box(one.whole)
            for part in (one.standing.rotation, one.standing.place, one.standing.points):
                digest.numbers(part)
            digest.numbers((one.occlusion, one.distance_m))
        tally.pictures.append(place.row(len(tally.pictures)))
    return _outcomes(context, settings, sources, tally, digest.key)


def _frames(connection: Connection, source: SourceRow) -> Iterable[_Frame]:
    """The frames of a piece of footage that have cars or people, in the order of time."""
    there: dict[int, list[_There]] = {}
    query = (
        select(_i.id, _i.frame_id, _i.category, _i.x, _i.y, _i.w, _i.h)
        .where(_i.source_id == source.id, _i.state == "live")
        .where(_i.category.in_([Category.CAR.value, Category.PERSON.value]))
        .where(_i.verdict.is_(None) | (_i.verdict != Verdict.REJECTED.value))
        .order_by(_i.frame_id, _i.id)
    )
    for row in connection.execute(query):
        one = _There(row.id, Category(row.category), Box(row.x, row.y, row.w, row.h))
        there.setdefault(row.frame_id, []).append(one)
    for number, frame in enumerate(frames_of(connection, source.id)):
        if frame.id in there:
            yield _Frame(source.id, number, frame.id, tuple(there[frame.id]))


def _pairs(known: Sequence[TrueStanding], there: Sequence[_There]) -> list[tuple[TrueStanding, _There]]:
    """Which true object is which of the project's, in the order of the truth; each is one at most."""
    own = to_array(one.box for one in there)
    overlaps = np.maximum(
        iou_matrix(to_array(one.seen for one in known), own),
        iou_matrix(to_array(one.whole for one in known), own),
    )
    found: dict[int, int] = {}
    for flat in np.argsort(-overlaps, axis=None, kind="stable").tolist():
        row, place = divmod(flat, len(there))
        if overlaps[row, place] < MATCHED:
            break
        if row in found or place in found.values() or known[row].category is not there[place].category:
            continue
        found[row] = place
    return [(known[row], there[found[row]]) for row in sorted(found)]


def _counts(row: FitRow, settings: EvaluateSettings) -> bool:
    """Whether a fit is one of those that are asked for."""
    if settings.fits == "all":
        return True
    if row.review is not None:
        return row.review is FitReview.ACCEPTED
    return row.fit.verdict is FitVerdict.GOOD


def _add(
    tally: _Tally,
    one: TrueStanding,
    there: _There,
    row: FitRow | None,
    said: SaidStanding | None,
    up: NDArray[np.float64],
    camera: Camera | None,
    place: FramePlace,
) -> None:
    """Compares one object, and counts it."""
    errors = None
    if row is not None and said is None:
        tally.others += 1  # of the other kind: its category was corrected since
    elif row is not None and said is not None:
        errors = fit_errors(one.standing, said.standing, up)
        tally.stale += row.stale
        tally.unknown += said.standing.points is None
    found = errors is not None
    result = ObjectResult(
        number=len(tally.objects),
        picture=len(tally.pictures),
        instance_id=there.instance_id,
        place=None,
        category=one.category,
        said=one.category if found else None,
        outcome=Outcome.FOUND if found else Outcome.MISSED,
        badness=1.0 if errors is None else errors.badness,
        score=None,
        box=one.whole,
        occlusion=one.occlusion,
        distance_m=one.distance_m,
        hour=place.hour,
        points_right=None if errors is None else errors.right,
        points_placed=None if errors is None else errors.placed,
        rotation_rad=None if errors is None else errors.rotation_rad,
        place_m=None if errors is None else errors.place_m,
        detail="" if errors is None else _detail(errors),
    )
    tally.objects.append(ComparedObject(result, _said(one, said if found else None, camera)))
    tally.errors.append(errors)
    tally.groups.append((place.source_id, one.track_id))


def _detail(errors: FitErrors) -> str:
    """What a row has no column for, in a few words."""
    said = [
        "" if errors.add_m is None else f"ADD {words_of('add', errors.add_m)}",
        "" if errors.joints_m is None else f"joints {words_of('mpjpe', errors.joints_m)}",
        "" if errors.heading_rad is None else f"heading {words_of('heading', errors.heading_rad)}",
    ]
    return ", ".join(words for words in said if words)


def _said(one: TrueStanding, said: SaidStanding | None, camera: Camera | None) -> ObjectSaid:
    """Both as they are drawn: their points in the picture; and cars as they stand."""
    pixels = car = None
    if said is not None and said.drawn is not None and camera is not None:
        pixels = camera.project(said.drawn)
    if said is not None and not one.standing.is_person:
        car = _posed(said.standing, said.shape)
    told = one.pose or not one.standing.is_person
    untagged = (KeypointTag.UNLABELLED,) * len(one.tags)
    return ObjectSaid(
        points=() if pixels is None else _listed(pixels, untagged),
        true_points=_listed(one.pixels, one.tags),
        car=car,
        true_car=_posed(one.standing, one.shape, one.pose) if told else None,
    )


def _listed(
    pixels: NDArray[np.float64], tags: Sequence[KeypointTag]
) -> tuple[tuple[float, float, KeypointTag] | None, ...]:
    return tuple(
        (x, y, tag) if math.isfinite(x) and math.isfinite(y) else None
        for (x, y), tag in zip(pixels.tolist(), tags, strict=True)
    )


def _posed(standing: Standing, shape: tuple[float, ...], pose: tuple[float, ...] = ()) -> Pose3D:
    rotation, place = standing.rotation.ravel().tolist(), standing.place.tolist()
    return Pose3D(tuple(rotation), tuple(place), shape, pose)


def _outcomes(
    context: JobContext, settings: EvaluateSettings, sources: Sequence[SourceRow], tally: _Tally, digest: str
) -> Outcomes:
    fits = sum(one is not None for one in tally.errors)
    if not fits:
        raise EvaluationError(
            "Nothing whose true 3D is known has a fit"
            + (" that is good." if settings.fits == "good" and tally.left_out else "."),
            "Fit cars and people first, with the job Fit in 3D or by their keypoints; or measure all fits.",
        )
    context.check_stop()
    context.progress(_COMPARED, "Counting")
    names = {key: number for number, key in enumerate(dict.fromkeys(tally.groups))}
    drawn = Drawn([names[key] for key in tally.groups], len(names), settings.seed, settings.draws)
    counted = fit_figures([one.result for one in tally.objects], tally.errors, drawn)
    notes = []
    if tally.unknown:
        notes.append(
            f"{tally.unknown:,} fits are of a shape space or body that is not here: nothing is told of their"
            " points."
        )
    if tally.stale:
        notes.append(f"{tally.stale:,} fits are older than the keypoints, mask or calibration in force.")
    left_out = {
        "fits that are not good": tally.left_out,
        "fits of the other kind": tally.others,
        "fits of what the truth does not have": tally.of_nothing,
        "in truth, but not in the project": tally.unmatched,
    }
    data: dict[str, Any] = {
        "footage": [one.name for one in sources],
        "pictures": len(tally.pictures),
        "objects": len(tally.objects),
        "fits": fits,
        **{words: count for words, count in left_out.items() if count},
        "intervals": f"{settings.draws:,} draws of {len(names):,} tracks" if settings.draws else "none",
        "notes": notes,
    }
    return Outcomes(tally.pictures, tally.objects, counted, digest, data)
