"""What is made ready before a training gathers its labels: simulated pictures and fetched weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.jobs.train.drawn import Tell, are_drawn, draw, drawn_for, weight_of_drawn
from core.jobs.train.settings import TrainSettings
from core.jobs.train.starts import fetch_weights, weights_to_fetch


def prepare(settings: TrainSettings, tell: Tell, log: Callable[[str], None]) -> None:
    """Draws the synthetic street where it is asked for, and fetches published weights, each once.

    Args:
        settings: of the training.
        tell: hears how far it is; what it raises ends this, which goes on from there the next time.
        log: is given a line for each.

    Raises:
        DetectorUnavailableError: the weights cannot be fetched.
        RayCastingUnavailableError: rays cannot be cast here.
        DiskFullError: there is no room.
    """
    from core.training.devices import is_gpu

    what = drawn_for(settings.what, settings.hidden_from)
    if weight_of_drawn(what, settings.weight_synthetic) and not are_drawn(what):
        log("The synthetic street is drawn, once on this machine.")
        draw(what, tell)
    weights = weights_to_fetch(settings, gpu=is_gpu(settings.device))
    if weights is not None:
        log(f"Fetching {weights.name}, {weights.megabytes} MB, from {weights.url}, once on this machine.")
        path = fetch_weights(weights, tell)
        log(f"{weights.name} is kept in {path.parent}.")


def without_beginning(settings: TrainSettings) -> TrainSettings:
    """The settings of a run that goes on: its checkpoint has all that it began with."""
    return settings.model_copy(update={"begin_with": "nothing", "start": None})


def own_start(settings: TrainSettings) -> Path | None:
    """The file of another run that a training begins with, or None.

    A file of torchvision's weights is a detector's, whose task takes them itself.

    Raises:
        CheckpointError: the file cannot be read.
    """
    from core.training.checkpoints import is_of_a_run

    path = settings.start
    if path is None or (settings.what == "detector" and not is_of_a_run(path)):
        return None
    return path
