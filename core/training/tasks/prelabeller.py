"""Trains the pre-labeller: a car's twelve keypoints and their tags from its crop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from core.errors import TrainingError
from core.evaluation.keypoints import (
    percentage_of_correct_keypoints,
    tag_accuracy,
    tag_confusion,
)
from core.networks.crop_view import normalised
from core.networks.losses.counted import Counted
from core.networks.prelabeller import (
    Prelabeller,
    PrelabellerSettings,
    places_of,
    point_losses,
    said_both_ways,
)
from core.records.detections import Category
from core.records.runs import Purpose, RunPicture
from core.records.shapes import KeypointTag
from core.training.data.crop_augment import Augmentation, Seen, seen
from core.training.data.crop_sets import collated, mixed_crops, on
from core.training.data.crops import TAGS, CropSample, CropSupply, PackedCrop, parts_of
from core.training.task import Schedule
from core.training.tasks.crop_pictures import drawn_points, run_picture
from core.training.tasks.over_samples import OverSamples, begun, shown
from core.training.validating import Answer

METRIC = "pck_0.1"
_ALPHAS = (0.1, 0.05)
_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class FoundOnCrops:
    """What the network says of crops, in the crops' pixels.

    Attributes:
        points: (n, 12, 2); scores: (n, 12); tags: (n, 12) numbers into TAGS.
    """

    points: NDArray[np.float64]
    scores: NDArray[np.float64]
    tags: NDArray[np.int64]


@dataclass(eq=False)
class PrelabellerTask(OverSamples[PackedCrop]):
    """See `core.training.task.Task`.

    Attributes:
        start: weights to begin with; None: random ones.
    """

    supply: CropSupply
    settings: PrelabellerSettings
    schedule: Schedule
    how: Augmentation
    start: Mapping[str, Tensor] | None = None
    purpose: Purpose = Purpose.PRELABELLER
    metric: str = METRIC
    architecture: Mapping[str, Any] = field(init=False)
    data: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.architecture = self.settings.as_json()
        self._parts = parts_of(self.supply, cars_with_points)
        self._training = [crop for part in self._parts for crop in part.crops]
        self._validation = cars_with_points(self.supply.validation)
        if not self._training or not self._validation:
            raise TrainingError(
                "There are no cars with keypoints to learn from, or none to measure on.",
                "Place keypoints on some cars in the Keypoints workspace.",
            )
        self.data = {
            **self.supply.about,
            "cars": {"training": len(self._training), "validation": len(self._validation)},
        }

    def network(self) -> nn.Module:
        """A new network."""
        network = begun(Prelabeller(self.settings), self.start)
        return network.to(memory_format=torch.channels_last)

    def training_set(self, epoch: int) -> Dataset[Any]:
        """The samples of an epoch; chance comes from torch's generator."""
        return mixed_crops(self._parts, self.settings.px, self.how, as_tensors, epoch)

    def losses(self, network: nn.Module, batch: Any) -> Mapping[str, Counted]:
        """Places and tags."""
        return point_losses(network(batch["square"]), batch["places"], batch["tags"], self.settings)

    def answer(self, network: nn.Module, device: torch.device, portion: int) -> Answer:
        """Points and tags, as they are said and as they are."""
        return answered(network, self.settings, self.portion(portion), device)

    def figures(self, answers: Sequence[Answer]) -> Mapping[str, float]:
        """PCK of all points and of each tag, and the share of the tags that are right."""
        return figures(answers)

    def show(self, network: nn.Module, device: torch.device, step: int) -> Sequence[RunPicture]:
        """The points on a few cars."""
        samples = [one.open() for one in shown(self._validation)]
        found = found_on(network, self.settings, samples, device)
        return [
            run_picture(
                place,
                step,
                drawn_points(sample, points, tags),
                drawn_points(sample, sample.points, sample.tags),
                f"{_near(sample, points)} of {int((sample.tags >= 0).sum())} points within 0.1 L",
            )
            for place, (sample, points, tags) in enumerate(
                zip(samples, found.points, found.tags, strict=True)
            )
        ]


def make_task(
    supply: CropSupply,
    *,
    settings: PrelabellerSettings | None = None,
    schedule: Schedule | None = None,
    how: Augmentation | None = None,
    start: Mapping[str, Tensor] | None = None,
) -> PrelabellerTask:
    """The task over some crops; crops without keypoints, and of other things than cars, are left out.

    Raises:
        TrainingError: there is nothing to learn from or to measure on.
    """
    usual = Schedule(
        epochs=30, batch=64, learning_rate=2e-3, weight_decay=0.05, warmup_steps=200, drops=(0.75, 0.92)
    )
    return PrelabellerTask(
        supply, settings or PrelabellerSettings(), schedule or usual, how or Augmentation(rough=0.0), start
    )


def cars_with_points(crops: Sequence[PackedCrop]) -> list[PackedCrop]:
    """Those of them that show a car with keypoints."""
    return [one for one in crops if one.category is Category.CAR and (one.tags >= 0).any()]


def as_tensors(sample: CropSample, view: Seen) -> dict[str, Tensor]:
    """What the network is given of a crop, and what it is to say."""
    places = (view.points + 0.5) / view.placing.px
    return {
        "square": torch.from_numpy(normalised(view.square)),
        "places": torch.from_numpy(np.nan_to_num(places, nan=-10.0).astype(np.float32)),
        "tags": torch.from_numpy(view.tags.astype(np.int64)),
    }


def found_on(
    network: nn.Module, settings: PrelabellerSettings, samples: Sequence[CropSample], device: torch.device
) -> FoundOnCrops:
    """The network's points on some crops; the network is in evaluation mode."""
    views = [seen(one, settings.px) for one in samples]
    batch = on(collated([as_tensors(one, view) for one, view in zip(samples, views, strict=True)]), device)
    with torch.no_grad():
        said = said_both_ways(network, batch["square"])
    places, scores = places_of(said, settings)
    inside = places.double().cpu().numpy() * settings.px - 0.5
    points = np.stack([view.placing.to_crop(own) for view, own in zip(views, inside, strict=True)])
    return FoundOnCrops(points, scores.double().cpu().numpy(), said.tags.argmax(dim=-1).cpu().numpy())


def measured(
    network: nn.Module,
    settings: PrelabellerSettings,
    crops: Sequence[PackedCrop],
    device: torch.device,
    check_stop: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """PCK of all points and by tag, and the share of the tags that are right, on crops with keypoints."""
    answers = []
    for start in range(0, len(crops), _BATCH):
        check_stop()
        answers.append(answered(network, settings, crops[start : start + _BATCH], device))
    return figures(answers)


def answered(
    network: nn.Module, settings: PrelabellerSettings, crops: Sequence[PackedCrop], device: torch.device
) -> Answer:
    """What the network says of crops and what is known of them: "points" and "truth" (n, 12, 2), "said" and
    "known" (n, 12) tags, and "sizes" (n,) L in the crops' pixels."""
    samples = [one.open() for one in crops]
    found = found_on(network, settings, samples, device)
    return {
        "points": torch.from_numpy(found.points),
        "said": torch.from_numpy(found.tags),
        "truth": torch.from_numpy(np.stack([one.points for one in samples])),
        "known": torch.from_numpy(np.stack([one.tags for one in samples])),
        "sizes": torch.tensor([one.size_px for one in samples], dtype=torch.float64),
    }


def figures(answers: Sequence[Answer]) -> dict[str, float]:
    """PCK of all points and by tag, and the share of the tags that are right, from `answered`."""
    points, said, truth, known, sizes = (
        torch.cat([one[name] for one in answers]).numpy()
        for name in ("points", "said", "truth", "known", "sizes")
    )
    tags = [_words(row) for row in known]
    numbers: dict[str, float] = {}
    for alpha in _ALPHAS:
        right = percentage_of_correct_keypoints(points, truth, tags, sizes, alpha)
        for tag, share in right.items():
            if share.value is not None:
                numbers[f"pck_{alpha}" + ("" if tag is None else f".{tag.value}")] = share.value
    for tag, share in tag_accuracy(tag_confusion([_words(row) for row in said], tags)).items():
        if share.value is not None:
            numbers["tag_accuracy" + ("" if tag is None else f".{tag.value}")] = share.value
    return numbers


def _words(tags: NDArray[np.int64]) -> list[KeypointTag]:
    return [TAGS[tag] if tag >= 0 else KeypointTag.UNLABELLED for tag in tags]


def _near(sample: CropSample, points: NDArray[np.float64]) -> int:
    away = np.linalg.norm(points - sample.points, axis=1)
    return int((np.nan_to_num(away, nan=np.inf)[sample.tags >= 0] < 0.1 * sample.size_px).sum())
