"""Table 1, figures 6 and 7 with whole detectors, where there are steps for them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from core.jobs.reproduce import whole_detectors
from core.jobs.reproduce.arms import test_truth
from core.jobs.reproduce.chapter import Chapter, Page
from core.jobs.reproduce.known_and_found import known_in
from core.jobs.reproduce.precision import GROUPS, Kind, counts_of, place_of
from core.jobs.reproduce.size import Size
from core.jobs.reproduce.sizes import SCALES
from core.jobs.reproduce.units import Unit
from core.jobs.reproduce.whole_detector_tables import detector_claims, detector_report


def _units(home: Path, size: Size) -> list[Unit]:
    return whole_detectors.units(home, SCALES[size])


def _page(home: Path, size: Size) -> Page | None:
    scale = SCALES[size]
    found = whole_detectors.figures(home, scale)
    if not found:
        return None
    counts = counts_of(known_in(test_truth(home, scale.streets)))
    numbers = {
        "steps": scale.detector_steps,
        "objects": counts,
        "AP": [
            {
                "network": name,
                "arm": arm.value,
                "what": what.value,
                "by seed": one.by_seed.tolist(),
                **{
                    kind.value: [asdict(one.interval(place_of(group, kind))) for group in range(len(GROUPS))]
                    for kind in Kind
                },
            }
            for (name, arm), measured in found.items()
            for what, one in measured.items()
        ],
        "claims": [asdict(one) | {"verdict": one.verdict} for one in detector_claims(found)],
    }
    settings = {"steps": scale.detector_steps, "seeds": scale.seeds, "streets": scale.streets.seeds}
    return Page(detector_report(found, counts, settings), numbers)


WHOLE_DETECTORS = Chapter(
    "Whole detectors by what is learned from",
    "whole detectors",
    _units,
    _page,
    left_out="this size tests composites fairly, with boxes given; two cores cannot teach a detector",
)
