"""Occluded PASCAL3D+: PASCAL3D+'s pictures with things pasted over them (Wang et al., CVPR 2020).

`annotations/carFGL1_BGL1/NAME.npz` holds what covers the object, at levels 1 to 3: `mask`, `occluder_mask`,
`box`, `source`. It has no poses: those are PASCAL3D+'s own, in `Annotations/car_imagenet/NAME.mat` of its
release. A copy that NeMo's scripts have prepared has `azimuth`, `elevation` and `theta` in the npz files, in
radians, and needs no other folder. Arrays of objects are not unpickled.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ExchangeError
from core.exchange.benchmarks.pascal3d import read_annotation
from core.exchange.benchmarks.poses import ANGLES, PoseKey, TruePose
from core.exchange.benchmarks.texts import inside, refuse
from core.exchange.object_arrays import read_object_arrays
from core.geometry.viewpoints import rotation_from_viewpoint

LEVELS = ("1", "2", "3")

_NAMES = (*ANGLES, "distance", "cad_index", "mask", "occluder_mask")
_OBJECT = 10  # masks come from JPEG files: what is darker is noise
_COVERED = 0.5


@dataclass(slots=True)
class PoseTruth:
    """The poses of a benchmark.

    Attributes:
        poses: one for each object and group.
        others: pictures of other categories, of which predictions are left out.
        left_out: plain words -> how many.
    """

    poses: list[TruePose] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)


def read_occluded(folder: Path, release: Path | None, category: str) -> PoseTruth:
    """The poses at each level that a folder has.

    Args:
        folder: of Occluded PASCAL3D+, with `annotations`.
        release: of PASCAL3D+, with `Annotations`; None where the npz files have the poses.
        category: PASCAL's word, such as car.

    Raises:
        ExchangeError: a folder or file is missing or damaged; the sentence names it.
    """
    truth = PoseTruth()
    for level in LEVELS:
        place = inside(folder, "annotations", f"{category}FGL{level}_BGL{level}")
        for path in sorted(place.glob("*.npz")) if place.is_dir() else []:
            _read(truth, inside(place, path.name), release, category, level)
    if not truth.poses:
        raise ExchangeError(
            f"{folder} has no {category} with a pose, such as annotations/{category}FGL1_BGL1/NAME.npz.",
            "Choose the folder of Occluded PASCAL3D+.",
        )
    return truth


def _read(truth: PoseTruth, path: Path, release: Path | None, category: str, level: str) -> None:
    arrays = read_object_arrays(path, _NAMES)
    where = f"{path.parent.name}/{path.name}"
    if all(word in arrays for word in ANGLES):
        rotation = rotation_from_viewpoint(*(_scalar(arrays[word], where, word) for word in ANGLES))
        distance = _scalar(arrays["distance"], where, "distance") if "distance" in arrays else None
        cad = round(_scalar(arrays["cad_index"], where, "cad_index")) if "cad_index" in arrays else None
    elif release is None:
        refuse(where, "it has no pose, and PASCAL3D+'s folder with the poses is not given")
    else:
        annotation = inside(release, "Annotations", f"{category}_imagenet", f"{path.stem}.mat")
        found = next((one for one in read_annotation(annotation) if one.kind == category), None)
        if found is None or found.rotation is None:
            truth.left_out["pictures without an annotated pose"] += 1
            return
        rotation, distance, cad = found.rotation, found.distance, found.cad
    known = distance if distance is not None and distance > 0 else None
    truth.poses.append(TruePose(PoseKey(path.stem, 0), level, rotation, known, cad, _hidden(arrays)))


def _scalar(array: NDArray[Any], where: str, word: str) -> float:
    flat = np.asarray(array).ravel()
    if flat.size != 1 or flat.dtype.kind not in "iuf" or not np.isfinite(flat[0]):
        refuse(where, f"its {word} is no number")
    return float(flat[0])


def _hidden(arrays: dict[str, NDArray[Any]]) -> float | None:
    """The share of the object that is covered; None where the masks do not say."""
    mask, cover = arrays.get("mask"), arrays.get("occluder_mask")
    if mask is None or cover is None or mask.shape != cover.shape or mask.ndim != 2:
        return None
    if mask.dtype.kind not in "biuf" or cover.dtype.kind not in "biuf":
        return None
    own = mask > (_OBJECT if mask.max(initial=0) > 1 else _COVERED)
    pixels = int(own.sum())
    return int((own & (cover > _COVERED)).sum()) / pixels if pixels else None
