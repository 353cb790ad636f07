"""The ground of a street as geometry: the road's surface and four raised blocks of pavement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.layout import END, KERB_HEIGHT, SIDE_REACH, START, Layout
from core.synthesis.street.soup import Material, Soup

_ROAD = (0.150, 0.151, 0.156)
_SLABS = (0.215, 0.212, 0.206)
_KERB = (0.36, 0.36, 0.35)
_GRASS = (0.10, 0.125, 0.055)
_CORNER_STEPS = 9


def pave(soup: Soup, layout: Layout) -> None:
    """Adds road, pavements with round corners and kerbs, and the land around."""
    soup.begin("road")
    far = END + 400.0
    soup.quads([[(-far, -400, 0), (far, -400, 0), (far, 400, 0), (-far, 400, 0)]], Material.ROAD, _ROAD)
    soup.begin("pavement")
    for along in (-1, 1):
        for across in (-1, 1):
            _block(soup, layout, along, across)


def pavement_depth(layout: Layout, x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.floating]:
    """How far inside a block of pavement points lie: 0 at the kerb's edge, negative on the road, metres."""
    across = np.abs(y) - layout.road_half
    along = np.abs(x - layout.side_x) - layout.side_half
    nearest = np.minimum(across, along)
    short = layout.corner
    rounded = short - np.hypot(np.maximum(short - across, 0), np.maximum(short - along, 0))
    inside = (across < short) & (along < short) & (nearest > -short)
    return np.where(inside, np.minimum(nearest, rounded), nearest)


def _block(soup: Soup, layout: Layout, along: int, across: int) -> None:
    """One of the four blocks at the junction, on its side along (x) and across (y) of it."""
    edge_x = layout.side_x + along * layout.side_half
    edge_y = across * layout.road_half
    end_x = (END if along > 0 else START) + along * 5.0
    end_y = across * (SIDE_REACH + 20.0)
    radius = layout.corner
    angles = np.linspace(0.0, np.pi / 2, _CORNER_STEPS)
    corner_x = edge_x + along * radius * (1 - np.sin(angles))
    corner_y = edge_y + across * radius * (1 - np.cos(angles))
    kerb = np.stack([corner_x, corner_y], axis=1)
    kerb = np.concatenate([[[end_x, edge_y]], kerb, [[edge_x, end_y]]])
    top = np.concatenate([kerb, np.full((len(kerb), 1), KERB_HEIGHT)], axis=1)
    foot = top * [1, 1, 0]
    centre = np.array([end_x, end_y, KERB_HEIGHT])
    fan = np.stack(
        [top[:-1], top[1:], np.tile(centre, (len(top) - 1, 1)), np.tile(centre, (len(top) - 1, 1))], 1
    )
    soup.quads(fan, Material.PAVEMENT, _SLABS)
    soup.quads(np.stack([foot[:-1], foot[1:], top[1:], top[:-1]], axis=1), Material.KERB, _KERB)
