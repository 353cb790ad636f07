"""Keypoints by what is learned from, in Markdown, beside what the papers have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.jobs.reproduce.claims import Claim, claims_table
from core.jobs.reproduce.known_and_found import HIDDEN
from core.jobs.reproduce.point_figures import (
    BY_TAG,
    BY_TENTH,
    GROUPS,
    HIDDEN_CARS,
    HIDDEN_COUNT,
    PCK,
    TAG,
    TAG_BY_TAG,
    TAG_NAMES,
)
from core.jobs.reproduce.points import PointArm
from core.jobs.reproduce.precision import TENTHS, Measured
from core.jobs.reproduce.tables import line_of, table, words

Networks = Mapping[PointArm, Measured]

_TITLES = {
    PointArm.DRAWN: "drawn single cars",
    PointArm.OWN: "these and the project's labels of what is seen",
    PointArm.WALT2D: "these and WALT2D's composites",
    PointArm.WALT2D_SAME: "and WALT2D's of the same objects as WALT3D's, instead",
    PointArm.WALT3D: "and WALT3D's composites, instead",
}
_CLAIMS = (
    ("with the project's labels it is better than without", PointArm.OWN, PointArm.DRAWN),
    ("WALT3D's composites beat labels of what is seen", PointArm.WALT3D, PointArm.OWN),
    ("WALT3D's composites beat WALT2D's at equal data", PointArm.WALT3D, PointArm.WALT2D),
    ("WALT3D's beat WALT2D's of the same objects", PointArm.WALT3D, PointArm.WALT2D_SAME),
)
_OF = (PCK[1], BY_TAG[0], BY_TAG[2], HIDDEN_CARS)


def point_claims(networks: Networks) -> list[Claim]:
    """What the papers say, as far as its networks are there: of all points and of some."""
    return [
        Claim(
            f"{saying}: {group}",
            networks[first].interval(GROUPS.index(group)),
            networks[second].interval(GROUPS.index(group)),
            networks[first].over(networks[second], GROUPS.index(group)),
        )
        for saying, first, second in _CLAIMS
        if first in networks and second in networks
        for group in _OF
        if np.isfinite(networks[first].values[GROUPS.index(group)])
    ]


def point_report(
    networks: Networks,
    points: Mapping[str, int],
    cars: Sequence[int],
    learned: Mapping[str, int],
    settings: Mapping[str, Any],
) -> str:
    """All tables.

    Args:
        points: how many of each tag the test has. cars: in each tenth of what is hidden.
        learned: of how many crops each learns.
    """
    tenths = tuple(f"{10 * n}-{10 * n + 10} %" for n in range(TENTHS))
    parts = [
        "## Keypoints by what is learned from",
        line_of(settings) + "\n" + line_of(learned, "Crops to learn from: "),
        "Measured on cars of other streets through other cameras, whose boxes of what is seen are given. "
        + line_of(points),
        "Intervals are of 95 %: tracks of the test's cameras, since parked cars recur, and seeds, drawn anew "
        "together, the same draws for all. "
        "L is the longer side of the whole car's box. The project's labels are of points that are seen; "
        "what is hidden, composites alone tell.",
        "### Keypoints with and without the project's labels",
        table(
            ("learned from", "seeds", *PCK, "spread of seeds"),
            [
                (
                    _TITLES[arm],
                    str(len(one.by_seed)),
                    *(_words(one, group) for group in PCK),
                    f"{one.by_seed.max() - one.by_seed.min():.3f}",
                )
                for arm, one in networks.items()
            ],
        ),
        "PCK@0.1 by the tag that is true of a point:",
        _with_intervals(networks, TAG_NAMES, BY_TAG),
        "The share of tags that are right:",
        _with_intervals(networks, ("all", *TAG_NAMES), (TAG, *TAG_BY_TAG)),
        "The papers: WALT3D has PCK@0.1 without and with its labels (7,018 pictures, 42,547 cars), but the "
        "two values are lost; Occlusion-Net is at 0.8 to 0.9 by the notes of others, its tables are lost. "
        "Comparable: whether labels help, and not by how much. Boxes are given here, streets are drawn, "
        "the network is small, and learns for minutes.",
        "### Figures 6 and 7: keypoints by how much of a car is hidden",
        table(
            ("learned from", f"cars hidden over {HIDDEN:.0%}", *tenths),
            [
                ("cars", str(points[HIDDEN_COUNT]), *(str(one) for one in cars)),
                *(
                    (
                        _TITLES[arm],
                        _words(one, HIDDEN_CARS),
                        *(_words(one, group) for group in BY_TENTH),
                    )
                    for arm, one in networks.items()
                ),
            ],
        ),
        "PCK@0.1 of all of a car's points. The papers' curves have no values that were kept; comparable is "
        "their order, and how it falls with what is hidden.",
        "### The claims",
        claims_table(point_claims(networks)),
    ]
    return "\n\n".join(parts) + "\n"


def _words(one: Measured, group: str) -> str:
    return words(one.interval(GROUPS.index(group)))


def _with_intervals(networks: Networks, columns: Sequence[str], groups: Sequence[str]) -> str:
    rows = [(_TITLES[arm], *(_words(one, group) for group in groups)) for arm, one in networks.items()]
    return table(("learned from", *columns), rows)
