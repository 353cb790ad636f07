"""Amodal R-CNN as a task: composites and reviewed frames, its losses, its figures and its gallery."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import ConcatDataset, Dataset

from core.errors import TooFewLabelsError
from core.evaluation.compared import matches
from core.mining.detectors.protocol import Progress
from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, small
from core.networks.amodal_rcnn.transform import DISTORTION, INTRINSICS
from core.networks.backbones import BackboneName
from core.networks.losses.counted import Counted
from core.records.boxes import Box
from core.records.detections import Category
from core.records.runs import Purpose, RunPicture
from core.records.seen import SeenObject
from core.shapes.space_file import default_space
from core.training.composites import CompositeSupply, Sample, Target, collate
from core.training.data.augment import Augment
from core.training.data.detection import Cameras, DetectionComposites, Spaces
from core.training.data.mixing import Mixed
from core.training.data.own_chance import OwnChance
from core.training.data.real import FrameSupply, ReviewedFrames
from core.training.starting_weights import begin_on_street, begin_with
from core.training.task import Schedule
from core.training.tasks.detector_pictures import drawn
from core.training.tasks.detector_scores import DetectorScores
from core.training.tasks.people import PeopleIn3D
from core.training.tasks.seen import known_objects, said_objects
from core.training.tasks.seen_tensors import packed, unpacked
from core.training.tasks.solid_scores import SolidScores
from core.training.validating import Answer, validated_alone

KIND = "amodal_rcnn"
"""What `architecture` calls this network."""

BY_MASKS, BY_BOXES = "mask_ap", "box_ap"
"""By which the best weights are chosen: the latter where no mask is known that they could be measured by."""

_SHOWN = 0.5  # least score of what a gallery shows
_log = logging.getLogger(__name__)


class Variant(StrEnum):
    """The networks that there are to choose from."""

    SMALL = "small"  # ResNet-18: the one for a CPU
    RESNET50 = "resnet50"
    SWIN_T = "swin_t"  # WALT's own


class Start(StrEnum):
    """What a new network begins with."""

    NOTHING = "nothing"
    PUBLISHED = "published"  # torchvision's weights, fetched where they are not here yet
    FILE = "file"
    STREET = "street"  # the program's own, taught on simulated streets, of the small variant


class DetectorSupply(Protocol):
    """What the detector learns from. It can be pickled, and used in any process."""

    def composites(self) -> CompositeSupply | None:
        """To learn from: a set, or as many as one seed gives; None: no composites."""
        ...

    def frames(self) -> FrameSupply | None:
        """Reviewed frames to learn from, or None."""
        ...

    def validation_composites(self) -> CompositeSupply | None:
        """To be measured by, of other tracks and times, or None."""
        ...

    def validation_frames(self) -> FrameSupply | None:
        """Likewise."""
        ...

    def cameras(self) -> Cameras | None:
        """Of the composites; None where nobody needs them."""
        ...

    def said(self) -> Mapping[str, Any]:
        """What of this a person finds again: plain JSON values."""
        ...


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """How a detector is made and taught.

    Attributes:
        network: its parts.
        start, weights: what it begins with, and the file where that is one.
        composites, frames, synthetic: how often a picture of each kind of data is seen, against the others';
            0: never.
        samples: of an epoch; None: as many as there are pictures of all kinds that count.
        augment: of what it learns from.
        most_validated: pictures that it is measured by, at most, evenly out of all.
        gallery: how many of them are shown.
    """

    network: AmodalRcnnSettings
    start: Start = Start.NOTHING
    weights: Path | None = None
    composites: float = 1.0
    frames: float = 1.0
    synthetic: float = 1.0
    samples: int | None = None
    augment: Augment = field(default_factory=Augment)
    most_validated: int = 200
    gallery: int = 6


def network_settings(
    variant: Variant, start: Start, categories: Sequence[Category], *, in_3d: bool = False
) -> AmodalRcnnSettings:
    """The network of a variant, as what it begins with needs it.

    Args:
        in_3d: whether it has heads for cars' shapes and poses and people's bodies.
    """
    frozen = start in (Start.PUBLISHED, Start.FILE)
    some: dict[str, Any] = {
        "categories": tuple(categories),
        "frozen_norms": frozen,
        "vehicles": in_3d,
        "bodies": in_3d,
        "adversarial": in_3d,
    }
    if variant is Variant.SMALL:
        return small(**some)
    if variant is Variant.SWIN_T:
        return AmodalRcnnSettings(backbone=BackboneName.SWIN_T, **some)
    return AmodalRcnnSettings(trained_stages=3 if frozen else 5, **some)


def variant_of(network: AmodalRcnnSettings) -> Variant:
    """The variant that a network is of, by its backbone: on a light one, the small one."""
    told = {BackboneName.RESNET50: Variant.RESNET50, BackboneName.SWIN_T: Variant.SWIN_T}
    return told.get(network.backbone, Variant.SMALL)


def usual_schedule(variant: Variant) -> Schedule:
    """What suits a variant: WALT's, and for the small one fewer pictures a step, and a rate for learning from
    nothing."""
    if variant is Variant.SMALL:
        return Schedule(batch=4, learning_rate=5e-4, clip_norm=10.0)
    return Schedule(clip_norm=35.0)


def make_task(
    supply: DetectorSupply,
    settings: DetectorSettings,
    schedule: Schedule | None = None,
    progress: Progress | None = None,
    people: PeopleIn3D | None = None,
    *,
    synthetic: Dataset[Sample] | None = None,
    validation_synthetic: Dataset[Sample] | None = None,
) -> DetectorTask:
    """The task of a detector.

    Args:
        progress: hears of weights that are fetched.
        synthetic: pictures of the simulated street to learn from, or None.
        validation_synthetic: others, to be measured by where the supply has nothing for that.
        people: what a head for bodies is made with; None: the stand-in and its walk.

    Raises:
        TooFewLabelsError: there is nothing to learn from, or nothing to be measured by.
    """
    task = DetectorTask(
        *(supply, settings, schedule or Schedule(), progress, people),
        synthetic=synthetic,
        validation_synthetic=validation_synthetic,
    )
    if not task.parts():
        raise TooFewLabelsError(
            "There is nothing for a detector to learn from.",
            "Make composites, or review frames with unoccluded objects.",
        )
    if not len(task.validation()):
        raise TooFewLabelsError(
            "There is nothing to measure a detector by.",
            "Make composites with some for validation, or review more frames.",
        )
    return task


@dataclass
class DetectorTask:
    """See `core.training.task.Task`; made by `make_task`.

    Attributes:
        started: one sentence about the weights that it began with, once the network is made.
        notes: what is said before it begins.
    """

    supply: DetectorSupply
    settings: DetectorSettings
    schedule: Schedule
    progress: Progress | None = None
    people: PeopleIn3D | None = None
    synthetic: Dataset[Sample] | None = None
    validation_synthetic: Dataset[Sample] | None = None
    purpose: Purpose = Purpose.DETECTOR
    metric: str = BY_MASKS
    started: str = ""
    architecture: Mapping[str, Any] = field(init=False)
    data: Mapping[str, Any] = field(init=False)
    notes: Sequence[str] = field(init=False, default=())
    _spaces: Spaces | None = field(init=False, default=None)
    _validation: Sequence[Sample] | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        """Says what the network is, for `network_of`, and in which shares the supply's data are taken."""
        self.architecture = {"kind": KIND} | self.settings.network.as_json()
        self.data = dict(self.supply.said()) | {"samples": self.samples}
        self.people = (self.people or PeopleIn3D()) if self.settings.network.bodies else None
        if self.people is not None:
            self.architecture = {**self.architecture, "body": self.people.body.label}
            self.data = {**self.data, **self.people.said()}
            self.notes = self.people.notes()
        if self._in_3d:
            people = "" if self.people is None else self.people.body.label
            self._spaces = Spaces(default_space().label, people)

    def __getstate__(self) -> dict[str, Any]:
        # whoever listens stays in its process, and so does what only a new network or a measurement needs
        return self.__dict__ | {"progress": None, "people": None, "_validation": None}

    def network(self) -> nn.Module:
        """A new network with the weights that it is to begin with."""
        people = self.people
        network = AmodalRcnn(self.settings.network, None if people is None else people.body.model)
        real = None if people is None else people.real_poses
        if network.roi_heads.objects.bodies is not None and real is not None:
            network.roi_heads.objects.bodies.real_poses(real)
        if self.settings.start is Start.STREET:
            self.started = begin_on_street(network).message("the program's own weights")
            _log.info(self.started)
        elif self.settings.start is not Start.NOTHING:
            path = self.settings.weights if self.settings.start is Start.FILE else None
            taken = begin_with(network, path, progress=self.progress)
            self.started = taken.message("what is published" if path is None else path.name)
            _log.info(self.started)
        return network.train()

    def parts(self) -> list[tuple[Dataset[Sample], float]]:
        """The data sets to learn from that have something in them and count, and their weights."""
        composites = self._composites(self.supply.composites())
        frames = self._frames(self.supply.frames())
        weighed = (
            (composites, self.settings.composites),
            (frames, self.settings.frames),
            (self.synthetic, self.settings.synthetic),
        )
        return [(one, weight) for one, weight in weighed if one is not None and weight > 0]

    @property
    def samples(self) -> int:
        """Of an epoch."""
        if self.settings.samples is not None:
            return self.settings.samples
        return sum(_size(one) for one, _ in self.parts())

    def training_set(self, epoch: int) -> Dataset[Any]:
        """Samples of all data, changed by chance."""
        parts = self.parts()
        return Mixed(
            [one for one, _ in parts],
            [weight * _size(one) for one, weight in parts],
            self.samples,
            epoch,
            OwnChance(self.settings.augment),
        )

    def validation(self) -> Sequence[Sample]:
        """The samples to be measured by, each made when it is asked for."""
        if self._validation is None:
            self._validation = self._measured()
        return self._validation

    def _measured(self) -> Sequence[Sample]:
        sets = [
            one
            for one in (
                self._composites(self.supply.validation_composites()),
                self._frames(self.supply.validation_frames()),
            )
            if one is not None
        ]
        if not sets and self.validation_synthetic is not None:
            sets = [self.validation_synthetic]
        return _Evenly(ConcatDataset(sets), self.settings.most_validated) if sets else ()

    def collate(self, samples: Sequence[Any]) -> Any:
        """Lists of pictures and targets."""
        return collate(samples)

    def losses(self, network: nn.Module, batch: Any) -> Mapping[str, Counted]:
        """The network's own."""
        pictures, targets = batch
        return {name.removeprefix("loss_"): loss for name, loss in network(pictures, targets).items()}

    def validate(
        self, network: nn.Module, device: torch.device, check_stop: Callable[[], None]
    ) -> Mapping[str, float]:
        """Average precision of whole boxes, whole masks and what is seen; PCK@0.1 and tags of points; in 3D
        poses, shapes and joints, as `SolidScores` has them.

        Raises:
            TooFewLabelsError: there is no object in any picture.
        """
        return validated_alone(self, network, device, check_stop)

    def portions(self) -> int:
        """One picture each."""
        return len(self.validation())

    def answer(self, network: nn.Module, device: torch.device, portion: int) -> Answer:
        """What is in a picture, what the network says of it, what is to be ignored, and its camera."""
        image, target = self.validation()[portion]
        return {
            **packed(known_objects(target, self.settings.network), "known."),
            **packed(self._said(network, image, target, device), "said."),
            "ignored": target["ignored_boxes"],
            "size": torch.tensor(image.shape[-2:]),
            "camera": target[INTRINSICS],
        }

    def figures(self, answers: Sequence[Answer]) -> Mapping[str, float]:
        """All of `validate`."""
        scores = DetectorScores(self._solid_scores())
        for one in answers:
            ignored = [
                (category, box)
                for box in _boxes(one["ignored"])
                for category in self.settings.network.categories
            ]
            known, said = unpacked(one, "known."), unpacked(one, "said.")
            scores.add(known, said, ignored, one["size"].tolist(), one["camera"].double().numpy())
        return scores.figures()

    def show(self, network: nn.Module, device: torch.device, step: int) -> Sequence[RunPicture]:
        """What the network finds on pictures of the validation data, evenly out of all."""
        pictures = []
        for place, (image, target) in enumerate(_Evenly(self.validation(), self.settings.gallery)):
            known = known_objects(target, self.settings.network)
            said = [one for one in self._said(network, image, target, device) if one.score >= _SHOWN]
            found = len(matches(known, said))
            pixels = _pixels(image)
            caption = f"{found} of {len(known)} found"
            if len(said) > found:
                caption += f", {len(said) - found} more"
            pictures.append(RunPicture(place, step, drawn(pixels, said), drawn(pixels, known), caption))
        return pictures

    def _solid_scores(self) -> SolidScores | None:
        if not self._in_3d:
            return None
        return SolidScores() if self.people is None else SolidScores(body=self.people.body.model)

    @property
    def _in_3d(self) -> bool:
        return self.settings.network.vehicles or self.settings.network.bodies

    def _said(
        self, network: nn.Module, image: Tensor, target: Target, device: torch.device
    ) -> list[SeenObject]:
        pictures = [image.to(device)]
        if self._in_3d:
            camera = {name: target[name].to(device) for name in (INTRINSICS, DISTORTION) if name in target}
            [found] = network(pictures, [camera])
        else:
            [found] = network(pictures)
        return said_objects(found, self.settings.network, image.shape[-2:])

    def _composites(self, supply: CompositeSupply | None) -> Dataset[Sample] | None:
        if supply is None or not len(supply):
            return None
        return DetectionComposites(
            supply, self.settings.network.categories, self.supply.cameras(), self._spaces
        )

    def _frames(self, supply: FrameSupply | None) -> Dataset[Sample] | None:
        if supply is None or not len(supply):
            return None
        return ReviewedFrames(supply, self.settings.network.categories)


def network_of(architecture: Mapping[str, Any]) -> AmodalRcnn:
    """The network of a run, without its weights.

    Its betas are of the body that `architecture["body"]` names; what it says does not depend on that body, so
    that it is made with the stand-in.

    Raises:
        KeyError, TypeError, ValueError: it is none of these.
    """
    return AmodalRcnn(settings_of(architecture))


def settings_of(architecture: Mapping[str, Any]) -> AmodalRcnnSettings:
    """The parts of a run's network, of which none is built.

    Raises:
        KeyError, TypeError, ValueError: it is none of these.
    """
    values = dict(architecture)
    kind = values.pop("kind", None)
    if kind != KIND:
        raise ValueError(f"{kind} is no {KIND}")
    values.pop("body", None)
    return AmodalRcnnSettings.from_json(values)


class _Evenly(Sequence[Sample]):
    """At most so many of some samples, evenly out of all of them."""

    def __init__(self, samples: Any, most: int) -> None:
        self._samples, self._count = samples, min(most, len(samples))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._samples[index * len(self._samples) // self._count]


def _size(samples: Dataset[Sample]) -> int:
    return len(samples)  # type: ignore[arg-type]


def _boxes(corners: Tensor) -> list[Box]:
    return [Box(left, top, right - left, bottom - top) for left, top, right, bottom in corners.tolist()]


def _pixels(image: Tensor) -> NDArray[np.uint8]:
    return (image.permute(1, 2, 0) * 255).round().to(torch.uint8).contiguous().numpy()
