"""A car's lines seen from the side and from above, as functions of the place along the car."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.procedural.parameters import BodyParameters

FloatArray = NDArray[np.float64]

_SHOULDER = 0.085
"""How far the fenders' shoulder lies above the lamps' centre."""
_CROWN = 0.055
"""How much higher the roof is in the middle than at its side edges."""


@dataclass(frozen=True, slots=True, eq=False)
class SideProfile:
    """The side view's break points, x and height, from nose to tail."""

    parameters: BodyParameters
    cowl: tuple[float, float]
    header: tuple[float, float]
    rear_header: tuple[float, float]
    deck: tuple[float, float]
    tail: tuple[float, float]

    @property
    def nose_height(self) -> float:
        """Height of the bonnet's leading edge in the middle."""
        return self.parameters.headlight + _SHOULDER + 0.035

    def bonnet(self, part: FloatArray) -> FloatArray:
        """Height in the middle, at parts of the way from the nose (0) to the cowl (1)."""
        rise = self.cowl[1] - self.nose_height
        return self.nose_height + rise * (0.72 * part + 0.28 * (1 - (1 - part) ** 3.0))

    def windscreen(self, part: FloatArray) -> FloatArray:
        """Height in the middle, at parts of the way from the cowl (0) to the header (1)."""
        return self.cowl[1] + (self.header[1] - self.cowl[1]) * (part + 0.10 * part * (1 - part))

    def roof(self, part: FloatArray) -> FloatArray:
        """Height in the middle, at parts of the way from the header (0) to the rear header (1)."""
        top = self.parameters.height
        peak = 0.42
        front = (self.header[1] - top) * (np.clip(peak - part, 0, 1) / peak) ** 2
        rear = (self.rear_header[1] - top) * (np.clip(part - peak, 0, 1) / (1 - peak)) ** 2
        return top + front + rear

    def rear_screen(self, part: FloatArray) -> FloatArray:
        """Height in the middle, at parts of the way from the rear header (0) to the deck (1)."""
        return self.rear_header[1] + (self.deck[1] - self.rear_header[1]) * (part - 0.12 * part * (1 - part))

    def lid(self, part: FloatArray) -> FloatArray:
        """Height in the middle, at parts of the way from the deck (0) to the tail (1)."""
        return self.deck[1] + (self.tail[1] - self.deck[1]) * part**1.6

    def belt(self, x: FloatArray) -> FloatArray:
        """Height of the shoulder line: fenders, the windows' lower edge, and the rear wings."""
        p = self.parameters
        places = [p.tail, self.rear_header[0], self.cowl[0], p.nose]
        nose = p.headlight + _SHOULDER
        heights = [p.tail_height - 0.05, p.belt_rear, p.belt_front, nose]
        line = np.interp(x, places, heights)
        # the fender falls towards the lamp in a curve, not along a ruler
        ahead = np.clip((x - self.cowl[0]) / (p.nose - self.cowl[0]), 0, 1)
        return line + (p.belt_front - nose) * 0.55 * ahead * (1 - ahead)

    @property
    def crown(self) -> float:
        """Height of the roof's middle above its side edges."""
        return _CROWN

    def front_face(self, y: FloatArray, z: FloatArray) -> FloatArray:
        """x of the front face at a place across and a height."""
        p = self.parameters
        across = np.abs(y) / (p.width / 2)
        bumper, top = p.headlight - 0.16, self.nose_height
        above = np.clip((z - bumper) / (top - bumper), 0, 1)
        below = np.clip((bumper - z) / bumper, 0, 1)
        return p.nose - 0.24 * across**2.6 - 0.11 * above**1.8 - 0.10 * below**2

    def rear_face(self, y: FloatArray, z: FloatArray) -> FloatArray:
        """x of the rear face at a place across and a height."""
        p = self.parameters
        across = np.abs(y) / (p.width / 2)
        bumper, top = 0.52, p.tail_height
        above = np.clip((z - bumper) / (top - bumper), 0, 1)
        below = np.clip((bumper - z) / bumper, 0, 1)
        return p.tail + 0.20 * across**2.6 + 0.07 * above**1.3 + 0.13 * below**2


def side_profile(p: BodyParameters) -> SideProfile:
    """The break points that follow from the measures."""
    header_height = p.height - p.front_drop
    cowl_x = p.front_axle - p.cowl_back
    header_x = cowl_x - (header_height - p.cowl_height) / float(np.tan(p.screen_angle))
    return SideProfile(
        parameters=p,
        cowl=(cowl_x, p.cowl_height),
        header=(header_x, header_height),
        rear_header=(p.rear_axle - p.roof_back, p.height - p.rear_drop),
        deck=(p.rear_axle - p.deck_back, p.deck_height),
        tail=(p.tail, p.tail_height),
    )
