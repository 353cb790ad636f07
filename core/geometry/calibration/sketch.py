"""From what a person drew to a calibration; what is still missing in it; and the drawing as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import CalibrationError
from core.geometry.calibration.ground_points import calibrate_gps_points, calibrate_ground_points
from core.geometry.calibration.horizon import calibrate_horizon
from core.geometry.calibration.lens import Lens, bend_coefficients, known_lens, refocused
from core.geometry.calibration.rectangle import calibrate_rectangle
from core.geometry.calibration.result import CalibrationResult, widened
from core.geometry.calibration.straight import Bend, find_bend, straightness
from core.geometry.calibration.vanishing_points import KnownLength, calibrate_vanishing_points
from core.geometry.cameras import Camera, pinhole
from core.records.cameras import CalibrationMethod
from core.records.sketches import DRAWN_WAYS, Point, Sketch, Stroke, StrokeRole

_FEWEST_PLACES = 4
# in which order the ways give the residuals of what was drawn, and of what they give x and y
_ORDER = (
    StrokeRole.CORNERS,
    StrokeRole.PLACE,
    StrokeRole.HORIZON,
    StrokeRole.FIRST,
    StrokeRole.SECOND,
    StrokeRole.UPRIGHT,
    StrokeRole.LENGTH,
)
_BOTH_COORDINATES = (StrokeRole.CORNERS, StrokeRole.PLACE, StrokeRole.LENGTH)


def solve_sketch(
    sketch: Sketch, width: int, height: int, in_force: Camera | None = None, kept_percent: float = 0.0
) -> CalibrationResult:
    """The camera that a complete drawing tells.

    Straight things tell how the lens bends before all else is fitted; how unsure that is goes into the
    uncertainty of the rest, as does how unsure a focal length is that is kept.

    Args:
        width, height: of the picture that was drawn on, pixels.
        in_force: the camera's present intrinsics, whose lens a sketch may keep. A straight lens that is kept
            takes its bend from what is drawn as straight; one that bends keeps its own.
        kept_percent: how sure its focal length is, one standard deviation.

    Raises:
        CalibrationError: what is missing, or why it is refused, and what to draw instead.
    """
    missing = next_step(sketch)
    if missing:
        raise CalibrationError("The drawing is not complete.", missing)
    bend = _bend(sketch, width, height, in_force)
    per_px2 = 0.0 if bend is None else bend.per_px2
    result = _solved(sketch, _lens(sketch, width, height, in_force, per_px2))
    if sketch.keep_lens and in_force is not None and kept_percent > 0:
        other_lens = refocused(in_force, 1 + kept_percent / 100)
        result = widened(result, _solved(sketch, _lens(sketch, width, height, other_lens, per_px2)))
    if bend is None:
        return result
    # towards the straight lens, by which no picture folds
    other = bend.per_px2 - math.copysign(bend.sigma_per_px2, bend.per_px2)
    result = widened(result, _solved(sketch, _lens(sketch, width, height, in_force, other)))
    side = "in" if bend.side_percent > 0 else "out"
    note = (
        f"The lens draws the picture's sides {side} by {abs(bend.side_percent):.0f} % "
        f"(±{bend.side_sigma_percent:.0f} %), by what is drawn as straight."
    )
    return replace(result, notes=(*result.notes, note))


def _solved(sketch: Sketch, lens: Lens) -> CalibrationResult:
    if sketch.way is CalibrationMethod.RECTANGLE:
        assert sketch.sides_m is not None
        return calibrate_rectangle(lens, sketch.of(StrokeRole.CORNERS)[0].points, *sketch.sides_m)
    if sketch.way is CalibrationMethod.VANISHING_POINTS:
        return calibrate_vanishing_points(
            lens, _lines(sketch, StrokeRole.FIRST), _lines(sketch, StrokeRole.SECOND), _scale(sketch)
        )
    if sketch.way is CalibrationMethod.HORIZON:
        assert sketch.height_m is not None
        [horizon] = _lines(sketch, StrokeRole.HORIZON)[:1]
        return calibrate_horizon(lens, horizon, sketch.height_m, _lines(sketch, StrokeRole.UPRIGHT))
    told = [(one.points[0], one.place) for one in sketch.of(StrokeRole.PLACE) if one.place is not None]
    pixels, places = [pixel for pixel, _ in told], [place for _, place in told]
    calibrate = calibrate_gps_points if sketch.degrees else calibrate_ground_points
    return calibrate(lens, pixels, places)


def residuals_of(sketch: Sketch, result: CalibrationResult) -> dict[tuple[int, int], float]:
    """How far each drawn point is from where the camera says it should be, or its line should run, pixels.

    Args:
        result: what `solve_sketch` made of the sketch.

    Returns:
        (stroke, point) -> pixels, for the points that took part.
    """
    found: dict[tuple[int, int], float] = {}
    at = 0
    left = result.residuals_px
    drawn = [one for one in enumerate(sketch.strokes) if _took_part(sketch, one[1])]
    for number, stroke in sorted(drawn, key=lambda one: _ORDER.index(one[1].role)):
        each = 2 if stroke.role in _BOTH_COORDINATES else 1
        for place in range(len(stroke.points)):
            found[number, place] = float(np.linalg.norm(left[at : at + each]))
            at += each
    for number, stroke in enumerate(sketch.strokes):
        if stroke.role is StrokeRole.STRAIGHT and _is_whole(stroke):
            off = straightness(known_lens(result.camera), np.array(stroke.points))
            found |= {(number, place): abs(one) for place, one in enumerate(off.tolist())}
    return found


def next_step(sketch: Sketch) -> str:
    """What to draw or to type next, as a sentence; "" where the drawing is complete."""
    step = {
        CalibrationMethod.RECTANGLE: _step_of_rectangle,
        CalibrationMethod.VANISHING_POINTS: _step_of_directions,
        CalibrationMethod.HORIZON: _step_of_horizon,
        CalibrationMethod.GROUND_POINTS: _step_of_places,
    }.get(sketch.way)
    return "Choose how to calibrate." if step is None else step(sketch)


def next_role(sketch: Sketch) -> StrokeRole | None:
    """What the next stroke will most likely be; None where nothing more is needed but what there is."""
    if sketch.way is CalibrationMethod.RECTANGLE:
        return None if _corners(sketch) == 4 else StrokeRole.CORNERS
    if sketch.way is CalibrationMethod.GROUND_POINTS:
        return StrokeRole.PLACE
    if sketch.way is CalibrationMethod.HORIZON:
        return StrokeRole.UPRIGHT if _lines(sketch, StrokeRole.HORIZON) else StrokeRole.HORIZON
    for role in (StrokeRole.FIRST, StrokeRole.SECOND):
        if len(_lines(sketch, role)) < 2:
            return role
    wants_length = sketch.height_m is None and not _lines(sketch, StrokeRole.LENGTH)
    return StrokeRole.LENGTH if wants_length else None


def to_evidence(sketch: Sketch, width: int, height: int) -> dict[str, Any]:
    """The drawing as plain JSON, for the project to keep."""
    return {
        "way": sketch.way.value,
        "picture": [width, height],
        "strokes": [
            {"role": stroke.role.value, "points": [list(point) for point in stroke.points]}
            | ({} if stroke.place is None else {"place": list(stroke.place)})
            for stroke in sketch.strokes
        ],
        "sides_m": None if sketch.sides_m is None else list(sketch.sides_m),
        "height_m": sketch.height_m,
        "length_m": sketch.length_m,
        "focal_px": sketch.focal_px,
        "degrees": sketch.degrees,
        "keep_lens": sketch.keep_lens,
    }


def from_evidence(evidence: Mapping[str, Any]) -> Sketch | None:
    """The drawing that a project kept; None where there is none that can be drawn on."""
    try:
        way = CalibrationMethod(evidence["way"])
        if way not in DRAWN_WAYS:
            return None
        sides = evidence.get("sides_m")
        return Sketch(
            way,
            tuple(
                Stroke(
                    StrokeRole(one["role"]),
                    tuple(_point(point) for point in one["points"]),
                    None if one.get("place") is None else _point(one["place"]),
                )
                for one in evidence["strokes"]
            ),
            None if sides is None else _point(sides),
            _number(evidence.get("height_m")),
            _number(evidence.get("length_m")),
            _number(evidence.get("focal_px")),
            bool(evidence.get("degrees")),
            bool(evidence.get("keep_lens")),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _step_of_rectangle(sketch: Sketch) -> str:
    drawn = _corners(sketch)
    if drawn < 4:
        word = ("first", "second", "third", "last")[drawn]
        return f"Click the {word} corner of a rectangle on the road, in order around it."
    if sketch.sides_m is None or not all(map(_positive, sketch.sides_m)):
        return "Type both sides of the rectangle in metres."
    return ""


def _step_of_directions(sketch: Sketch) -> str:
    if len(_lines(sketch, StrokeRole.FIRST)) < 2:
        return "Draw two lines or more along the road: kerbs, lane markings. Two clicks make a line."
    if len(_lines(sketch, StrokeRole.SECOND)) < 2:
        return "Draw two lines or more straight across the road: stop lines, crossings."
    if _positive(sketch.height_m):
        return ""
    if not _lines(sketch, StrokeRole.LENGTH):
        return "Type the camera's height, or draw a length on the road that you know."
    return "" if _positive(sketch.length_m) else "Type how long the known length is, in metres."


def _step_of_horizon(sketch: Sketch) -> str:
    if not _lines(sketch, StrokeRole.HORIZON):
        return "Draw the horizon from left to right: where the flat ground would end."
    if not _positive(sketch.height_m):
        return "Type the camera's height above the road."
    knows_lens = sketch.focal_px is not None or sketch.keep_lens
    if not knows_lens and len(_lines(sketch, StrokeRole.UPRIGHT)) < 2:
        return "Draw two lines along upright things, far apart, such as poles; or type the focal length."
    return ""


def _step_of_places(sketch: Sketch) -> str:
    drawn = sketch.of(StrokeRole.PLACE)
    if len(drawn) < _FEWEST_PLACES:
        return "Click four points or more on the road that are easy to find on a map."
    told = sum(stroke.place is not None for stroke in drawn)
    if told < _FEWEST_PLACES:
        return "Type where each point is: " + (
            "latitude, longitude." if sketch.degrees else "x east, y north."
        )
    return ""


def _bend(sketch: Sketch, width: int, height: int, in_force: Camera | None) -> Bend | None:
    """How the lens bends; None where nothing straight is drawn, or a lens that bends is kept as it is."""
    lines = [stroke.points for stroke in sketch.of(StrokeRole.STRAIGHT) if _is_whole(stroke)]
    known = sketch.keep_lens and in_force is not None and in_force.is_distorted
    return find_bend(width, height, lines) if lines and not known else None


def _lens(sketch: Sketch, width: int, height: int, in_force: Camera | None, bend_per_px2: float) -> Lens:
    if sketch.keep_lens:
        if in_force is None:
            raise CalibrationError(
                "There is no lens to keep: this camera has no calibration yet.",
                "Let the lens be sought, or import it first.",
            )
        same = (in_force.width, in_force.height) == (width, height)
        kept = in_force if same else in_force.resized(width, height)
        bent = bend_coefficients(bend_per_px2, kept.focal[0])
        return known_lens(replace(kept, distortion=bent) if bent else kept)
    if sketch.focal_px is None:
        return Lens(width, height, bend_per_px2=bend_per_px2)
    if not _positive(sketch.focal_px):
        raise CalibrationError("The focal length is not positive.", "Give it in pixels, or leave it out.")
    distortion = bend_coefficients(bend_per_px2, sketch.focal_px)
    return known_lens(pinhole(width, height, sketch.focal_px, None, distortion))


def _is_whole(stroke: Stroke) -> bool:
    """Whether something straight has the point between its ends that shows how it bends."""
    return len(stroke.points) >= 3


def _took_part(sketch: Sketch, stroke: Stroke) -> bool:
    """Whether the ways' own residuals speak of a stroke; they say nothing of what is straight."""
    if stroke.role is StrokeRole.STRAIGHT:
        return False
    if stroke.role is StrokeRole.PLACE:
        return stroke.place is not None
    if stroke.role is StrokeRole.LENGTH:
        first = next(one for one in sketch.of(StrokeRole.LENGTH) if len(one.points) >= 2)
        return stroke is first and not _positive(sketch.height_m)
    return stroke.role is StrokeRole.CORNERS or len(stroke.points) >= 2


def _scale(sketch: Sketch) -> KnownLength | float:
    if sketch.height_m is not None and _positive(sketch.height_m):
        return sketch.height_m
    assert sketch.length_m is not None
    return KnownLength(_lines(sketch, StrokeRole.LENGTH)[0], sketch.length_m)


def _lines(sketch: Sketch, role: StrokeRole) -> list[tuple[Point, ...]]:
    return [stroke.points for stroke in sketch.of(role) if len(stroke.points) >= 2]


def _corners(sketch: Sketch) -> int:
    return sum(len(stroke.points) for stroke in sketch.of(StrokeRole.CORNERS))


def _positive(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _point(pair: Any) -> Point:
    x, y = pair
    return float(x), float(y)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
