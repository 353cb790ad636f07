"""How much of the plates and heads on the simulated street the privacy blur covers, and what it costs.

    python -m benchmarks privacy

A true plate is the part of the car's own mesh that is painted as one, as far as it is seen; a true head is a
ball of 0.12 m around the middle of the person's skull. Masks are what is really seen, and those of the motion
detector where they share half of their pixels with a car's. Fits of cars are the coarse ones, made from those
masks alone, which is what a project has before anybody has clicked; fits of people are made of all 17 points,
with 2 px of noise, and of the true mask.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.coarse import Seen, by_detector, by_truth, fit, frames_of
from core.compositing.privacy.blur import blurred
from core.compositing.privacy.heads import SeenBody, head_pixels
from core.compositing.privacy.plates import SeenFit
from core.compositing.privacy.regions import hull_patch
from core.compositing.privacy.subjects import Subject, regions_of
from core.fitting.people.evidence import body_evidence
from core.fitting.people.fitter import BodyFitter
from core.geometry.masks import patch_box, patch_to_full
from core.records.detections import Category
from core.records.fits import FitVerdict, VehicleFit
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch
from core.shapes.body.placed import named_body
from core.shapes.body.skeleton import Joint
from core.shapes.space_file import default_space
from core.synthesis.street.mounts import Mount
from core.synthesis.street.truth import StreetFrame, StreetObject

Bits = NDArray[np.bool_]

LEAST_COVERED = 0.99
_HEAD_M, _ABOVE_JOINT_M = 0.12, 0.08
_NOISE_PX = 2.0
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


@dataclass(slots=True)
class Tally:
    """What was covered of one kind of thing.

    Attributes:
        seen: plates or heads. pixels: theirs. covered: those of them that are blurred.
        missed: how many are covered by less than 90 %.
        blurred_px: pixels of the objects that are blurred. object_px: all of theirs.
    """

    seen: int = 0
    pixels: int = 0
    covered: int = 0
    missed: int = 0
    blurred_px: int = 0
    object_px: int = 0

    def add(self, truth: Bits, blurred_: Bits, own: Bits) -> None:
        """Count one object."""
        self.blurred_px += int((blurred_ & own).sum())
        self.object_px += int(own.sum())
        pixels, hit = int(truth.sum()), int((truth & blurred_).sum())
        if pixels >= _SMALLEST_PX:
            self.seen += 1
            self.pixels += pixels
            self.covered += hit
            self.missed += hit < 0.9 * pixels


def main(
    seeds: Sequence[int] = (1, 2),
    frames: int = 36,
    size: tuple[int, int] = (1280, 720),
    pictures: Path | None = None,
) -> dict[str, object]:
    """Measure, print, and return the figures; pictures, where wanted, go into a folder."""
    tallies: dict[str, Tally] = {}
    rates: list[float] = []
    for seed in seeds:
        mount, made = frames_of(seed, frames, size)
        fitter, noise = BodyFitter(mount.camera, mount.ground, named_body()), np.random.default_rng(seed)
        patches: dict[float, list[MaskPatch]] = {frame.time_s: [] for frame in made}
        for masks, seen in (
            ("true masks", by_truth(mount, made)),
            ("motion masks", by_detector(mount, made)),
        ):
            fits = fit(mount, seen)[0] if seen else []
            for one, found in zip(seen, fits, strict=True):
                chosen = _car(one, found, masks, mount, size, tallies)
                if masks == "true masks":
                    patches[one.time_s] += chosen
        for frame in made:
            patches[frame.time_s] += _people(frame, mount, fitter, noise, size, tallies)
            began = time.process_time()
            picture = blurred(frame.picture, patches[frame.time_s])
            rates.append(time.process_time() - began)
            if pictures is not None:
                pictures.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(pictures / f"{seed}-{frame.index:03d}.png"), picture[..., ::-1])
    out: dict[str, object] = {"limit": LEAST_COVERED}
    for name, tally in sorted(tallies.items()):
        share, lost = tally.covered / tally.pixels, tally.blurred_px / tally.object_px
        out[name] = {**asdict(tally), "covered": round(share, 4), "of the objects": round(lost, 3)}
        print(
            f"{name}: {tally.seen} seen, {share:.2%} of their pixels covered, {tally.missed} by less than "
            f"90 %; {lost:.0%} of the objects' pixels blurred"
        )
    out["pictures a second"] = round(1 / float(np.median(rates)), 1)
    print(
        f"{1 / float(np.median(rates)):.1f} pictures a second blurred, median; load {os.getloadavg()[0]:.1f}"
    )
    return out


def _car(
    one: Seen,
    found: VehicleFit,
    masks: str,
    mount: Mount,
    size: tuple[int, int],
    tallies: dict[str, Tally],
) -> list[MaskPatch]:
    """Count a car by its box and, where it is good, by its fit; gives what the program would blur."""
    width, height = size
    truth = true_plates(one.truth, mount, height, width)
    own = patch_to_full(one.truth.modal, height, width)
    cases: list[tuple[str, SeenFit | None]] = [("by box", None)]
    if found.verdict is FitVerdict.GOOD:
        cases.append(("by coarse fit", SeenFit(found, mount.camera, default_space())))
    patches: list[MaskPatch] = []
    for how, seen in cases:
        patches = _patches(Subject("", Category.CAR, patch_box(one.mask), seen), size)
        tallies.setdefault(f"plates, {masks}, {how}", Tally()).add(truth, _union(patches, size), own)
    return patches


def _people(
    frame: StreetFrame,
    mount: Mount,
    fitter: BodyFitter,
    noise: np.random.Generator,
    size: tuple[int, int],
    tallies: dict[str, Tally],
) -> list[MaskPatch]:
    """Count the people of a frame by their boxes and, where a fit may be gone by, by that."""
    width, height = size
    found: list[MaskPatch] = []
    seen = [one for one in frame.objects if one.category is Category.PERSON and one.box is not None]
    evidences = [
        body_evidence(_points(one, noise), one.box, one.modal) for one in seen if one.box is not None
    ]
    for one, body in zip(seen, fitter.fit_many(evidences), strict=True):
        assert one.box is not None
        truth = true_head(one, mount, height, width)
        own = patch_to_full(one.modal, height, width)
        head = head_pixels(SeenBody(body, mount.camera, mount.ground.normal, fitter.body.model), one.box)
        patches: list[MaskPatch] = []
        for how, px in (("by box", None), ("by body fit", head)):
            if how == "by box" or px is not None:
                patches = _patches(Subject("", one.category, one.box, head_px=px), size)
                tallies.setdefault(f"heads, true boxes, {how}", Tally()).add(
                    truth, _union(patches, size), own
                )
        found += patches
    return found


def _points(one: StreetObject, noise: np.random.Generator) -> KeypointSet:
    """A person's points as somebody places them who is 2 px off."""
    assert one.person_keypoints is not None
    pixels = one.person_keypoints.pixels + noise.normal(0, _NOISE_PX, (17, 2))
    return KeypointSet(
        Template.PERSON,
        tuple(
            PlacedPoint(x, y, tag) if np.isfinite([x, y]).all() else None
            for (x, y), tag in zip(pixels.tolist(), one.person_keypoints.tags, strict=True)
        ),
    )


def _patches(subject: Subject, size: tuple[int, int]) -> list[MaskPatch]:
    return [region.patch for region in regions_of(subject, *size)]


def _union(patches: Sequence[MaskPatch], size: tuple[int, int]) -> Bits:
    drawn = np.zeros((size[1], size[0]), dtype=np.bool_)
    for patch in patches:
        drawn |= patch_to_full(patch, size[1], size[0])
    return drawn


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.privacy")
    parser.add_argument("--frames", type=int, default=36)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args()
    main(asked.seeds, asked.frames, pictures=asked.pictures)
