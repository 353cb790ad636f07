"""Runs of training: what is trained, from what, how well it does, and which of them the project uses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Purpose(StrEnum):
    """What a network is for in a project; one run at a time serves each."""

    DETECTOR = "detector"  # Amodal R-CNN: whole boxes and masks, points and 3D of what is half hidden
    CLASSIFIER = "classifier"  # is an object unoccluded or not
    PRELABELLER = "prelabeller"  # a car's keypoints with their tags, from its crop
    HIDDEN_POINTS = "hidden_points"  # Occlusion-Net: where the hidden ones of a car's keypoints are


class RunState(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    DONE = "done"  # all epochs, or stopped early because it got no better
    STOPPED = "stopped"  # by a person or a crash: it goes on where it was
    FAILED = "failed"  # it cannot go on as it is: its losses are no numbers


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as it stands in a project.

    Attributes:
        id, purpose, name: which, what for, and what people call it.
        job_id: of the job that trains it, or None for one that came with a file.
        settings: of the training, as plain JSON values.
        data: what it learns from: plain counts and names by which a person finds it again (pictures, objects
            and composites of each split, sets of recipes, tracks left out).
        architecture: the network and its sizes, as plain JSON values: enough to build it anew.
        seed: of everything random.
        device: such as "cpu" or "NVIDIA H100", or "" before it has begun.
        versions: of the program, torch and torchvision.
        state, step, epoch, epochs: how far it is.
        seconds: it has run so far, in all sittings together.
        best: name of the file with its best weights in the project's folder, or None.
        last: of the checkpoint from which it goes on, or None.
        metric, value, best_step: by which the best is chosen ("mask_ap", higher is better), what it is there,
            and when that was; value and best_step None before the first validation.
        notes: of people.
        hidden: whether a person took it off the lists.
        started_at, finished_at: seconds UTC epoch, or None.
        in_use: whether it serves its purpose in this project.
    """

    id: int
    purpose: Purpose
    name: str
    job_id: int | None
    settings: dict[str, Any]
    data: dict[str, Any]
    architecture: dict[str, Any]
    seed: int
    device: str
    versions: dict[str, str]
    state: RunState
    step: int
    epoch: int
    epochs: int
    seconds: float
    best: str | None
    last: str | None
    metric: str
    value: float | None
    best_step: int | None
    notes: str
    hidden: bool
    started_at: float | None
    finished_at: float | None
    in_use: bool


@dataclass(frozen=True, slots=True)
class ModelUsed:
    """The model that a job worked with: what made the labels that the job wrote.

    Attributes:
        purpose: what for.
        run_id: the run that trained it, or None where it came with the program.
        name: what the run was called then.
        weights: name of the file with its weights; their hash is a part of it.
    """

    purpose: Purpose
    run_id: int | None
    name: str
    weights: str

    @property
    def title(self) -> str:
        """For people: "run 3 (Night)"."""
        return "the program's own" if self.run_id is None else f"run {self.run_id} ({self.name})"


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One number of a run at one step.

    Attributes:
        step: optimiser's steps so far.
        name: "loss", "loss.mask", "mask_ap", "pck_0.1.visible", "pictures_per_s", "memory_mib"...
        value: finite.
    """

    step: int
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class RunPicture:
    """What a run predicted on one of its fixed validation pictures.

    Attributes:
        place: of the picture in the gallery, from 0.
        step: when.
        picture: JPEG, RGB, with the predictions drawn on it.
        truth: JPEG, RGB, with the labels drawn on it; the same at every step.
        caption: one short line, such as "3 of 4 found".
    """

    place: int
    step: int
    picture: bytes
    truth: bytes
    caption: str
