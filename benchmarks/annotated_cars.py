"""Real cars annotated by eye: how large they come out, by a drawn calibration and by one from the cars.

    python -m benchmarks.annotated_cars

The limit is the issue's: a real car is 3.5 to 5.2 m long. The peer of each calibration is the other one.
"""

from __future__ import annotations

import numpy as np

from core.fitting.calibration.check import check_against_cars
from core.fitting.calibration.from_cars import calibrate_from_cars
from core.fitting.vehicles.fitter import VehicleFitter
from core.geometry.calibration.result import CalibrationResult
from core.records.fits import FitVerdict
from core.shapes.space_file import default_space
from tests.fitting.annotated_cars import (
    annotated,
    junction_by_rectangle,
    lens_of,
    sightings_of,
    suburb_by_lines,
)

SHORTEST_M, LONGEST_M = 3.5, 5.2


def measured(clip: str, result: CalibrationResult) -> dict[str, float]:
    """The cars of a clip by a calibration of its camera."""
    assert result.plane is not None
    assert result.uncertainty is not None
    space = default_space()
    cars = annotated(clip)
    fits = VehicleFitter(result.camera, result.plane, space).fit_many([car.evidence for car in cars])
    good = [fit for fit in fits if fit.verdict is FitVerdict.GOOD]
    sizes = np.array([fit.size_m for fit in good])
    check = check_against_cars(result.camera, result.plane, sightings_of(cars), space)
    figures = {
        "focal_px": result.camera.focal[0],
        "focal_percent": result.uncertainty.focal_percent,
        "height_m": result.plane.height,
        "height_percent": result.uncertainty.height_percent,
        "cars": float(len(fits)),
        "good": float(len(good)),
        "in_size": float(((sizes[:, 0] >= SHORTEST_M) & (sizes[:, 0] <= LONGEST_M)).sum()),
        "rms_px": float(np.median([fit.rms_px for fit in good])),
    }
    for name, column in zip(("length", "width", "height"), sizes.T, strict=True):
        figures |= {f"car_{name}_m": float(column.mean()), f"car_{name}_spread_m": float(column.std())}
    focal, height = figures["focal_percent"], figures["height_percent"]
    print(
        f"{clip}, by {result.method.value}: f {figures['focal_px']:.0f} px ±{focal:.1f} %, "
        f"{figures['height_m']:.2f} m high ±{height:.1f} %; {len(good)} of {len(fits)} cars good, "
        f"{figures['in_size']:.0f} of them {SHORTEST_M} to {LONGEST_M} m long"
    )
    means = [f"{mean:.2f} ± {spread:.2f} m" for mean, spread in zip(sizes.mean(0), sizes.std(0), strict=True)]
    print(f"    length, width, height: {', '.join(means)}; median RMS {figures['rms_px']:.1f} px")
    print(f"    lengths {sizes[:, 0].min():.2f} to {sizes[:, 0].max():.2f} m")
    for sentence in check.sentences:
        print(f"    {sentence}")
    return {name: round(value, 3) for name, value in figures.items()}


def main() -> dict[str, object]:
    """Measure, print, and return the figures."""
    space = default_space()
    found: dict[str, object] = {"junction by rectangle": measured("junction", junction_by_rectangle())}
    for clip in ("junction", "suburb"):
        result = calibrate_from_cars(sightings_of(annotated(clip)), lens_of(clip), space)
        found[f"{clip} by its cars"] = measured(clip, result)
    found["suburb by lane lines"] = measured("suburb", suburb_by_lines(result))
    return found | {"shortest_m": SHORTEST_M, "longest_m": LONGEST_M}


if __name__ == "__main__":
    main()
