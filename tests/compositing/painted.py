"""Pieces painted for tests: plain colours and boxes, so that every pixel of a composite is known by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.compositing.pixels import encode_png
from core.geometry.masks import patch_to_rle
from core.records.detections import Category
from core.records.fits import FitMethod, FitVerdict, VehicleFit
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch, Rle
from core.records.recipes import (
    COMPOSER_VERSION,
    Cutout,
    Move,
    Piece,
    Recipe,
    RecipeObject,
    Sampler,
    Split,
)
from core.records.shapes import KeypointTag

BACKGROUND = 1


class PaintedPieces:
    """A PieceSource in memory that counts what it is asked for."""

    def __init__(self, background: NDArray[np.uint8]) -> None:
        self.backgrounds = {BACKGROUND: background}
        self.by_id: dict[int, Piece] = {}
        self.cut: dict[int, Cutout] = {}
        self.rles: dict[int, Rle] = {}
        self.cutouts_read = 0

    def pieces(self, ids: Sequence[int]) -> Mapping[int, Piece]:
        return {one: self.by_id[one] for one in ids if one in self.by_id}

    def cutouts(self, ids: Sequence[int]) -> Mapping[int, Cutout]:
        self.cutouts_read += len(ids)
        return {one: self.cut[one] for one in ids if one in self.cut}

    def background(self, background_id: int) -> NDArray[np.uint8] | None:
        return self.backgrounds.get(background_id)

    def masks(self, ids: Sequence[int]) -> Mapping[int, Rle]:
        return {one: self.rles[one] for one in ids if one in self.rles}

    def paint(
        self,
        piece_id: int,
        x: int,
        y: int,
        colour: NDArray[np.uint8],
        alpha: NDArray[np.uint8],
        *,
        shade: NDArray[np.uint8] | None = None,
        ring: NDArray[np.uint8] | None = None,
        light: tuple[int, int, int, int] = (0, 0, 0, 0),
        **more: Any,
    ) -> Piece:
        """A piece whose mask is where its alpha is at least a half."""
        h, w = alpha.shape
        height, width = self.backgrounds[BACKGROUND].shape[:2]
        planes = np.stack(
            [
                alpha,
                np.full((h, w), 255, np.uint8) if shade is None else shade,
                np.zeros((h, w), np.uint8) if ring is None else ring,
            ],
            axis=2,
        )
        pixels, shares = encode_png(colour), encode_png(planes)
        rle = patch_to_rle(MaskPatch(x, y, alpha >= 128), height, width)
        self.cut[piece_id] = Cutout(piece_id, piece_id, 1, None, x, y, w, h, pixels, shares, light)
        fields: dict[str, Any] = {
            "id": piece_id,
            "cutout_id": piece_id,
            "instance_id": 100 + piece_id,
            "track_id": piece_id,
            "camera_id": 1,
            "category": Category.CAR,
            "hour": None,
            "captured_at": None,
            "time_s": float(piece_id),
            "standing": False,
            "mask_id": piece_id,
            "mask": rle,
            "keypoint_set_id": None,
            "keypoints": None,
            "fit_id": None,
            "fit": None,
            "calibration_id": None,
        }
        piece = Piece(**{**fields, **more})
        self.by_id[piece_id] = piece
        self.rles[piece.mask_id] = piece.mask
        return piece

    def box(self, piece_id: int, x: int, y: int, w: int, h: int, rgb: Sequence[int], **more: Any) -> Piece:
        """A piece that is a box of one colour with hard edges."""
        colour = np.empty((h, w, 3), np.uint8)
        colour[...] = rgb
        return self.paint(piece_id, x, y, colour, np.full((h, w), 255, np.uint8), **more)


def plain(width: int, height: int, rgb: Sequence[int]) -> NDArray[np.uint8]:
    """A background of one colour."""
    out = np.empty((height, width, 3), np.uint8)
    out[...] = rgb
    return out


def recipe(*objects: int | RecipeObject, **more: Any) -> Recipe:
    """A recipe of pieces, far to near."""
    fields: dict[str, Any] = {
        "camera_id": 1,
        "background_id": BACKGROUND,
        "sampler": Sampler.WALT3D,
        "split": Split.TRAIN,
        "seed": 0,
        "composer_version": COMPOSER_VERSION,
        "objects": tuple(one if isinstance(one, RecipeObject) else RecipeObject(one) for one in objects),
    }
    return Recipe(**{**fields, **more})


def moved(piece_id: int, scale: float, dx: float, dy: float, reach: float = 1.0) -> RecipeObject:
    """A piece drawn elsewhere."""
    return RecipeObject(piece_id, True, Move(*(round(65536 * value) for value in (scale, dx, dy, reach))))


def points(
    *placed: tuple[float, float, KeypointTag] | None, template: Template = Template.CAR
) -> KeypointSet:
    """A car's or a person's keypoints, the first ones placed."""
    rows = [None if one is None else PlacedPoint(*one) for one in placed]
    return KeypointSet(template, (*rows, *[None] * (template.size - len(rows))))


def standing_fit(forward_m: float, height_m: float) -> VehicleFit:
    """A car straight ahead of a camera that looks level, heading away from it."""
    return VehicleFit(
        method=FitMethod.GROUND,
        verdict=FitVerdict.GOOD,
        reason="",
        # its x is the camera's z, its y the camera's -x, its z the camera's -y
        rotation=(0.0, -1.0, 0.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0),
        translation=(0.0, height_m, forward_m),
        place_m=(forward_m, 0.0),
        heading_rad=0.0,
        shape=(),
        size_m=(4.0, 1.8, 1.5),
        rms_px=0.0,
        sigma_px=1.0,
        residuals_px=(),
        outliers=(),
        used=0,
        swapped=False,
        sigmas=None,
    )
