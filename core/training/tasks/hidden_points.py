"""Trains Occlusion-Net: where a car's hidden points are, from what heat maps say of all twelve.

In 3D it also learns the car's shape and pose: what it places is held against the refined points through the
camera that saw the car (or a usual one, where that is unknown), and against the truth in space where that is
known.

Where hidden points are it is told by exact labels, or, as in the paper, by two other cameras that see them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from core.errors import TrainingError
from core.evaluation.keypoints import percentage_of_correct_keypoints
from core.networks.crop_view import placing_of
from core.networks.losses.counted import Counted
from core.networks.occlusion_net.confidence import confidence_of
from core.networks.occlusion_net.graph import Graph
from core.networks.occlusion_net.losses import OcclusionTargets, OtherViews, occlusion_losses
from core.networks.occlusion_net.network import OcclusionOutput, built_of
from core.networks.occlusion_net.settings import (
    HiddenFrom,
    OcclusionLossSettings,
    OcclusionNetSettings,
    released_loss_settings,
    released_settings,
)
from core.records.runs import Purpose, RunPicture
from core.records.shapes import KeypointTag
from core.training.data.crop_sets import collated, on
from core.training.data.crops import TAGS
from core.training.data.mixing import mixed_kinds
from core.training.data.said_cars import SaidCar, SaidSupply, from_square, said_parts
from core.training.data.said_sets import USUAL, SaidNoise, SaidSet, tensors_of
from core.training.task import Schedule
from core.training.tasks.crop_pictures import drawn_points, run_picture
from core.training.tasks.over_samples import OverSamples, begun, shown
from core.training.validating import Answer

VARIANTS = ("paper", "released")
"""Of the network; the first is usual."""
ALPHAS = (0.1, 0.05)
HIDDEN = (TAGS.index(KeypointTag.SELF_OCCLUDED), TAGS.index(KeypointTag.OTHER_OCCLUDED))
"""Numbers of the tags of points that lie in the picture and cannot be seen."""
METRIC = "pck_0.1.hidden"
TRIFOCAL = 100.0
"""Weight of the trifocal loss where it alone tells hidden points (docs/decisions/0060)."""

_BATCH = 256
_VISIBLE = TAGS.index(KeypointTag.VISIBLE)
_ANY_PX = 512  # only shares of squares are measured
_SQUARE = (-0.5, -0.5, 1.5, 1.5)  # the box whose coordinates its pixels are already

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HiddenForm:
    """A network and what it learns from.

    Attributes:
        network, losses: see there.
        noise: beyond the errors that the points have already.
    """

    network: OcclusionNetSettings
    losses: OcclusionLossSettings = field(default_factory=OcclusionLossSettings)
    noise: SaidNoise = field(default_factory=SaidNoise)


def form_of(
    variant: str,
    hidden: int = 128,
    dropout: float = 0.0,
    *,
    in_3d: bool = False,
    hidden_from: HiddenFrom = HiddenFrom.LABELS,
) -> HiddenForm:
    """A variant as it learns well in minutes on a processor (docs/decisions/0060).

    Args:
        variant: one of VARIANTS.
        hidden: width of the layers; the paper's is 512. dropout: the paper's is 0.5.
        in_3d: whether it learns the car's shape and pose, too.
        hidden_from: what says where hidden points are.
    """
    released = variant == VARIANTS[1]
    network = released_settings() if released else OcclusionNetSettings()
    losses = released_loss_settings() if released else OcclusionLossSettings()
    if hidden_from is HiddenFrom.TRIFOCAL:
        losses = replace(losses, hidden_from=hidden_from, trifocal=TRIFOCAL)
    return HiddenForm(replace(network, hidden=hidden, dropout=dropout, in_3d=in_3d), losses)


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """What the network says of cars, in coordinates of their squares.

    Attributes:
        points: (n, 12, 2). visibility: (n, 12) that a point is seen, 0 to 1.
        projected: (n, 12, 2) where the placed shape has them, not a number behind the camera; None without a
            3D half.
        placed: (n, 12, 3) metres, camera frame; None without a pose.
    """

    points: Floats
    visibility: Floats
    projected: Floats | None = None
    placed: Floats | None = None


@dataclass(eq=False)
class HiddenPointsTask(OverSamples[SaidCar]):
    """See `core.training.task.Task`."""

    portion_size: ClassVar[int] = _BATCH
    supply: SaidSupply
    form: HiddenForm
    schedule: Schedule
    start: Mapping[str, Tensor] | None = None
    purpose: Purpose = Purpose.HIDDEN_POINTS
    metric: str = METRIC
    architecture: Mapping[str, Any] = field(init=False)
    data: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.architecture = self.form.network.as_json()
        self._parts = said_parts(self.supply, cars_that_teach)
        self._training = [car for part in self._parts for car in part.cars]
        self._validation = [one for one in self.supply.validation if np.isin(one.tags, HIDDEN).any()]
        if not self._training or not self._validation:
            raise TrainingError(
                "There are no cars of which hidden keypoints are known to learn from, or none to measure on.",
                "Make a set of composites of cars with keypoints in the Compose workspace.",
            )
        seen_elsewhere = sum(bool(_told_by_others(one).any()) for one in self._training)
        by_others = self.form.losses.hidden_from is HiddenFrom.TRIFOCAL
        if by_others and not seen_elsewhere:
            raise TrainingError(
                "There are no cars of which two other cameras see what is hidden.",
                "Give the synthetic street a weight, or let hidden points be learned from labels.",
            )
        self.data = {
            **self.supply.about,
            **({"cars that other cameras saw": seen_elsewhere} if by_others else {}),
            "looks at cars": {"training": len(self._training), "validation": len(self._validation)},
            "hidden points": {
                "training": int(sum(np.isin(one.tags, HIDDEN).sum() for one in self._training)),
                "validation": int(sum(np.isin(one.tags, HIDDEN).sum() for one in self._validation)),
            },
        }

    def network(self) -> nn.Module:
        """A new network."""
        return begun(built_of(self.form.network), self.start)

    def training_set(self, epoch: int) -> Dataset[Any]:
        """The samples of an epoch; chance comes from torch's generator."""
        kinds = [(part.cars, part.weight) for part in self._parts]
        return mixed_kinds(kinds, lambda cars: SaidSet(cars, self.form.noise), epoch)

    def losses(self, network: nn.Module, batch: Any) -> Mapping[str, Counted]:
        """Of the edges, the points, other cameras and, in 3D, of the placed shape."""
        graph = Graph(self.form.network.points).to(batch["tags"].device)
        output = _said(network, self.form.network, batch)
        others = OtherViews(batch["first"], batch["second"], batch["tensor"], batch["seen"])
        known = batch["tags"] >= 0
        targets = OcclusionTargets(
            batch["points"],
            batch["labelled"],
            batch["tags"] == _VISIBLE,
            known,
            others,
            batch["space"],
            batch["solid"],
        )
        return occlusion_losses(output, targets, graph, self.form.losses)

    def answer(self, network: nn.Module, device: torch.device, portion: int) -> Answer:
        """What is said of cars, and what is known of them."""
        return answered(network, self.form.network, self.portion(portion), device)

    def figures(self, answers: Sequence[Answer]) -> Mapping[str, float]:
        """PCK by tag of what comes out and of what went in, how often it knows what is seen, and in 3D."""
        return figures(answers)

    def show(self, network: nn.Module, device: torch.device, step: int) -> Sequence[RunPicture]:
        """Cars with most points hidden: as the heat maps say, as the network says, and as they are."""
        cars = [one for one in self._validation if one.crop is not None]
        chosen = shown(cars)
        if not chosen:
            return []
        found = refined(network, self.form.network, chosen, device)
        return [
            _picture(place, step, car, points)
            for place, (car, points) in enumerate(zip(chosen, found.points, strict=True))
        ]


def make_task(
    supply: SaidSupply,
    *,
    form: HiddenForm | None = None,
    schedule: Schedule | None = None,
    start: Mapping[str, Tensor] | None = None,
) -> HiddenPointsTask:
    """The task over some looks at cars.

    Raises:
        TrainingError: there is nothing to learn from or to measure on.
    """
    usual = Schedule(
        epochs=30, batch=64, learning_rate=1e-3, weight_decay=0.01, warmup_steps=100, drops=(0.7, 0.9)
    )
    return HiddenPointsTask(supply, form or form_of(VARIANTS[0]), schedule or usual, start)


def nodes_of(places: Tensor, scores: Tensor, settings: OcclusionNetSettings) -> Tensor:
    """(B, 12, 3) of places (B, 12, 2) in the box's coordinates and scores (B, 12)."""
    return torch.cat([places, confidence_of(scores, settings.confidence)[..., None]], dim=2)


def refined(
    network: nn.Module, settings: OcclusionNetSettings, cars: Sequence[SaidCar], device: torch.device
) -> Refined:
    """What a network in evaluation mode says of cars."""
    found: dict[str, list[Floats]] = {}
    for start in range(0, len(cars), _BATCH):
        batch = on(collated([tensors_of(one) for one in cars[start : start + _BATCH]]), device)
        with torch.no_grad():
            output = _said(network, settings, batch)
        said = {"points": output.points, "visibility": output.visibility}
        if output.shape is not None:
            said["projected"] = output.shape.projected
            if output.shape.placed is not None:
                said["placed"] = output.shape.placed
        for name, one in said.items():
            found.setdefault(name, []).append(one.double().cpu().numpy())
    return Refined(**{name: np.concatenate(parts) for name, parts in found.items()})


def answered(
    network: nn.Module, settings: OcclusionNetSettings, cars: Sequence[SaidCar], device: torch.device
) -> Answer:
    """What the network says of cars, as `Refined`, and what is known of them, as `tensors_of` has it."""
    after = refined(network, settings, cars, device)
    parts = {"points": after.points, "visibility": after.visibility}
    if after.projected is not None:
        parts["projected"] = after.projected
    if after.placed is not None:
        parts["placed"] = after.placed
    known = {
        "before": np.stack([one.places for one in cars]),
        "truth": np.stack([one.points for one in cars]),
        "tags": np.stack([one.tags for one in cars]),
        "sizes": np.array([one.size for one in cars]),
        "solid": np.array([one.solid is not None for one in cars]),
        "space": np.stack([(one.solid or USUAL).space for one in cars]),
    }
    return {name: torch.from_numpy(np.ascontiguousarray(one)) for name, one in (parts | known).items()}


def figures(answers: Sequence[Answer]) -> dict[str, float]:
    """PCK of all points, by tag and of all hidden ones, after the network and before (`input_`).

    Of the 3D half (`in_3d_`): PCK of its shape's points in the picture; `in_3d_reprojection`, how far these
    lie from the true ones in L, the mean over points of each car and the median over cars; and, of cars that
    are known in space, how far points lie off about their middle (`in_3d_shape_m`) and by which share of its
    distance the middle is (`in_3d_distance`), medians over cars.
    """
    of = {name: torch.cat([one[name] for one in answers]).numpy() for name in answers[0]}
    truth, tags, sizes = of["truth"], of["tags"], of["sizes"]
    numbers = _pck(of["points"], truth, tags, sizes)
    numbers |= {f"input_{name}": one for name, one in _pck(of["before"], truth, tags, sizes).items()}
    right = (of["visibility"] > 0.5) == (tags == _VISIBLE)
    numbers["seen_accuracy"] = float(right[tags >= 0].mean())
    if "projected" in of:
        projected = of["projected"]
        numbers |= {f"in_3d_{name}": one for name, one in _pck(projected, truth, tags, sizes).items()}
        away = np.linalg.norm(projected - truth, axis=2) / sizes[:, None]
        known = tags >= 0
        told = known.any(axis=1)
        off = np.where(known, away, 0.0).sum(axis=1)[told] / known.sum(axis=1)[told]
        # a point behind the camera is nowhere near
        numbers["in_3d_reprojection"] = float(np.median(np.nan_to_num(off, nan=np.inf)))
    if "placed" in of and of["solid"].any():
        here, there = of["placed"][of["solid"]], of["space"][of["solid"]]
        middle, goal = here.mean(axis=1, keepdims=True), there.mean(axis=1, keepdims=True)
        apart = np.linalg.norm((here - middle) - (there - goal), axis=2).mean(axis=1)
        beside = np.linalg.norm(middle - goal, axis=2) / np.linalg.norm(goal, axis=2)
        numbers["in_3d_shape_m"] = float(np.median(apart))
        numbers["in_3d_distance"] = float(np.median(beside))
    return numbers


def cars_that_teach(cars: Sequence[SaidCar]) -> list[SaidCar]:
    """Those of some looks in which a hidden point is told, by a label or by two other cameras."""
    return [
        one for one in cars if (np.isin(one.tags, HIDDEN) & one.labelled).any() or _told_by_others(one).any()
    ]


def pck_of(points: Sequence[Floats] | Floats, cars: Sequence[SaidCar]) -> dict[str, float]:
    """PCK of points, by the tags that are true; `hidden` are those in the picture that cannot be seen."""
    truth, tags = np.stack([one.points for one in cars]), np.stack([one.tags for one in cars])
    return _pck(np.stack(list(points)), truth, tags, np.array([one.size for one in cars]))


def _said(network: nn.Module, settings: OcclusionNetSettings, batch: Mapping[str, Tensor]) -> OcclusionOutput:
    nodes = nodes_of(batch["places"], batch["scores"], settings)
    camera: tuple[Tensor, ...] = ()
    if settings.in_3d:
        camera = nodes.new_tensor(_SQUARE).expand(len(nodes), 4), batch["camera"]
    output: OcclusionOutput = network(nodes, None, *camera)
    return output


def _pck(points: Floats, truth: Floats, numbered: Ints, sizes: Floats) -> dict[str, float]:
    tags = [[TAGS[tag] if tag >= 0 else KeypointTag.UNLABELLED for tag in row] for row in numbered]
    numbers: dict[str, float] = {}
    for alpha in ALPHAS:
        found = percentage_of_correct_keypoints(points, truth, tags, sizes, alpha)
        for tag, share in found.items():
            if share.value is not None:
                numbers[f"pck_{alpha}" + ("" if tag is None else f".{tag.value}")] = share.value
        hidden = [found[TAGS[number]] for number in HIDDEN]
        if count := sum(one.count for one in hidden):
            numbers[f"pck_{alpha}.hidden"] = sum(one.right for one in hidden) / count
    return numbers


def _told_by_others(car: SaidCar) -> NDArray[np.bool_]:
    """(12,) the hidden points that two other cameras see."""
    return np.isin(car.tags, HIDDEN) & car.elsewhere.seen


def _picture(place: int, step: int, car: SaidCar, points: Floats) -> RunPicture:
    assert car.crop is not None
    sample = car.crop.open()
    placing = placing_of(sample.box, _ANY_PX)
    hidden = np.isin(car.tags, HIDDEN)
    # what is seen stands where the heat maps say, as in use
    shown = [np.where(hidden[:, None], one, car.places) for one in (car.places, points)]
    before, after = (placing.to_crop(from_square(one, _ANY_PX)) for one in shown)
    away = np.linalg.norm(np.stack([car.places, points]) - car.points, axis=2) < 0.1 * car.size
    had, has = (int(row[hidden].sum()) for row in away)
    picture = np.hstack([drawn_points(sample, one, car.tags) for one in (before, after)])
    truth = drawn_points(sample, sample.points, sample.tags)
    return run_picture(
        place,
        step,
        picture,
        truth,
        f"{had} of {int(hidden.sum())} hidden points within 0.1 L before, {has} after",
    )
