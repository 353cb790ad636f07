"""Fits by how much is hidden, in Markdown: cars beside table 4 of the paper, and people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import (
    Drawing,
    Estimate,
    Figures,
    Groups,
    differences,
    estimates,
    means,
    medians,
)
from core.evaluation.occlusion_bins import PASCALS, WALTS
from core.evaluation.poses import ACCURATE_RAD, FINE_RAD
from core.jobs.reproduce.claims import Claim, claims_table
from core.jobs.reproduce.enough import groups_with, of_enough
from core.jobs.reproduce.fits import LEAST_PX, OF_CARS, OF_PEOPLE, Way
from core.jobs.reproduce.tables import number, table
from core.records.detections import Category
from core.records.slices import occlusion_bins

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]

HIDDEN = 0.25
GROUPS = ("all", "hidden", "the rest", *(f"L{level}" for level in range(1, len(PASCALS) + 1)))
"""Which objects a figure with an interval is of: hidden are those of which more than a quarter is; L1 to L3
are the levels of Occluded PASCAL3D+, 20-40, 40-60 and 60-80 % hidden."""

_NAMES = {
    Category.CAR: ("rotation within pi/6", "within pi/18", "median rotation", "median place", "median ADD"),
    Category.PERSON: ("joints within 15 cm", "median joints", "after a similarity", "median place"),
}
_UNITS = {
    Category.CAR: ("", "", " rad", " m", " m"),
    Category.PERSON: ("", " m", " m", " m"),
}
_PAPER = (
    ("NeMo", "48.3 34.3 18.2", "17.4 9.6 3.3", "0.5 1.0 2.4", "1.9 2.0 2.3"),
    ("Ma et al.", "66.6 47.9 27.4", "30.8 16.2 5.3", "0.3 0.6 1.1", "0.8 1.2 1.9"),
    ("WALT3D", "70.4 56.5 35.3", "36.8 25.4 15.3", "0.2 0.4 0.8", "0.6 1.0 1.4"),
)
"""Table 4 (ALGORITHMS 2.6): accuracy within pi/6 and pi/18, median rotation in rad and ADD, at L1, L2, L3."""


@dataclass(frozen=True, slots=True)
class FitFigures:
    """The figures of one way of fitting.

    Attributes:
        names: of the figures.
        groups: of each of GROUPS, its figures with intervals.
        tenths: (10, figures) by how much is hidden.
        silent: share of the objects of which nothing is said.
    """

    names: tuple[str, ...]
    groups: Mapping[str, tuple[Estimate, ...]]
    tenths: tuple[tuple[Estimate, ...], ...]
    silent: float

    def as_json(self) -> dict[str, Any]:
        """Plain values; what is infinite, since nothing was said of most, as None."""
        return {
            "figures": list(self.names),
            "groups": {name: [_plainly(one) for one in row] for name, row in self.groups.items()},
            "tenths": [[_plainly(one) for one in row] for row in self.tenths],
            "nothing said of": self.silent,
        }


@dataclass(frozen=True, slots=True, eq=False)
class FittedObjects:
    """All of one category: the rows that `fits` leaves, and which track of a camera each is of.

    A parked car is the same in all pictures: tracks are drawn anew, and not pictures.
    """

    category: Category
    rows: tuple[Mapping[str, Any], ...]
    tracks: Groups

    @property
    def hidden(self) -> Floats:
        """(n,) how much of each is hidden."""
        return np.array([row["hidden"] for row in self.rows], dtype=np.float64)

    def counts(self) -> list[int]:
        """How many objects there are in each tenth."""
        return [int(chosen.sum()) for chosen in _tenths(self.hidden)]


def fitted_objects(cameras: Sequence[Sequence[Mapping[str, Any]]]) -> list[FittedObjects]:
    """Cars and people out of the rows that were kept of each camera."""
    out = []
    for category in (Category.CAR, Category.PERSON):
        chosen = [
            (camera, row)
            for camera, rows in enumerate(cameras)
            for row in rows
            if row["category"] == category.value
        ]
        groups = Groups.of([(camera, row["track"]) for camera, row in chosen])
        out.append(FittedObjects(category, tuple(row for _, row in chosen), groups))
    return out


def fit_figures(objects: FittedObjects, way: Way, draws: int) -> FitFigures:
    """Of one way; what it says nothing of is wrong, and infinitely far off."""
    said = [row["ways"][way.value] for row in objects.rows]
    values = _values(objects.category, said)
    hidden = objects.hidden

    def told(chosen: Bits) -> tuple[Estimate, ...]:
        found = estimates(_figures(objects, values, chosen), objects.tracks.count, Drawing(draws))
        [tracks] = groups_with(chosen[None], objects.tracks)
        return tuple(of_enough(one, tracks) for one in found)

    groups = {name: told(chosen) for name, chosen in zip(GROUPS, _groups(hidden), strict=True)}
    tenths = tuple(told(chosen) for chosen in _tenths(hidden))
    silent = float(np.mean([one is None for one in said])) if said else math.nan
    return FitFigures(_NAMES[objects.category], groups, tenths, silent)


def fit_claims(cars: FittedObjects, draws: int) -> list[Claim]:
    """What knowing the whole car is worth, of hidden cars: rotations within pi/6."""
    said = (
        ("guessed points beside those that are seen help", Way.ALL, Way.SEEN),
        ("the mask beside the points that are seen helps", Way.GUIDED, Way.SEEN),
        ("the whole mask tells more than the mask of what is seen", Way.WHOLE_MASK, Way.MASK),
    )
    chosen = cars.hidden > HIDDEN
    figures = {}
    for way in OF_CARS:
        within = _values(cars.category, [row["ways"][way.value] for row in cars.rows])[0]
        figures[way] = means(np.where(chosen, within, np.nan), cars.tracks)
    count, drawing = cars.tracks.count, Drawing(draws)
    alone = {way: estimates(one, count, drawing)[0] for way, one in figures.items()}
    return [
        Claim(
            saying,
            alone[first],
            alone[second],
            differences(figures[first], figures[second], count, drawing)[0],
        )
        for saying, first, second in said
    ]


def fit_report(
    found: Mapping[Category, Mapping[Way, FitFigures]],
    counts: Mapping[Category, list[int]],
    claims: Sequence[Claim],
    tracks: Mapping[Category, int],
) -> str:
    """All tables, as Markdown.

    Args:
        counts: of objects in each tenth. tracks: how many there are.
    """
    cars, people = found[Category.CAR], found[Category.PERSON]
    return "\n\n".join(
        [
            "## Fits by how much is hidden",
            "Points and masks are the truth with noise: 1 % of a car's size or 1 px, half of COCO's sigmas "
            "for people, three times as much at points that are hidden and guessed; masks of 28 x 28 cells "
            "in boxes that are off by 2 %. Camera and ground are known. Hidden is the share of the whole "
            "object that is not seen, what lies beyond the picture too; objects below "
            f"{LEAST_PX:.0f} px are left out. Where a fit says nothing it counts as wrong, and in medians as "
            "infinitely far off. ADD is over the twelve keypoints. Intervals are of 95 %, tracks drawn anew: "
            f"{tracks[Category.CAR]} of cars and {tracks[Category.PERSON]} of people.",
            "### Figure 6 in 3D and table 4: cars",
            _by_group(cars, OF_CARS, _UNITS[Category.CAR]),
            "Rotation within pi/6, by how much is hidden:",
            _by_tenth(cars, OF_CARS, counts[Category.CAR], 0),
            "Median place, m:",
            _by_tenth(cars, OF_CARS, counts[Category.CAR], 3),
            "Of cars of which more than a quarter is hidden, rotations within pi/6:",
            claims_table(claims),
            "The paper's table 4, cars of Occluded PASCAL3D+ at L1, L2 and L3; the unit of ADD is not told:",
            table(("", "within pi/6, %", "within pi/18, %", "median rotation, rad", "median ADD"), _PAPER),
            "Comparable: how figures fall with what is hidden, and not their level: there a network finds "
            "points in photographs on which occluders were pasted, and no ground is known; here points are "
            "given, and figures say what a fit makes of them.",
            "### Figure 7 in 3D: people",
            _by_group(people, OF_PEOPLE, _UNITS[Category.PERSON]),
            "Median joints about the pelvis, m, by how much is hidden:",
            _by_tenth(people, OF_PEOPLE, counts[Category.PERSON], 1),
            "The values of figures 6 and 7 are lost, so only their fall can be compared.",
        ]
    )


def _by_group(found: Mapping[Way, FitFigures], ways: Sequence[Way], units: Sequence[str]) -> str:
    names = found[ways[0]].names
    rows = [
        (way.value, group, *(_said(one, unit) for one, unit in zip(row, units, strict=True)))
        for way in ways
        for group, row in found[way].groups.items()
    ]
    return table(("fitted from", "of", *names), rows)


def _by_tenth(found: Mapping[Way, FitFigures], ways: Sequence[Way], counts: Sequence[int], place: int) -> str:
    rows = [("objects", *(str(count) for count in counts))]
    rows += [(way.value, *(_said(row[place], "") for row in found[way].tenths)) for way in ways]
    return table(("", *(one.name for one in WALTS)), rows)


def _said(one: Estimate, unit: str) -> str:
    if one.value is None:
        return "-"
    if one.low is None or one.high is None:
        return f"{_plain(one.value)}{unit}"
    return f"{_plain(one.value)} ({_plain(one.low)} to {_plain(one.high)}){unit}"


def _plain(value: float) -> str:
    return "none said" if math.isinf(value) else number(value)


def _values(category: Category, said: Sequence[Mapping[str, Any] | None]) -> tuple[Floats, Floats]:
    """Of each object: shares, whose mean is told, and errors, whose median is."""

    def of(name: str, nothing: float) -> Floats:
        return np.array([nothing if one is None else one[name] for one in said], dtype=np.float64)

    if category is Category.PERSON:
        return of("pck", 0.0)[None], np.array([of(name, np.inf) for name in ("joints", "aligned", "place")])
    turn = of("turn", np.inf)
    within = np.array([turn < ACCURATE_RAD, turn < FINE_RAD], dtype=np.float64)
    return within, np.array([turn, of("place", np.inf), of("add", np.inf)])


def _figures(objects: FittedObjects, values: tuple[Floats, Floats], chosen: Bits) -> Figures:
    """Means of the first and medians of the second values of some objects."""
    shares, errors = (np.where(chosen, part, np.nan) for part in values)
    groups = objects.tracks
    parts: list[Figures] = [means(shares, groups), medians(errors, groups)]
    return lambda weights: np.concatenate([one(weights) for one in parts])


def _groups(hidden: Floats) -> list[Bits]:
    levels = [(hidden >= one.low) & (hidden < one.high) for one in PASCALS]
    return [np.ones(hidden.shape, dtype=np.bool_), hidden > HIDDEN, hidden <= HIDDEN, *levels]


def _tenths(hidden: Floats) -> list[Bits]:
    return [occlusion_bins(hidden) == tenth for tenth in range(len(WALTS))]


def _plainly(one: Estimate) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in asdict(one).items()
    }
