"""When the pictures of a folder were taken, or the nominal times of numbered ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from core.errors import MediaError
from core.media.capture_times import CaptureTimes, name_clock

_MICROSECOND: Final = Fraction(1, 1_000_000)
_NOMINAL_FPS: Final = 25.0
_CLOCK_STEP_S: Final = 1.0  # the coarsest that cameras write
_NUMBER: Final = re.compile(r"(\d+)", re.ASCII)
_LARGEST_NUMBER: Final = 10**12


@dataclass(frozen=True, slots=True)
class PictureTimes:
    """Pictures in time order.

    Attributes:
        order: places of the pictures that are used, in ascending time.
        pts: their times, ascending and unique, in units of the time base.
        time_base: seconds per unit.
        captured: whether pts counts from the epoch, rather than being nominal.
        warnings: plain sentences about pictures left out and times assumed.
    """

    order: tuple[int, ...]
    pts: tuple[int, ...]
    time_base: Fraction
    captured: bool
    warnings: tuple[str, ...]


def picture_times(
    names: Sequence[str], exif_times: Sequence[float | None], capture: CaptureTimes
) -> PictureTimes:
    """Put pictures in the order of their capture times, or of their names where those are not known.

    A CSV or a pattern that was given is the only word. Without one, EXIF goes before what the name
    tells, and both are believed only if they tell at least half of the pictures' times, and not the
    same for all.

    Args:
        names: relative, in natural order.
        exif_times: seconds UTC epoch, or None.

    Raises:
        MediaError: the CSV cannot be used, or it or the pattern fits no picture.
    """
    clock = name_clock(capture)
    told = capture.csv is not None or capture.pattern is not None
    times = [
        exif_time if exif_time is not None and not told else clock(name)
        for name, exif_time in zip(names, exif_times, strict=True)
    ]
    known = [(time, place) for place, time in enumerate(times) if time is not None]
    if told and not known:
        what = f"table {capture.csv.name}" if capture.csv is not None else f"pattern {capture.pattern}"
        raise MediaError(
            f"The {what} gives no time for any of the {len(names)} pictures, such as {names[0]}.",
            "Correct it, or leave it out to number the pictures instead.",
        )
    plausible = 2 * len(known) >= len(names) and (len(names) == 1 or len({time for time, _ in known}) > 1)
    return _captured(names, known) if told or plausible else _nominal(names, capture)


def spread_equal_times(times: Sequence[float]) -> list[float]:
    """Part pictures that share one reading of a clock of whole seconds evenly over that second.

    Args:
        times: ascending, seconds.

    Returns:
        Ascending times: of n equal ones, the k-th moves by k/n of a second, or of the step to the
        next reading where that is shorter.
    """
    spread: list[float] = []
    first = 0
    while first < len(times):
        end = first
        while end < len(times) and times[end] == times[first]:
            end += 1
        step = min(_CLOCK_STEP_S, times[end] - times[first]) if end < len(times) else _CLOCK_STEP_S
        spread.extend(times[first] + step * place / (end - first) for place in range(end - first))
        first = end
    return spread


def _captured(names: Sequence[str], known: Sequence[tuple[float, int]]) -> PictureTimes:
    ordered = sorted(known)
    pts: list[int] = []
    for time in spread_equal_times([time for time, _ in ordered]):
        exact = round(time / _MICROSECOND)
        pts.append(exact if not pts else max(exact, pts[-1] + 1))
    missing = len(names) - len(known)
    warnings = (f"{missing} pictures have no capture time and were left out.",) if missing else ()
    return PictureTimes(tuple(place for _, place in ordered), tuple(pts), _MICROSECOND, True, warnings)


def _nominal(names: Sequence[str], capture: CaptureTimes) -> PictureTimes:
    fps = capture.fps or _NOMINAL_FPS
    numbers = _running_numbers(names)
    pts = numbers if numbers is not None else list(range(len(names)))
    warnings = (
        () if capture.fps else (f"No capture times were found; {fps:g} pictures a second are assumed.",)
    )
    time_base = 1 / Fraction(fps).limit_denominator(100_000)
    return PictureTimes(tuple(range(len(names))), tuple(pts), time_base, False, warnings)


def _running_numbers(names: Sequence[str]) -> list[int] | None:
    """The number in each name where nothing else differs between the names, ascending; else None."""
    parts = [_NUMBER.split(name) for name in names]
    if len({len(part) for part in parts}) != 1:
        return None
    differing = [place for place in range(len(parts[0])) if len({part[place] for part in parts}) > 1]
    if len(differing) != 1 or differing[0] % 2 == 0:
        return None
    numbers = [int(part[differing[0]]) for part in parts]
    ascending = all(a < b for a, b in pairwise(numbers))
    return numbers if ascending and numbers[-1] <= _LARGEST_NUMBER else None
