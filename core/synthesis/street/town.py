"""Everything on a street that never moves, as one mesh."""

from __future__ import annotations

import numpy as np

from core.synthesis.street.facades import build_house
from core.synthesis.street.furniture import add_lamp, add_sign, add_signal, add_small_things, add_tree
from core.synthesis.street.ground import pave
from core.synthesis.street.layout import END, Layout
from core.synthesis.street.routes import FROM_LEFT, FROM_RIGHT, MAIN, ON_FOOT
from core.synthesis.street.soup import Material, Soup, StillMesh

_LEAVES = 5200


def build_town(layout: Layout) -> StillMesh:
    """The road, its pavements, houses, trees, and what else stands there."""
    rng = np.random.default_rng([layout.seed, 31])
    soup = Soup()
    pave(soup, layout)
    for number, lot in enumerate(layout.lots):
        build_house(soup, layout, lot, number)
    bare = rng.random() < 0.3
    for spot in layout.trees:
        add_tree(soup, spot, rng, leaves=0 if bare else _LEAVES)
    for spot in layout.lamps:
        add_lamp(soup, spot)
    for spot in layout.signs:
        add_sign(soup, spot, rng)
    _signals(soup, layout)
    add_small_things(soup, layout, rng)
    _hills(soup, rng)
    return soup.mesh()


def _signals(soup: Soup, layout: Layout) -> None:
    post = layout.road_half + 0.6
    add_signal(soup, layout.stop_x(1) + 0.6, -post, post - layout.lane, np.pi, MAIN)
    add_signal(soup, layout.stop_x(-1) - 0.6, post, -(post - layout.lane), 0.0, MAIN)
    add_signal(soup, layout.crossing[1] + 0.6, post, 0.0, np.pi, ON_FOOT)
    for side in (-1, 1):
        x = layout.side_x - side * (layout.side_half + 0.6)
        add_signal(
            soup,
            x,
            side * (layout.side_stop + 0.4),
            0.0,
            side * np.pi / 2,
            FROM_RIGHT if side < 0 else FROM_LEFT,
        )


def _hills(soup: Soup, rng: np.random.Generator) -> None:
    """Dark woods far away, so that nothing ends at a bare horizon."""
    soup.begin("hills")
    angles = np.linspace(-np.pi, np.pi, 160)
    height = 9.0 + 5.0 * np.interp(angles, np.linspace(-np.pi, np.pi, 40), rng.random(40)) + rng.random(160)
    x, y = (END + 160.0) * np.cos(angles), (END + 160.0) * np.sin(angles)
    low, high = np.stack([x, y, 0 * x - 1], 1), np.stack([x, y, height], 1)
    wall = np.stack([low[:-1], low[1:], high[1:], high[:-1]], axis=1)
    soup.quads(wall, Material.DISTANCE, (0.06, 0.07, 0.055))
