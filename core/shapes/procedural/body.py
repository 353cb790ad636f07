"""The body's vertices: side and plan view swept into rings, arches cut, windows leaned in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shapes.procedural.grid import (
    BELT,
    COWL,
    DECK,
    FRONT_ARCH,
    HALF,
    HEADER,
    REAR_ARCH,
    REAR_HEADER,
    RING,
    SILL,
    STATIONS,
    TOP,
    body_grid,
)
from core.shapes.procedural.parameters import BodyParameters
from core.shapes.procedural.profile import SideProfile, side_profile
from core.shapes.procedural.stations import (
    BONNET_PARTS,
    CORNER,
    LID_PARTS,
    lower_stations,
    sill_heights,
    upper_stations,
)

FloatArray = NDArray[np.float64]

_BONNET_ACROSS = np.array([1.0, 0.985, 0.965, 0.935, 0.89, 0.82, 0.58, 0.29, 0.0])
"""Rows 14 to 22 across bonnet and lid, as parts of half the width: close together over the shoulder."""
_FACE_ACROSS = np.array([1.0, 0.95, 0.86, 0.76, 0.64, 0.51, 0.35, 0.18, 0.0])
"""Columns 8 to 0 across the front and rear face."""
_PROFILE_T = np.array([0.0, 0.14, 0.42, 0.62, 0.80, 0.92, 1.0])
_PROFILE_Y = np.array([0.955, 0.982, 0.997, 1.0, 0.986, 0.970, 0.925])
"""The side's bulge between sill (0) and belt (1), as part of half the width."""
_UPWARD = np.concatenate([np.zeros(SILL + 2), [0.02, 0.16, 0.42, 0.76], np.ones(HALF - BELT)])
"""How far each row's stations have gone over from those of the sill to those of the top, at first."""
_PASSES = 3
"""Rows lie where the lamps want them, which depends on x, which depends on the rows."""
_FLARE = 0.015
"""How far the wheel arches' lips stand out, metres."""


def body_vertices(p: BodyParameters) -> FloatArray:
    """All vertices of the body, in the order of `body_grid`.

    Args:
        p: the car's measures.

    Returns:
        (V, 3), car frame, metres.
    """
    profile = side_profile(p)
    half = _half_rings(p, profile)
    rings = np.concatenate([half, half[:, TOP - 1 : 0 : -1] * [1, -1, 1]], axis=1)
    assert rings.shape == (STATIONS, RING, 3)
    grid = body_grid()
    vertices = np.empty((grid.count, 3))
    vertices[: STATIONS * RING] = rings.reshape(-1, 3)
    for patch, face in ((grid.front, profile.front_face), (grid.rear, profile.rear_face)):
        inside = _fill(vertices[patch])
        inside[..., 0] = face(inside[..., 1], inside[..., 2])
        vertices[patch[1:-1, 1:-1]] = inside[1:-1, 1:-1]
    return vertices


def _half_rings(p: BodyParameters, profile: SideProfile) -> FloatArray:
    """(STATIONS, 23, 3): the left half, from the middle of the underside to the middle of the top."""
    edge = sill_heights(p)
    upper_x = upper_stations(p, profile)
    lower_x = lower_stations(p)
    belt = profile.belt(upper_x)
    y = np.empty((STATIONS, HALF))
    z = np.empty_like(y)
    weight = np.tile(_UPWARD, (STATIONS, 1))
    for _ in range(_PASSES):
        x = lower_x[:, None] + weight * (upper_x - lower_x)[:, None]
        z[:, SILL : BELT + 1] = _side_heights(p, x[:, SILL:BELT], edge, belt)
        share = (z[:, SILL : BELT + 1] - edge[:, None]) / (belt - edge)[:, None]
        weight[:, SILL : BELT + 1] = _smooth(np.clip((share - 0.30) / 0.70, 0, 1))
    plan = _plan(p, profile, x)
    above = profile.belt(x[:, SILL : BELT + 1]) - p.clearance
    share = (z[:, SILL : BELT + 1] - p.clearance) / above
    y[:, SILL : BELT + 1] = plan[:, SILL : BELT + 1] * np.interp(share, _PROFILE_T, _PROFILE_Y)
    y[:, SILL : BELT + 1] += _flare(p, x[:, SILL : BELT + 1], z[:, SILL : BELT + 1])
    y[:, :SILL], z[:, :SILL] = _underside(p, edge, y[:, SILL], z[:, SILL])
    y[:, BELT:], z[:, BELT:] = _top(p, profile, y[:, BELT], belt)
    x = _curve_across(p, profile, x, y, z, weight)
    return np.stack([x, y, z], axis=-1)


def _smooth(t: FloatArray) -> FloatArray:
    return t * t * (3 - 2 * t)


def _side_heights(p: BodyParameters, x: FloatArray, edge: FloatArray, belt: FloatArray) -> FloatArray:
    """(STATIONS, 7) heights of the rows from the sill to the belt.

    Between the wheels the rows divide the side evenly; at the ends they follow bumper and lamps.
    """
    rows = np.tile(np.array([0.0, 0.13, 0.33, 0.53, 0.72, 0.88, 1.0]), (STATIONS, 1))
    sill = p.clearance + 0.035
    rows = sill + rows * (belt[:, None] - sill)
    front = np.minimum(
        np.r_[p.headlight - 0.055, p.headlight, p.headlight + 0.055], belt[0] - [0.11, 0.07, 0.025]
    )
    rear = np.minimum(
        np.r_[p.taillight - 0.08, p.taillight, p.taillight + 0.08], belt[-1] - [0.16, 0.08, 0.02]
    )
    for lamps, away, bumper in (
        (front, p.nose - x, (0.0, 0.12, 0.40)),
        (rear, x - p.tail, (0.0, 0.26, 0.60)),
    ):
        near = _smooth(np.clip(1.12 - away / 0.6, 0, 1))
        target = np.concatenate([sill + (lamps[0] - sill) * np.array(bumper), lamps])
        rows[:, :6] += near * (target - rows[:, :6])
    share = (rows - sill) / (belt[:, None] - sill)
    return edge[:, None] + share * (belt - edge)[:, None]


def _plan(p: BodyParameters, profile: SideProfile, x: FloatArray) -> FloatArray:
    """(STATIONS, 23) half the body's width: full between the wheels, rounded at both ends."""
    ahead = np.clip((x - p.front_axle) / p.front_overhang, 0, 1)
    behind = np.clip((p.rear_axle - x) / (p.rear_axle - p.tail), 0, 1)
    cowl = np.clip((x - profile.cowl[0]) / (p.nose - profile.cowl[0]), 0, 1)
    plan = 1 - 0.02 * cowl - (0.98 - p.nose_half) * ahead**2.4 - (1 - p.tail_half) * behind**3.2
    return (p.width / 2 - _FLARE) * plan


def _flare(p: BodyParameters, x: FloatArray, z: FloatArray) -> FloatArray:
    """How far the arches' lips stand out, metres."""
    out = np.zeros_like(x)
    for axle in (p.front_axle, p.rear_axle):
        distance = np.hypot(x - axle, z - p.wheel_radius) - p.arch_radius
        out += _FLARE * np.exp(-0.5 * (distance / 0.07) ** 2)
    return out


def _underside(
    p: BodyParameters, edge: FloatArray, side_y: FloatArray, side_z: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """y and z of rows 0 to 7: floor, inner wall of the wheel houses, and their roof."""
    well = np.clip((edge - p.clearance - 0.035) / p.wheel_radius, 0, 1)
    well[: FRONT_ARCH[0]] = well[REAR_ARCH[1] + 1 :] = 0
    inner = p.hub_side - p.tyre_width - 0.07
    flat = inner + (side_y - inner) * np.array([0.0, 0.2, 0.4, 0.6, 0.8])[:, None]
    housed = np.stack([np.full(STATIONS, inner)] * 3 + [(inner + side_y) / 2, side_y - 0.03])
    house = _smooth(np.clip(well * 4, 0, 1))
    y = np.empty((STATIONS, SILL))
    y[:, :3] = inner * np.array([0.0, 0.4, 0.75])
    y[:, 3:] = (flat + (housed - flat) * house).T
    # a face's columns spread evenly over it, also along its lower edge
    for station, near in ((0, 1.0), (1, 0.7), (2, 0.4), (-1, 1.0), (-2, 0.7), (-3, 0.4)):
        even = side_y[station] * _FACE_ACROSS[::-1][:SILL]
        y[station] += near * (even - y[station])
    floor = np.where(well > 0, p.clearance, edge - 0.035)
    z = np.empty_like(y)
    z[:, :4] = floor[:, None]
    z[:, 4] = (floor + side_z) / 2
    z[:, 5:] = side_z[:, None] - np.array([0.0, 0.0, 0.004])
    free = floor[:, None] + (side_z - floor)[:, None] * np.array([0.1, 0.25, 0.45, 0.7])
    z[:, 4:] = free + (z[:, 4:] - free) * house[:, None]
    return y, z


def _top(
    p: BodyParameters, profile: SideProfile, side_y: FloatArray, belt: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """y and z of rows 14 to 22: bonnet and lid across the whole car, windows and roof in between."""
    middle = _middle_line(profile)
    across = np.tile(_BONNET_ACROSS, (STATIONS, 1))
    for station, near in ((0, 1.0), (1, 0.85), (2, 0.6), (3, 0.3)):
        across[station] += near * (_FACE_ACROSS - across[station])
        across[-1 - station] += near * (_FACE_ACROSS - across[-1 - station])
    if p.bed_depth > 0:
        _open_bed(across)
    y = side_y[:, None] * across
    z = belt[:, None] + (middle - belt)[:, None] * (1 - across**6)
    if p.bed_depth > 0:
        inside = across[DECK + 1 : -3] < 0.86
        z[DECK + 1 : -3] -= p.bed_depth * inside
    glass = slice(COWL + 1, DECK)
    y[glass], z[glass] = _greenhouse(p, profile, side_y[glass], belt[glass], middle[glass])
    return y, z


def _open_bed(across: FloatArray) -> None:
    """Moves the rows behind the cab to a rim, a steep wall and a floor."""
    across[DECK + 1 : -3] = np.array([1.0, 0.985, 0.965, 0.94, 0.915, 0.89, 0.855, 0.42, 0.0])


def _middle_line(profile: SideProfile) -> FloatArray:
    """(STATIONS,) height of the top in the middle of the car."""
    roof = np.linspace(0, 1, REAR_HEADER - HEADER + 1)
    z = np.empty(STATIONS)
    z[: COWL + 1] = profile.bonnet(BONNET_PARTS)
    z[COWL : HEADER + 1] = profile.windscreen(np.linspace(0, 1, HEADER - COWL + 1))
    z[HEADER : REAR_HEADER + 1] = profile.roof(roof)
    z[REAR_HEADER : DECK + 1] = profile.rear_screen(np.linspace(0, 1, DECK - REAR_HEADER + 1))
    z[DECK:] = profile.lid(LID_PARTS)
    return z


def _greenhouse(
    p: BodyParameters, profile: SideProfile, side_y: FloatArray, belt: FloatArray, middle: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """y and z of rows 14 to 22 between cowl and deck: shoulder, side windows, pillars, screens and roof."""
    stations = np.arange(COWL + 1, DECK)
    up = np.interp(stations, [COWL, HEADER, REAR_HEADER, DECK], [0.0, 1.0, 1.0, 0.0])
    screen = up < 1
    roof_edge = (
        np.where(
            stations < HEADER,
            profile.header[1],
            np.where(stations > REAR_HEADER, profile.rear_header[1], middle),
        )
        - profile.crown
    )
    # the pillars run from the belt to the roof, a little arched
    lifted = np.where(screen, up + 0.12 * up * (1 - up), 1.0)
    edge_z = belt + (roof_edge - belt) * lifted
    lean = _smooth(np.clip(lifted, 0, 1)) * 0.25 + lifted * 0.75
    edge_y = (side_y - 0.025) + (p.roof_half - side_y + 0.025) * lean
    y = np.empty((len(stations), TOP - BELT + 1))
    z = np.empty_like(y)
    y[:, 0], z[:, 0] = side_y, belt
    y[:, 1], z[:, 1] = side_y - 0.030, belt + 0.022 * lifted
    span_y, span_z = edge_y - y[:, 1], edge_z - z[:, 1]
    for row, part, bulge in ((2, 0.5, 0.016), (3, 0.90, 0.006)):
        y[:, row] = y[:, 1] + span_y * part + bulge
        z[:, row] = z[:, 1] + span_z * part
    y[:, 4], z[:, 4] = edge_y, edge_z
    inner = edge_y - 0.055
    crown = np.maximum(middle - edge_z, 0.0)
    for row, part in ((5, 1.0), (6, 0.70), (7, 0.36), (8, 0.0)):
        y[:, row] = inner * part
        z[:, row] = middle - crown * 0.62 * part**2
    return y, z


def _curve_across(
    p: BodyParameters, profile: SideProfile, x: FloatArray, y: FloatArray, z: FloatArray, weight: FloatArray
) -> FloatArray:
    """x once y and z are known: ends bent to the front and rear face, screens bowed."""
    across = y / (p.width / 2)
    x = x.copy()
    for stations, face, plane in (
        (np.arange(COWL), profile.front_face, p.nose),
        (np.arange(REAR_HEADER, STATIONS), profile.rear_face, p.tail),
    ):
        end = 0 if plane > 0 else -1
        # each row keeps its division of the way between its end and its first unbent station
        shift = face(y[end], z[end]) - plane
        for station in stations:
            far = np.abs(x[station] - plane) / _reach(p, profile, plane, weight[station])
            near = np.clip(1 - far, 0, 1)
            x[station] += shift * near
    bow = np.zeros(STATIONS)
    bow[COWL - 3 : HEADER + 1] = [0.02, 0.06, 0.10, 0.12, 0.11, 0.095, 0.08, 0.06]
    bow[HEADER + 1 : HEADER + 3] = [0.03, 0.01]
    rear = np.zeros(STATIONS)
    rear[REAR_HEADER - 1 : DECK + 1] = [0.015, 0.035, 0.045, 0.045, 0.04]
    top = slice(BELT, TOP + 1)
    x[:, top] += bow[:, None] * (0.45 - across[:, top] ** 2)
    x[:, top] -= rear[:, None] * (0.45 - across[:, top] ** 2)
    return x


def _reach(p: BodyParameters, profile: SideProfile, plane: float, weight: FloatArray) -> FloatArray:
    """(23,) how far from an end its bend reaches, for each row: to the arch below, to cowl or deck above."""
    front = plane > 0
    axle = p.front_axle if front else p.rear_axle
    low = abs(plane - axle) - p.arch_radius - CORNER
    high = abs(plane - (profile.cowl[0] if front else profile.deck[0]))
    return low + weight * max(high - low, 0.0)


def _fill(patch: FloatArray) -> FloatArray:
    """A face from its border: columns keep their part of the width, and levels their part of the height."""
    low, high, side = patch[0], patch[-1], patch[:, -1]
    rise = (side[:, 2] - side[0, 2]) / (side[-1, 2] - side[0, 2])
    filled = np.empty_like(patch)
    filled[..., 1] = side[:, None, 1] * (low[:, 1] / low[-1, 1])
    filled[..., 2] = low[:, 2] + rise[:, None] * (high[:, 2] - low[:, 2])
    return filled
