"""What shiny bodies mirror: the town seen from the middle of its road, in all directions."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.still_view import Town

Floats = NDArray[np.float32]

_ROWS, _COLUMNS = 96, 256
_FINER = 4
_MARGIN = 8


class Surroundings:
    """A panorama, sharp enough to show houses and sky in a car's side."""

    def __init__(self, town: Town) -> None:
        """Casts the panorama from 1.5 m above the road before the junction."""
        rise = (0.5 - (np.arange(_ROWS) + 0.5) / _ROWS) * np.pi
        turn = ((np.arange(_COLUMNS) + 0.5) / _COLUMNS * 2 - 1) * np.pi
        turn, rise = np.meshgrid(turn, rise)
        level = np.cos(rise)
        way = np.stack([level * np.cos(turn), level * np.sin(turn), np.sin(rise)], -1).astype(np.float32)
        flat = way.reshape(-1, 3)
        place = np.array([town.layout.side_x - 22.0, 0.0, 1.5], dtype=np.float32)
        hits = town.caster.cast(place, flat)
        light = town.light
        wall = town.mesh.tint[hits.face] * light.ambient * 0.6
        colour = np.where(hits.found[:, None], wall, light.sky(flat)).reshape(_ROWS, _COLUMNS, 3)
        self._table: Floats = np.asarray(cv2.GaussianBlur(colour.astype(np.float32), (0, 0), 1.1), np.float32)
        self._colours: Floats = np.ascontiguousarray(self._table.reshape(-1, 3).T)

    def mirrored(self, way: Floats) -> Floats:
        """(3, N) colour in (3, N) unit directions of the street frame."""
        row = ((0.5 - np.arcsin(np.clip(way[2], -1, 1)) / np.pi) * _ROWS).astype(np.int32)
        column = ((np.arctan2(way[1], way[0]) / (2 * np.pi) + 0.5) * _COLUMNS).astype(np.int32)
        place = np.minimum(row, _ROWS - 1) * _COLUMNS + np.minimum(column, _COLUMNS - 1)
        return np.asarray(self._colours.take(place, axis=1), dtype=np.float32)

    def seen(self, way: Floats) -> Floats:
        """(H, W, 3) colour in (H, W, 3) directions of any length, without steps: a blurred background."""
        if not way.size:
            return way
        level = np.hypot(way[..., 0], way[..., 1])
        row = (0.5 - np.arctan2(way[..., 2], level) / np.pi) * (_ROWS * _FINER) - 0.5
        column = (np.arctan2(way[..., 1], way[..., 0]) / (2 * np.pi) + 0.5) * (_COLUMNS * _FINER) - 0.5
        return np.asarray(
            cv2.remap(self._fine, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), dtype=np.float32
        )

    @cached_property
    def _fine(self) -> Floats:
        """The panorama without its grid."""
        around = np.concatenate([self._table[:, -_MARGIN:], self._table, self._table[:, :_MARGIN]], axis=1)
        wide = cv2.resize(around, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_CUBIC)
        soft = cv2.GaussianBlur(wide, (0, 0), _FINER)
        return np.asarray(soft[:, _MARGIN * _FINER : -_MARGIN * _FINER], dtype=np.float32)
