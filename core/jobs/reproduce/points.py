"""Keypoints with and without the project's labels: one small pre-labeller, taught by each kind of crops.

It begins, for all alike, where drawn single cars have brought it, and then learns so many steps more: of
these cars alone, or in equal shares of them, of the project's own labels, and of composites. Nothing covers
another by chance here, as in the pre-labeller's usual training: that would be composites too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.jobs.reproduce.point_crops import PointSource, street_shard, tracks_of
from core.networks.losses.counted import summed
from core.networks.prelabeller import Prelabeller, PrelabellerSettings, point_losses
from core.training.data.crop_augment import Augmentation
from core.training.data.crop_sets import CropSet, collated, on
from core.training.data.crops import PackedCrop, read_shard
from core.training.data.mixing import shares
from core.training.devices import place_of
from core.training.tasks.prelabeller import answered, as_tensors

_BATCH, _RATE, _DECAY = 48, 2e-3, 0.02
_ASKED = 128
_CHANGES = Augmentation(cover=0.0, bar=0.0, ground=0.0, rough=0.0)


class PointArm(StrEnum):
    """What a pre-labeller learns from."""

    DRAWN = "drawn"  # single cars
    OWN = "own"  # and the project's labels of what is seen
    WALT2D = "walt2d"  # and composites
    WALT2D_SAME = "walt2d-same"
    WALT3D = "walt3d"


@dataclass(frozen=True, slots=True, eq=False)
class FoundPoints:
    """What a network says of the test's n cars.

    Attributes:
        away: (n, 12) how far each point is off, in L of the whole car.
        said, known: (n, 12) tags, numbers into `core.training.data.crops.TAGS`; known -1: unlabelled.
        hidden: (n,) share of each car that is not seen.
        tracks: (n,) whose each is: a parked car is the same in all pictures.
    """

    away: NDArray[np.float64]
    said: NDArray[np.int64]
    known: NDArray[np.int64]
    hidden: NDArray[np.float64]
    tracks: NDArray[np.int64]

    def as_json(self) -> dict[str, Any]:
        """Plain values, from which `of_json` makes the same."""
        return {
            "away": np.where(self.known >= 0, self.away.round(4), -1.0).tolist(),
            "said": self.said.tolist(),
            "known": self.known.tolist(),
            "hidden": self.hidden.round(4).tolist(),
            "tracks": self.tracks.tolist(),
        }

    @staticmethod
    def of_json(values: Mapping[str, Any]) -> FoundPoints:
        """What `as_json` gave."""
        return FoundPoints(
            np.array(values["away"], dtype=np.float64).reshape(-1, 12),
            np.array(values["said"], dtype=np.int64).reshape(-1, 12),
            np.array(values["known"], dtype=np.int64).reshape(-1, 12),
            np.array(values["hidden"], dtype=np.float64),
            np.array(values["tracks"], dtype=np.int64),
        )


def parts_of_arm(
    folder: Path, arm: PointArm, seeds: Sequence[int], drawn: Sequence[PackedCrop]
) -> list[list[PackedCrop]]:
    """The kinds of crops that an arm learns from, those that are empty left out.

    Args:
        seeds: of the streets. drawn: single cars.
    """
    sources: list[PointSource] = []
    if arm is not PointArm.DRAWN:
        sources.append(PointSource.SEEN)
    if arm not in (PointArm.DRAWN, PointArm.OWN):
        sources.append(PointSource(arm.value))
    parts = [list(drawn)]
    parts += [
        [crop for seed in seeds for crop in read_shard(street_shard(folder, source, seed))]
        for source in sources
    ]
    return [part for part in parts if part]


def taught_points(
    parts: Sequence[Sequence[PackedCrop]],
    settings: PrelabellerSettings,
    start: Mapping[str, Tensor] | None,
    seed: int,
    steps: int,
) -> Prelabeller:
    """A network that has learned so many steps, as much of each part; in evaluation mode.

    Args:
        parts: kinds of crops with something in them. start: weights to begin with; None: random ones.
    """
    torch.manual_seed(seed)
    device = torch.device(place_of("auto", "32").kind)
    network = Prelabeller(settings)
    if start is not None:
        network.load_state_dict(dict(start))
    network.to(device).to(memory_format=torch.channels_last).train()
    sets = [CropSet(part, settings.px, _CHANGES, as_tensors) for part in parts]
    counts = shares([1.0] * len(sets), _BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(steps):
        chosen = [
            one[int(place)]
            for one, count in zip(sets, counts, strict=True)
            for place in torch.randint(len(one), (count,))
        ]
        batch = on(collated(chosen), device)
        loss = summed(point_losses(network(batch["square"]), batch["places"], batch["tags"], settings))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def asked(network: Prelabeller, cars: Sequence[PackedCrop]) -> FoundPoints:
    """What a network says of the test's cars."""
    device = next(network.parameters()).device
    answers = [
        answered(network, network.settings, cars[start : start + _ASKED], device)
        for start in range(0, len(cars), _ASKED)
    ]
    points, said, truth, known, sizes = (
        torch.cat([one[name] for one in answers]).numpy()
        for name in ("points", "said", "truth", "known", "sizes")
    )
    away = np.linalg.norm(points - truth, axis=2) / sizes[:, None]
    return FoundPoints(away, said, known, np.array([one.hidden for one in cars]), tracks_of(cars))
