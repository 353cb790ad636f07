"""A project of a square on which people walk: thin upright masks where people of known statures would be."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from core.fitting.calibration.people.statures import TOE_M
from core.geometry.masks import full_to_patch, patch_area, patch_box, patch_to_rle
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.occlusion import OcclusionLabel
from core.store.project import Project
from core.store.writers.imports import ImportedInstance, write_imported
from core.store.writers.tracks import write_track
from tests.jobs.parking import CAMERA, GROUND, HEIGHT, WIDTH, Parking

FRAMES = 8


def make_square(
    path: Path, people: int = 16, *, label: OcclusionLabel = OcclusionLabel.UNOCCLUDED
) -> Parking:
    """So many people who walk 10 to 40 m away, called unoccluded, in a camera nobody has calibrated."""
    square = Parking(path, frames=FRAMES, calibrated=False)
    rng = np.random.default_rng(3)
    statures = rng.normal(1.75, 0.06, people)
    ids: list[list[int]] = [[] for _ in range(people)]
    starts = np.column_stack([rng.uniform(14, 40, people), rng.uniform(-0.3, 0.3, people)])
    with Project.open(path) as project:
        for frame, frame_id in enumerate(square.frame_ids):
            found = []
            for (away, angle), tall in zip(starts, statures, strict=True):
                place = np.array([away - 0.6 * frame, away * angle])
                found.append(ImportedInstance(_person(place, float(tall)), label))
            with project.bulk() as bulk:
                wrote = bulk.run(lambda c, i=frame_id, f=found: write_imported(c, i, f))
            for one, instance_id in zip(ids, wrote.ids, strict=True):
                one.append(instance_id)
        taken: set[int] = set()
        for one in ids:
            with project.bulk() as bulk:
                bulk.run(lambda c, one=one: write_track(c, square.source_id, 1, one, taken=taken))
    return square


def _person(place: np.ndarray, tall: float) -> FoundInstance:
    """A bar a quarter as wide as it is tall."""
    nearer = place * (1 - TOE_M / np.linalg.norm(place))
    ends = np.array([[*nearer, 0.0], [*place, tall]])
    foot, head = CAMERA.project(GROUND.frame().apply(ends))
    full = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    half = np.array([(foot[1] - head[1]) / 8, 0.0])
    corners = np.stack([foot - half, foot + half, head + half, head - half])
    cv2.fillConvexPoly(full, np.round(corners * 16).astype(np.int32), 1, shift=4)
    patch = full_to_patch(full.astype(bool))
    return FoundInstance(
        patch_box(patch), Category.PERSON, 0.9, patch_to_rle(patch, HEIGHT, WIDTH), patch_area(patch)
    )
