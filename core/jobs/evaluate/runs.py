"""Evaluates the network of a run by what its training never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

from core.errors import EvaluationError
from core.evaluation.label_figures import KINDS
from core.jobs.context import JobContext
from core.jobs.evaluate.detections import Outcomes, look, outcomes
from core.jobs.evaluate.drawn_pictures import FOLDER
from core.jobs.evaluate.labels import SaidLabel, classified, label_outcomes, mined_labels
from core.jobs.evaluate.places import frames_by_ids, grounds_of
from core.jobs.evaluate.settings import EvaluateSettings
from core.jobs.evaluate.unseen import Parted, parted, side_of, test_set, unseen_recipes
from core.jobs.models import settled_model
from core.jobs.train import drawn
from core.jobs.train.crops import LabelledObject, labelled_objects
from core.jobs.train.frames import StoredFrames, reviewed_views
from core.records.detections import Category
from core.records.evaluations import Truth
from core.records.occlusion import OcclusionLabel
from core.records.recipes import Split
from core.records.runs import Purpose, RunRow
from core.store.queries.backgrounds import list_backgrounds
from core.store.queries.cameras import list_cameras
from core.store.queries.runs import run_by_id, run_in_use
from core.store.queries.sources import list_sources
from core.training.data.picture_plan import PicturePlan

if TYPE_CHECKING:
    from core.jobs.evaluate.detections import Say
    from core.jobs.evaluate.truth import PictureTruth

TEST_STREETS = PicturePlan(streets=(0, 0, 2), frames=20)
"""The drawn streets that no training sees."""

_SPLITS = {"test": Split.TEST, "validation": Split.VALIDATION}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Pictures to measure by, with what is to be said of them.

    Attributes:
        kind: of the truth. truth: the pictures.
        data: what they are, for people.
        numbers: ids of the frames or composites, in the order of the truth; none of drawn streets.
    """

    kind: Truth
    truth: PictureTruth
    data: dict[str, Any]
    numbers: Sequence[int] = ()


def chosen_run(context: JobContext, settings: EvaluateSettings) -> RunRow:
    """The run that is named, or the detector in use.

    Raises:
        EvaluationError: there is none, or it has no weights.
    """
    with context.project.read() as connection:
        named = settings.run
        run = run_in_use(connection, Purpose.DETECTOR) if named is None else run_by_id(connection, named)
    if run is None:
        what = "no detector in use" if named is None else f"no run {named}"
        raise EvaluationError(
            f"This project has {what}.", "List its runs with `amodal runs list`, and name one."
        )
    if run.best is None:
        raise EvaluationError(f"Run {run.id} has no weights yet.", "Wait for its first validation.")
    return run


def truth_of_run(context: JobContext, settings: EvaluateSettings, run: RunRow) -> Truth:
    """By what a run is measured: as the person says, or what suits it and is there.

    Raises:
        EvaluationError: it cannot be measured by that.
    """
    fit = {
        Purpose.DETECTOR: (Truth.COMPOSITES, Truth.REVIEWED, Truth.STREET),
        Purpose.CLASSIFIER: (Truth.LABELS,),
        Purpose.PRELABELLER: (Truth.LABELS, Truth.COMPOSITES),
        Purpose.HIDDEN_POINTS: (Truth.COMPOSITES, Truth.LABELS),
    }[run.purpose]
    if settings.truth == "auto":
        if fit[0] is not Truth.COMPOSITES:
            return fit[0]
        with context.project.read() as connection:
            split = _SPLITS[side_of(settings.side, run)]
            there = test_set(connection, settings.composites, split) is not None
        return Truth.COMPOSITES if there else fit[1]
    asked = Truth(settings.truth)
    if asked not in fit:
        words = run.purpose.value.replace("_", " ")
        raise EvaluationError(
            f"Run {run.id} is for this: {words}; it cannot be measured by {asked.value}.",
            f"Choose one of {', '.join(one.value for one in fit)}.",
        )
    return asked


def evaluate_detector(
    context: JobContext, settings: EvaluateSettings, run: RunRow, kind: Truth, evaluation_id: int
) -> Outcomes:
    """The figures of a detector.

    Args:
        evaluation_id: whose pictures are kept while the job runs.

    Raises:
        EvaluationError: there is nothing to measure by.
        CheckpointError, DetectorUnavailableError, DetectionError: it cannot be used.
    """
    from core.jobs.evaluate.kept import KeptPictures
    from core.jobs.mine.own_detector import own_detector
    from core.mining.detectors.settings import Device, OwnSettings

    model = settled_model(context, Purpose.DETECTOR, run)
    own = own_detector(
        context.project, OwnSettings(run=model.run_id, min_score=0.0, device=Device(settings.device))
    )
    network = own.network
    chosen = pictures_to_measure_by(context, settings, kind, network.settings.categories, run)
    say = _said_by(own)
    kept = KeptPictures(context.project, evaluation_id)
    looked = look(context, kept, chosen.truth, say, settings.most)
    counted = outcomes(
        context, looked, shown_score=settings.shown_score, seed=settings.seed, draws=settings.draws
    )
    return replace(counted, data=chosen.data | counted.data | {"weights": model.weights})


def pictures_to_measure_by(
    context: JobContext,
    settings: EvaluateSettings,
    kind: Truth,
    categories: Sequence[Category],
    run: RunRow | None,
) -> Chosen:
    """The pictures of a truth that a run never saw; without a run, those of the side that is asked for.

    Raises:
        EvaluationError: there are none.
    """
    if kind is Truth.STREET:
        return _street(context, categories)
    side = side_of(settings.side, run)
    with context.project.read() as connection:
        found, views = reviewed_views(connection, context.project)
        how = parted(connection, context.project, views, run)
    for line in how.notes:
        context.log(line)
    data: dict[str, Any] = {"side": side, "notes": list(how.notes)}
    if kind is Truth.COMPOSITES:
        seen = how.seen(views, side)
        return _composites(context, settings, categories, side, seen, data)
    chosen = {one.instance_id for one in how.chosen(views, side)}
    frame_of = {one.instance_id: one.frame_id for one in found}
    with context.project.read() as connection:
        here = {row.id for row in list_sources(connection, context.project, counted=False) if row.found}
        grounds = grounds_of(connection)
        frames = frames_by_ids(connection, sorted({frame_of[one] for one in chosen}), grounds)
    ids = sorted(frame for frame, place in frames.items() if place.source_id in here)
    lost = len(frames) - len(ids)
    if not ids:
        _nothing(side, "reviewed frames", f"; the footage of {lost} is not where it was" if lost else "")
    untaught = frozenset(one for one, frame in frame_of.items() if frame in frames and one not in chosen)
    from core.jobs.evaluate.truth import ReviewedTruth
    from core.jobs.train.detector import matrices_of

    with context.project.read() as connection:
        matrices = matrices_of(connection)
    stored = StoredFrames(context.project.path, ids, untaught, matrices)
    data |= {"reviewed frames": len(ids), "without footage": lost}
    return Chosen(kind, ReviewedTruth(context.project, stored, frames, grounds, categories), data, ids)


def evaluate_points(context: JobContext, settings: EvaluateSettings, run: RunRow, kind: Truth) -> Outcomes:
    """The figures of what places keypoints.

    Raises:
        EvaluationError: there is nothing to measure by.
        CheckpointError, DetectorUnavailableError: it cannot be used.
    """
    from core.jobs.evaluate.points import composed_cars, labelled_cars, point_outcomes

    model = settled_model(context, run.purpose, run)
    side = side_of(settings.side, run)
    if kind is Truth.LABELS:
        rows, data = _labelled(context, settings, run, points=True)
        cases, pictures = labelled_cars(context, rows, settings.most)
    else:
        with context.project.read() as connection:
            rows = labelled_objects(connection, context.project, points=True)
            views = [row.view for row in rows]
            how = parted(connection, context.project, views, run)
            hours = {
                row.id: row.hour
                for camera in list_cameras(connection)
                for row in list_backgrounds(connection, camera.id, newest=False)
            }
        data = {"side": side, "notes": list(how.notes)}
        ids, said = _recipes(context, settings, side, how.seen(views, side))
        data |= said
        cases, pictures = composed_cars(context, ids, hours, settings.most)
    counted = point_outcomes(
        context,
        cases,
        pictures,
        model,
        device=settings.device,
        seed=settings.seed,
        draws=settings.draws,
    )
    return replace(counted, data=data | counted.data | {"weights": model.weights})


def evaluate_labels(context: JobContext, settings: EvaluateSettings, run: RunRow | None) -> Outcomes:
    """The figures of a classifier, or of mining's labels where there is no run.

    Raises:
        EvaluationError: there is nothing to measure by.
        CheckpointError, DetectorUnavailableError: the classifier cannot be used.
    """
    rows, data = _labelled(context, settings, run, points=False)
    said: dict[int, SaidLabel]
    if run is None:
        with context.project.read() as connection:
            said = mined_labels(connection, [row.instance_id for row in rows])
    else:
        model = settled_model(context, Purpose.CLASSIFIER, run)
        said = classified(context, rows, model, settings.device)
        data |= {"weights": model.weights}
    truth = {row.instance_id: KINDS.index(OcclusionLabel(str(row.verdict))) for row in rows}
    counted = label_outcomes(
        context,
        truth,
        said,
        {row.instance_id: row.view.key for row in rows},
        seed=settings.seed,
        draws=settings.draws,
        what="objects that people have judged",
    )
    return replace(counted, data=data | counted.data)


def _labelled(
    context: JobContext, settings: EvaluateSettings, run: RunRow | None, *, points: bool
) -> tuple[list[LabelledObject], dict[str, Any]]:
    """The labelled objects of a side, and what is to be said of them."""
    side = side_of(settings.side, run)
    with context.project.read() as connection:
        rows = labelled_objects(connection, context.project, points=points)
        views = [row.view for row in rows]
        how: Parted = parted(connection, context.project, views, run)
    if not how.by_time and side != "all":
        raise EvaluationError(
            f"Run {run.id if run else 0} parted its labels by tracks alone, as they were of too short a "
            "time: there are none that its training never saw.",
            "Label objects at other times and train anew, or measure it by composites.",
        )
    for line in how.notes:
        context.log(line)
    chosen = {one.instance_id for one in how.chosen(views, side)}
    kept = [row for row in rows if row.instance_id in chosen]
    if not kept:
        _nothing(side, "cars with people's keypoints" if points else "objects that people have judged", "")
    return kept, {"side": side, "notes": list(how.notes), "labelled in all": len(rows)}


def _recipes(
    context: JobContext, settings: EvaluateSettings, side: str, seen: frozenset[Any]
) -> tuple[list[int], dict[str, Any]]:
    """The composites of a side in which nothing was seen, and what is to be said of them."""
    split = _SPLITS.get(side, Split.TEST)
    with context.project.read() as connection:
        recipes = test_set(connection, settings.composites, split)
        if recipes is None:
            raise EvaluationError(
                f"There are no composites for {split.value} in this project.",
                f"Make some with `amodal compose --split {split.value}`.",
            )
        ids, left_out = unseen_recipes(connection, recipes, split, seen)
    if not ids:
        raise EvaluationError(
            f"All {left_out:,} composites of {recipes.name} for {split.value} show objects that the training "
            "saw.",
            "Make others with `amodal compose`, with the borders that the run had, or train anew.",
        )
    if left_out:
        context.log(
            f"{left_out:,} composites of {recipes.name} are left out: the training saw their objects."
        )
    return ids, {"composites": recipes.name, "of these unseen": len(ids), "seen, left out": left_out}


def _composites(
    context: JobContext,
    settings: EvaluateSettings,
    categories: Sequence[Category],
    side: str,
    seen: frozenset[Any],
    data: dict[str, Any],
) -> Chosen:
    from core.jobs.evaluate.truth import CompositeTruth
    from core.jobs.train.detector import cameras_of
    from core.shapes.space_file import default_space
    from core.training.data.detection import Spaces

    ids, said = _recipes(context, settings, side, seen)
    with context.project.read() as connection:
        grounds = grounds_of(connection)
    truth = CompositeTruth(
        context.project,
        ids,
        cameras_of(context.project),
        grounds,
        categories,
        Spaces(default_space().label, ""),
    )
    return Chosen(Truth.COMPOSITES, truth, data | said, ids)


def _street(context: JobContext, categories: Sequence[Category]) -> Chosen:
    """The drawn streets, which are drawn where they are not here yet."""
    from core.jobs.evaluate.truth import StreetTruth
    from core.jobs.train.device_lock import device_held
    from core.training.data.street_pictures import draw_pictures

    folder = drawn.synthetic_folder() / FOLDER

    def show(share: float) -> None:
        context.check_stop()
        context.progress(0.0, f"Drawing streets to measure by, once on this machine: {share:.0%}")

    def waiting(holder: str) -> None:
        context.check_stop()
        context.progress(0.0, f"Waiting for {holder}, which draws streets")

    if not TEST_STREETS.are_in(folder):
        with device_held(drawn.synthetic_folder() / "drawing.lock", "another job", waiting):
            draw_pictures(folder, TEST_STREETS, show)
    truth = StreetTruth(folder, TEST_STREETS, categories)
    return Chosen(
        Truth.STREET, truth, {"streets": "drawn, of other seeds than any training's", "side": "test"}
    )


def _said_by(own: Any) -> Say:
    import torch

    from core.jobs.evaluate.truth import TruthSample
    from core.networks.amodal_rcnn.transform import DISTORTION, INTRINSICS
    from core.training.tasks.seen import said_objects

    network, device = own.network, own.device.value
    in_3d = network.settings.vehicles or network.settings.bodies

    def say(sample: TruthSample) -> list[Any]:
        with torch.inference_mode():
            pictures = [sample.image.to(device)]
            if in_3d:
                camera = {
                    name: sample.target[name].to(device)
                    for name in (INTRINSICS, DISTORTION)
                    if name in sample.target
                }
                [found] = network(pictures, [camera])
            else:
                [found] = network(pictures)
        return said_objects(found, network.settings, sample.image.shape[-2:])

    return say


def _nothing(side: str, what: str, why: str) -> NoReturn:
    words = {"test": "of the test side", "validation": "of the validation side"}.get(side, "")
    raise EvaluationError(
        f"There are no {what} {words} to measure by{why}.".replace("  ", " "),
        "Review more, at other times than what is learned from; or choose another truth.",
    )
