"""A calibration in a few plain lines, for the shell."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core.geometry.calibration.result import from_record, ranges_of
from core.records.cameras import CalibrationRecord


def describe(record: CalibrationRecord) -> Iterator[str]:
    """Lens, ground, how well it fits what was drawn, and what a pixel is worth.

    Raises:
        CalibrationError: where the numbers are no camera's.
    """
    camera, plane = from_record(record)
    sure = record.uncertainty
    yield f"way: {record.method.value.replace('_', ' ')}, for pictures of {camera.width}x{camera.height}"
    fx, fy = camera.focal
    share = f" (±{_few(sure.focal_percent, 1)} %)" if sure is not None and sure.focal_percent else ""
    both = f"{fx:.1f} px" if abs(fx - fy) < 0.05 else f"{fx:.1f} and {fy:.1f} px"
    angle = 2 * math.degrees(math.atan(camera.width / 2 / fx))
    # through a lens that bends, the sides see further than the focal length says
    across = "" if camera.is_distorted else f", {angle:.0f}° across"
    yield f"focal length: {both}{share}{across}"
    if camera.is_distorted:
        yield "distortion: " + " ".join(f"{value:g}" for value in camera.distortion)
    if plane is None:
        yield "ground: not known; calibrate with --keep-lens and a rectangle, lines or points on the road"
    else:
        pitch, roll = (round(math.degrees(angle), 1) + 0.0 for angle in plane.tilt())  # never -0.0
        share = f" (±{_few(sure.height_percent, 1)} %)" if sure is not None and sure.height_percent else ""
        turn = f" (±{_few(sure.normal_deg, 2)}°)" if sure is not None else ""
        yield f"height: {plane.height:.2f} m{share}"
        yield f"looks down {pitch:.1f}°, leans {roll:.1f}°{turn}"
    if record.residual_px is not None:
        yield f"residual: {record.residual_px:.2f} px"
    yield from (f"note: {note}" for note in record.notes)
    if plane is None:
        return
    ranges = sure.ranges if sure is not None else ranges_of(camera, plane)
    yield "distance   along      across          may be off by"
    for one in ranges:
        if math.isnan(one.along_m_per_px):
            yield f"{one.distance_m:5.0f} m    out of sight"
            continue
        sigma = "       –" if math.isnan(one.sigma_m) else f"  {_few(one.sigma_m, 2):>6} m"
        spans = f"{one.along_m_per_px:.3f}      {one.across_m_per_px:.3f} m/px"
        yield f"{one.distance_m:5.0f} m    {spans}{sigma}"


def _few(value: float, digits: int) -> str:
    """So many decimals, or the first digit of what would be written as nought."""
    return f"{value:.{digits}f}" if value == 0 or value >= 0.5 * 10**-digits else f"{value:.1g}"
