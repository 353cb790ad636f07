"""Figure 6's boxes: how well boxes of whole objects are told, by how much of them is hidden.

Of the boxes that are followed for table 2: of each frame the true whole boxes and the told ones are paired so
that their IoUs are largest in sum, and an object that nothing is paired with has an IoU of 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from core.evaluation.bootstrap import Drawing, Estimate, Figures, Groups, differences, estimates, means
from core.geometry.boxes import iou_matrix, to_array
from core.jobs.reproduce.claims import Claim, claims_table
from core.jobs.reproduce.enough import groups_with, of_enough
from core.jobs.reproduce.following import TOLD_CLAIMS, Told
from core.jobs.reproduce.known_and_found import known_of
from core.jobs.reproduce.precision import GROUPS, members_of
from core.jobs.reproduce.tables import table, words
from core.training.data.street_frames import StreetTruth

Floats = NDArray[np.float64]
Track = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class BoxIous:
    """How well the objects of some clips are told.

    Attributes:
        hidden, ious: (n,) the share of each object that is not seen, and its box's IoU.
        tracks: of each its clip and track there.
    """

    hidden: Floats
    ious: Floats
    tracks: Sequence[Track]


def box_ious(clips: Sequence[StreetTruth], paths: Sequence[Path]) -> BoxIous:
    """Of what was kept of each clip; objects that are too small or hidden for table 1 are left out."""
    hidden: list[float] = []
    ious: list[float] = []
    tracks: list[Track] = []
    for key, (clip, path) in enumerate(zip(clips, paths, strict=True)):
        for place, row in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            frame = clip.frame(place)
            known = known_of(frame)
            told = np.array([one[:4] for one in row], dtype=np.float64).reshape(-1, 4)
            overlap = iou_matrix(to_array(one.box for one in known), told)
            best = np.zeros(len(known))
            pairs = linear_sum_assignment(overlap, maximize=True)
            best[pairs[0]] = overlap[pairs]
            for one, item, iou in zip(known, frame.objects, best.tolist(), strict=True):
                if not one.ignored:
                    hidden.append(one.hidden)
                    ious.append(iou)
                    tracks.append((key, item.track))
    return BoxIous(np.array(hidden), np.array(ious), tracks)


@dataclass(frozen=True, slots=True)
class BoxRow:
    """Mean IoU of boxes of one teller, over its seeds: of each of GROUPS."""

    seeds: int
    figures: tuple[Estimate, ...]


def box_rows(done: Mapping[Told, Sequence[BoxIous]], draws: int) -> dict[Told, BoxRow]:
    """Of all, in the order in which they are told; tracks are drawn anew."""
    rows = {}
    for told in Told:
        if told in done:
            first = done[told][0]
            figures, count = _figures(done[told])
            found = estimates(figures, count, Drawing(draws))
            tracks = groups_with(members_of(first.hidden), Groups.of(first.tracks))
            rows[told] = BoxRow(len(done[told]), tuple(map(of_enough, found, tracks)))
    return rows


def box_claims(done: Mapping[Told, Sequence[BoxIous]], draws: int) -> list[Claim]:
    """The paper's of boxes, of all objects and of hidden ones, as far as its networks are there."""
    out = []
    for saying, first, second in TOLD_CLAIMS:
        if first not in done or second not in done:
            continue
        (one, count), (other, _) = _figures(done[first]), _figures(done[second])
        both = [estimates(figures, count, Drawing(draws)) for figures in (one, other)]
        gains = differences(one, other, count, Drawing(draws))
        out += [
            Claim(f"{saying}, boxes of {GROUPS[group]}", *(told[group] for told in (*both, gains)))
            for group in (0, 1)
        ]
    return out


def box_report(rows: Mapping[Told, BoxRow], claims: Sequence[Claim], counts: Sequence[int]) -> str:
    """Tables, as Markdown.

    Args:
        counts: of each of GROUPS how many objects there are.
    """
    return "\n\n".join(
        [
            "### Boxes of figure 6",
            "Mean IoU of the boxes that are followed with those of whole objects; 0 where none is followed:",
            table(
                ("boxes", *GROUPS[:3]),
                [
                    ("how many", *(str(count) for count in counts[:3])),
                    *((told.value, *(words(one) for one in row.figures[:3])) for told, row in rows.items()),
                ],
            ),
            "By how much is hidden:",
            table(
                ("boxes", *GROUPS[3:]),
                [
                    ("how many", *(str(count) for count in counts[3:])),
                    *((told.value, *(words(one) for one in row.figures[3:])) for told, row in rows.items()),
                ],
            ),
            "Intervals are of 95 %, tracks drawn anew, means over seeds. The figure's own values are lost; "
            "comparable is which is better, and whether it falls less with what is hidden.",
            claims_table(claims),
        ]
    )


def counts_of(one: BoxIous) -> list[int]:
    """Of each of GROUPS how many objects there are."""
    return [int(members.sum()) for members in members_of(one.hidden)]


def _figures(seeds: Sequence[BoxIous]) -> tuple[Figures, int]:
    """The mean over seeds of each group's mean IoU, and of how many tracks."""
    first = seeds[0]
    ious = np.mean([one.ious for one in seeds], axis=0)
    groups = Groups.of(first.tracks)
    return means(np.where(members_of(first.hidden), ious, np.nan), groups), groups.count
