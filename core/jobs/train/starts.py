"""What a detector begins with: nothing, what is published, or a file, told apart by its content.

Nothing here imports torch before it must: the window asks what would be fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointError
from core.jobs.train.device_lock import device_held
from core.jobs.train.drawn import Tell
from core.jobs.train.settings import TrainSettings
from core.mining.detectors.weights import WeightsFile, cache_folder, fetch, is_cached
from core.training.published import PUBLISHED

if TYPE_CHECKING:
    from core.networks.amodal_rcnn.settings import AmodalRcnnSettings
    from core.training.task import Task
    from core.training.tasks.detector import Start, Variant

VARIANTS = ("small", "resnet50", "swin_t")
"""Of the detector; the first is a processor's, the second a GPU's."""

_BACKBONES = {"small": "resnet18", "resnet50": "resnet50", "swin_t": "swin_t"}
_NAMED_IN = "the settings of the training, as start weights"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new detector begins with.

    Attributes:
        start: how its network is made.
        weights: a file of torchvision's weights, or None.
        network: of the file of a run, which the training loads by itself; None: the variant's.
    """

    start: Start
    weights: Path | None = None
    network: AmodalRcnnSettings | None = None


def wanted_weights(settings: TrainSettings, *, gpu: bool) -> WeightsFile | None:
    """The published file that a training begins with, or None.

    Args:
        gpu: whether it would train on a GPU, where no variant is chosen.
    """
    if settings.what != "detector" or settings.begin_with != "published":
        return None
    backbone = _BACKBONES.get(settings.variant or VARIANTS[1 if gpu else 0])
    return None if backbone is None else PUBLISHED[backbone]


def weights_to_fetch(settings: TrainSettings, *, gpu: bool) -> WeightsFile | None:
    """The same, where it is not on this machine yet."""
    wanted = wanted_weights(settings, gpu=gpu)
    return None if wanted is None or is_cached(wanted) else wanted


def fetch_weights(weights: WeightsFile, tell: Tell) -> Path:
    """A published file on this machine, fetched where it is not here; one process does that at a time.

    Raises:
        DetectorUnavailableError, DiskFullError: it cannot be fetched.
    """

    def waiting(holder: str) -> None:
        tell(0.0, f"Waiting for {holder}, which fetches {weights.name}")

    def show(share: float, words: str) -> None:
        tell(share, f"{words[:1].upper()}{words[1:]} of {weights.megabytes} MB")

    folder = cache_folder()
    with device_held(folder / f"{weights.name}.lock", "another training", waiting):
        return fetch(weights, folder, show, _NAMED_IN)


def beginning_of(settings: TrainSettings, variant: str) -> Beginning:
    """What a detector of a variant begins with.

    Raises:
        CheckpointError: its file cannot be read, or is another network's.
    """
    from core.training.checkpoints import is_of_a_run, read_checkpoint
    from core.training.tasks.detector import Start, Variant, network_settings, settings_of

    path = settings.start
    if path is None:
        return Beginning(start_of(settings.begin_with, Variant(variant)))
    if not is_of_a_run(path):
        return Beginning(Start.FILE, path)
    try:
        network = settings_of(read_checkpoint(path).facts.get("architecture") or {})
    except (KeyError, TypeError, ValueError):
        raise CheckpointError(
            f"{path.name} is of a run that trained no detector of this version.",
            "Choose the file of another run, or begin with something else.",
        ) from None
    mine = network_settings(Variant(variant), Start.NOTHING, network.categories, in_3d=settings.in_3d)
    if settings.variant and mine.backbone is not network.backbone:
        network = mine  # and the training refuses the file, saying how they differ
    if settings.in_3d and not (network.vehicles and network.bodies):
        network = replace(network, vehicles=True, bodies=True)
    return Beginning(Start.NOTHING, None, network)


def start_of(begin_with: str, variant: Variant) -> Start:
    """What a variant begins with, without a file.

    Raises:
        CheckpointError: the program has no weights of its own for it.
    """
    from core.records.detections import Category
    from core.training.starting_weights import are_street_weights_here, is_for_street
    from core.training.tasks.detector import Start, Variant, network_settings

    own = is_for_street(network_settings(variant, Start.STREET, tuple(Category)))
    if begin_with == "usual":
        return Start.STREET if own and are_street_weights_here() else Start.NOTHING
    start = Start(begin_with)
    if start is Start.STREET and not own:
        raise CheckpointError(
            f"The program has no weights of its own for the variant {Variant(variant).value}.",
            "Choose the small variant, or begin with published weights.",
        )
    return start


def going_on(task: Task, architecture: Mapping[str, Any], metric: str | None = None) -> Task:
    """The task of a run that goes on: its network is the run's own, and begins with nothing, as all is there.

    So is its schedule, on whatever device it goes on.

    Args:
        architecture: of the run.
        metric: by which it has chosen its best weights so far, or None.
    """
    from core.training.tasks.detector import DetectorTask, Start, settings_of, usual_schedule, variant_of

    if not isinstance(task, DetectorTask):
        return task
    try:
        network = settings_of(architecture)
    except (KeyError, TypeError, ValueError):  # the training refuses its checkpoint, and says why
        return task
    settings = replace(task.settings, start=Start.NOTHING, weights=None, network=network)
    same = replace(task, settings=settings, schedule=usual_schedule(variant_of(network)))
    same.metric = metric or task.metric
    same.notes = task.notes  # with what is known of the project
    return same
