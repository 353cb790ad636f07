"""Occlusion-Net over heat maps as the paper has them: what both learn, and what they say of a test's cars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.evaluation.keypoints import correct_keypoints
from core.jobs.networks_in_use import prelabeller_of
from core.networks.occlusion_net.network import OcclusionNet, built_of
from core.networks.prelabeller import PointHead, Prelabeller, PrelabellerSettings
from core.records.shapes import KeypointTag
from core.training.checkpoints import load_network, read_checkpoint
from core.training.data.crops import TAGS, Crops, PackedCrop
from core.training.data.said_cars import SaidCar, SaidSupply
from core.training.data.seen_elsewhere import SeenElsewhere
from core.training.loop import train
from core.training.plan import DeviceName, NoEvents, TrainPlan, TrainResult
from core.training.tasks.hidden_points import HiddenPointsTask, form_of
from core.training.tasks.hidden_points import make_task as make_graph_task
from core.training.tasks.prelabeller import PrelabellerTask, cars_with_points
from core.training.tasks.prelabeller import make_task as make_maps_task

Floats = NDArray[np.float64]

POINT_GROUPS = ("all points", "visible", "self-occluded", "occluded by others", "hidden")
"""Which points a figure is of; those beyond the picture are in the first alone; hidden are the two before."""

ALPHA = 0.1
_MAPS_PX = 96
_VISIBLE = TAGS.index(KeypointTag.VISIBLE)
_FIELDS = ("places", "scores", "said_tags", "points", "tags", "labelled", "size")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is learned.

    Attributes:
        epochs: through all that there is. seed: of all chance. device: on which.
    """

    epochs: int
    seed: int = 0
    device: DeviceName = "cpu"


def visible_alone(crops: Sequence[PackedCrop]) -> list[PackedCrop]:
    """Crops of which nobody has said where hidden points are."""
    kept = [replace(one, tags=one.tags.copy()) for one in crops]
    for one in kept:
        one.tags[one.tags != _VISIBLE] = -1
    return cars_with_points(kept)


def heat_maps(
    training: Sequence[PackedCrop], validation: Sequence[PackedCrop], folder: Path, effort: Effort
) -> TrainResult:
    """Teaches a network of heat maps visible points alone; `read_heat_maps` reads it.

    As the paper's begins with a trunk that knows pictures (ImageNet's), this begins with the pre-labeller's,
    and learns what reads it from nothing. That trunk has been told of hidden points, so that what is won over
    these maps is rather too little than too much.
    """
    supply = Crops(visible_alone(training), visible_alone(validation), {"visible": "alone"})
    form = PrelabellerSettings(px=_MAPS_PX, head=PointHead.MAPS)
    task = make_maps_task(supply, settings=form, start=_with_known_trunk(Prelabeller(form)))
    return _trained(task, folder, effort)


def read_heat_maps(folder: Path) -> Prelabeller:
    """The network that `heat_maps` taught, with its best weights, in evaluation mode."""
    best = next(folder.glob("best-*.safetensors"))
    checkpoint = read_checkpoint(best)
    network = Prelabeller(PrelabellerSettings.of_json(checkpoint.facts["architecture"]))
    load_network(network, best, checkpoint.network)
    return network.eval()


def teach_graph(variant: str, width: int, supply: SaidSupply, folder: Path, effort: Effort) -> TrainResult:
    """Teaches Occlusion-Net where hidden points are; `read_graph` reads it.

    Args:
        variant: one of `core.training.tasks.hidden_points.VARIANTS`. width: of its layers.
    """
    task = make_graph_task(supply, form=form_of(variant, width))
    return _trained(task, folder, effort)


def read_graph(variant: str, width: int, folder: Path) -> OcclusionNet:
    """The network that `teach_graph` taught, with its best weights, in evaluation mode."""
    network = built_of(form_of(variant, width).network)
    best = next(folder.glob("best-*.safetensors"))
    load_network(network, best, read_checkpoint(best).network)
    return network.eval()


def right_points(points: Sequence[Floats] | Floats, cars: Sequence[SaidCar]) -> tuple[Floats, Floats]:
    """(5, n) how many points of each car are within ALPHA of L, and of how many, by POINT_GROUPS."""
    tags = [[TAGS[tag] if tag >= 0 else KeypointTag.UNLABELLED for tag in one.tags] for one in cars]
    truth, sizes = np.stack([one.points for one in cars]), np.array([one.size for one in cars])
    found = correct_keypoints(np.stack(list(points)), truth, tags, sizes, [ALPHA])
    return _grouped(found.right[0]), _grouped(found.count)


def write_said(path: Path, cars: Sequence[SaidCar]) -> None:
    """Keeps looks at cars as plain arrays, without other cameras, pictures and space."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.new")
    with part.open("wb") as stream:
        table: dict[str, Any] = {name: np.array([getattr(one, name) for one in cars]) for name in _FIELDS}
        np.savez_compressed(stream, **table)
    part.replace(path)


def read_said(path: Path) -> list[SaidCar]:
    """What `write_said` has kept."""
    with np.load(path, allow_pickle=False) as kept:
        table = {name: kept[name] for name in _FIELDS}
    return [
        SaidCar(
            table["places"][row],
            table["scores"][row],
            table["said_tags"][row],
            table["points"][row],
            table["tags"][row],
            table["labelled"][row],
            float(table["size"][row]),
            SeenElsewhere.nowhere(),
        )
        for row in range(len(table["size"]))
    ]


def _grouped(by_tag: NDArray[np.int64]) -> Floats:
    """(5, n) of what there is of all points and of each tag, (5, n)."""
    everything, seen, by_itself, by_others = by_tag[:4].astype(np.float64)
    return np.stack([everything, seen, by_itself, by_others, by_itself + by_others])


def _trained(task: HiddenPointsTask | PrelabellerTask, folder: Path, effort: Effort) -> TrainResult:
    folder.parent.mkdir(parents=True, exist_ok=True)
    schedule = replace(task.schedule, epochs=effort.epochs)
    plan = TrainPlan(schedule, device=effort.device, precision="32", workers=0, seed=effort.seed)
    return train(task, plan, NoEvents(), folder)


def _with_known_trunk(network: Prelabeller) -> dict[str, torch.Tensor]:
    """Weights to begin with: of the pre-labeller's trunk, all else as it was drawn."""
    known = prelabeller_of(None)[0].state_dict()
    return {
        name: known[name] if name.startswith("trunk.") else own for name, own in network.state_dict().items()
    }
