"""Whole detectors by what they have learned from, in Markdown, beside what the paper has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.jobs.reproduce.arm_words import ARM_CLAIMS, ARM_TITLES
from core.jobs.reproduce.claims import Claim, claims_table
from core.jobs.reproduce.precision import GROUPS, Kind, Measured, What, place_of
from core.jobs.reproduce.tables import line_of, table, words
from core.jobs.reproduce.whole_detectors import MEASURED, Key

Detectors = Mapping[Key, Mapping[What, Measured]]

_PAPER = (
    ("COCO", 27.8, 38.0, 20.8, 31.2),
    ("COCO + WALT2D", 28.2, 40.4, 22.4, 36.4),
    ("COCO + WALT3D", 28.8, 43.2, 23.5, 38.7),
    ("COCO, COCO-A and KINS", 36.8, 46.9, 32.9, 42.7),
    ("these + WALT2D", 37.4, 47.9, 33.3, 43.5),
    ("these + WALT3D", 38.8, 48.7, 35.6, 45.3),
)
"""Box AP on KINS and COCO-A, and mask AP on both (WALT3D, Table 1; ALGORITHMS 2.6)."""
_FIGURES = {Kind.VEHICLES: "### Figure 6: vehicles", Kind.PEOPLE: "### Figure 7: people"}


def detector_claims(found: Detectors) -> list[Claim]:
    """The paper's, of masks and boxes of all objects and of hidden ones, as far as networks are there."""
    return [
        Claim(
            f"{saying}, the {name} detector, {what.value}, {GROUPS[group]}",
            found[name, first][what].interval(group),
            found[name, second][what].interval(group),
            found[name, first][what].over(found[name, second][what], group),
        )
        for name in dict.fromkeys(name for name, _ in found)
        for saying, first, second in ARM_CLAIMS
        if (name, first) in found and (name, second) in found
        for what in reversed(MEASURED)
        for group in (0, 1)
    ]


def detector_report(
    found: Detectors, counts: Mapping[Kind, Sequence[int]], settings: Mapping[str, Any]
) -> str:
    """All tables.

    Args:
        counts: of objects of each kind, in each of GROUPS.
    """
    parts = [
        "## Whole detectors by what is learned from",
        line_of(settings),
        "Each network begins where labels of what is seen on streets of their own have brought it, and then "
        "learns with all its layers from one kind of labels, in windows of the pictures. It finds objects by "
        "itself on the test's whole pictures, those of the whole masks. Intervals are of 95 %: cameras of "
        "the test and seeds, drawn anew together, the same draws for all. The detectors tell no keypoints.",
        "### Table 1: average precision of what is found",
        *(_by_group(found, counts, Kind.ALL, what, range(3), seeds=True) for what in reversed(MEASURED)),
    ]
    for kind, title in _FIGURES.items():
        parts.append(title)
        parts += [_by_group(found, counts, kind, what, range(len(GROUPS))) for what in reversed(MEASURED)]
    parts += [
        "The values of figures 6 and 7 are lost. The paper's table 1 (composites are of real footage, and it "
        "is measured on real pictures):",
        table(
            ("trained on", "boxes, KINS", "boxes, COCO-A", "masks, KINS", "masks, COCO-A"),
            [(name, *(f"{one}" for one in row)) for name, *row in _PAPER],
        ),
        "Comparable: which of them is better, and not by how much: streets are drawn.",
        "### The claims",
        claims_table(detector_claims(found)),
    ]
    return "\n\n".join(parts) + "\n"


def _by_group(
    found: Detectors,
    counts: Mapping[Kind, Sequence[int]],
    kind: Kind,
    what: What,
    groups: range,
    *,
    seeds: bool = False,
) -> str:
    rows = [("", *(["objects"] if seeds else []), *(str(counts[kind][group]) for group in groups))]
    if not seeds:
        rows = [("objects", *rows[0][1:])]
    for (name, arm), measured in found.items():
        one = measured[what]
        rows.append(
            (
                f"{name}, {ARM_TITLES[arm]}",
                *([str(len(one.by_seed))] if seeds else []),
                *(words(one.interval(place_of(group, kind))) for group in groups),
            )
        )
    columns = (what.value, *(["seeds"] if seeds else []), *(GROUPS[group] for group in groups))
    return table(columns, rows)
