"""What can be trained: for each purpose, what it needs of a project, and how its task is made.

Nothing here imports torch: the window asks what is possible. Builders import what they need when called.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import SettingsError, TooFewLabelsError, TrainingError
from core.jobs.train import crop_tasks, detector, hidden_points, starts
from core.jobs.train.needs import Need
from core.jobs.train.past import Past, past_of_start
from core.jobs.train.settings import TrainSettings
from core.records.runs import Purpose
from core.store.project import Project
from core.store.queries.recipes import set_by_name

if TYPE_CHECKING:
    from core.training.task import Task

TITLES = {
    Purpose.DETECTOR: "Amodal detector",
    Purpose.CLASSIFIER: "Occlusion classifier",
    Purpose.PRELABELLER: "Keypoint pre-labeller",
    Purpose.HIDDEN_POINTS: "Hidden points",
}

_WAYS_OUT = {
    Purpose.DETECTOR: "Make composites with `amodal compose`, for training and for validation, or review "
    "more frames; or let it learn from the synthetic street, by a weight for it.",
    Purpose.CLASSIFIER: "Review more objects, occluded ones too, and begin again.",
    Purpose.PRELABELLER: "Place keypoints on more cars, and begin again.",
    Purpose.HIDDEN_POINTS: "Make composites with `amodal compose`, for training and for validation, or name "
    "crops that `amodal synth crops` has made.",
}
"""Of too few labels: where more come from."""
_PACKAGES = ("torch", "torchvision", "lightning_fabric")


@dataclass(frozen=True, slots=True)
class Trainable:
    """How a purpose is trained.

    Attributes:
        needs: what it needs of a project; quick, without torch.
        build: its task, given what it holds to of what was trained before, or None; may import anything.
            Labels were counted before.
        variants: of its network, the default first; none: it has only one.
    """

    needs: Callable[[Project, TrainSettings], Sequence[Need]]
    build: Callable[[Project, TrainSettings, Past | None], Task]
    variants: tuple[str, ...] = ()


TRAINABLE: dict[Purpose, Trainable] = {
    Purpose.DETECTOR: Trainable(detector.detector_needs, detector.detector_task, starts.VARIANTS),
    Purpose.CLASSIFIER: Trainable(crop_tasks.classifier_needs, crop_tasks.classifier_task),
    Purpose.PRELABELLER: Trainable(crop_tasks.prelabeller_needs, crop_tasks.prelabeller_task),
    Purpose.HIDDEN_POINTS: Trainable(
        hidden_points.hidden_points_needs, hidden_points.hidden_points_task, hidden_points.VARIANTS
    ),
}
"""purpose -> how it is trained; a purpose that is missing cannot be trained yet."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a purpose can be trained in a project.

    Attributes:
        purpose, title: which.
        available: whether a job would begin.
        note: why not, or "".
        needs: what it needs, with the counts.
        variants: of its network, the default first.
    """

    purpose: Purpose
    title: str
    available: bool
    note: str
    needs: tuple[Need, ...]
    variants: tuple[str, ...]


def availability(project: Project, settings: TrainSettings | None = None) -> list[Availability]:
    """What can be trained in a project, and if not, why.

    Args:
        project: its labels are counted.
        settings: from what it would learn; the defaults without them.
    """
    found = []
    for purpose, title in TITLES.items():
        known = TRAINABLE.get(purpose)
        chosen = (settings or TrainSettings()).model_copy(update={"what": purpose.value})
        needs = () if known is None else tuple(known.needs(project, chosen))
        missing = _missing_package()
        unmet = [need.words for need in needs if not need.met]
        if known is None:
            note = "This version cannot train it yet."
        elif missing:
            note = f"The package {missing} is missing in this installation."
        else:
            note = f"There are {' and '.join(unmet)}." if unmet else ""
        variants = () if known is None else known.variants
        found.append(Availability(purpose, title, not note, note, needs, variants))
    return found


def trainable(project: Project, settings: TrainSettings) -> Trainable:
    """How something is trained that can be trained now, as far as can be told before anything is made ready.

    Raises:
        TrainingError: this version cannot train it, or a package is missing.
        TooFewLabelsError: how many there are, and how many are needed.
        SettingsError: its network has no such variant, or there is no such set of composites.
    """
    purpose = Purpose(settings.what)
    title, known = TITLES[purpose], TRAINABLE.get(purpose)
    if known is None:
        raise TrainingError(f"This version cannot train this yet: {title.lower()}.", "Update the program.")
    missing = _missing_package()
    if missing:
        raise TrainingError(
            f"Training needs the package {missing}, which this installation does not have.",
            "Install the program with pip, pipx or uv: the one-folder build leaves it out.",
        )
    if settings.variant and settings.variant not in known.variants:
        which = f"Choose one of {', '.join(known.variants)}." if known.variants else "Leave it empty."
        raise SettingsError(f"There is no variant {settings.variant} of this: {title.lower()}.", which)
    with project.read() as connection:
        by_sets = purpose in (Purpose.DETECTOR, Purpose.HIDDEN_POINTS) and settings.composites
        if by_sets and set_by_name(connection, settings.composites) is None:
            raise SettingsError(
                f"There is no set of composites called {settings.composites}.",
                "Name one that there is, or leave it empty for the newest.",
            )
    unmet = [need.words for need in known.needs(project, settings) if not need.met]
    if unmet:
        raise TooFewLabelsError(
            f"There is too little to learn from ({title.lower()}): {' and '.join(unmet)}.",
            _WAYS_OUT[purpose],
        )
    return known


def build_task(project: Project, settings: TrainSettings, past: Past | None = None) -> Task:
    """The task of a training.

    Args:
        past: of its run, where that goes on: it was enough to begin with. None: it begins.

    Raises:
        TrainingError, TooFewLabelsError, SettingsError: as `trainable`, where it begins.
    """
    if past is not None:
        return TRAINABLE[Purpose(settings.what)].build(project, settings, past)
    known = trainable(project, settings)
    with project.read() as connection:
        past = past_of_start(connection, settings)
    return known.build(project, settings, past)


def _missing_package() -> str:
    return next((name for name in _PACKAGES if importlib.util.find_spec(name) is None), "")
