"""Pictures of simulated streets with all truth, on disk, and what of it stands for a person's labels.

A street through one camera is a folder: a JPEG for each frame, and `frames.json`, which is written last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import patch_area, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle
from core.synthesis.street.mounts import Mount
from core.synthesis.street.street import Street, StreetCamera
from core.synthesis.street.truth import StreetFrame
from core.training.data.real import RealFrame, RealObject
from core.training.data.streets import STILLS_FPS, USUAL, street_of

Progress = Callable[[float], None]
Watch = Callable[[str, Mount, StreetFrame], None]
"""Sees each frame that is cast: the name of its camera's folder, the camera, the frame."""

TOLD = "frames.json"
_QUALITY = 95  # the pictures have a camera's compression already
_LEAST_SIDE_PX, _LEAST_AREA_PX = 5.0, 24
_STEP = 7919  # from the seed of one street to the next: no plan's streets are another's


@dataclass(frozen=True, slots=True)
class StreetPlan:
    """Which streets. Equal plans give equal pictures.

    Attributes:
        numbers: of the streets, each through two cameras; plans of one seed share those of the same number.
        frames: of each camera.
        width, height: of the pictures, pixels.
        seed: another number, other streets; below 7,000.
        fps: frames a second; 2.5 seconds from one to the next unless they are to be followed.
    """

    numbers: tuple[int, ...] = (0, 1, 2, 3)
    frames: int = 30
    width: int = 640
    height: int = 360
    seed: int = 0
    fps: float = STILLS_FPS

    def __post_init__(self) -> None:
        """Refuses what cannot be.

        Raises:
            ValueError: a number is out of its range.
        """
        if not self.numbers or min(self.numbers) < 0 or self.frames < 1 or not 0 <= self.seed < _STEP:
            raise ValueError(f"no streets: {self}")


@dataclass(frozen=True, slots=True)
class KnownObject:
    """One object of a frame, as it is.

    Attributes:
        category: car or person.
        seen, whole: masks of what is seen of it, and of all of it within the picture.
        box: around what is seen; None where nothing is.
        occlusion: the share that is not seen, also of what lies beyond the picture.
        track: its number in its street.
    """

    category: Category
    seen: Rle
    whole: Rle
    box: Box | None
    occlusion: float
    track: int


def make_street_frames(
    folder: Path, plan: StreetPlan, progress: Progress | None = None, watch: Watch | None = None
) -> list[Path]:
    """Casts the streets of a plan into a folder; those that are there are not cast again.

    Args:
        progress: is told the share that is done, 0 to 1.
        watch: see `Watch`; of what is there already it sees nothing.

    Returns:
        one folder for each camera.

    Raises:
        RayCastingUnavailableError: rays cannot be cast here.
    """
    made: list[Path] = []
    for done, number in enumerate(plan.numbers):
        made += _street(folder, plan, number, watch)
        if progress is not None:
            progress((done + 1) / len(plan.numbers))
    return made


@dataclass(frozen=True, slots=True, eq=False)
class KnownFrame:
    """A picture, (H, W, 3) uint8 RGB, and what is known of it.

    Attributes:
        objects: all that are told apart. others: boxes of what else stands there, of which nothing is known.
    """

    picture: NDArray[np.uint8]
    objects: tuple[KnownObject, ...]
    others: tuple[Box, ...] = ()


def keep_frames(folder: Path, frames: Iterable[KnownFrame]) -> None:
    """Writes some pictures with what is known of them; `StreetTruth` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for place, frame in enumerate(frames):
        done, data = cv2.imencode(".jpg", frame.picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        assert done
        (folder / f"{place:05d}.jpg").write_bytes(data.tobytes())
        told.append(
            {
                "size": list(frame.picture.shape[:2]),
                "objects": [_row(one) for one in frame.objects],
                "others": [_corner(one) for one in frame.others],
            }
        )
    part = folder / f"{TOLD}.new"  # it says that all is there: so it is there once it is whole
    part.write_text(json.dumps(told), encoding="utf-8")
    part.replace(folder / TOLD)


def known_of(frame: StreetFrame) -> KnownFrame:
    """A frame of a street with all that is in it."""
    height, width = frame.picture.shape[:2]
    return KnownFrame(
        frame.picture,
        tuple(
            KnownObject(
                item.category,
                patch_to_rle(item.modal, height, width),
                patch_to_rle(item.amodal, height, width),
                item.box,
                item.occlusion,
                item.track_id,
            )
            for item in frame.objects
            if patch_area(item.amodal)
        ),
    )


class StreetTruth:
    """Pictures out of one or more folders with what is known of them; it can be pickled.

    Args:
        folders: that `keep_frames` has written.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._rows: list[tuple[Path, Any]] = []
        for folder in folders:
            told = json.loads((folder / TOLD).read_text(encoding="utf-8"))
            self._rows += [(folder / f"{place:05d}.jpg", one) for place, one in enumerate(told)]

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Of each picture the name of its folder: a street through one camera."""
        return tuple(path.parent.name for path, _ in self._rows)

    def frame(self, index: int) -> KnownFrame:
        """One of them; its objects farthest first.

        Raises:
            OSError, ValueError: its picture is not there, or none.
        """
        path, said = self._rows[index]
        data = np.frombuffer(path.read_bytes(), np.uint8)
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if decoded is None:
            raise ValueError(f"{path} is no picture")
        picture = np.ascontiguousarray(decoded[..., ::-1], dtype=np.uint8)
        height, width = said["size"]
        return KnownFrame(
            picture,
            tuple(
                KnownObject(
                    Category(one["category"]),
                    Rle(height, width, one["seen"].encode()),
                    Rle(height, width, one["whole"].encode()),
                    None if one["box"] is None else Box(*one["box"]),
                    one["occlusion"],
                    one["track"],
                )
                for one in said["objects"]
            ),
            tuple(Box(*one) for one in said["others"]),
        )


@dataclass(frozen=True)
class SeenLabels:
    """Frames as somebody would label them who draws around what is seen (a `FrameSupply`).

    Every object that is seen at all well counts, whatever hides of it; its mask and its box are of the part
    that is seen. Specks are ignored.
    """

    truth: StreetTruth

    def __len__(self) -> int:
        return len(self.truth)

    def frame(self, index: int) -> RealFrame:
        """A frame with these labels."""
        known = self.truth.frame(index)
        objects, others = [], list(known.others)
        for one in known.objects:
            if one.box is None:
                continue
            if min(one.box.w, one.box.h) < _LEAST_SIDE_PX or one.box.w * one.box.h < _LEAST_AREA_PX:
                others.append(one.box)
            else:
                objects.append(RealObject(one.category, one.box, one.seen, None))
        return RealFrame(known.picture, tuple(objects), tuple(others))


def cast_street(plan: StreetPlan, number: int) -> Iterator[tuple[str, Mount, Iterator[StreetFrame]]]:
    """One of a plan's streets through its two cameras: the name of each one's folder, and its frames."""
    seed = _seed(plan, number)
    street, mounts = street_of(number, seed, plan.frames, plan.width, plan.height, USUAL, plan.fps)
    for name, mount in zip(_names(plan, number), mounts, strict=True):
        yield name, mount, _cast(street, mount, plan.frames)


def _cast(street: Street, mount: Mount, frames: int) -> Iterator[StreetFrame]:
    view = StreetCamera(street, mount)
    for index in range(frames):
        yield view.frame(index)


def _street(folder: Path, plan: StreetPlan, number: int, watch: Watch | None) -> list[Path]:
    """One street through its two cameras."""
    folders = [folder / name for name in _names(plan, number)]
    if all((one / TOLD).exists() for one in folders):
        return folders
    for name, mount, frames in cast_street(plan, number):
        if not (folder / name / TOLD).exists():
            keep_frames(folder / name, (known_of(_watched(watch, name, mount, one)) for one in frames))
    return folders


def _watched(watch: Watch | None, name: str, mount: Mount, frame: StreetFrame) -> StreetFrame:
    if watch is not None:
        watch(name, mount, frame)
    return frame


def _seed(plan: StreetPlan, number: int) -> int:
    return plan.seed + _STEP * (number + 1)


def _names(plan: StreetPlan, number: int) -> list[str]:
    """Of the folders of one street's two cameras."""
    return [f"street-{_seed(plan, number):07d}-{place}" for place in range(2)]


def _row(one: KnownObject) -> dict[str, Any]:
    return {
        "category": one.category.value,
        "seen": one.seen.counts.decode(),
        "whole": one.whole.counts.decode(),
        "box": None if one.box is None else _corner(one.box),
        "occlusion": one.occlusion,
        "track": one.track,
    }


def _corner(box: Box) -> list[float]:
    return [float(one) for one in (box.x, box.y, box.w, box.h)]
