"""Tracking by whose boxes are followed, in Markdown, beside table 2 of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import Drawing, Estimate, Figures, differences, estimates
from core.evaluation.tracking import TrackedSequence, tracking_figures, tracking_scores
from core.jobs.reproduce.claims import Claim, claims_table
from core.jobs.reproduce.following import LEARNED, LEAST_SEEN, TOLD_CLAIMS, Told
from core.jobs.reproduce.tables import table, words

Floats = NDArray[np.float64]

NAMES = ("MOTA", "IDF1", "HOTA", "DetA", "AssA")
_SHOWN = ("MOTA", "DetA", "IDF1", "HOTA", "AssA")
_PAPER = (("COCO", "42.2", "40.3", "46.7", "40.1"), ("COCO + WALT3D", "47.2", "43.2", "49.5", "42.0"))
"""SORT on MOT17's training part (ALGORITHMS 2.6): MOTA, DetA, IDF1, HOTA."""

Clips = Sequence[Sequence[TrackedSequence]]
"""Of each seed, each clip."""


@dataclass(frozen=True, slots=True)
class TrackingRow:
    """The figures of one teller of boxes, over its seeds the mean.

    Attributes:
        seeds: how many. figures: of each of NAMES. boxes, missed, extra, switches: of the first seed.
    """

    seeds: int
    figures: Mapping[str, Estimate]
    boxes: int
    missed: int
    extra: int
    switches: int

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def tracking_rows(done: Mapping[Told, Clips], draws: int) -> dict[Told, TrackingRow]:
    """The figures of all, in the order in which they are told."""
    rows = {}
    for told in Told:
        if told not in done:
            continue
        clips = done[told]
        found = estimates(_over_seeds(clips), len(clips[0]), Drawing(draws))
        scores = tracking_scores(clips[0])
        assert scores is not None
        figures = dict(zip(NAMES, found, strict=True))
        rows[told] = TrackingRow(
            len(clips), figures, scores.boxes, scores.missed, scores.extra, scores.switches
        )
    return rows


def tracking_claims(done: Mapping[Told, Clips], draws: int) -> list[Claim]:
    """The paper's, as far as its networks are there: MOTA, IDF1 and HOTA."""
    out = []
    for saying, first, second in TOLD_CLAIMS:
        if first not in done or second not in done:
            continue
        one, other = _over_seeds(done[first]), _over_seeds(done[second])
        count, drawing = len(done[first][0]), Drawing(draws)
        both = [estimates(figures, count, drawing) for figures in (one, other)]
        gains = differences(one, other, count, drawing)
        out += [
            Claim(f"{saying}, {name}", *(told[place] for told in (*both, gains)))
            for place, name in enumerate(NAMES)
            if name in ("MOTA", "IDF1", "HOTA")
        ]
    return out


def tracking_report(
    rows: Mapping[Told, TrackingRow], claims: Sequence[Claim], frames: int, fps: float
) -> str:
    """All tables, as Markdown."""
    boxes = max(row.boxes for row in rows.values())
    return "\n\n".join(
        [
            "## Tracking with either detector (table 2)",
            f"Clips of {frames} frames, {fps:g} a second, of streets of their own; {boxes} true boxes of "
            "whole cars and people within the picture. A detector's last step alone is tested: proposals, "
            f"rough boxes of what is seen of each object of which at least {LEAST_SEEN:.0%} is, are given, "
            "the same for all; a small network moves them as it has learned, and the project's tracker "
            "(SORT, pieces joined) follows them. So nothing is found where nothing stands, and no detector "
            "misses what another finds.",
            table(
                ("boxes", "seeds", *_SHOWN, "missed, extra, switches of the first seed"),
                [
                    (
                        told.value,
                        str(row.seeds) if told in LEARNED else "-",
                        *(words(row.figures[name]) for name in _SHOWN),
                        f"{row.missed}, {row.extra}, {row.switches}",
                    )
                    for told, row in rows.items()
                ],
            ),
            "Intervals are of 95 %, clips drawn anew, means over seeds; of so few clips they are rough. The "
            "first and the last row are bounds that have learned nothing.",
            "The paper, SORT on MOT17's training part:",
            table(("detector", "MOTA", "DetA", "IDF1", "HOTA"), _PAPER),
            "Comparable: whether boxes of whole objects are followed better than boxes of what is seen, and "
            "not by how much. There whole detectors look at photographs of people, and also find more or "
            "less.",
            "### Table 2's claims",
            claims_table(claims),
        ]
    )


def _over_seeds(clips: Clips) -> Figures:
    """The mean over seeds, all with the same draws of clips."""
    each = [tracking_figures(seed) for seed in clips]

    def figures(weights: Floats) -> Floats:
        return np.asarray(np.mean([one(weights) for one in each], axis=0), dtype=np.float64)

    return figures
