"""Tables 1, figures 6 and 8: whole masks learned from composites of each kind."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.jobs.reproduce import whole_masks
from core.jobs.reproduce.chapter import Chapter, Page
from core.jobs.reproduce.precision import GROUPS, Kind, Measured, place_of
from core.jobs.reproduce.size import Size
from core.jobs.reproduce.sizes import SCALES
from core.jobs.reproduce.units import Unit
from core.jobs.reproduce.whole_mask_tables import claims, report


def _units(home: Path, size: Size) -> list[Unit]:
    return whole_masks.units(home, SCALES[size])


def _page(home: Path, size: Size) -> Page | None:
    given = SCALES[size]
    if not all(unit.done for unit in whole_masks.units(home, given) if unit.drawn):
        return None  # nothing can be measured before all is drawn
    networks = whole_masks.figures(home, given)
    if not networks:
        return None
    settings = {"steps": given.steps, "seeds": given.seeds, "streets": given.streets.seeds}
    counts, details = whole_masks.counts(home, given), whole_masks.details(home, given)
    numbers = {
        "scale": asdict(given),
        "counts": counts,
        "details": details,
        "mask AP": [
            {
                "arm": arm.value,
                "share": share,
                "boxes of what is seen": seen,
                "by seed": one.by_seed.tolist(),
                "groups": _numbers(one, Kind.ALL),
                "vehicles": _numbers(one, Kind.VEHICLES),
                "people": _numbers(one, Kind.PEOPLE),
            }
            for (arm, share, seen), one in networks.items()
        ],
        "claims": [asdict(one) | {"verdict": one.verdict} for one in claims(networks)],
    }
    return Page(report(networks, details, counts, settings), numbers)


def _numbers(one: Measured, kind: Kind) -> list[dict[str, Any]]:
    return [asdict(one.interval(place_of(group, kind))) for group in range(len(GROUPS))]


WHOLE_MASKS = Chapter("Whole masks by what is learned from", "whole masks", _units, _page)
