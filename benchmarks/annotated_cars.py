"""Real cars annotated by eye: how large they come out, by a drawn calibration and by one from the cars.

    python -m benchmarks.annotated_cars

The limit is the issue's: a real car is 3.5 to 5.2 m long. The peer of each calibration is the other one.
"""

from __future__ import annotations

from core.fitting.calibration.from_cars import calibrate_from_cars
from core.geometry.calibration.result import CalibrationResult
from core.jobs.reproduce.footage.car_figures import LONGEST_M, SHORTEST_M, measured
from core.jobs.reproduce.footage.cars import (
    annotated,
    junction_by_rectangle,
    lens_of,
    sightings_of,
    suburb_by_lines,
)
from core.shapes.space_file import default_space


def show(clip: str, result: CalibrationResult) -> dict[str, float]:
    """Prints the cars of a clip by a calibration of its camera, and gives their figures."""
    found = measured(clip, result)
    one = found.figures
    print(
        f"{clip}, by {result.method.value}: f {one['focal_px']:.0f} px ±{one['focal_percent']:.1f} %, "
        f"{one['height_m']:.2f} m high ±{one['height_percent']:.1f} %; {one['good']:.0f} of "
        f"{one['cars']:.0f} cars good, {one['in_size']:.0f} of them {SHORTEST_M} to {LONGEST_M} m long"
    )
    means = [
        f"{one[f'car_{n}_m']:.2f} ± {one[f'car_{n}_spread_m']:.2f} m" for n in ("length", "width", "height")
    ]
    print(f"    length, width, height: {', '.join(means)}; median RMS {one['rms_px']:.1f} px")
    print(f"    lengths {one['shortest_m']:.2f} to {one['longest_m']:.2f} m")
    for sentence in found.words:
        print(f"    {sentence}")
    return {name: round(value, 3) for name, value in one.items()}


def main() -> dict[str, object]:
    """Measure, print, and return the figures."""
    space = default_space()
    found: dict[str, object] = {"junction by rectangle": show("junction", junction_by_rectangle())}
    for clip in ("junction", "suburb"):
        result = calibrate_from_cars(sightings_of(annotated(clip)), lens_of(clip), space)
        found[f"{clip} by its cars"] = show(clip, result)
    found["suburb by lane lines"] = show("suburb", suburb_by_lines(result))
    return found | {"shortest_m": SHORTEST_M, "longest_m": LONGEST_M}


if __name__ == "__main__":
    main()
