"""The job that lets a network place keypoints on the cars or people on whom nobody has placed any."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from core.jobs.context import JobContext
from core.jobs.footage import chosen_footage
from core.jobs.keypoint_views import ObjectView, views_of
from core.jobs.models import settled_model
from core.jobs.placed_points import placed_points
from core.jobs.settings import KeypointsSettings
from core.mining.keypoints.mask_tags import tagged
from core.mining.keypoints.matching import points_of
from core.mining.keypoints.protocol import FoundPoints, KeypointFinder
from core.mining.keypoints.registry import OWN, TORCHVISION, create_finder
from core.records.detections import Category
from core.records.keypoints import KeypointSet, Template
from core.records.occlusion import LabelOrigin
from core.records.project import SourceRow
from core.records.runs import Purpose
from core.store.bulk import BulkWriter
from core.store.queries import keypoint_candidates
from core.store.queries.runs import model_of_job
from core.store.writers.keypoints import FoundKeypoints, write_keypoints

_BATCH = 32
_CATEGORIES = {"cars": Category.CAR, "people": Category.PERSON}


def run_keypoints(context: JobContext) -> dict[str, Any]:
    """Place keypoints on the objects of each source, from the crops that mining has kept.

    Raises:
        JobError: there is no such camera or source.
        DetectorUnavailableError, DetectionError: the network cannot be used.
    """
    settings = context.settings(KeypointsSettings)
    finder = _finder(context, settings)
    footage = chosen_footage(context.project, settings.camera, settings.source)
    sources = [source for one in footage for source in one.sources]
    checkpoint = context.checkpoint
    checkpoint.setdefault("done", [])
    with context.project.bulk() as bulk:
        for number, source in enumerate(sources):
            if source.id not in checkpoint["done"]:
                _look_through(
                    context, settings, finder, bulk, source, number / len(sources), 1 / len(sources)
                )
    return {
        "with keypoints": checkpoint.get("found", 0),
        "not seen by the network": checkpoint.get("unseen", 0),
        "without a crop": checkpoint.get("bare", 0),
    }


def _finder(context: JobContext, settings: KeypointsSettings) -> KeypointFinder:
    def show(share: float, message: str) -> None:
        context.check_stop()
        context.progress(0.0, f"{message} ({share:.0%})")

    if settings.network == OWN:
        return _own_finder(context, settings)
    chosen = settings.torchvision if settings.network == TORCHVISION else settings.onnx
    return create_finder(settings.network, _template(settings), chosen, show)


def _own_finder(context: JobContext, settings: KeypointsSettings) -> KeypointFinder:
    """The pre-labeller, and Occlusion-Net after it where the project has one in use."""
    from core.jobs.inferred_points import InferringFinder
    from core.jobs.networks_in_use import hidden_points_of, prelabeller_of
    from core.jobs.own_points import PrelabellerFinder

    infers = _infers(context)  # before anything is settled
    network, _ = prelabeller_of(context.project, settled_model(context, Purpose.PRELABELLER))
    if not infers:
        return PrelabellerFinder(network, settings.own)
    after, _ = hidden_points_of(context.project, settled_model(context, Purpose.HIDDEN_POINTS))
    every = PrelabellerFinder(network, settings.own.model_copy(update={"min_score": 0.0}))
    return InferringFinder(every, after, settings.own.min_score)


def _infers(context: JobContext) -> bool:
    """Whether this job replaces hidden points: as it began, also where it goes on."""
    from core.jobs.networks_in_use import model_in_use

    with context.project.read() as connection:
        begun = model_of_job(connection, context.job_id, Purpose.PRELABELLER) is not None
        known = model_of_job(connection, context.job_id, Purpose.HIDDEN_POINTS) is not None
    return known if begun else model_in_use(context.project, Purpose.HIDDEN_POINTS) is not None


def _template(settings: KeypointsSettings) -> Template:
    template = Template.of(_CATEGORIES[settings.objects])
    assert template is not None
    return template


def _look_through(
    context: JobContext,
    settings: KeypointsSettings,
    finder: KeypointFinder,
    bulk: BulkWriter,
    source: SourceRow,
    begun: float,
    share: float,
) -> None:
    checkpoint = context.checkpoint
    category = _CATEGORIES[settings.objects]
    wanted = keypoint_candidates.Wanted(
        source.id,
        min_size_px=settings.min_size_px,
        include_thinned=settings.include_thinned,
        redo=settings.redo,
        category=category,
    )
    with context.project.read() as connection:
        count = keypoint_candidates.count_wanting(connection, wanted, checkpoint.get("after", 0))
    done = 0
    while True:
        context.check_stop()
        with context.project.read() as connection:
            ids = keypoint_candidates.wanting_keypoints(
                connection, wanted, checkpoint.get("after", 0), _BATCH
            )
            batch = keypoint_candidates.with_crops(connection, ids)
            views = views_of(connection, batch, category)
        if not batch:
            break
        context.progress(
            begun + share * min(1.0, done / max(1, count)), f"Finding keypoints in {source.name}"
        )
        found = [
            FoundKeypoints(view.instance_id, keypoints)
            for view, points in zip(views, finder.find([view.crop for view in views]), strict=True)
            if (keypoints := _keypoints(view, points, _template(settings), source)).placed
        ]

        def write(connection: Connection, last: int = batch[-1].instance_id, found: Any = found) -> None:
            written = write_keypoints(connection, found, origin=LabelOrigin.NETWORK, job_id=context.job_id)
            checkpoint["found"] = checkpoint.get("found", 0) + written
            checkpoint["after"] = last
            context.save(connection)

        checkpoint["bare"] = checkpoint.get("bare", 0) + len(batch) - len(views)
        checkpoint["unseen"] = checkpoint.get("unseen", 0) + len(views) - len(found)
        bulk.run(write)
        done += len(batch)
    checkpoint["done"].append(source.id)
    checkpoint.pop("after", None)
    bulk.run(context.save)


def _keypoints(
    view: ObjectView, found: list[FoundPoints], template: Template, source: SourceRow
) -> KeypointSet:
    """What was found of an object, in the picture's pixels; nothing placed where it was not found."""
    own = points_of(view.known, view.beside, [view.in_picture(one) for one in found], view.seen)
    if own is None:
        return KeypointSet(template, (None,) * template.size)
    points = placed_points(own, source.width, source.height)
    if template is Template.PERSON and own.tags is None:
        points = tagged(points, view.known, view.masks)
    return KeypointSet(template, points)
