"""What the street's detectors learn from: the same camera's footage as three kinds of labels, and its test.

All is made once, and lies as pictures with what is known of them under a folder:

- `modal`: frames of the footage, each object labelled by what is seen of it;
- `walt2d`, `walt3d`: composites of what nothing covers in these same frames, as many;
- `walt2d-same`: WALT2D's of the very objects of WALT3D's, so that nearly as much is hidden, in random order;
- `test`: frames of other streets through other cameras, with all truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import torch
from torch.utils.data import Dataset
from torchvision.ops import masks_to_boxes

from core.compositing.render import Composer, Composite
from core.compositing.sampling.walt2d import Walt2dSampler, Walt2dSettings
from core.compositing.sampling.walt3d import Walt3dSampler, Walt3dSettings
from core.compositing.sampling.wanted import WantedOcclusion
from core.geometry.masks import patch_box, patch_to_rle, rle_to_patch
from core.jobs.reproduce.point_crops import PointSource, seen_crops, street_shard
from core.jobs.reproduce.staged import StagedStreet
from core.records.detections import Category
from core.records.recipes import Recipe, Split
from core.synthesis.street.settings import StreetSettings, Weather
from core.synthesis.street.truth import StreetFrame
from core.training.composites import Sample
from core.training.data.composite_crops import crops_of
from core.training.data.crops import PackedCrop, write_shard
from core.training.data.detection import sorted_out, without_fits
from core.training.data.real import ReviewedFrames
from core.training.data.street_frames import (
    TOLD,
    KnownFrame,
    KnownObject,
    SeenLabels,
    StreetPlan,
    StreetTruth,
    keep_frames,
    known_of,
    make_street_frames,
)
from core.training.tasks.prelabeller import cars_with_points

CATEGORIES = tuple(Category)
_WANTED = WantedOcclusion((40, 8, 8, 8, 8, 8, 6, 6, 4, 4))  # as in composites_truth


class Arm(StrEnum):
    """What a detector learns from."""

    MODAL = "modal"
    WALT2D = "walt2d"
    WALT2D_SAME = "walt2d-same"
    WALT3D = "walt3d"


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """How much of it there is.

    Attributes:
        seeds: of the streets that are learned from, each through one camera: along the road, then at the
            junction, and so on.
        frames: of each camera's footage; there are as many composites.
        tests: streets to be measured by, each through two cameras; test_frames: of each camera.
        width, height: of all pictures, pixels.
        cars, people: on each street that is learned from.
        least, most: objects of a composite.
        crowded: whether much occlusion is asked of WALT3D's composites, which needs many objects.
    """

    seeds: tuple[int, ...] = (41, 42)
    frames: int = 40
    tests: int = 1
    test_frames: int = 10
    width: int = 640
    height: int = 360
    cars: int = 30
    people: int = 12
    least: int = 6
    most: int = 12
    crowded: bool = True


def stage(folder: Path, plan: ArmPlan, told: Callable[[str], None] = print) -> None:
    """Makes all that is not there yet."""
    for number in range(len(plan.seeds)):
        stage_street(folder, plan, number, told)
    for test in test_plans(plan):
        make_street_frames(folder / "test", test)


def stage_street(
    folder: Path, plan: ArmPlan, number: int, told: Callable[[str], None] = lambda line: None
) -> None:
    """Makes what is learned from one street, in all kinds, where it is not there yet."""
    seed = plan.seeds[number]
    homes = {arm: folder / arm.value / str(seed) for arm in Arm}
    points = {source: street_shard(folder, source, seed) for source in PointSource}
    if all(one.exists() for one in (*points.values(), *(home / TOLD for home in homes.values()))):
        return
    seen: list[KnownFrame] = []
    cars: list[PackedCrop] = []

    def watch(frame: StreetFrame) -> None:
        seen.append(known_of(frame))
        cars.extend(seen_crops(frame, f"street {seed}"))

    settings = StreetSettings(
        frame_count=5 * plan.frames,
        fps=5.0,
        seed=seed,
        width=plan.width,
        height=plan.height,
        cars=plan.cars,
        people=plan.people,
        weather=(Weather.OVERCAST, Weather.CLEAR)[number % 2],
    )
    staged = StagedStreet(
        settings,
        corner=number % 2 == 1,
        measured=True,
        ignoring=True,
        watch=watch,
    )
    write_shard(points[PointSource.SEEN], cars)
    keep_frames(homes[Arm.MODAL], seen)
    counts = {}
    for arm in (Arm.WALT2D, Arm.WALT2D_SAME, Arm.WALT3D):
        made, cut = [], []
        for number, (composite, known) in enumerate(composites(staged, arm, plan)):
            made.append(known)
            cut += cars_with_points(crops_of(composite, f"{arm.value} {seed}/{number}"))
        counts[arm] = sum(len(one.objects) for one in made) / len(made)
        write_shard(points[PointSource(arm.value)], cut)
        keep_frames(homes[arm], made)
    told(
        f"street {seed}: {len(seen)} frames, {len(staged.origins)} objects cut out of them; "
        f"{counts[Arm.WALT2D]:.1f} objects in a WALT2D composite, {counts[Arm.WALT3D]:.1f} in WALT3D's"
    )


def test_plans(plan: ArmPlan) -> Iterator[StreetPlan]:
    """The streets of the test; no network has seen one of them."""
    for number in range(plan.tests):
        yield StreetPlan((100 + number,), plan.test_frames, plan.width, plan.height)


def composites(staged: StagedStreet, arm: Arm, plan: ArmPlan) -> Iterator[tuple[Composite, KnownFrame]]:
    """Composites of what was cut out of a street, as many as frames; each also as it is kept."""
    composer = Composer(staged.source)
    walt3d = Walt3dSampler(
        staged.stock, Walt3dSettings(plan.least, plan.most, _WANTED if plan.crowded else None)
    )
    walt2d = Walt2dSampler(staged.stock, Walt2dSettings((plan.least + plan.most) // 2))
    for seed in range(plan.frames):
        sampler = walt2d if arm is Arm.WALT2D else walt3d
        recipe = sampler.recipe(seed, staged.scene, Split.TRAIN).recipe
        if arm is Arm.WALT2D_SAME:
            recipe = walt2d.same_objects(recipe, staged.scene).recipe
        composite = composer.render(recipe)
        yield composite, known_composite(composite, recipe, staged)


def known_composite(composite: Composite, recipe: Recipe, staged: StagedStreet) -> KnownFrame:
    """A composite with its labels."""
    height, width = composite.picture.shape[:2]
    tracks = [staged.origins[one.piece_id].truth.track_id for one in recipe.objects]
    return KnownFrame(
        composite.picture,
        tuple(
            KnownObject(
                label.category,
                patch_to_rle(label.modal, height, width),
                patch_to_rle(label.amodal, height, width),
                label.modal_box,
                label.occlusion_permille / 1000,
                track,
            )
            for label, track in zip(composite.labels, tracks, strict=True)
        ),
        tuple(patch_box(one) for one in composite.ignored if one.bits.size),
    )


class WholeLabels(Dataset[Sample]):
    """Composites as samples with whole objects: `core.training.data.detection` says what is in them."""

    def __init__(self, truth: StreetTruth) -> None:
        self._truth = truth

    def __len__(self) -> int:
        return len(self._truth)

    def __getitem__(self, index: int) -> Sample:
        """A sample."""
        return whole_sample(self._truth.frame(index))


def whole_sample(known: KnownFrame, most_hidden: float = 0.95) -> Sample:
    """All that is known of a picture, as a detector learns it or is measured by it."""
    height, width = known.picture.shape[:2]
    count = len(known.objects)
    masks = torch.zeros(count, height, width, dtype=torch.uint8)
    modal = torch.zeros_like(masks)
    for row, one in enumerate(known.objects):
        for rle, out in ((one.whole, masks), (one.seen, modal)):
            patch = rle_to_patch(rle)
            h, w = patch.bits.shape
            out[row, patch.y : patch.y + h, patch.x : patch.x + w] = torch.from_numpy(patch.bits)
    seen, whole = (one.flatten(1).sum(dim=1).float() for one in (modal, masks))
    there = whole > 0
    boxes = torch.zeros(count, 4)
    if bool(there.any()):
        boxes[there] = masks_to_boxes(masks[there]) + torch.tensor([0.0, 0.0, 1.0, 1.0])
    others = known.others
    target = {
        "boxes": boxes,
        "labels": torch.tensor([CATEGORIES.index(one.category) + 1 for one in known.objects]).long(),
        "masks": masks,
        "modal_masks": modal,
        "keypoints": torch.zeros(count, 29, 3),
        "point_tags": torch.full((count, 29), -1),
        "ignored_boxes": torch.tensor([(b.x, b.y, b.right, b.bottom) for b in others]).float().reshape(-1, 4),
        "intrinsics": torch.zeros(3, 3),
    }
    wanted = there & (seen > (1 - most_hidden) * whole)
    image = torch.from_numpy(known.picture.transpose(2, 0, 1).copy()).float().div_(255.0)
    return image, sorted_out(target | without_fits(count), wanted, (height, width))


def samples_of(folder: Path, arm: Arm, plan: ArmPlan) -> Dataset[Sample]:
    """What an arm learns from."""
    truth = StreetTruth([folder / arm.value / str(seed) for seed in plan.seeds])
    if arm is Arm.MODAL:
        return ReviewedFrames(SeenLabels(truth), CATEGORIES)
    return WholeLabels(truth)


def test_truth(folder: Path, plan: ArmPlan) -> StreetTruth:
    """What all are measured by."""
    folders: Sequence[Path] = [
        one for test in test_plans(plan) for one in make_street_frames(folder / "test", test)
    ]
    return StreetTruth(folders)
