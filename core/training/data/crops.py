"""Objects as the classifier and the pre-labeller learn them: a picture around each, masks, points, truth.

They are held packed, some ten kilobytes each, and kept as shards of plain arrays in a folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.geometry.masks import window
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.training.data.seen_elsewhere import NUMBERS, SeenElsewhere
from core.training.data.seen_from import SeenFrom

AROUND = 1.9
"""Side of the picture around an object, in L of its box: as much as shifts and scales need."""
POINTS = 12
TAGS: tuple[KeypointTag, ...] = (
    KeypointTag.VISIBLE,
    KeypointTag.SELF_OCCLUDED,
    KeypointTag.OTHER_OCCLUDED,
    KeypointTag.TRUNCATED,
)
"""The tags that the networks tell apart, in the order of their numbers; -1 is unlabelled."""

_QUALITY = 92
_SOLID = 3 + 3 * POINTS  # numbers of a camera and of the points in space
_SUFFIX = ".npz"
_WAY_OUT = "Make the crops anew with: amodal synth crops FOLDER"

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CropSample:
    """One object with the picture around it. All is in the crop's pixels.

    Attributes:
        image: (H, W, 3) uint8 RGB; what lies beyond the picture is not part of it.
        box: of the part that is seen, on pixel edges, as a detector would give it.
        own: (H, W) bool, what is seen of the object; None where there is no mask.
        others: (H, W) bool, all other objects' masks.
        points: (12, 2) a car's keypoints, the first pixel's centre at (0, 0); NaN where unlabelled.
        tags: (12,) numbers into TAGS, -1 where unlabelled.
        size_px: L of the whole extent.
        hidden: share of the whole extent that is not seen, 0 to 1; NaN where nobody knows.
        category: what it is.
        solid: of a car, the camera that saw it and where its points are in space; None where nobody knows.
        elsewhere: what two other cameras see of a car; None where none do.
    """

    image: Bytes
    box: Box
    own: Bools | None
    others: Bools
    points: Floats
    tags: Ints
    size_px: float
    hidden: float
    category: Category
    solid: SeenFrom | None = None
    elsewhere: SeenElsewhere | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PackedCrop:
    """A `CropSample` as it is held: its picture as JPEG, its masks as bits.

    Attributes:
        jpeg: the picture's file.
        own, others: bits of the masks, row by row; own None where there is no mask.
        box, points, tags, size_px, hidden, category, solid, elsewhere: as `CropSample`.
        name: of where it comes from, such as "junction/000123".
    """

    jpeg: bytes
    own: bytes | None
    others: bytes
    box: Box
    points: Floats
    tags: Ints
    size_px: float
    hidden: float
    category: Category
    name: str = ""
    solid: SeenFrom | None = None
    elsewhere: SeenElsewhere | None = None

    def open(self) -> CropSample:
        """The picture and masks themselves."""
        image = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise TrainingError(f"The picture of the crop {self.name} is damaged.", _WAY_OUT)
        height, width = image.shape[:2]
        return CropSample(
            np.ascontiguousarray(image[..., ::-1], dtype=np.uint8),
            self.box,
            None if self.own is None else _bits(self.own, height, width),
            _bits(self.others, height, width),
            self.points,
            self.tags,
            self.size_px,
            self.hidden,
            self.category,
            self.solid,
            self.elsewhere,
        )


class CropSupply(Protocol):
    """What a task on crops learns from and is measured on. Picklable, for workers.

    Attributes:
        training, validation: no object of one is in the other.
        about: plain JSON values by which a person finds the data again.
    """

    @property
    def training(self) -> Sequence[PackedCrop]: ...
    @property
    def validation(self) -> Sequence[PackedCrop]: ...
    @property
    def about(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, eq=False)
class CropPart:
    """One kind of crops to learn from.

    Attributes:
        crops: they. weight: how often each is seen, against the others; 0: never.
    """

    crops: Sequence[PackedCrop]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """A supply that is in memory.

    Attributes:
        parts: the kinds that `training` is of, where they do not all count alike; else none.
    """

    training: Sequence[PackedCrop]
    validation: Sequence[PackedCrop]
    about: Mapping[str, Any]
    parts: Sequence[CropPart] = ()


def parts_of(supply: CropSupply, kept: Callable[[Sequence[PackedCrop]], list[PackedCrop]]) -> list[CropPart]:
    """The kinds of crops of a supply that count and have something in them, and of each what is kept."""
    own = supply.parts if isinstance(supply, Crops) and supply.parts else (CropPart(supply.training),)
    found = [CropPart(kept(one.crops), one.weight) for one in own]
    return [one for one in found if one.crops and one.weight > 0]


def packed(sample: CropSample, name: str = "") -> PackedCrop:
    """A sample as it is held; the picture loses what JPEG loses."""
    done, data = cv2.imencode(".jpg", sample.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise ValueError(f"a crop of {sample.image.shape} could not be encoded")
    return PackedCrop(
        data.tobytes(),
        None if sample.own is None else np.packbits(sample.own).tobytes(),
        np.packbits(sample.others).tobytes(),
        sample.box,
        sample.points,
        sample.tags,
        sample.size_px,
        sample.hidden,
        sample.category,
        name,
        sample.solid,
        sample.elsewhere,
    )


def cut_sample(
    picture: Bytes,
    box: Box,
    own: MaskPatch | None,
    others: Sequence[MaskPatch],
    points: Floats | None,
    tags: Sequence[KeypointTag],
    size_px: float,
    hidden: float,
    category: Category,
    longest_px: int = 160,
    solid: SeenFrom | None = None,
    elsewhere: SeenElsewhere | None = None,
) -> CropSample:
    """An object cut out of its picture with what is around it.

    Args:
        picture: (H, W, 3) uint8 RGB.
        box: of what is seen; it overlaps the picture.
        own, others: masks in the picture.
        points: (12, 2) in the picture's pixels; None for what has none.
        tags: of the points, or none.
        size_px: L of the whole extent, in the picture.
        hidden, category: as `CropSample`.
        longest_px: a longer crop is shrunk to this.
        solid, elsewhere: as `CropSample`, in the picture's pixels.
    """
    height, width = picture.shape[:2]
    half = AROUND * box.size / 2
    left, right = int(max(box.x + box.w / 2 - half, 0)), int(min(np.ceil(box.x + box.w / 2 + half), width))
    top, bottom = int(max(box.y + box.h / 2 - half, 0)), int(min(np.ceil(box.y + box.h / 2 + half), height))
    if right <= left or bottom <= top:
        raise ValueError("the box lies outside the picture")
    image, w, h = picture[top:bottom, left:right], right - left, bottom - top
    mine = None if own is None else window(own, left, top, w, h)
    beside = np.zeros((h, w), dtype=np.bool_)
    for other in others:
        beside |= window(other, left, top, w, h)
    shrink = min(longest_px / max(w, h), 1.0)
    size = (max(round(w * shrink), 1), max(round(h * shrink), 1))
    scale = np.array([size[0] / w, size[1] / h])
    if shrink < 1:
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        mine = None if mine is None else shrunk(mine, size)
        beside = shrunk(beside, size)
    places = np.full((POINTS, 2), np.nan)
    if points is not None:
        places = (np.asarray(points, dtype=np.float64) + 0.5 - (left, top)) * scale - 0.5
    said = numbers_of(tags) if tags else np.full(POINTS, -1, dtype=np.int64)
    said[~np.isfinite(places).all(axis=1)] = -1
    inner = Box((box.x - left) * scale[0], (box.y - top) * scale[1], box.w * scale[0], box.h * scale[1])
    placing = np.column_stack([np.diag(scale), (0.5 - np.array([left, top])) * scale - 0.5])
    return CropSample(
        np.ascontiguousarray(image),
        inner,
        mine,
        beside,
        places,
        said,
        size_px * shrink,
        hidden,
        category,
        None if solid is None else solid.changed(placing),
        None if elsewhere is None else elsewhere.changed(placing),
    )


def shrunk(mask: Bools, size: tuple[int, int]) -> Bools:
    """A mask at another size (width, height): cells that it fills by half or more."""
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(share >= 0.5, dtype=np.bool_)


def numbers_of(tags: Sequence[KeypointTag]) -> Ints:
    """(n,) the place of each tag in TAGS; -1 where unlabelled."""
    numbers = {tag: number for number, tag in enumerate(TAGS)}
    return np.array([numbers.get(tag, -1) for tag in tags], dtype=np.int64)


def write_shard(path: Path, crops: Sequence[PackedCrop]) -> None:
    """Writes crops as one file of plain arrays; it appears once it is whole."""
    own = [one.own if one.own is not None else b"" for one in crops]
    part = path.with_name(path.name + ".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as stream:
        np.savez_compressed(
            stream,
            jpeg=_joined([one.jpeg for one in crops]),
            own=_joined(own),
            others=_joined([one.others for one in crops]),
            ends=np.cumsum(
                [(len(one.jpeg), len(mask), len(one.others)) for one, mask in zip(crops, own, strict=True)],
                axis=0,
            ).reshape(-1, 3),
            box=np.array([(one.box.x, one.box.y, one.box.w, one.box.h) for one in crops]).reshape(-1, 4),
            points=np.array([one.points for one in crops]).reshape(-1, POINTS, 2),
            tags=np.array([one.tags for one in crops], dtype=np.int64).reshape(-1, POINTS),
            size_px=np.array([one.size_px for one in crops]),
            hidden=np.array([one.hidden for one in crops]),
            category=np.array([one.category.value for one in crops], dtype=np.str_),
            name=np.array([one.name for one in crops], dtype=np.str_),
            solid=np.array([_flat(one.solid) for one in crops]).reshape(-1, _SOLID),
            elsewhere=np.array([_told(one.elsewhere) for one in crops]).reshape(-1, NUMBERS),
        )
    part.replace(path)


def read_shard(path: Path) -> list[PackedCrop]:
    """The crops of one file.

    Raises:
        TrainingError: it cannot be read, or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as kept:
            table = {name: kept[name] for name in kept.files}
        ends = np.concatenate([np.zeros((1, 3), dtype=np.int64), table["ends"]])
        # crops of an older program know nothing of them
        solid, elsewhere = (
            table.get(name, np.full((len(ends) - 1, size), np.nan)).reshape(len(ends) - 1, size)
            for name, size in (("solid", _SOLID), ("elsewhere", NUMBERS))
        )
        names = ("jpeg", "own", "others")
        parts = [
            [table[name][begin:end].tobytes() for begin, end in zip(ends[:-1, at], ends[1:, at], strict=True)]
            for at, name in enumerate(names)
        ]
        return [
            PackedCrop(
                jpeg,
                own or None,
                others,
                Box(*table["box"][row].tolist()),
                table["points"][row],
                table["tags"][row],
                float(table["size_px"][row]),
                float(table["hidden"][row]),
                Category(str(table["category"][row])),
                str(table["name"][row]),
                _solid(solid[row]),
                SeenElsewhere.of_flat(elsewhere[row]),
            )
            for row, (jpeg, own, others) in enumerate(zip(*parts, strict=True))
        ]
    except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, BadZipFile) as problem:
        raise TrainingError(f"The crops {path.name} cannot be read.", _WAY_OUT) from problem


def read_crops(folder: Path, kinds: Sequence[str]) -> list[PackedCrop]:
    """All crops of a folder whose files' names begin with one of these words, in the order of the names.

    Raises:
        TrainingError: there are none, or one cannot be read.
    """
    paths = [path for path in sorted(folder.glob(f"*{_SUFFIX}")) if path.name.startswith(tuple(kinds))]
    found = [crop for path in paths for crop in read_shard(path)]
    if not found:
        raise TrainingError(f"There are no crops ({', '.join(kinds)}) in {folder}.", _WAY_OUT)
    return found


def _flat(solid: SeenFrom | None) -> Floats:
    if solid is None:
        return np.full(_SOLID, np.nan)
    return np.concatenate([[solid.focal], solid.middle, solid.space.ravel()])


def _told(elsewhere: SeenElsewhere | None) -> Floats:
    return np.full(NUMBERS, np.nan) if elsewhere is None else elsewhere.flat


def _solid(numbers: Floats) -> SeenFrom | None:
    if not np.isfinite(numbers).all():
        return None
    return SeenFrom(float(numbers[0]), numbers[1:3], numbers[3:].reshape(POINTS, 3))


def _bits(data: bytes, height: int, width: int) -> Bools:
    flat = np.unpackbits(np.frombuffer(data, np.uint8), count=height * width)
    return flat.reshape(height, width).astype(np.bool_)


def _joined(parts: Sequence[bytes]) -> Bytes:
    return np.frombuffer(b"".join(parts), dtype=np.uint8)
