"""Real clips, the hand labels of who is unoccluded in them, and the project's own finds and tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import to_array
from core.jobs.reproduce.footage.labels import hand_labels
from core.media.open_reader import open_reader
from core.media.source import index_source
from core.mining.detectors.registry import create_detector
from core.mining.occlusion.evidence import Crop, Crops
from core.mining.tracking import settle_categories, track_sequence
from core.records.boxes import Box
from core.records.detections import Category, Detection, DetectorFrame
from core.records.masks import MaskPatch
from core.records.media import SourceTable
from core.records.occlusion import Observation

NETWORK = "networks/yolov8n-seg_int8.onnx"
FRAMES_A_PART = 50
CROP_MARGIN = 0.15  # as the mining job cuts its crops


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip.

    Attributes:
        name, path: which, below the folder of real footage.
        tile_px: side of the tiles in which small objects are looked for; None looks at the whole picture.
    """

    name: str
    path: str
    tile_px: int | None


CLIPS = (
    Clip("junction", "junction/frames", 160),
    Clip("suburb", "suburb/suburb.mp4", 320),
    Clip("highway", "highway/highway.avi", None),
)


@dataclass(frozen=True, slots=True)
class Label:
    """One hand label; see the header of the file of labels."""

    clip: str
    draw: str
    frame: int
    box: tuple[float, float, float, float]
    unoccluded: bool
    by: str
    doubtful: bool
    split: str


def read_labels() -> list[Label]:
    """All hand labels."""
    rows = hand_labels("occlusion_labels")["labels"]
    return [
        Label(
            row["clip"],
            row["draw"],
            row["frame"],
            tuple(row["box"]),
            row["label"] == "unoccluded",
            row.get("by", ""),
            row.get("doubtful", False),
            row["split"],
        )
        for row in rows
    ]


def frames_of(clip: Clip, footage: Path) -> tuple[SourceTable, list[NDArray[np.uint8]]]:
    """The clip's table of frames and all its pictures, (H, W, 3) uint8 RGB.

    Args:
        footage: the folder of real footage.
    """
    path = footage / clip.path
    table = index_source(path)
    with open_reader(table.kind, table.path, table.frames) as reader:
        return table, [frame.image for frame in reader.iterate()]


def observations_of(table: SourceTable, found: Sequence[Sequence[Detection]]) -> list[Observation]:
    """A clip's objects as mining would hand them to the tests: tracked.

    `frame` is the frame's ordinal, `instance_id` counts from 0.

    Args:
        found: in each frame.
    """
    times = [stamp.time_s for stamp in table.frames]
    tracks = track_sequence(found, 1.0 / float(np.median(np.diff(times))))
    kinds = settle_categories(found, tracks)
    out: list[Observation] = []
    for number, (row, numbers, settled) in enumerate(zip(found, tracks, kinds, strict=True)):
        for one, track, kind in zip(row, numbers, settled, strict=True):
            place = len(out)
            out.append(Observation(place, number, times[number], track, one.box, kind, one.score, one.mask))
    return out


def crops_from(observations: Sequence[Observation], images: Sequence[NDArray[np.uint8]]) -> Crops:
    """Gives the crops of objects, as the mining job's are cut."""
    by_id = {one.instance_id: one for one in observations}

    def crops(ids: Sequence[int]) -> Mapping[int, Crop]:
        return {number: _crop(by_id[number], images[by_id[number].frame]) for number in ids}

    return crops


def without_masks(observations: Sequence[Observation]) -> list[Observation]:
    """The same objects as a detector without masks would give them."""
    return [replace(one, mask=None) for one in observations]


def _crop(one: Observation, image: NDArray[np.uint8]) -> Crop:
    margin = CROP_MARGIN * one.box.size
    left, top = max(int(one.box.x - margin), 0), max(int(one.box.y - margin), 0)
    bottom, right = int(np.ceil(one.box.bottom + margin)), int(np.ceil(one.box.right + margin))
    return Crop(left, top, image[top:bottom, left:right])


def search(
    clip: Clip, footage: Path, images: Sequence[NDArray[np.uint8]], cache: Path, upto: int | None = None
) -> list[list[Detection]]:
    """What the network finds in each frame of a clip; in parts, so that it goes on where it was broken off.

    Args:
        footage: the folder of real footage, where the network lies too.
        cache: where finds are kept.
        upto: of the parts, so many are searched and no more.
    """
    settings: dict[str, Any] = {"model": footage / NETWORK, "min_score": 0.25, "threads": 1}
    if clip.tile_px is not None:
        settings |= {"tiles": True, "tile_px": clip.tile_px}
    found: list[list[Detection]] = []
    detector = None
    for start in range(0, len(images), FRAMES_A_PART)[:upto]:
        part = images[start : start + FRAMES_A_PART]
        path = part_path(cache, clip, start)
        if not path.exists():
            detector = detector or create_detector("onnx", **settings)
            write_finds(path, [detector.detect([DetectorFrame(image)])[0] for image in part])
        found += read_finds(path, len(part))
    return found


def part_path(cache: Path, clip: Clip, start: int) -> Path:
    """Where the finds of the frames from one on are kept."""
    return cache / f"{clip.name}-{clip.tile_px or 'whole'}-{start:05d}.npz"


def write_finds(path: Path, found: Sequence[Sequence[Detection]]) -> None:
    """Keeps the finds of some frames in a file, which is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = [(number, one) for number, row in enumerate(found) for one in row]
    masks = [one.mask or MaskPatch(0, 0, np.zeros((0, 0), dtype=np.bool_)) for _, one in flat]
    packed = [np.packbits(mask.bits.reshape(-1)) for mask in masks]
    part = path.with_name(f"new-{path.name}")
    np.savez_compressed(
        part,
        frame=np.array([number for number, _ in flat]),
        box=to_array(one.box for _, one in flat),
        score=np.array([one.score for _, one in flat]),
        category=np.array([one.category.value for _, one in flat], dtype=np.str_),
        place=np.array([(mask.x, mask.y, *mask.bits.shape) for mask in masks]),
        bits=np.concatenate([*packed, np.zeros(0, dtype=np.uint8)]),
    )
    part.replace(path)


def read_finds(path: Path, frames: int) -> list[list[Detection]]:
    """The finds of so many frames out of a file."""
    with np.load(path, allow_pickle=False) as kept:
        table = {name: kept[name] for name in kept.files}
    found: list[list[Detection]] = [[] for _ in range(frames)]
    start = 0
    for row, number in enumerate(table["frame"]):
        x, y, h, w = table["place"][row].tolist()
        length = -(-h * w // 8)
        bits = (
            np.unpackbits(table["bits"][start : start + length], count=h * w).reshape(h, w).astype(np.bool_)
        )
        start += length
        found[number].append(
            Detection(
                Box(*table["box"][row].tolist()),
                Category(str(table["category"][row])),
                float(table["score"][row]),
                MaskPatch(x, y, bits) if h and w else None,
            )
        )
    return found
