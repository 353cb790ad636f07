"""A street of painted cars and people as pieces in memory, with the frames on disk that a peer needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.compositing.cut import cut_out
from core.compositing.sampling.footprints import Footprint, disc_footprint, rectangle_footprint
from core.compositing.sampling.stock import Stock, StockPiece, frame_light
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import patch_to_rle, tighten
from core.records.detections import Category
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch, Rle
from core.records.recipes import Cutout, Piece, Split
from core.records.shapes import KeypointTag

BACKGROUND = 1
_DOWN = np.radians(15.0)
_LANES_M = (-7.0, -3.5, 0.0, 3.5, 7.0)
_WALKS_M = (-10.5, 10.5)
_CAR_M, _PERSON_M = (4.4, 1.8, 1.5), (0.5, 0.5, 1.75)
_PERSON_EVERY = 4  # one object of so many is a person
_IN_A_FRAME = 6


@dataclass
class PaintedStreet:
    """A PieceSource in memory, the stock of its pieces, and the frames that they were cut from.

    Attributes:
        frames: a JPEG for each frame. frame_of: the frame of each piece. polygons: its outline, (n, 2).
    """

    picture: NDArray[np.uint8]
    stock: Stock
    by_id: dict[int, Piece]
    cut: dict[int, Cutout]
    frames: list[Path]
    frame_of: dict[int, int]
    polygons: dict[int, NDArray[np.int32]]
    rles: dict[int, Rle] = field(default_factory=dict)

    def pieces(self, ids: Sequence[int]) -> Mapping[int, Piece]:
        return {one: self.by_id[one] for one in ids}

    def cutouts(self, ids: Sequence[int]) -> Mapping[int, Cutout]:
        return {one: self.cut[one] for one in ids}

    def background(self, background_id: int) -> NDArray[np.uint8] | None:
        return self.picture

    def masks(self, ids: Sequence[int]) -> Mapping[int, Rle]:
        return {one: self.rles[one] for one in ids}


def camera_of(width: int, height: int) -> tuple[Camera, GroundPlane]:
    """The reference camera (DESIGN, "Frames and units") at another size of picture."""
    focal = 1400.0 * width / 1920
    matrix = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    return Camera(width, height, matrix, ()), GroundPlane(
        np.array([0.0, -np.cos(_DOWN), -np.sin(_DOWN)]), 6.0
    )


def paint_stock(width: int, height: int, count: int, seed: int = 0) -> tuple[Stock, list[StockPiece]]:
    """So many objects of that street, as samplers know them: nothing is drawn."""
    rng = np.random.default_rng(seed)
    rows = []
    while len(rows) < count:
        found = _object(rng, len(rows), width, height)
        if found is not None:
            polygon, footprint = found
            rows.append(_stock_piece(len(rows), _filled(polygon, width, height), footprint, width, height))
    return Stock(1, width, height, rows), rows


def paint_street(width: int, height: int, count: int, folder: Path, seed: int = 0) -> PaintedStreet:
    """The street with so many pieces, each cut out of its frame."""
    rng = np.random.default_rng(seed)
    picture = _ground(rng, width, height)
    by_id: dict[int, Piece] = {}
    cut: dict[int, Cutout] = {}
    frames: list[Path] = []
    frame_of: dict[int, int] = {}
    polygons: dict[int, NDArray[np.int32]] = {}
    rows: list[StockPiece] = []
    while len(rows) < count:
        frame = picture.copy()
        taken = np.zeros((height, width), np.uint8)
        here: list[tuple[int, MaskPatch, Footprint]] = []
        for _ in range(40):
            found = _object(rng, len(rows) + len(here), width, height)
            if found is None or len(here) == _IN_A_FRAME:
                continue
            polygon, footprint = found
            patch = _filled(polygon, width, height)
            h, w = patch.bits.shape
            if taken[patch.y : patch.y + h, patch.x : patch.x + w].any():
                continue
            taken[max(patch.y - 9, 0) : patch.y + h + 9, max(patch.x - 9, 0) : patch.x + w + 9] = 1
            _paint(rng, frame, polygon)
            polygons[len(rows) + len(here)] = polygon
            here.append((len(rows) + len(here), patch, footprint))
        path = folder / f"{width}-{len(frames):04d}.jpg"
        cv2.imwrite(str(path), frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
        for piece_id, patch, footprint in here:
            others = [other for name, other, _ in here if name != piece_id]
            one = cut_out(frame, picture, patch, others)
            row = _stock_piece(piece_id, patch, footprint, width, height)
            cut[piece_id] = Cutout(
                piece_id, piece_id, len(frames), BACKGROUND, one.x, one.y, one.w, one.h,
                one.pixels, one.planes, one.light, one.background_light,
            )  # fmt: skip
            by_id[piece_id] = _piece(row, patch)
            frame_of[piece_id] = len(frames)
            rows.append(row)
            assert frame_light(one.light, one.background_light) > 0
        frames.append(path)
    return PaintedStreet(picture, Stock(1, width, height, rows), by_id, cut, frames, frame_of, polygons)


def _object(
    rng: np.random.Generator, number: int, width: int, height: int
) -> tuple[NDArray[np.int32], Footprint] | None:
    """A car or a person somewhere on the street: its outline and its footprint; None where it is cut."""
    camera, ground = camera_of(width, height)
    person = number % _PERSON_EVERY == 0
    along = float(rng.uniform(12, 60))
    across = float(rng.choice(_WALKS_M if person else _LANES_M) + rng.normal(0, 0.3))
    turned = float(rng.normal(0.25, 0.1) if rng.random() < 0.85 else rng.uniform(-np.pi, np.pi))
    cos, sin = np.cos(turned), np.sin(turned)
    x, y = along, across + 0.25 * (along - 30)
    length, wide, tall = _PERSON_M if person else _CAR_M
    ends = [(a * length / 2, b * wide / 2) for a in (-1, 1) for b in (-1, 1)]
    flat = np.array([(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in ends])
    solid = np.concatenate([np.column_stack([flat, np.full(4, z)]) for z in (0.0, tall)])
    pixels = camera.project(ground.frame().apply(solid))
    if pixels.min() < 2 or (pixels > (width - 3, height - 3)).any():
        return None
    polygon = cv2.convexHull(np.rint(pixels).astype(np.int32))[:, 0]
    flat_ends: list[tuple[float, float]] = [(float(a), float(b)) for a, b in flat]
    return polygon, disc_footprint((x, y)) if person else rectangle_footprint(flat_ends, turned)


def _filled(polygon: NDArray[np.int32], width: int, height: int) -> MaskPatch:
    left, top = (int(value) for value in polygon.min(axis=0))
    right, bottom = (int(value) + 1 for value in polygon.max(axis=0))
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(canvas, polygon - np.array([left, top], np.int32), (1,))
    return tighten(MaskPatch(left, top, canvas > 0))


def _ground(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    grain = cv2.GaussianBlur(rng.normal(0, 30, (height, width)).astype(np.float32), (0, 0), 1.5)
    return np.clip(115 + grain[..., None] + np.array([3, 0, -4]), 0, 255).astype(np.uint8)


def _paint(rng: np.random.Generator, frame: NDArray[np.uint8], polygon: NDArray[np.int32]) -> None:
    """A body of one colour with a grain, and a shadow at its feet, in place."""
    shadow = np.zeros(frame.shape[:2], np.uint8)
    step = max(2, int(np.ptp(polygon[:, 1]) / 8))
    cv2.fillConvexPoly(shadow, polygon + np.array([step // 2, step], np.int32), (1,))
    frame[shadow > 0] = frame[shadow > 0] // 2
    body = np.zeros(frame.shape[:2], np.uint8)
    cv2.fillConvexPoly(body, polygon, (1,))
    colour = rng.integers(20, 230, 3)
    grain = rng.normal(0, 8, (int(body.sum()), 1))
    frame[body > 0] = np.clip(colour + grain, 0, 255).astype(np.uint8)


def _stock_piece(
    piece_id: int, patch: MaskPatch, footprint: Footprint, width: int, height: int
) -> StockPiece:
    h, w = patch.bits.shape
    return StockPiece(
        piece_id=piece_id,
        track_id=piece_id // 3,
        hour=None,
        light_q8=256,
        moment_s=float(piece_id),
        box=(patch.x, patch.y, w, h),
        mask_id=piece_id,
        mask=patch_to_rle(patch, height, width),
        footprint=footprint,
        split=Split.TRAIN,
    )


def _piece(row: StockPiece, patch: MaskPatch) -> Piece:
    h, w = patch.bits.shape
    spots = np.random.default_rng(row.piece_id).uniform((0, 0), (w, h), (Template.CAR.size, 2))
    points = tuple(PlacedPoint(patch.x + float(x), patch.y + float(y), KeypointTag.VISIBLE) for x, y in spots)
    return Piece(
        id=row.piece_id, cutout_id=row.piece_id, instance_id=row.piece_id, track_id=row.track_id, camera_id=1,
        category=Category.CAR, hour=None, captured_at=None, time_s=row.moment_s, standing=False,
        mask_id=row.mask_id, mask=row.mask, keypoint_set_id=1,
        keypoints=KeypointSet(Template.CAR, points), fit_id=None, fit=None, calibration_id=None,
    )  # fmt: skip
