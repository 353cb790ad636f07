"""How much of the plates and heads on the simulated street the privacy blur covers, and what it costs.

    python -m benchmarks privacy

A true plate is the part of the car's own mesh that is painted as one, as far as it is seen; a true head is a
ball of 0.12 m around the middle of the person's skull. Masks are what is really seen; fits are the coarse
ones, made from those masks alone, which is what a project has before anybody has clicked.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.coarse import by_truth, fit, frames_of
from core.compositing.privacy.blur import blurred
from core.compositing.privacy.plates import SeenFit
from core.compositing.privacy.regions import hull_patch
from core.compositing.privacy.subjects import Subject, regions_of
from core.geometry.masks import patch_area, patch_to_full
from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import FitVerdict, VehicleFit
from core.shapes.body.skeleton import Joint
from core.shapes.space_file import default_space
from core.synthesis.street.mounts import Mount
from core.synthesis.street.truth import StreetFrame, StreetObject

Bits = NDArray[np.bool_]

LEAST_COVERED = 0.99
_HEAD_M, _ABOVE_JOINT_M = 0.12, 0.08
_SMALLEST_PX = 6  # of a plate or a head: fewer pixels tell nothing


def true_plates(one: StreetObject, mount: Mount, height: int, width: int) -> Bits:
    """(H, W) pixels of the car's plates that are seen."""
    space = default_space()
    assert space.mesh is not None
    vertices = one.pose.apply(space.vertices(one.shape))
    faces = vertices[space.mesh.faces[space.mesh.parts["plate"]]]
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    faces = faces[(normals * faces.mean(axis=1)).sum(axis=1) < 0]
    drawn = np.zeros((height, width), dtype=np.uint8)
    for corners in mount.camera.project(faces):
        cv2.fillConvexPoly(drawn, np.round(corners).astype(np.int32), (1,))
    return (drawn > 0) & patch_to_full(one.modal, height, width)


def true_head(one: StreetObject, mount: Mount, height: int, width: int) -> Bits:
    """(H, W) pixels of the person's head that are seen."""
    joints = one.points.space
    up = joints[Joint.HEAD] - joints[Joint.NECK]
    middle = joints[Joint.HEAD] + _ABOVE_JOINT_M * up / np.linalg.norm(up)
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = middle + _HEAD_M * np.stack([np.cos(turns), np.sin(turns), np.zeros(24)], axis=1)
    disc = patch_to_full(hull_patch(mount.camera.project(ring), width, height), height, width)
    return disc & patch_to_full(one.modal, height, width)


def _modal(one: StreetObject) -> Box:
    assert one.box is not None
    return one.box


def main(
    seeds: Sequence[int] = (1, 2),
    frames: int = 40,
    size: tuple[int, int] = (1920, 1080),
    pictures: Path | None = None,
) -> dict[str, object]:
    """Measure, print, and return the figures; pictures, where wanted, go into a folder."""
    totals: dict[str, list[int]] = {}
    missed: dict[str, int] = {}
    rates = []
    for seed in seeds:
        mount, made = frames_of(seed, frames, size)
        seen = by_truth(mount, made)
        fits = dict(zip((id(one.truth) for one in seen), fit(mount, seen)[0], strict=True))
        for frame in made:
            _frame(frame, mount, fits, totals, missed, rates, pictures)
    out: dict[str, object] = {"limit": LEAST_COVERED}
    for name, (true, covered, blurred_px, object_px, count) in sorted(totals.items()):
        share = covered / true
        out[name] = {
            "seen": count,
            "covered": round(share, 4),
            "missed": missed.get(name, 0),
            "of the object": round(blurred_px / object_px, 3),
        }
        print(
            f"{name}: {count} seen, {share:.2%} of their pixels covered, "
            f"{missed.get(name, 0)} less than 90 %; "
            f"{blurred_px / object_px:.0%} of the objects' pixels blurred"
        )
    out["pictures a second"] = round(1 / float(np.median(rates)), 1)
    print(f"{1 / float(np.median(rates)):.1f} pictures a second blurred, median")
    return out


def _frame(
    frame: StreetFrame,
    mount: Mount,
    fits: dict[int, VehicleFit],
    totals: dict[str, list[int]],
    missed: dict[str, int],
    rates: list[float],
    pictures: Path | None,
) -> None:
    height, width = frame.picture.shape[:2]
    shown = []
    for one in frame.objects:
        if one.box is None:
            continue
        found = fits.get(id(one))
        cases: list[tuple[str, SeenFit | None]] = [("heads, by box", None)]
        true = true_head if one.category is Category.PERSON else true_plates
        if one.category is Category.CAR:
            cases = [("plates, by box", None)]
            if found is not None and found.verdict is FitVerdict.GOOD:
                cases.append(("plates, by coarse fit", SeenFit(found, mount.camera, default_space())))
        truth = true(one, mount, height, width)
        for name, fit_seen in cases:
            regions = regions_of(Subject("", one.category, _modal(one), fit_seen), width, height)
            covered = np.zeros((height, width), dtype=np.bool_)
            for region in regions:
                covered |= patch_to_full(region.patch, height, width)
            own = patch_to_full(one.modal, height, width)
            pixels = int(truth.sum())
            total = totals.setdefault(name, [0, 0, 0, 0, 0])
            total[2] += int((covered & own).sum())
            total[3] += patch_area(one.modal)
            if pixels >= _SMALLEST_PX:
                hit = int((truth & covered).sum())
                total[0] += pixels
                total[1] += hit
                total[4] += 1
                missed[name] = missed.get(name, 0) + (hit < 0.9 * pixels)
        shown += [region.patch for region in regions]
    began = time.process_time()
    picture = blurred(frame.picture, shown)
    rates.append(time.process_time() - began)
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(pictures / f"{frame.index:03d}.png"), picture[..., ::-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.privacy")
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args()
    main(asked.seeds, asked.frames, pictures=asked.pictures)
