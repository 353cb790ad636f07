"""Pictures of simulated streets for the detector: drawn once into a folder, each with all its truth.

A street takes tens of seconds to build and a picture a part of one, so pictures are not drawn while a network
waits: they are kept, and opened in milliseconds. Equal plans give equal pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from core.errors import DiskFullError, TrainingError
from core.evaluation.keypoints import TAGS
from core.geometry.boxes import edges_from_centres
from core.geometry.distortion import padded
from core.geometry.masks import patch_area
from core.networks.amodal_rcnn.settings import POINTS, points_of
from core.records.detections import Category
from core.records.keypoints import Template
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.shapes.body.model import upright
from core.shapes.body.rotations import matrices
from core.synthesis.street.mounts import Mount
from core.synthesis.street.street import StreetCamera
from core.synthesis.street.truth import PointsTruth, StreetFrame, StreetObject
from core.training.composites import SHAPE_COMPONENTS, Sample
from core.training.data.detection import MOST_HIDDEN, kept_objects, on_edges, sorted_out, without_fits
from core.training.data.picture_plan import CAMERAS, SPLITS, PicturePlan
from core.training.data.streets import seed_of, street_of

Progress = Callable[[float], None]
Made = TypeVar("Made")

_QUALITY = 95
_STANDS = upright(np.eye(3)).T  # from a body's own frame to x forward, y left, z up
_TAG_NUMBERS = {tag: number for number, tag in enumerate(TAGS)}
_NO_ROOM = 28


def draw_pictures(folder: Path, plan: PicturePlan, progress: Progress | None = None) -> int:
    """Draws the pictures of a plan into a folder; those that are there are not drawn again.

    Args:
        progress: is told the share that is done, 0 to 1; what it raises ends it, and what is drawn stays.

    Returns:
        how many there are.

    Raises:
        RayCastingUnavailableError: rays cannot be cast here.
        DiskFullError: there is no room for them.
    """
    show = progress or (lambda share: None)
    total = sum(len(plan.names(split)) for split in SPLITS)
    done = 0
    folder.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        names = plan.names(split)
        each = CAMERAS * plan.frames
        for street in range(len(names) // each if each else 0):
            own = names[street * each : (street + 1) * each]
            if any(not (folder / name).exists() for name in own):
                for name, frame, mount in _frames(plan, split, street, own, folder):
                    show((done + own.index(name)) / total)
                    _write(folder / name, _arrays(frame, mount))
            done += len(own)
            show(done / total)
    return done


def _frames(
    plan: PicturePlan, split: str, street: int, names: Sequence[str], folder: Path
) -> Iterator[tuple[str, StreetFrame, Mount]]:
    """The frames of a street that are not drawn yet."""
    seed = seed_of(split, plan.seed) * 100 + street
    made, mounts = street_of(street, seed, plan.frames, plan.width, plan.height)
    for number, mount in enumerate(mounts):
        own = names[number * plan.frames : (number + 1) * plan.frames]
        todo = [(index, name) for index, name in enumerate(own) if not (folder / name).exists()]
        camera = StreetCamera(made, mount) if todo else None
        for index, name in todo:
            assert camera is not None
            yield name, camera.frame(index), mount


@dataclass(frozen=True, slots=True, eq=False)
class StreetTruthOf:
    """What a sample does not say of a drawn picture's objects.

    Attributes:
        kept: (n,) places of the sample's objects among all that are drawn, far to near.
        hidden: (m,) hidden share of each that is drawn.
        distance_m: (m,) of its own origin from the camera.
    """

    kept: NDArray[np.int64]
    hidden: NDArray[np.float64]
    distance_m: NDArray[np.float64]


class StreetPictures(Dataset[Sample]):
    """Drawn pictures as samples of `core.training.data.detection`.

    Args:
        folder: where they lie. names: of their files.
        categories: what is looked for, in the order of the network's labels.
    """

    def __init__(self, folder: Path, names: Sequence[str], categories: Sequence[Category]) -> None:
        self._folder, self._names, self._categories = folder, tuple(names), tuple(categories)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> Sample:
        """The sample of a place.

        Raises:
            IndexError: there is none.
            TrainingError: its file is gone or damaged.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} pictures, and none at {index}")
        return self._read(index, lambda table: _sample(table, self._categories))

    def with_truth(self, index: int) -> tuple[Sample, StreetTruthOf]:
        """The sample of a place, and what else is known of the objects in it; raises as the sample does."""

        def both(table: dict[str, NDArray[Any]]) -> tuple[Sample, StreetTruthOf]:
            sample = _sample(table, self._categories)
            kept = kept_objects(
                torch.from_numpy(table["boxes"]), _wanted(table, self._categories), sample[0].shape[-2:]
            )
            return sample, StreetTruthOf(
                np.flatnonzero(kept.numpy()),
                table["hidden"],
                np.linalg.norm(
                    np.where(table["has_fit"][:, None], table["translation"], table["body_translation"]),
                    axis=1,
                ),
            )

        return self._read(index, both)

    def _read(self, index: int, made: Callable[[dict[str, NDArray[Any]]], Made]) -> Made:
        path = self._folder / self._names[index]
        try:
            with np.load(path, allow_pickle=False) as kept:
                table = {name: kept[name] for name in kept.files}
            return made(table)
        except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, RuntimeError, BadZipFile):
            raise TrainingError(
                f"The picture of the synthetic street {path} cannot be read.",
                "Remove its folder, and it is drawn anew.",
            ) from None


def _write(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """A file that is there once it is whole."""
    part = path.with_name(f"{path.name}.new")
    try:
        with part.open("wb") as stream:
            np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
        part.replace(path)
    except OSError as problem:
        part.unlink(missing_ok=True)
        if problem.errno != _NO_ROOM:
            raise TrainingError(
                f"{path.parent} cannot be written: {problem.strerror}.", "Check the disk and its rights."
            ) from problem
        raise DiskFullError(
            f"There is no room for pictures of the synthetic street in {path.parent}.",
            "Make room, or leave it out with a weight of 0.",
        ) from problem


def _arrays(frame: StreetFrame, mount: Mount) -> dict[str, NDArray[Any]]:
    """All that is kept of a frame: plain arrays, places on pixel edges."""
    height, width = frame.picture.shape[:2]
    objects = [one for one in frame.objects if patch_area(one.amodal)]
    count = len(objects)
    fits = {name: values.numpy() for name, values in without_fits(count).items()}
    points, tags = np.zeros((count, POINTS, 3), np.float32), np.full((count, POINTS), -1, np.int64)
    for row, one in enumerate(objects):
        template = Template.of(one.category)
        if template is not None:
            said = one.points if template is Template.CAR else one.person_keypoints
            assert said is not None, "a person has its points"
            _fill(said, points[row, points_of(template)], tags[row, points_of(template)])
        _fit(one, row, fits)
    done, jpeg = cv2.imencode(".jpg", frame.picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise ValueError(f"a picture of {frame.picture.shape} could not be encoded")
    return fits | {
        "jpeg": jpeg,
        "size": np.array([height, width]),
        "category": np.array([one.category.value for one in objects], dtype=np.str_),
        "boxes": np.array(
            [(b.x, b.y, b.right, b.bottom) for b in (one.amodal_box for one in objects)], np.float32
        ).reshape(-1, 4),
        "masks": _packed([one.amodal for one in objects], height, width),
        "modal_masks": _packed([one.modal for one in objects], height, width),
        "hidden": np.array([1 - patch_area(one.modal) / patch_area(one.amodal) for one in objects]),
        "keypoints": points,
        "point_tags": tags,
        "intrinsics": on_edges(mount.camera.matrix).numpy(),
    }


def _fill(said: PointsTruth, points: NDArray[np.float32], tags: NDArray[np.int64]) -> None:
    for number, (pixel, tag) in enumerate(zip(said.pixels, said.tags, strict=True)):
        if not np.isfinite(pixel).all() or tag not in _TAG_NUMBERS:
            continue
        points[number, :2] = edges_from_centres(pixel)
        tags[number] = _TAG_NUMBERS[tag]
        if tag is not KeypointTag.TRUNCATED:
            points[number, 2] = 2.0 if tag is KeypointTag.VISIBLE else 1.0


def _fit(one: StreetObject, row: int, fits: dict[str, NDArray[Any]]) -> None:
    """Pose and shape, exactly."""
    shape = one.shape[:SHAPE_COMPONENTS]
    if one.body_pose is None:
        fits["has_fit"][row] = True
        fits["rotation"][row], fits["translation"][row] = one.pose.rotation, one.pose.translation
        fits["shape"][row, : len(shape)] = shape
    else:
        fits["has_body"][row] = True
        fits["body_rotation"][row] = one.pose.rotation @ _STANDS @ matrices(one.body_pose[0])
        fits["body_translation"][row] = one.points.space[0]  # the pelvis
        fits["body_pose"][row] = one.body_pose[1:]
        fits["body_betas"][row, : len(shape)] = shape


def _packed(patches: Sequence[MaskPatch], height: int, width: int) -> NDArray[np.uint8]:
    """(n, ceil(H W / 8)) bits of whole pictures: nearly all are 0, and are compressed away."""
    full = np.zeros((len(patches), height, width), np.bool_)
    for row, patch in enumerate(patches):
        h, w = patch.bits.shape
        full[row, patch.y : patch.y + h, patch.x : patch.x + w] = patch.bits
    return np.packbits(full.reshape(len(patches), -1), axis=1)


def _sample(table: dict[str, NDArray[Any]], categories: Sequence[Category]) -> Sample:
    height, width = (int(side) for side in table["size"])
    picture = cv2.imdecode(table["jpeg"], cv2.IMREAD_COLOR)
    if picture is None or picture.shape[:2] != (height, width):
        raise ValueError("no picture")
    pixels = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1))
    labels = _labels(table, categories)
    target: dict[str, Tensor] = {
        name: torch.from_numpy(values)
        for name, values in table.items()
        if name not in ("jpeg", "size", "category", "hidden", "masks", "modal_masks")
    }
    for name in ("masks", "modal_masks"):
        bits = np.unpackbits(table[name], axis=1, count=height * width)
        target[name] = torch.from_numpy(bits.reshape(-1, height, width))
    target |= {"labels": labels, "ignored_boxes": torch.zeros(0, 4)}
    target["distortion"] = torch.from_numpy(padded(())).float()
    wanted = _wanted(table, categories)
    image = torch.from_numpy(pixels).float().div_(255.0)
    return image, sorted_out(target, wanted, (height, width))


def _labels(table: dict[str, NDArray[Any]], categories: Sequence[Category]) -> Tensor:
    known = {one.value: number for number, one in enumerate(categories, start=1)}
    return torch.tensor([known.get(str(name), 0) for name in table["category"]], dtype=torch.int64)


def _wanted(table: dict[str, NDArray[Any]], categories: Sequence[Category]) -> Tensor:
    return (_labels(table, categories) > 0) & (torch.from_numpy(table["hidden"]) <= MOST_HIDDEN)
