"""Buildings: walls with recessed windows, doors, shop fronts, awnings, cornices and roofs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.layout import KERB_HEIGHT, Layout, Lot
from core.synthesis.street.soup import Material, Soup

Point = NDArray[np.float64]

_WALLS = (
    (0.56, 0.53, 0.47),
    (0.62, 0.60, 0.56),
    (0.47, 0.44, 0.40),
    (0.52, 0.44, 0.32),
    (0.40, 0.42, 0.44),
    (0.58, 0.48, 0.40),
    (0.66, 0.66, 0.66),
)
_BRICKS = ((0.27, 0.14, 0.10), (0.33, 0.20, 0.15), (0.22, 0.15, 0.13))
_CONCRETE = (0.30, 0.30, 0.295)
_ROOFS = ((0.20, 0.09, 0.06), (0.09, 0.09, 0.10), (0.15, 0.13, 0.12))
_AWNINGS = (
    (0.36, 0.05, 0.05),
    (0.05, 0.16, 0.09),
    (0.08, 0.10, 0.26),
    (0.50, 0.42, 0.28),
    (0.40, 0.40, 0.42),
)
_SIGNS = ((0.45, 0.05, 0.05), (0.05, 0.10, 0.35), (0.75, 0.72, 0.66), (0.05, 0.25, 0.12), (0.60, 0.40, 0.04))
_RECESS = 0.16


@dataclass(frozen=True, slots=True)
class _Style:
    material: Material
    wall: tuple[float, float, float]
    frame: tuple[float, float, float]
    axis: float
    window: tuple[float, float]
    bands: bool
    roof: tuple[float, float, float]
    pitched: bool


def build_house(soup: Soup, layout: Layout, lot: Lot, number: int) -> None:
    """Adds one building with windows on the sides that a camera can see."""
    rng = np.random.default_rng([layout.seed, 23, number])
    style = _style(rng)
    soup.begin("building")
    height = KERB_HEIGHT + lot.ground_storey + lot.storeys * lot.storey
    for start, along, outward, width, shops in _sides(lot):
        side = _Side(start, along, outward, width, height)
        _wall(soup, side, lot, style, rng, shops=shops)
    _roof(soup, lot, height, style)


def _style(rng: np.random.Generator) -> _Style:
    kind = rng.random()
    material = Material.PLASTER if kind < 0.55 else Material.BRICK if kind < 0.78 else Material.CONCRETE
    walls = {Material.PLASTER: _WALLS, Material.BRICK: _BRICKS}.get(material, (_CONCRETE,))
    wall = np.array(walls[rng.integers(len(walls))]) * rng.uniform(0.50, 0.85)
    bands = bool(material == Material.CONCRETE and rng.random() < 0.7)
    return _Style(
        material,
        (float(wall[0]), float(wall[1]), float(wall[2])),
        (0.5, 0.5, 0.49) if rng.random() < 0.6 else (0.08, 0.07, 0.07),
        float(rng.uniform(2.3, 3.2)),
        (float(rng.uniform(1.0, 1.5)), float(rng.uniform(1.4, 1.8))),
        bands,
        _ROOFS[rng.integers(len(_ROOFS))],
        bool(rng.random() < 0.45),
    )


@dataclass(frozen=True, eq=False)
class _Side:
    """One wall: its foot's start, direction, outward normal, width and height."""

    start: Point
    along: Point
    outward: Point
    width: float
    height: float

    def panel(
        self, u0: float, u1: float, z0: float, z1: float, out0: float = 0.0, out1: float | None = None
    ) -> Point:
        """(4, 3) corners of a panel between two places along the wall and two heights.

        `out0` is how far its lower edge stands out, `out1` its upper edge (the same where left out).
        """
        far = out0 if out1 is None else out1
        return self._placed([(u0, out0, z0), (u1, out0, z0), (u1, far, z1), (u0, far, z1)])

    def edge(self, u: float, z0: float, z1: float, out0: float, out1: float) -> Point:
        """(4, 3) corners of an upright panel across the wall at one place along it."""
        return self._placed([(u, out0, z0), (u, out1, z0), (u, out1, z1), (u, out0, z1)])

    def _placed(self, corners: list[tuple[float, float, float]]) -> Point:
        """(N, 3) places that are given by how far along the wall, how far out and how high they are."""
        return np.array(corners) @ self._axes + self.start

    @cached_property
    def _axes(self) -> Point:
        return np.stack([self.along, self.outward, [0.0, 0.0, 1.0]])

    def block(
        self,
        soup: Soup,
        u: tuple[float, float],
        z: tuple[float, float],
        out: float,
        look: tuple[Material, object],
    ) -> None:
        """Adds something box-shaped that stands out of the wall."""
        panels = [
            self.panel(*u, *z, out),
            self.panel(*u, z[1], z[1], 0.0, out),
            self.panel(*u, z[0], z[0], 0.0, out),
            self.edge(u[0], *z, 0.0, out),
            self.edge(u[1], *z, 0.0, out),
        ]
        soup.quads(np.array(panels), look[0], look[1])  # type: ignore[arg-type]


def _sides(lot: Lot) -> list[tuple[Point, Point, Point, float, bool]]:
    """Start, direction, outward normal, width, and whether there are shops, of each wall."""
    x, y = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    wide, deep = lot.x1 - lot.x0, lot.y1 - lot.y0
    right = lot.y1 <= 0
    return [
        (np.array([lot.x0, lot.y1, 0]), x, y, wide, right),
        (np.array([lot.x0, lot.y0, 0]), x, -y, wide, not right),
        (np.array([lot.x0, lot.y0, 0]), y, -x, deep, False),
        (np.array([lot.x1, lot.y0, 0]), y, x, deep, False),
    ]


def _wall(soup: Soup, side: _Side, lot: Lot, style: _Style, rng: np.random.Generator, *, shops: bool) -> None:
    columns = max(1, round(side.width / style.axis))
    step = side.width / columns
    half = min(style.window[0], step - 0.5) / 2
    if style.bands:
        half = step / 2 - 0.06
    ground = KERB_HEIGHT + lot.ground_storey
    if shops:
        _shop_fronts(soup, side, ground, style, rng)
    else:
        _row(soup, side, (0.0, ground), (1.3, 1.3 + style.window[1]), columns, half, style, rng)
    for storey in range(lot.storeys):
        low = ground + storey * lot.storey
        sill = low + (1.0 if style.bands else 0.85)
        _row(soup, side, (low, low + lot.storey), (sill, sill + style.window[1]), columns, half, style, rng)
        if not style.bands and storey == 0:
            side.block(
                soup, (0, side.width), (low - 0.1, low + 0.12), 0.12, (style.material, _lighter(style.wall))
            )
    top = side.height
    side.block(
        soup, (0, side.width), (top - 0.25, top + 0.15), 0.28, (Material.PLASTER, _lighter(style.wall))
    )


def _lighter(wall: tuple[float, float, float]) -> tuple[float, float, float]:
    return (min(wall[0] * 1.2, 0.6), min(wall[1] * 1.2, 0.6), min(wall[2] * 1.2, 0.6))


def _row(
    soup: Soup,
    side: _Side,
    storey: tuple[float, float],
    opening: tuple[float, float],
    columns: int,
    half: float,
    style: _Style,
    rng: np.random.Generator,
) -> None:
    """One storey's wall with a row of windows set into it."""
    step = side.width / columns
    walls = [
        side.panel(0, side.width, storey[0], opening[0]),
        side.panel(0, side.width, opening[1], storey[1]),
    ]
    panes, reveals, frames, pane_tints = [], [], [], []
    before = 0.0
    for column in range(columns):
        middle = (column + 0.5) * step
        u0, u1 = middle - half, middle + half
        walls.append(side.panel(before, u0, *opening))
        before = u1
        panes.append(side.panel(u0, u1, *opening, -_RECESS))
        pane_tints.append(_behind_the_pane(rng))
        reveals += [
            side.edge(u0, *opening, -_RECESS, 0.0),
            side.edge(u1, *opening, -_RECESS, 0.0),
            side.panel(u0, u1, opening[0], opening[0], -_RECESS, 0.05),
            side.panel(u0, u1, opening[1], opening[1], -_RECESS, 0.0),
        ]
        bar, out = 0.05, 0.03 - _RECESS
        for left, right in ((u0, u0 + bar), (u1 - bar, u1), (middle - bar / 2, middle + bar / 2)):
            frames.append(side.panel(left, right, *opening, out))
        frames.append(side.panel(u0, u1, opening[0], opening[0] + bar, out))
        frames.append(side.panel(u0, u1, opening[1] - bar, opening[1], out))
    walls.append(side.panel(before, side.width, *opening))
    soup.quads(np.array(walls), style.material, style.wall)
    soup.quads(np.array(reveals), style.material, _lighter(style.wall))
    soup.quads(np.array(panes), Material.WINDOW, np.array(pane_tints))
    soup.quads(np.array(frames), Material.FRAME, style.frame)


def _behind_the_pane(rng: np.random.Generator) -> NDArray[np.float64]:
    """What shows through a window: a dark room, curtains or a blind."""
    kind = rng.random()
    if kind < 0.62:
        return np.full(3, rng.uniform(0.012, 0.05))
    return np.array([0.32, 0.31, 0.29]) * rng.uniform(0.5, 1.2)


def _shop_fronts(soup: Soup, side: _Side, top: float, style: _Style, rng: np.random.Generator) -> None:
    """The ground floor towards the street: shops, a door now and then, signs and awnings."""
    at = 0.0
    while at < side.width - 0.5:
        width = min(float(rng.uniform(4.0, 7.5)), side.width - at)
        if side.width - at - width < 3.0:
            width = side.width - at
        pier, glass_top = 0.35, top - 0.95
        walls = [
            side.panel(at, at + pier, 0.0, glass_top),
            side.panel(at + width - pier, at + width, 0.0, glass_top),
            side.panel(at + pier, at + width - pier, 0.0, KERB_HEIGHT + 0.45),
            side.panel(at, at + width, glass_top, top),
        ]
        soup.quads(np.array(walls), style.material, np.array(style.wall) * 0.85)
        inner = (at + pier, at + width - pier)
        glow = np.array([0.20, 0.18, 0.15]) * rng.uniform(0.2, 1.6)
        pane = side.panel(*inner, KERB_HEIGHT + 0.45, glass_top, -0.25)
        soup.quads(pane[None], Material.SHOP_WINDOW, glow)
        soup.quads(
            np.array([side.edge(u, 0.0, glass_top, -0.25, 0.0) for u in inner]), style.material, style.wall
        )
        bars = np.arange(inner[0], inner[1] + 0.1, (inner[1] - inner[0]) / 3)
        frames = [side.panel(u - 0.04, u + 0.04, 0.3, glass_top, -0.2) for u in bars]
        soup.quads(np.array(frames), Material.FRAME, style.frame)
        sign = _SIGNS[rng.integers(len(_SIGNS))]
        if rng.random() < 0.8:
            side.block(soup, (inner[0], inner[1]), (glass_top + 0.15, top - 0.2), 0.12, (Material.SIGN, sign))
        if rng.random() < 0.4:
            cloth = _AWNINGS[rng.integers(len(_AWNINGS))]
            soup.quads(
                np.array(
                    [
                        side.panel(*inner, glass_top - 0.55, glass_top + 0.1, 1.35, 0.0),
                        side.panel(*inner, glass_top - 0.78, glass_top - 0.55, 1.35, 1.35),
                    ]
                ),
                Material.CLOTH,
                cloth,
            )
        at += width


def _roof(soup: Soup, lot: Lot, height: float, style: _Style) -> None:
    low, high = (lot.x0, lot.y0), (lot.x1, lot.y1)
    if not style.pitched:
        soup.quads(
            [[(*low, height), (high[0], low[1], height), (*high, height), (low[0], high[1], height)]],
            Material.ROOF,
            (0.16, 0.16, 0.16),
        )
        soup.box(
            (lot.x0 + 3, lot.y0 + 3, height),
            (lot.x0 + 6.5, min(lot.y0 + 7, lot.y1 - 1), height + 2.2),
            Material.CONCRETE,
            _CONCRETE,
        )
        return
    ridge, middle = height + 3.6, (lot.y0 + lot.y1) / 2
    soup.quads(
        [
            [(*low, height), (high[0], low[1], height), (high[0], middle, ridge), (low[0], middle, ridge)],
            [(low[0], high[1], height), (*high, height), (high[0], middle, ridge), (low[0], middle, ridge)],
        ],
        Material.ROOF,
        style.roof,
    )
    for x in (lot.x0, lot.x1):
        gable = [(x, lot.y0, height), (x, lot.y1, height), (x, middle, ridge), (x, middle, ridge)]
        soup.quads([gable], style.material, style.wall)
    chimney = lot.x0 + 0.3 * (lot.x1 - lot.x0)
    soup.box(
        (chimney, middle - 0.5, ridge - 1.2),
        (chimney + 0.9, middle + 0.5, ridge + 1.0),
        Material.BRICK,
        _BRICKS[0],
    )
