"""The truth about a frame as plain rows for JSON; masks in COCO's compressed run lengths."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import patch_to_rle
from core.records.boxes import Box
from core.records.masks import MaskPatch
from core.shapes import keypoints, person_keypoints
from core.synthesis.street.mounts import Mount
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.truth import PointsTruth, StreetFrame, StreetObject

FORMAT = 1


def header(settings: StreetSettings, mount: Mount) -> dict[str, Any]:
    """What holds for a whole clip: settings, the camera, the ground, names."""
    camera = mount.camera
    return {
        "format": FORMAT,
        "frames": "camera: x right, y down, z forward; car: x forward, y left, z up, on the ground; metres",
        "seed": settings.seed,
        "fps": settings.fps,
        "hour": settings.hour,
        "weather": settings.weather.value,
        "camera": {
            "name": mount.name,
            "width": camera.width,
            "height": camera.height,
            "matrix": camera.matrix.tolist(),
            "distortion": list(camera.distortion),
            "street_to_camera": {
                "rotation": mount.pose.rotation.tolist(),
                "translation": mount.pose.translation.tolist(),
            },
            "ground": {"normal": mount.ground.normal.tolist(), "height": mount.ground.height},
        },
        "keypoints": list(keypoints.NAMES),
        "skeleton": [list(edge) for edge in keypoints.SKELETON],
        "person_keypoints": list(person_keypoints.NAMES),
        "person_skeleton": [list(edge) for edge in person_keypoints.SKELETON],
    }


def camera_of(head: dict[str, Any]) -> tuple[str, Camera, GroundPlane]:
    """The camera of a clip's header: its name, its intrinsics, and the ground in its frame."""
    row = head["camera"]
    camera = Camera(row["width"], row["height"], np.array(row["matrix"]), tuple(row["distortion"]))
    return row["name"], camera, GroundPlane(np.array(row["ground"]["normal"]), row["ground"]["height"])


def frame_row(frame: StreetFrame) -> dict[str, Any]:
    """One frame without its picture and depth."""
    height, width = frame.depth.shape
    return {
        "index": frame.index,
        "time_s": frame.time_s,
        "objects": [object_row(item, height, width) for item in frame.objects],
    }


def object_row(item: StreetObject, height: int, width: int) -> dict[str, Any]:
    """One object of one frame."""
    people = item.person_keypoints
    return {
        "track_id": item.track_id,
        "category": item.category.value,
        "parked": item.parked,
        "distance_m": round(item.distance_m, 4),
        "box": None if item.box is None else box_row(item.box),
        "amodal_box": box_row(item.amodal_box),
        "modal": mask_row(item.modal, height, width),
        "amodal": mask_row(item.amodal, height, width),
        "occlusion": round(item.occlusion, 6),
        "covers": [
            {"kind": cover.kind.value, "track_id": cover.track_id, "share": round(cover.share, 6)}
            for cover in item.covers
        ],
        "pose": {"rotation": item.pose.rotation.tolist(), "translation": item.pose.translation.tolist()},
        "shape": item.shape.tolist(),
        "body_pose": None if item.body_pose is None else item.body_pose.tolist(),
        "points": points_row(item.points),
        "person_keypoints": None if people is None else points_row(people),
    }


def points_row(points: PointsTruth) -> dict[str, Any]:
    """Where points are, their tags, and what hides them."""
    return {
        "space": points.space.tolist(),
        "pixels": [
            [None if math.isnan(value) else value for value in pixel] for pixel in points.pixels.tolist()
        ],
        "tags": [tag.value for tag in points.tags],
        "hiders": [
            None if hider is None else {"track_id": hider.track_id, "thing": hider.thing}
            for hider in points.hiders
        ],
    }


def box_row(box: Box) -> list[float]:
    """COCO's x, y, w, h."""
    return [round(value, 4) for value in (box.x, box.y, box.w, box.h)]


def mask_row(patch: MaskPatch, height: int, width: int) -> dict[str, Any]:
    """COCO's compressed run lengths."""
    return {"size": [height, width], "counts": patch_to_rle(patch, height, width).counts.decode("ascii")}
