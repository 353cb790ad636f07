"""Trains the occlusion classifier: whether anything covers an object, or the picture's border cuts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from core.errors import TrainingError
from core.evaluation.classification import precision_recall
from core.networks.classifier import ClassifierSettings, OcclusionClassifier
from core.networks.crop_view import normalised
from core.networks.losses.counted import Counted
from core.records.runs import Purpose, RunPicture
from core.training.data.crop_augment import Augmentation, Seen, seen
from core.training.data.crop_sets import mixed_crops
from core.training.data.crops import CropSample, CropSupply, PackedCrop, parts_of
from core.training.task import Schedule
from core.training.tasks.crop_pictures import drawn_masks, run_picture
from core.training.tasks.over_samples import OverSamples, begun, shown
from core.training.validating import Answer

METRIC = "average_precision"
NOTHING_HIDDEN, SURELY_HIDDEN = 0.002, 0.02
"""Up to the first share hidden an object counts as unoccluded, from the second on as occluded."""
_NOBODY = 1e-6  # so little of an object is none
_RECALL = 0.6


@dataclass(eq=False)
class ClassifierTask(OverSamples[PackedCrop]):
    """See `core.training.task.Task`.

    Attributes:
        start: weights to begin with; None: random ones.
    """

    supply: CropSupply
    settings: ClassifierSettings
    schedule: Schedule
    how: Augmentation
    start: Mapping[str, Tensor] | None = None
    purpose: Purpose = Purpose.CLASSIFIER
    metric: str = METRIC
    architecture: Mapping[str, Any] = field(init=False)
    data: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.architecture = self.settings.as_json()
        self._parts = parts_of(self.supply, sure_ones)
        self._training = [crop for part in self._parts for crop in part.crops]
        self._validation = sure_ones(self.supply.validation)
        counts = {
            split: {"unoccluded": sum(is_unoccluded(one.hidden) for one in crops), "all": len(crops)}
            for split, crops in (("training", self._training), ("validation", self._validation))
        }
        if any(not 0 < one["unoccluded"] < one["all"] for one in counts.values()):
            raise TrainingError(
                "To learn from and to measure on, both unoccluded objects and occluded ones are needed.",
                "Review more objects in the Review workspace.",
            )
        self.data = {**self.supply.about, "objects": counts}

    def network(self) -> nn.Module:
        """A new network."""
        network = begun(OcclusionClassifier(self.settings), self.start)
        return network.to(memory_format=torch.channels_last)

    def training_set(self, epoch: int) -> Dataset[Any]:
        """The samples of an epoch; chance comes from torch's generator."""
        return mixed_crops(self._parts, self.settings.px, self.how, as_tensors, epoch)

    def losses(self, network: nn.Module, batch: Any) -> Mapping[str, Counted]:
        """Cross-entropy; what chance has covered a little counts as little as people are sure of it."""
        each = functional.binary_cross_entropy_with_logits(
            network(batch["square"]).float(), batch["unoccluded"], reduction="none"
        )
        sure = batch["weight"].sum()
        return {"label": Counted((each * batch["weight"]).sum() / sure.clamp(min=_NOBODY), sure)}

    def answer(self, network: nn.Module, device: torch.device, portion: int) -> Answer:
        """Beliefs, and what is so."""
        samples = [one.open() for one in self.portion(portion)]
        beliefs = believed(network, self.settings, samples, device)
        right = [is_unoccluded(one.hidden) for one in samples]
        return {"beliefs": torch.from_numpy(beliefs), "right": torch.tensor(right)}

    def figures(self, answers: Sequence[Answer]) -> Mapping[str, float]:
        """Average precision, accuracy, precision and recall of "unoccluded"."""
        beliefs, right = (torch.cat([one[name] for one in answers]).numpy() for name in ("beliefs", "right"))
        return figures(beliefs, right)

    def show(self, network: nn.Module, device: torch.device, step: int) -> Sequence[RunPicture]:
        """A few objects with the belief in each."""
        samples = [one.open() for one in shown(self._validation)]
        beliefs = believed(network, self.settings, samples, device)
        pictures = []
        for place, (sample, belief) in enumerate(zip(samples, beliefs.tolist(), strict=True)):
            drawn = drawn_masks(sample)
            caption = f"{belief:.0%} unoccluded; in truth {truth_words(sample.hidden)}"
            pictures.append(run_picture(place, step, drawn, drawn, caption))
        return pictures


def make_task(
    supply: CropSupply,
    *,
    settings: ClassifierSettings | None = None,
    schedule: Schedule | None = None,
    how: Augmentation | None = None,
    start: Mapping[str, Tensor] | None = None,
) -> ClassifierTask:
    """The task over some crops; those of which nobody can be sure are left out.

    Raises:
        TrainingError: one of the two kinds is missing.
    """
    usual = Schedule(
        epochs=30, batch=64, learning_rate=1e-3, weight_decay=0.05, warmup_steps=200, drops=(0.75, 0.92)
    )
    return ClassifierTask(
        supply, settings or ClassifierSettings(), schedule or usual, how or Augmentation(ground=0.0), start
    )


def is_unoccluded(hidden: float) -> bool:
    """Whether an object of which this share is hidden counts as unoccluded."""
    return hidden <= NOTHING_HIDDEN


def truth_words(hidden: float) -> str:
    """How a share hidden is told; a verdict alone, which stands for all of it, does not say how much."""
    if is_unoccluded(hidden):
        return "unoccluded"
    return f"occluded, {hidden:.0%} hidden" if hidden < 1 else "occluded"


def sure_ones(crops: Sequence[PackedCrop]) -> list[PackedCrop]:
    """Those of which it is known whether they are occluded."""
    return [one for one in crops if one.hidden <= NOTHING_HIDDEN or one.hidden >= SURELY_HIDDEN]


def channels(view: Seen) -> NDArray[np.float32]:
    """(6, px, px) what the network is given of an object."""
    masks = np.stack([view.own, view.others, view.inside]).astype(np.float32) / 127.5 - 1
    return np.concatenate([normalised(view.square), masks])


def as_tensors(sample: CropSample, view: Seen) -> dict[str, Tensor]:
    """What the network is given, what it is to say, and how much that counts."""
    sure = sample.hidden <= NOTHING_HIDDEN or sample.hidden >= SURELY_HIDDEN
    return {
        "square": torch.from_numpy(channels(view)),
        "unoccluded": torch.tensor(float(is_unoccluded(sample.hidden))),
        "weight": torch.tensor(1.0 if sure else 0.0),
    }


def believed(
    network: nn.Module, settings: ClassifierSettings, samples: Sequence[CropSample], device: torch.device
) -> NDArray[np.float64]:
    """(n,) how sure the network is that each is unoccluded, 0 to 1; it is in evaluation mode."""
    squares = np.stack([channels(seen(one, settings.px)) for one in samples])
    with torch.no_grad():
        said = network(torch.from_numpy(squares).to(device)).float().sigmoid()
    return said.double().cpu().numpy()


def figures(beliefs: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, float]:
    """Average precision; accuracy, precision and recall at one half; the precision where recall is 0.6."""
    curve = precision_recall(beliefs, right)
    assert curve is not None  # both kinds are there
    precision, recall = curve.at_threshold(0.5)
    return {
        METRIC: curve.average_precision,
        "accuracy": float(((beliefs >= 0.5) == right).mean()),
        "precision": precision,
        "recall": recall,
        f"precision_at_recall_{_RECALL}": curve.at_recall(_RECALL)[1],
    }
