"""Tables 1 and figures 6 to 8 in small: what composites teach about whole masks, where the truth is exact.

WALT3D 6.2 and its figures 6 and 8. Boxes are given, so that it is a test of what is learned from and not of a
detector. One small backbone learns from labels of what is seen on streets of its own and learns no more; then
a mask head learns, from nothing, from each kind of labels of the same cameras' footage, as often as there are
seeds; and with a share of the composites alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch.utils.data import Dataset, Subset

from core.evaluation.bootstrap import Groups
from core.jobs.reproduce.arms import CATEGORIES, Arm, samples_of, stage_street, test_plans, test_truth
from core.jobs.reproduce.details import mean_details
from core.jobs.reproduce.known_and_found import known_in, read_finds
from core.jobs.reproduce.masks import looks_of, masks_found, taught, taught_head
from core.jobs.reproduce.placed import PLACED, PlacedKeeper
from core.jobs.reproduce.precision import Measured, counts_of, measured
from core.jobs.reproduce.sizes import Scale
from core.jobs.reproduce.units import Unit
from core.training.composites import Sample
from core.training.data.real import ReviewedFrames
from core.training.data.street_frames import TOLD, SeenLabels, StreetPlan, StreetTruth, make_street_frames

_PRETRAINING = 200
"""The number of the first street that the backbone learns from; nothing else is made of these."""

_FOUND = "found.json"
_CURVE = (Arm.WALT2D, Arm.WALT3D)


@dataclass(frozen=True, slots=True)
class Teaching:
    """One network to be trained.

    Attributes:
        arm: what it learns from. share: of the pictures. seed: of all chance.
    """

    arm: Arm
    share: float
    seed: int

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.arm.value}, {self.share:.0%} of the pictures, seed {self.seed}"

    def home(self, folder: Path, steps: int) -> Path:
        """Where it leaves what it finds."""
        return folder / "masks" / f"{self.arm.value}-{100 * self.share:03.0f}-{self.seed}-{steps}"


def units(folder: Path, scale: Scale) -> list[Unit]:
    """All that is to be made, in order."""
    plan = scale.streets
    made = [
        Unit(
            f"the street {seed}",
            folder / Arm.WALT3D.value / str(seed) / TOLD,
            partial(stage_street, folder, plan, number),
            drawn=True,
        )
        for number, seed in enumerate(plan.seeds)
    ]
    made += [
        Unit(
            f"the test's street {number + 1}",
            folder / f"test-{number}",
            partial(_make_test, folder, test, folder / f"test-{number}"),
            drawn=True,
        )
        for number, test in enumerate(test_plans(plan))
    ]
    made.append(Unit("the backbone", folder / "backbone.safetensors", partial(_pretrain, folder, scale)))
    made += [
        Unit(one.title, one.home(folder, scale.steps) / _FOUND, partial(_teach, folder, scale, one))
        for one in _teachings(scale)
    ]
    return made


def pretraining_samples(folder: Path, scale: Scale) -> Dataset[Sample]:
    """Labels of what is seen on streets of their own, or on those that all learn from; drawn if need be."""
    numbers = tuple(range(_PRETRAINING, _PRETRAINING + scale.pretraining))
    if not numbers:
        return samples_of(folder, Arm.MODAL, scale.streets)
    plan = StreetPlan(numbers, scale.pretraining_frames, scale.streets.width, scale.streets.height)
    homes = make_street_frames(folder / "pretraining", plan)
    return ReviewedFrames(SeenLabels(StreetTruth(homes)), CATEGORIES)


def figures(folder: Path, scale: Scale) -> dict[tuple[Arm, float, bool], Measured]:
    """Mask AP of each kind of network and share of its pictures.

    The third of the key: whether boxes of what is seen were given, as a detector of such labels finds them.
    """
    test = test_truth(folder, scale.streets)
    known, cameras = known_in(test), Groups.of(test.cameras)
    out = {}
    for (arm, share, seen), paths in _paths(folder, scale).items():
        finds = {seed: read_finds(path, known) for seed, path in paths.items()}
        out[arm, share, seen] = measured(known, finds, cameras, scale.draws)
    return out


def details(folder: Path, scale: Scale) -> dict[str, dict[str, float]]:
    """Further figures of each network that learned from all its pictures, mean over its seeds."""
    known = known_in(test_truth(folder, scale.streets))
    out = {}
    for (arm, share, seen), paths in _paths(folder, scale).items():
        if share < 1:
            continue
        name = arm.value + (", boxes of what is seen" if seen else "")
        out[name] = mean_details(known, [read_finds(path, known) for path in paths.values()])
    return out


def counts(folder: Path, scale: Scale) -> dict[str, Any]:
    """How many pictures and objects there are."""
    known = known_in(test_truth(folder, scale.streets))
    learned = {}
    for arm in Arm:
        truth = StreetTruth([folder / arm.value / str(seed) for seed in scale.streets.seeds])
        learned[arm.value] = {
            "pictures": len(truth),
            "objects": sum(len(truth.frame(place).objects) for place in range(len(truth))),
        }
    return {"test pictures": len(known), "test objects": counts_of(known), "learned from": learned}


def _teachings(scale: Scale) -> Iterator[Teaching]:
    """One seed after another, so that what is cut off has some of everything."""
    for seed in range(scale.seeds):
        for arm in Arm:
            yield Teaching(arm, 1.0, seed)
        for share in scale.fractions:
            for arm in _CURVE:
                if share < 1:
                    yield Teaching(arm, share, seed)


def _paths(folder: Path, scale: Scale) -> dict[tuple[Arm, float, bool], dict[int, Path]]:
    """Of all networks that are there, by seed."""
    out: dict[tuple[Arm, float, bool], dict[int, Path]] = {}
    for one in _teachings(scale):
        home = one.home(folder, scale.steps)
        if (home / _FOUND).exists():
            out.setdefault((one.arm, one.share, False), {})[one.seed] = home / _FOUND
            if one.arm is Arm.MODAL:
                out.setdefault((one.arm, one.share, True), {})[one.seed] = home / "seen" / _FOUND
    return out


def _make_test(folder: Path, plan: StreetPlan, sign: Path) -> None:
    """Pictures with masks, and where all of it is in 3D."""
    keeper = PlacedKeeper()
    make_street_frames(folder / "test", plan, watch=keeper)
    keeper.write(folder / PLACED)
    sign.touch()


def _pretrain(folder: Path, scale: Scale) -> None:
    """The backbone learns from labels of what is seen, on streets of its own."""
    network = taught(looks_of(pretraining_samples(folder, scale), 0), 0, scale.pretraining_steps)
    part = folder / "backbone.new"
    save_file({name: one.contiguous() for name, one in network.trunk.state_dict().items()}, part)
    part.replace(folder / "backbone.safetensors")


def _teach(folder: Path, scale: Scale, one: Teaching) -> None:
    samples: Dataset[Sample] = samples_of(folder, one.arm, scale.streets)
    some = _share_of(samples, one.share, len(scale.streets.seeds), scale.streets.frames)
    network = taught_head(
        load_file(folder / "backbone.safetensors"), looks_of(some, one.seed), one.seed, scale.steps
    )
    home, test = one.home(folder, scale.steps), test_truth(folder, scale.streets)
    if one.arm is Arm.MODAL:
        masks_found(home / "seen", network, test, seen_boxes=True)
    masks_found(home, network, test)


def _share_of(samples: Dataset[Sample], share: float, streets: int, frames: int) -> Subset[Sample]:
    """The first pictures of each street: as many of each."""
    own = max(1, round(share * frames))
    return Subset(samples, [street * frames + place for street in range(streets) for place in range(own)])
