"""How Occlusion-Net learns from a project: from its composites, in which every hidden point is known.

And from single cars and streets that are simulated: those that are drawn on this machine, where they have a
weight, and what `amodal synth crops` has made in a folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.errors import TrainingError
from core.jobs.train.drawn import crops_folder, weight_of_drawn
from core.jobs.train.learned_sets import LearnedSets
from core.jobs.train.needs import Need
from core.jobs.train.past import Past, past_of_start, sets_to_learn_from
from core.jobs.train.settings import TrainSettings
from core.records.recipes import Split
from core.store.project import Project

if TYPE_CHECKING:
    from core.training.data.crops import PackedCrop
    from core.training.tasks.hidden_points import HiddenPointsTask

VARIANTS = ("paper", "released")
"""As `core.training.tasks.hidden_points` has them."""
LEAST_COMPOSITES, LEAST_MEASURED = 20, 5
_MOST = {Split.TRAIN: 1000, Split.VALIDATION: 200}  # composites that are rendered for their cars


def hidden_points_needs(project: Project, settings: TrainSettings) -> Sequence[Need]:
    """Composites to learn from and to be measured by; none where crops are named."""
    if settings.crops is not None:
        return ()
    sets = _sets(project, settings)
    return (
        Need("composites to learn from", sets.to_learn_from, LEAST_COMPOSITES),
        Need("composites for validation", sets.for_validation, LEAST_MEASURED),
    )


def hidden_points_task(
    project: Project, settings: TrainSettings, past: Past | None = None
) -> HiddenPointsTask:
    """The task over what the project's pre-labeller says of the cars of composites and crops.

    Raises:
        TrainingError: in no car there are hidden points that are known, or the crops cannot be read.
        JobError, CompositeError: what a composite is made of is missing.
    """
    from core.jobs.networks_in_use import prelabeller_of
    from core.training.data.crop_augment import Augmentation
    from core.training.data.said_cars import SaidCars, say
    from core.training.tasks.hidden_points import form_of, make_task
    from core.training.tasks.prelabeller import cars_with_points

    finder, name = prelabeller_of(project)
    sets = _sets(project, settings, past)
    about: dict[str, Any] = {
        "points of": f"pre-labeller, {name}",
        "composites": None if sets.teaching is None else sets.teaching.name,
        "measured by composites": None if sets.measuring is None else sets.measuring.name,
        **({} if past is None else past.told()),
    }
    of_split: dict[Split, list[PackedCrop]] = {}
    for split in _MOST:
        composed, made = _of_composites(project, settings, sets, split), _synthetic(settings, split)
        cars = cars_with_points([*composed, *made])
        about[split.value] = {"cars of composites": len(composed), "synthetic cars": len(made)}
        of_split[split] = cars
    learned, measured = of_split[Split.TRAIN], of_split[Split.VALIDATION]
    # as they are, and once more with other covers and other errors
    training = say(finder, learned) + say(finder, learned, how=Augmentation(rough=0.0), seed=settings.seed)
    supply = SaidCars(training, say(finder, measured), about)
    return make_task(supply, form=form_of(settings.variant or VARIANTS[0], in_3d=settings.in_3d))


def _of_composites(
    project: Project, settings: TrainSettings, sets: LearnedSets, split: Split
) -> list[PackedCrop]:
    from core.jobs.compose.supply import StoredComposites
    from core.training.data.composite_crops import composite_crops

    chosen = sets.teaching if split is Split.TRAIN else sets.measuring
    if chosen is None or not settings.weight_composites:
        return []
    left_out = frozenset[int]() if split is Split.TRAIN else sets.left_out
    stored = StoredComposites(project.path, chosen.name, split, left_out)
    return list(composite_crops(stored, _MOST[split]))


def _sets(project: Project, settings: TrainSettings, past: Past | None = None) -> LearnedSets:
    with project.read() as connection:
        past = past or past_of_start(connection, settings)
        return sets_to_learn_from(connection, settings.composites, past)


def _synthetic(settings: TrainSettings, split: Split) -> list[PackedCrop]:
    from core.training.data.crops import read_crops
    from core.training.data.synthetic_crops import kinds_of

    drawn: list[PackedCrop] = []
    if split is Split.TRAIN and weight_of_drawn(settings.what, settings.weight_synthetic):
        drawn = read_crops(crops_folder(), kinds_of("train"))
    if settings.crops is None:
        return drawn
    if not settings.crops.is_dir():
        raise TrainingError(
            f"There is no folder {settings.crops}.", "Make crops with: amodal synth crops FOLDER"
        )
    names = kinds_of({Split.TRAIN: "train", Split.VALIDATION: "val"}[split])
    return drawn + read_crops(settings.crops, names)
