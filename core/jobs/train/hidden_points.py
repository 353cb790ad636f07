"""How Occlusion-Net learns from a project: from composites, from cars whose hidden points people have placed,
and from what is simulated.

In composites and in simulated cars every hidden point is known. Or two other cameras of a simulated street
tell where they are, as in the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from core.errors import TrainingError
from core.jobs.train.crops import LabelledObject, labelled_objects, opened_crops
from core.jobs.train.drawn import (
    CROPS,
    NOT_DRAWN,
    SHARED,
    SHARED_VIEWS,
    crops_folder,
    drawn_for,
    shared_folder,
    weight_of_drawn,
)
from core.jobs.train.learned_sets import LearnedSets
from core.jobs.train.mixing import Part, counted, listed, mixed_facts, mixed_words
from core.jobs.train.needs import Need
from core.jobs.train.past import (
    BORDERS,
    SPLIT,
    Past,
    held,
    past_of_start,
    seen_before,
    sets_to_learn_from,
)
from core.jobs.train.settings import TrainSettings
from core.jobs.train.sides import BY_TIME, Sides, sides_of
from core.records.occlusion import LabelOrigin
from core.records.recipes import Split
from core.records.shapes import KeypointTag
from core.store.project import Project
from core.store.queries.keypoints import keypoints_in_force

if TYPE_CHECKING:
    from core.training.data.crops import PackedCrop
    from core.training.data.said_cars import SaidCar
    from core.training.tasks.hidden_points import HiddenPointsTask

VARIANTS = ("paper", "released")
"""As `core.training.tasks.hidden_points` has them."""
LEAST_LEARNED, LEAST_MEASURED = 20, 5
_MOST = {Split.TRAIN: 1000, Split.VALIDATION: 200}  # composites that are rendered for their cars
_HIDDEN = (KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED)


@dataclass(frozen=True)
class HiddenStock:
    """All that a project, and this machine, have for it.

    Attributes:
        sets: of composites.
        teaching, measuring: cars of which people have placed hidden points, or taken them from a fit.
        left_out: how many more there are, on no side.
        sides: where the borders between what teaches, measures and tests lie.
        drawn: what of the synthetic street counts, as `core.jobs.train.drawn.drawn_for`; weight: how often.
        folder: of crops that are named, or None.
    """

    sets: LearnedSets
    teaching: tuple[LabelledObject, ...]
    measuring: tuple[LabelledObject, ...]
    left_out: int
    sides: Sides
    drawn: str
    weight: float
    folder: Path | None

    @property
    def by_strangers(self) -> bool:
        """Whether another street measures it: where cameras tell, and the project has nothing for it."""
        return self.drawn == SHARED_VIEWS and not (self.sets.for_validation or self.measuring or self.folder)

    @property
    def measured(self) -> tuple[Part, ...]:
        """What it is measured by, but for a folder's crops."""
        if self.by_strangers:
            return (Part("pictures of another synthetic street", SHARED.pictures(measured=True), 1.0),)
        return (
            Part("composites", self.sets.for_validation, 1.0),
            Part("cars with hidden keypoints by people", len(self.measuring), 1.0),
        )


def hidden_points_needs(project: Project, settings: TrainSettings) -> Sequence[Need]:
    """Pictures to learn from, and to be measured by, of all kinds; none where crops are named."""
    if settings.crops is not None:
        return ()
    stock = hidden_points_stock(project, settings)
    shared = stock.drawn == SHARED_VIEWS
    drawn = SHARED.pictures() if shared else CROPS.cars + 2 * CROPS.streets * CROPS.frames
    parts = (
        Part("composites", stock.sets.to_learn_from, settings.weight_composites),
        Part("cars with hidden keypoints by people", len(stock.teaching), settings.weight_reviewed),
        Part("simulated pictures", drawn if stock.weight else 0, stock.weight),
    )
    learned = sum(part.count for part in parts if part.counts)
    measured = stock.measured
    return (
        Need("pictures to learn from", learned, LEAST_LEARNED, counted(parts)),
        Need(
            "pictures to be measured by",
            sum(part.count for part in measured),
            LEAST_MEASURED,
            counted(measured),
        ),
    )


def hidden_points_stock(project: Project, settings: TrainSettings, past: Past | None = None) -> HiddenStock:
    """Counts what it would learn from by some settings; quick, without torch.

    Args:
        past: of its run, where that goes on; None: that of what it begins with.
    """
    with project.read() as connection:
        past = past or past_of_start(connection, settings)
        rows = _told_by_people(connection, labelled_objects(connection, project, points=True))
        views = [row.view for row in rows]
        seen = seen_before(connection, project, views, past)
        sets = sets_to_learn_from(connection, settings.composites, past, seen)
        taught = [] if sets.teaching is None or not settings.weight_composites else [sets.teaching]
        taught += () if past is None or past.before is None else past.before
        sides = held(sides_of(connection, project, views, taught, sets.measuring), past)
    teaching = sides.teaching(views)
    measuring = {view.instance_id for view in sides.measuring(views, teaching)}
    learned = {view.instance_id for view in teaching}
    what = drawn_for(settings.what, settings.hidden_from)
    return HiddenStock(
        sets,
        tuple(row for row in rows if row.instance_id in learned),
        tuple(row for row in rows if row.instance_id in measuring),
        len(rows) - len(learned) - len(measuring),
        sides,
        what,
        weight_of_drawn(what, settings.weight_synthetic),
        settings.crops,
    )


def hidden_points_task(
    project: Project, settings: TrainSettings, past: Past | None = None
) -> HiddenPointsTask:
    """The task over what the project's pre-labeller says of cars.

    Raises:
        TrainingError: in no car there are hidden points that are known, or the crops cannot be read.
        JobError, CompositeError: what a composite is made of is missing.
    """
    from core.jobs.networks_in_use import prelabeller_of
    from core.networks.occlusion_net.settings import HiddenFrom
    from core.training.data.crop_augment import Augmentation
    from core.training.data.said_cars import SaidCars, SaidPart, say
    from core.training.tasks.hidden_points import cars_that_teach, form_of, make_task
    from core.training.tasks.prelabeller import cars_with_points

    finder, name = prelabeller_of(project)
    stock = hidden_points_stock(project, settings, past)
    how = Augmentation(rough=0.0)

    def looks(crops: Sequence[PackedCrop]) -> list[SaidCar]:
        """As they are, and once more with other covers and other errors."""
        cars = cars_with_points(crops)
        return cars_that_teach(say(finder, cars) + say(finder, cars, how=how, seed=settings.seed))

    kinds = _kinds(project, settings, stock)
    taught = [SaidPart(looks(kind.crops()), kind.weight) for kind in kinds]
    parts = [
        Part(kind.what, len(part.cars), kind.weight, kind.missing)
        for kind, part in zip(kinds, taught, strict=True)
    ]
    about: dict[str, Any] = {
        "points of": f"pre-labeller, {name}",
        "hidden points from": settings.hidden_from,
        "mixed": mixed_words(parts),
        "data": mixed_facts(parts),
        "composites": None if stock.sets.teaching is None else stock.sets.teaching.name,
        "measured by": _measured_words(stock),
        "measured by composites": None if stock.sets.measuring is None else stock.sets.measuring.name,
        SPLIT: BY_TIME,
        BORDERS: stock.sides.as_json(),
        **({} if past is None else past.told()),
        "on no side": stock.left_out,
    }
    learned = [car for part in taught for car in part.cars]
    measured = say(finder, cars_with_points(_measured(project, settings, stock)))
    return make_task(
        SaidCars(learned, measured, about, taught),
        form=form_of(
            settings.variant or VARIANTS[0],
            in_3d=settings.in_3d,
            hidden_from=HiddenFrom(settings.hidden_from),
        ),
    )


@dataclass(frozen=True)
class _Kind:
    """One kind of what is learned from: as `Part`, and what reads or renders its crops."""

    what: str
    weight: float
    missing: str
    read: Callable[[], list[PackedCrop]]

    def crops(self) -> list[PackedCrop]:
        return self.read() if self.weight else []


def _kinds(project: Project, settings: TrainSettings, stock: HiddenStock) -> list[_Kind]:
    near = "those that there are lie too near to what is measured by, or are for the test"
    found = [
        _Kind(
            "looks at cars of composites",
            settings.weight_composites,
            "",
            lambda: _of_composites(project, stock, Split.TRAIN),
        ),
        _Kind(
            "looks at cars with hidden keypoints by people",
            settings.weight_reviewed,
            near if stock.left_out and not stock.teaching else "",
            lambda: _of_people(project, stock.teaching),
        ),
        _Kind(
            "looks at cars that three cameras see"
            if stock.drawn == SHARED_VIEWS
            else "looks at simulated cars",
            stock.weight,
            "" if settings.weight_synthetic == 0 else NOT_DRAWN,
            lambda: _drawn(stock, Split.TRAIN),
        ),
    ]
    if settings.crops is not None:  # simulated too, and there whatever is drawn
        weight = 1.0 if settings.weight_synthetic is None else settings.weight_synthetic
        what = f"looks at cars of {settings.crops.name}"
        found.append(_Kind(what, weight, "", lambda: _of_folder(settings, Split.TRAIN)))
    return found


def _measured(project: Project, settings: TrainSettings, stock: HiddenStock) -> list[PackedCrop]:
    own = [
        *_of_composites(project, stock, Split.VALIDATION),
        *_of_people(project, stock.measuring),
        *([] if settings.crops is None else _of_folder(settings, Split.VALIDATION)),
    ]
    return own or (_drawn(stock, Split.VALIDATION) if stock.by_strangers else [])


def _measured_words(stock: HiddenStock) -> str:
    own = [f"{part.count:,} {part.what}" for part in stock.measured if part.count]
    return listed(own if stock.folder is None else [*own, f"cars of {stock.folder.name}"])


def _told_by_people(connection: Connection, rows: Sequence[LabelledObject]) -> list[LabelledObject]:
    """Those with a hidden point that a person or an import has placed, or somebody has taken from a fit."""
    placed = keypoints_in_force(connection, [row.instance_id for row in rows])
    return [
        row
        for row in rows
        if any(
            point is not None
            and point.tag in _HIDDEN
            and not point.guessed
            and point.origin is not LabelOrigin.NETWORK
            for point in placed[row.instance_id].keypoints.points
        )
    ]


def _of_people(project: Project, rows: Sequence[LabelledObject]) -> list[PackedCrop]:
    with project.read() as connection:
        return [crop for _, crop in opened_crops(connection, rows, points=True)]


def _of_composites(project: Project, stock: HiddenStock, split: Split) -> list[PackedCrop]:
    from core.jobs.compose.supply import StoredComposites
    from core.training.data.composite_crops import composite_crops

    chosen = stock.sets.teaching if split is Split.TRAIN else stock.sets.measuring
    if chosen is None:
        return []
    left_out = frozenset[int]() if split is Split.TRAIN else stock.sets.left_out
    stored = StoredComposites(project.path, chosen.name, split, left_out)
    return list(composite_crops(stored, _MOST[split]))


def _drawn(stock: HiddenStock, split: Split) -> list[PackedCrop]:
    from core.training.data.crops import read_crops

    shared = stock.drawn == SHARED_VIEWS
    return read_crops(shared_folder() if shared else crops_folder(), _names(split, shared=shared))


def _of_folder(settings: TrainSettings, split: Split) -> list[PackedCrop]:
    from core.training.data.crops import read_crops

    folder = settings.crops
    assert folder is not None
    if not folder.is_dir():
        raise TrainingError(f"There is no folder {folder}.", "Make crops with: amodal synth crops FOLDER")
    return read_crops(folder, _names(split))


def _names(split: Split, *, shared: bool = False) -> list[str]:
    """How files of crops begin."""
    from core.training.data.synthetic_crops import kinds_of

    name = {Split.TRAIN: "train", Split.VALIDATION: "val"}[split]
    return kinds_of(name, cars=not shared, streets=not shared, shared=shared)
