"""The truth of a painted yard, of whose cars and people all is known, as a simulated street's file has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.geometry.ground_plane import pose_on_ground
from core.geometry.poses import Pose
from core.records.boxes import Box
from core.records.fits import BodyFit
from core.records.masks import MaskPatch
from core.shapes.body.coco import coco_keypoints
from core.shapes.body.gait import on_ground
from core.shapes.body.model import PosedBody, upright
from core.shapes.body.placed import pose_of
from core.shapes.space_file import default_space
from tests.jobs.yard import CAMERA, GROUND, HEADING_RAD, HEIGHT, WIDTH, Place
from tests.placed_people import stand_in

Row = dict[str, Any]


def write_truth(path: Path, pictures: list[list[Row]]) -> None:
    """Writes it; a list of objects for each picture."""
    camera = {"width": WIDTH, "height": HEIGHT, "ground": {"normal": GROUND.normal.tolist()}}
    told = [{"index": number, "objects": rows} for number, rows in enumerate(pictures)]
    path.write_text(json.dumps({"camera": camera, "pictures": told}), encoding="utf-8")


def car_row(track: int, place: Place, mask_box: Box, *, turn_rad: float = 0.0, occlusion: float = 0.0) -> Row:
    """The mean car; box and pixels are those of where it is painted."""
    space = default_space()
    pose = pose_on_ground(GROUND, place, HEADING_RAD + turn_rad)
    points = pose.apply(space.keypoints(np.zeros(space.components)))
    row = _row(track, "car", mask_box, pose, occlusion)
    return row | {
        "points": _points(points),
        "person_keypoints": None,
        "shape": [0.0] * space.components,
        "body_pose": None,
    }


def person_row(track: int, fit: BodyFit, mask_box: Box, *, turn_rad: float = 0.0) -> Row:
    """A person as the street poses one: on the ground, x forward, the pelvis turned by so much more."""
    body = stand_in()
    pose = pose_of(fit, body.model)
    pose[0] = (0.0, turn_rad, 0.0)  # about its own y, which is up
    posed = on_ground(body.model.posed(pose, np.array(fit.shape)))
    assert fit.place_m is not None
    assert fit.heading_rad is not None
    there = pose_on_ground(GROUND, fit.place_m, fit.heading_rad)
    # the pelvis where the fit has it
    shift = np.array(fit.translation) - there.apply(upright(posed.joints))[0]
    there = Pose(there.rotation, there.translation + shift)
    placed = PosedBody(there.apply(upright(posed.vertices)), there.apply(upright(posed.joints)))
    row = _row(track, "person", mask_box, there, 0.0)
    return row | {
        "points": _points(placed.joints),
        "person_keypoints": _points(coco_keypoints(placed, body.face)),
        "shape": list(fit.shape),
        "body_pose": pose.tolist(),
    }


def box_of(mask: MaskPatch) -> Box:
    """Around a mask."""
    return Box(mask.x, mask.y, mask.bits.shape[1], mask.bits.shape[0])


def _row(track: int, category: str, box: Box, pose: Pose, occlusion: float) -> Row:
    corners = [box.x, box.y, box.w, box.h]
    return {
        "track_id": track,
        "category": category,
        "box": corners,
        "amodal_box": corners,
        "occlusion": occlusion,
        "distance_m": float(np.linalg.norm(pose.translation)),
        "pose": {"rotation": pose.rotation.tolist(), "translation": pose.translation.tolist()},
    }


def _points(space: Any) -> Row:
    pixels = CAMERA.project(space)
    return {"space": space.tolist(), "pixels": pixels.tolist(), "tags": ["visible"] * len(pixels)}
