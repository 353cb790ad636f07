"""The reproduction suite: makes what is not made yet, and says in tables what came out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from core.jobs.reproduce import whole_masks
from core.jobs.reproduce.report import claims, report
from core.jobs.reproduce.size import Size
from core.jobs.reproduce.sizes import SCALES, Scale
from core.jobs.reproduce.units import Unit, make_units, write_whole

REPORT, NUMBERS = "report.md", "numbers.json"


@dataclass(frozen=True, slots=True)
class Reproduced:
    """How far it came.

    Attributes:
        done, units: how many of its units are done, of how many.
        report: the tables of what is there, or None while nothing is.
    """

    done: int
    units: int
    report: Path | None


def reproduce(
    folder: Path,
    size: Size,
    *,
    minutes: float | None = None,
    told: Callable[[str], None] = lambda line: None,
    scale: Scale | None = None,
) -> Reproduced:
    """Make a reproduction, or go on with it.

    Args:
        folder: where all of it lies; a size goes on in the folder of its name.
        minutes: after which no further unit is begun; None: until it is done.
        told: is told each unit that is done.
        scale: another one than the size's, for tests.

    Raises:
        RayCastingUnavailableError: streets cannot be drawn here.
    """
    home, given = folder / size.value, scale or SCALES[size]
    units = whole_masks.units(home, given)
    make_units(units, until=None if minutes is None else time.monotonic() + 60 * minutes, told=told)
    done = sum(one.done for one in units)
    networks = whole_masks.figures(home, given) if _tested(units) else {}
    if not networks:
        return Reproduced(done, len(units), None)
    settings = {
        "units": f"{done} of {len(units)}",
        "steps": given.steps,
        "seeds": given.seeds,
        "streets": given.streets.seeds,
        "versions": f"torch {version('torch')}, numpy {version('numpy')}",
    }
    counts, details = whole_masks.counts(home, given), whole_masks.details(home, given)
    write_whole(home / REPORT, report(size, networks, details, counts, settings))
    numbers = {
        "scale": asdict(given),
        "settings": settings,
        "counts": counts,
        "details": details,
        "mask AP": [
            {
                "arm": arm.value,
                "share": share,
                "boxes of what is seen": seen,
                "by seed": one.by_seed.tolist(),
                "groups": [asdict(one.interval(group)) for group in range(len(one.values))],
            }
            for (arm, share, seen), one in networks.items()
        ],
        "claims": [asdict(one) | {"verdict": one.verdict} for one in claims(networks)],
    }
    write_whole(home / NUMBERS, whole_masks.as_json(numbers))
    return Reproduced(done, len(units), home / REPORT)


def _tested(units: Sequence[Unit]) -> bool:
    """Whether all that is drawn is there, so that what has learned can be measured."""
    return all(one.done for one in units if one.drawn)
