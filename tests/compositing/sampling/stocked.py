"""A stock of painted cars on a straight street, seen by a camera 6 m above it that looks a little down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.compositing.sampling.stock import Scene, Stock, StockPiece
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import patch_to_rle
from core.records.masks import MaskPatch
from core.records.recipes import Split
from tests.compositing.sampling.grounds import car

WIDTH, HEIGHT = 320, 180
SCENE = Scene(1, None)
_DOWN = np.radians(12.0)
CAMERA = Camera(WIDTH, HEIGHT, np.array([[240.0, 0, 160], [0, 240, 90], [0, 0, 1]]), ())
GROUND = GroundPlane(np.array([0.0, -np.cos(_DOWN), -np.sin(_DOWN)]), 6.0)


def piece(piece_id: int, x_m: float, y_m: float, heading: float = 0.0, **more: object) -> StockPiece:
    """A car of that place whose mask is the box around it in the picture."""
    footprint = car(x_m, y_m, heading)
    corners = np.array(footprint.corners) / 1000
    solid = np.concatenate([np.column_stack([corners, np.full(len(corners), top)]) for top in (0.0, 1.5)])
    pixels = CAMERA.project(GROUND.frame().apply(solid))
    left, top = np.clip(np.floor(pixels.min(axis=0)).astype(int), 0, (WIDTH - 2, HEIGHT - 2))
    right, bottom = np.clip(np.ceil(pixels.max(axis=0)).astype(int), (left + 1, top + 1), (WIDTH, HEIGHT))
    bits = np.ones((bottom - top, right - left), np.bool_)
    mask = patch_to_rle(MaskPatch(int(left), int(top), bits), HEIGHT, WIDTH)
    plain = StockPiece(
        piece_id=piece_id,
        track_id=piece_id // 4,
        hour=None,
        light_q8=256,
        moment_s=float(piece_id),
        box=(int(left), int(top), int(right - left), int(bottom - top)),
        mask_id=1000 + piece_id,
        mask=mask,
        footprint=footprint,
        split=Split.TRAIN,
    )
    return replace(plain, **more)


def street(count: int = 240, seed: int = 0) -> list[StockPiece]:
    """Cars in three lanes of a street that runs past the camera at a slant, four of a track each."""
    rng = np.random.default_rng(seed)
    rows = []
    for piece_id in range(count):
        along, lane = rng.uniform(10, 45), rng.integers(-2, 3)
        x, y = along, 3.4 * lane + 0.12 * (along - 25)
        rows.append(piece(piece_id, float(x), float(y), 0.12 + float(rng.normal(0, 0.03))))
    return rows


def stock(pieces: Sequence[StockPiece]) -> Stock:
    return Stock(1, WIDTH, HEIGHT, pieces)
