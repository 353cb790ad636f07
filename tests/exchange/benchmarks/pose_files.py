"""Tiny copies of PASCAL3D+, Occluded PASCAL3D+ and OOD-CV, and predictions about them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

Angles = tuple[float, float, float]

POSES: dict[str, Angles] = {"n01": (30.0, 10.0, 0.0), "n02": (200.0, 5.0, -3.0), "n03": (350.0, 0.0, 2.0)}
"""Pictures of one car each: azimuth, elevation and theta in degrees."""

DISTANCE = 5.0


def car(angles: Angles, kind: str = "car", distance: float = DISTANCE, cad: int = 1) -> dict[str, Any]:
    """An object of an annotation."""
    viewpoint = dict(zip(("azimuth", "elevation", "theta"), angles, strict=True))
    viewpoint |= {"distance": distance, "azimuth_coarse": 0.0, "focal": 1.0, "px": 20.0, "py": 15.0}
    facts = {"class": kind, "cad_index": cad, "bbox": np.array([1.0, 2.0, 30.0, 20.0])}
    return facts | {"viewpoint": viewpoint}


def write_annotation(path: Path, objects: Sequence[Mapping[str, Any]]) -> None:
    """A .mat file with MATLAB's struct array of objects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(objects[0])
    rows = np.empty((1, len(objects)), dtype=[(name, object) for name in names])
    for n, one in enumerate(objects):
        rows[0, n] = tuple(one[name] for name in names)
    record = {"filename": f"{path.stem}.JPEG", "imgsize": [40.0, 30.0, 3.0], "objects": rows}
    savemat(path, {"record": record})


def write_pascal3d(folder: Path) -> Path:
    """PASCAL3D+'s release with three cars, and a CAD model of two points."""
    for name, angles in POSES.items():
        write_annotation(folder / "Annotations" / "car_imagenet" / f"{name}.mat", [car(angles)])
    model = folder / "CAD" / "car" / "01.off"
    model.parent.mkdir(parents=True)
    model.write_text("OFF\n2 0 0\n1 0 0\n0 1 0\n")
    return folder


def write_occluded(folder: Path, levels: Iterable[int] = (1, 2, 3), prepared: bool = False) -> Path:
    """Occluded PASCAL3D+ as it is unpacked, or as NeMo's scripts prepare it; half of each car is covered."""
    mask = np.zeros((30, 40), dtype=np.uint8)
    mask[5:15, 10:30] = 255
    cover = np.zeros((30, 40), dtype=bool)
    cover[:, :20] = True
    for level in levels:
        place = folder / "annotations" / f"carFGL{level}_BGL{level}"
        place.mkdir(parents=True)
        for name, angles in POSES.items():
            arrays: dict[str, Any] = {"mask": mask, "occluder_mask": cover, "source": f"{name}.JPEG"}
            arrays |= {"box": np.array([5, 15, 10, 30, 30, 40]), "occluder_box": np.zeros((1, 6), np.int64)}
            if prepared:
                arrays |= dict(zip(("azimuth", "elevation", "theta"), map(math.radians, angles), strict=True))
                arrays |= {"occ_mask": np.array(None, dtype=object)}
            np.savez(place / f"{name}.npz", **arrays)
    return folder


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(header), *(",".join(str(row.get(name, "")) for name in header) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def predicted(name: str, off_deg: float = 0.0, **more: object) -> dict[str, object]:
    """A row about one of POSES, turned about the object's axis."""
    azimuth, elevation, theta = POSES[name]
    angles = {"azimuth": azimuth + off_deg, "elevation": elevation, "theta": theta}
    return {"image": f"{name}.JPEG"} | angles | more


def label(image: str, angles: Angles, kind: str = "car", **more: object) -> dict[str, object]:
    """A row of OOD-CV's tables."""
    row: dict[str, object] = {"imgs": image, "labels": kind}
    return row | dict(zip(("azimuth", "elevation", "theta"), angles, strict=True)) | {"distance": 5.0} | more
