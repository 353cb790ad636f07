"""Where a body's rings lie along the car: by the wheels below, by bonnet, screens and pillars above."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shapes.procedural.grid import (
    COWL,
    DECK,
    FRONT_ARCH,
    HEADER,
    REAR_ARCH,
    REAR_HEADER,
    STATIONS,
)
from core.shapes.procedural.parameters import BodyParameters
from core.shapes.procedural.profile import SideProfile

FloatArray = NDArray[np.float64]

_NOSE_PARTS = np.array([0.0, 0.13, 0.34, 0.64, 1.0])
"""How far stations 0 to 4 have gone from the front face to the front arch."""
_TAIL_PARTS = np.array([1.0, 0.74, 0.50, 0.30, 0.14, 0.045, 0.0])
"""How far stations 29 to 35 are from the rear face, as parts of its distance to the rear arch."""
BONNET_PARTS = np.array([0.0, 0.025, 0.075, 0.16, 0.30, 0.47, 0.64, 0.80, 0.93, 1.0])
"""How far stations 0 to 9 have gone from the front face to the cowl."""
LID_PARTS = np.array([0.0, 0.20, 0.42, 0.62, 0.79, 0.91, 0.975, 1.0])
"""How far stations 28 to 35 have gone from the rear screen's foot to the rear face."""
CORNER = 0.03
"""How far from an arch's foot the sill ends, metres."""


def sill_heights(p: BodyParameters) -> FloatArray:
    """(STATIONS,) height of the body's lower edge: sills, bumpers, and the arches over the wheels."""
    edge = np.full(STATIONS, p.clearance + 0.035)
    edge[:4] += [0.05, 0.04, 0.03, 0.01]
    edge[-6:] += [0.005, 0.02, 0.04, 0.06, 0.08, 0.10]
    angles = np.linspace(0, np.pi, FRONT_ARCH[1] - FRONT_ARCH[0] - 1)
    arch = p.wheel_radius + p.arch_radius * np.sin(angles)
    for first, last in (FRONT_ARCH, REAR_ARCH):
        edge[first + 1 : last] = np.maximum(arch, edge[first + 1 : last])
    return edge


def lower_stations(p: BodyParameters) -> FloatArray:
    """(STATIONS,) x along the sill: nose, arch, between the wheels, arch, tail."""
    x = np.empty(STATIONS)
    reach = p.arch_radius
    angles = np.linspace(0, np.pi, FRONT_ARCH[1] - FRONT_ARCH[0] - 1)
    for (first, last), axle in ((FRONT_ARCH, p.front_axle), (REAR_ARCH, p.rear_axle)):
        x[first], x[last] = axle + reach + CORNER, axle - reach - CORNER
        x[first + 1 : last] = axle + reach * np.cos(angles)
    x[: FRONT_ARCH[0] + 1] = p.nose + (x[FRONT_ARCH[0]] - p.nose) * _NOSE_PARTS
    between = np.linspace(0, 1, REAR_ARCH[0] - FRONT_ARCH[1] + 1)
    x[FRONT_ARCH[1] : REAR_ARCH[0] + 1] = x[FRONT_ARCH[1]] + (x[REAR_ARCH[0]] - x[FRONT_ARCH[1]]) * between
    x[REAR_ARCH[1] :] = p.tail + (x[REAR_ARCH[1]] - p.tail) * _TAIL_PARTS
    return x


def upper_stations(p: BodyParameters, profile: SideProfile) -> FloatArray:
    """(STATIONS,) x along the top: bonnet, windscreen, pillars, rear screen, lid."""
    cowl, header = profile.cowl[0], profile.header[0]
    rear_header, deck = profile.rear_header[0], profile.deck[0]
    x = np.empty(STATIONS)
    x[: COWL + 1] = p.nose + (cowl - p.nose) * BONNET_PARTS
    x[COWL : HEADER + 1] = np.linspace(cowl, header, HEADER - COWL + 1)
    # windows and pillars, as parts of the way from header to rear header
    pillars = np.array([0.0, 0.13, 0.25, 0.36, 0.425, 0.465, 0.575, 0.68, 0.745, 0.785, 0.86, 0.93, 1.0])
    x[HEADER : REAR_HEADER + 1] = header + (rear_header - header) * pillars
    x[REAR_HEADER : DECK + 1] = np.linspace(rear_header, deck, DECK - REAR_HEADER + 1)
    x[DECK:] = deck + (p.tail - deck) * LID_PARTS
    return x
