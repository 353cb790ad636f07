"""Evaluates labels of single objects: the classifier's and mining's "unoccluded", by what people said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from core.errors import EvaluationError
from core.evaluation.compared import ComparedObject
from core.evaluation.drawn_anew import Drawn
from core.evaluation.label_figures import KINDS, label_detail, label_figures
from core.evaluation.truth_digest import TruthDigest
from core.jobs.context import JobContext
from core.jobs.evaluate.detections import Outcomes
from core.jobs.evaluate.places import FramePlace, distances_of, frames_by_ids, grounds_of
from core.jobs.train.crops import LabelledObject
from core.records.evaluations import ObjectResult, ObjectSaid, Outcome
from core.records.occlusion import OcclusionLabel
from core.records.project import InstanceRow
from core.store import tables
from core.store.queries.instances import by_ids

if TYPE_CHECKING:
    from core.records.runs import ModelUsed

_i = tables.instance.c
_BATCH = 64
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class SaidLabel:
    """What is said of an object.

    Attributes:
        said: a place in `KINDS`. belief: how sure it is to be unoccluded, 0 to 1, or None.
    """

    said: int
    belief: float | None


@dataclass(frozen=True)
class ObjectPlaces:
    """A project's objects with their pictures, for results.

    Attributes:
        rows: instance id -> the instance. frames: frame id -> the frame.
        places: frame id -> place of its picture. distances: instance id -> metres, or None.
    """

    rows: dict[int, InstanceRow]
    frames: dict[int, FramePlace]
    places: dict[int, int]
    distances: dict[int, float | None]


def mined_labels(connection: Connection, ids: Sequence[int]) -> dict[int, SaidLabel]:
    """instance id -> what mining's tests, or whatever judged it last, say; those without are left out."""
    found: dict[int, SaidLabel] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(_i.id, _i.machine_label, _i.margin).where(
            _i.id.in_(ids[start : start + _CHUNK]), _i.machine_label.is_not(None)
        )
        for row in connection.execute(query):
            said = KINDS.index(OcclusionLabel(row.machine_label))
            belief = None if row.margin is None else (float(row.margin) + 1.0) / 2.0
            found[int(row.id)] = SaidLabel(said, belief)
    return found


def classified(
    context: JobContext, rows: Sequence[LabelledObject], model: ModelUsed, device: str
) -> dict[int, SaidLabel]:
    """instance id -> what a classifier believes; objects without a crop are left out.

    Raises:
        CheckpointError, DetectorUnavailableError: it cannot be used.
    """
    import torch

    from core.jobs.networks_in_use import classifier_of
    from core.jobs.train.crops import opened_crops
    from core.mining.detectors.settings import Device
    from core.mining.detectors.torch_device import torch_device
    from core.training.tasks.classifier import believed

    place = torch.device(torch_device(Device(device)).value)
    network, _ = classifier_of(context.project, model)
    network = network.to(place)
    found: dict[int, SaidLabel] = {}
    for start in range(0, len(rows), _BATCH):
        context.check_stop()
        context.progress(0.9 * start / len(rows), f"Looking at object {start + 1:,} of {len(rows):,}")
        with context.project.read() as connection:
            own = list(opened_crops(connection, rows[start : start + _BATCH]))
        if own:
            beliefs = believed(network, network.settings, [crop.open() for _, crop in own], place)
            for (row, _), belief in zip(own, beliefs.tolist(), strict=True):
                found[row.instance_id] = SaidLabel(0 if belief >= 0.5 else 1, belief)
    return found


def label_outcomes(
    context: JobContext,
    truth: dict[int, int],
    said: dict[int, SaidLabel],
    groups: dict[int, object],
    *,
    seed: int,
    draws: int,
    what: str,
) -> Outcomes:
    """Compares labels with what is so, and counts.

    Args:
        truth: instance id -> a place in `KINDS`.
        said: instance id -> what is said of it; those of which nothing is said are counted and left out.
        groups: instance id -> what it is drawn with: its track.
        what: the labelled objects are, for messages.

    Raises:
        EvaluationError: nothing is said of any, or all are of one kind.
    """
    ids = sorted(set(truth) & set(said))
    if not ids:
        raise EvaluationError(
            f"There are no {what} of which anything is said.", "Review some, or mine them first."
        )
    with context.project.read() as connection:
        places = places_of(connection, ids)
    objects: list[ComparedObject] = []
    for number, one in enumerate(ids):
        known, own = truth[one], said[one]
        sure = 1.0 if own.belief is None else own.belief if known == 0 else 1.0 - own.belief
        right = own.said == known
        bad = (0.0 if right else 1.0) if own.belief is None else 1.0 - sure
        objects.append(
            ComparedObject(
                object_result(
                    places,
                    one,
                    number,
                    outcome=Outcome.RIGHT if right else Outcome.WRONG,
                    badness=min(max(bad, 0.0), 1.0),
                    score=own.belief,
                    detail=label_detail(known, own.said),
                ),
                ObjectSaid(),
            )
        )
    names = {key: number for number, key in enumerate(dict.fromkeys(groups[one] for one in ids))}
    drawn = Drawn([names[groups[one]] for one in ids], len(names), seed, draws)
    beliefs = [said[one].belief for one in ids]
    sure_ones = [one for one in beliefs if one is not None]
    counted = label_figures(
        [one.result for one in objects],
        [truth[one] for one in ids],
        [said[one].said for one in ids],
        sure_ones if len(sure_ones) == len(ids) else None,
        drawn,
    )
    digest = TruthDigest()
    for one in ids:
        digest.words(one, places.rows[one].category, truth[one])
        digest.box(places.rows[one].box)
    data: dict[str, Any] = {
        "objects": len(ids),
        "unoccluded": sum(truth[one] == 0 for one in ids),
        "nothing said of": len(truth) - len(ids),
        "intervals": f"{draws:,} draws of {len(names):,} tracks" if draws else "none",
    }
    rows = [places.frames[frame].row(place) for frame, place in places.places.items()]
    return Outcomes(rows, objects, counted, digest.key, data)


def places_of(connection: Connection, ids: Sequence[int]) -> ObjectPlaces:
    """Where and when some of a project's objects are."""
    rows = {row.id: row for row in by_ids(connection, ids)}
    grounds = grounds_of(connection)
    frames = frames_by_ids(connection, sorted({row.frame_id for row in rows.values()}), grounds)
    places = {frame_id: place for place, frame_id in enumerate(sorted(frames))}
    boxes = {one: row.box for one, row in rows.items()}
    return ObjectPlaces(rows, frames, places, distances_of(connection, boxes, grounds))


def object_result(
    places: ObjectPlaces,
    instance_id: int,
    number: int,
    *,
    outcome: Outcome,
    badness: float,
    score: float | None,
    **more: Any,
) -> ObjectResult:
    """The result of one of a project's objects."""
    row = places.rows[instance_id]
    return ObjectResult(
        number=number,
        picture=places.places[row.frame_id],
        instance_id=instance_id,
        place=None,
        category=row.category,
        said=row.category,
        outcome=outcome,
        badness=badness,
        score=score,
        box=row.box,
        distance_m=places.distances[instance_id],
        hour=places.frames[row.frame_id].hour,
        **more,
    )
