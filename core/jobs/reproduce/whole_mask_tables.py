"""What composites teach, in Markdown: each table beside what the paper has, and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.evaluation.drawn_anew import LEAST_GROUPS
from core.jobs.reproduce.arm_words import ARM_CLAIMS, ARM_TITLES
from core.jobs.reproduce.arms import Arm
from core.jobs.reproduce.claims import Claim, claims_table
from core.jobs.reproduce.precision import GROUPS, Kind, Measured, place_of
from core.jobs.reproduce.tables import line_of, number, table, words

Networks = Mapping[tuple[Arm, float, bool], Measured]

_TITLES = {
    **{(arm, False): title for arm, title in ARM_TITLES.items()},
    (Arm.MODAL, False): "what is seen, whole boxes",
    (Arm.MODAL, True): "what is seen, boxes of what is seen",
}
_FIGURES = {
    Kind.ALL: "By how much is hidden, the others ignored; the mean of vehicles and people:",
    Kind.VEHICLES: "### Figure 6: whole masks of vehicles by how much is hidden",
    Kind.PEOPLE: "### Figure 7: whole masks of people by how much is hidden",
}
_CLAIMED = tuple((kind, group) for kind in Kind for group in (0, 1))
_PAPER = (
    ("COCO", 20.8, 31.2),
    ("COCO + WALT2D", 22.4, 36.4),
    ("COCO + WALT3D", 23.5, 38.7),
)
"""Whole mask AP on KINS and COCO-A (WALT3D, Table 1; ALGORITHMS 2.6)."""


def claims(networks: Networks) -> list[Claim]:
    """The paper's claims, of all and of hidden objects of each kind, as far as their networks are there."""
    said = (
        *((saying, (first, 1.0, False), (second, 1.0, False)) for saying, first, second in ARM_CLAIMS),
        (
            "a quarter of WALT3D's is worth more than half of WALT2D's",
            (Arm.WALT3D, 0.25, False),
            (Arm.WALT2D, 0.5, False),
        ),
    )
    out = []
    for saying, first, second in said:
        if first in networks and second in networks:
            one, other = networks[first], networks[second]
            for kind, group in _CLAIMED:
                of = GROUPS[group] if kind is Kind.ALL else GROUPS[group].replace("objects", kind.value)
                figure = place_of(group, kind)
                out.append(
                    Claim(
                        f"{saying}, {of}",
                        one.interval(figure),
                        other.interval(figure),
                        one.over(other, figure),
                    )
                )
    return out


def report(
    networks: Networks,
    details: Mapping[str, Mapping[str, float]],
    counts: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> str:
    """All tables, as Markdown."""
    parts = [
        "## Whole masks by what is learned from",
        line_of(settings),
        line_of(counts["learned from"], "Learned from: ")
        + f"\nMeasured on {counts['test pictures']} pictures of other streets through other cameras.",
        "Intervals are of 95 %: cameras of the test and seeds, drawn anew together, the same draws for all. "
        f"Of fewer than {LEAST_GROUPS} cameras none is told, and of fewer than some twenty it is too narrow.",
        "### Table 1: whole mask AP of given boxes",
        table(
            ("learned from", "seeds", *GROUPS[:3], "spread of seeds"),
            [
                (
                    _TITLES[arm, seen],
                    str(len(one.by_seed)),
                    *(words(one.interval(group)) for group in range(3)),
                    f"{one.by_seed.max() - one.by_seed.min():.3f}",
                )
                for (arm, share, seen), one in networks.items()
                if share == 1
            ],
        ),
        *(part for kind, title in _FIGURES.items() for part in _by_kind(networks, counts, kind, title)),
        _details(details),
        "The values of figures 6 and 7 are lost. The paper's table 1, for comparison (a detector trained on "
        "COCO, measured on real pictures):",
        table(("trained on", "KINS", "COCO-A"), [(a, f"{b}", f"{c}") for a, b, c in _PAPER]),
        "Comparable: which of them is better, and not by how much. Here boxes are given, the network is "
        "small, training takes minutes and streets are drawn.",
        "### Figure 8: the share of the data",
        table(
            ("learned from", "share of the composites", GROUPS[0], GROUPS[1]),
            [
                (_TITLES[arm, seen], f"{share:.0%}", words(one.interval(0)), words(one.interval(1)))
                for (arm, share, seen), one in sorted(networks.items(), key=lambda item: item[0])
                if arm in (Arm.WALT2D, Arm.WALT3D)
            ],
        ),
        "The paper: at 15 % of the data +13.9 AP over WALT2D, and 25 % of WALT3D's about as good as 60 % of "
        "WALT2D's; its curves' values are lost.",
        "### The claims",
        claims_table(claims(networks)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _by_kind(networks: Networks, counts: Mapping[str, Any], kind: Kind, title: str) -> list[str]:
    """One kind of object, by how much of it is hidden."""
    groups = range(3 if kind is Kind.ALL else 0, len(GROUPS))
    of_kind: Sequence[int] = counts["test objects"][kind]
    rows = [("objects", *(str(of_kind[group]) for group in groups))]
    rows += [
        (_TITLES[arm, seen], *(words(one.interval(place_of(group, kind))) for group in groups))
        for (arm, share, seen), one in networks.items()
        if share == 1
    ]
    return [title, table(("learned from", *(GROUPS[group] for group in groups)), rows)]


def _details(details: Mapping[str, Mapping[str, float]]) -> str:
    columns = ("hidden found", "their whole IoU", "their hidden part's IoU", "modal mask AP")
    rows = [(name, *(number(row[column]) for column in columns)) for name, row in details.items()]
    return table(("learned from", *columns), rows)
