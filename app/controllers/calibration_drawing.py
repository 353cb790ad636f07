"""How a drawing changes under the mouse and the keys: pure functions on sketches."""

from __future__ import annotations

from dataclasses import replace

from core.records.sketches import Point, Sketch, Stroke, StrokeRole

Handle = tuple[int, int]
"""(stroke, point): which point of which stroke."""

_NEEDS = {StrokeRole.CORNERS: 4, StrokeRole.PLACE: 1, StrokeRole.STRAIGHT: 3}
_ONLY_ONE = (StrokeRole.HORIZON, StrokeRole.LENGTH)


def unfinished(sketch: Sketch) -> StrokeRole | None:
    """The role of the stroke that still lacks points, or None."""
    if not sketch.strokes:
        return None
    last = sketch.strokes[-1]
    return last.role if len(last.points) < _needs(last.role) else None


def with_point(sketch: Sketch, role: StrokeRole, point: Point) -> tuple[Sketch, Handle]:
    """The sketch with one more point, and that point: of the unfinished stroke, or of a new one.

    A second horizon or known length takes the place of the first.
    """
    strokes = list(sketch.strokes)
    if unfinished(sketch) is role:
        strokes[-1] = replace(strokes[-1], points=(*strokes[-1].points, point))
    else:
        if unfinished(sketch) is not None:
            strokes.pop()
        if role in _ONLY_ONE:
            strokes = [stroke for stroke in strokes if stroke.role is not role]
        strokes.append(Stroke(role, (point,)))
    return replace(sketch, strokes=tuple(strokes)), (len(strokes) - 1, len(strokes[-1].points) - 1)


def moved(sketch: Sketch, handle: Handle, point: Point) -> Sketch:
    """The sketch with one of its points elsewhere."""
    stroke, place = handle
    points = list(sketch.strokes[stroke].points)
    points[place] = point
    return _with_stroke(sketch, stroke, replace(sketch.strokes[stroke], points=tuple(points)))


def told(sketch: Sketch, stroke: int, place: Point | None) -> Sketch:
    """The sketch with the place on the map of one of its points."""
    return _with_stroke(sketch, stroke, replace(sketch.strokes[stroke], place=place))


def taken_back(sketch: Sketch) -> Sketch:
    """The sketch without the point that was drawn last."""
    if not sketch.strokes:
        return sketch
    *rest, last = sketch.strokes
    fewer = replace(last, points=last.points[:-1])
    return replace(sketch, strokes=(*rest, fewer) if fewer.points else tuple(rest))


def without_stroke(sketch: Sketch, stroke: int) -> Sketch:
    """The sketch without one of its strokes."""
    kept = (one for number, one in enumerate(sketch.strokes) if number != stroke)
    return replace(sketch, strokes=tuple(kept))


def point_of(sketch: Sketch, handle: Handle) -> Point | None:
    """Where a handle is; None where it is not there any more."""
    stroke, place = handle
    if stroke < len(sketch.strokes) and place < len(sketch.strokes[stroke].points):
        return sketch.strokes[stroke].points[place]
    return None


def _needs(role: StrokeRole) -> int:
    return _NEEDS.get(role, 2)


def _with_stroke(sketch: Sketch, number: int, stroke: Stroke) -> Sketch:
    strokes = list(sketch.strokes)
    strokes[number] = stroke
    return replace(sketch, strokes=tuple(strokes))
