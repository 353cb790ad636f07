"""The shell's `amodal calibrate`: a camera from a file, a cloud, its cars or people, or pixels noted down."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import CalibrationError
from core.records.cameras import CalibrationMethod, CalibrationRecord, CalibrationRow
from core.records.sketches import Point, Sketch, Stroke, StrokeRole

if TYPE_CHECKING:
    from core.records.project import CameraRow
    from core.store.project import Project

_PAIR = re.compile(r"\s*([-+\d.eE]+)\s*[,;]\s*([-+\d.eE]+)")

_XY = 'pixels as "x,y x,y …"'


def calibrate(
    project: Annotated[Path, typer.Argument(help="The project file, NAME.amodal.", show_default=False)],
    camera: Annotated[str, typer.Option(help="Which camera; may be left out where there is one.")] = "",
    show: Annotated[bool, typer.Option("--show", help="Only print the calibration in force.")] = False,
    cars: Annotated[
        bool,
        typer.Option("--cars", help="From the keypoints of its cars alone; --keep-lens for the road only."),
    ] = False,
    people: Annotated[
        bool,
        typer.Option(
            "--people", help="From the people mined in its footage; --keep-lens for the ground only."
        ),
    ] = False,
    stature: Annotated[
        float | None,
        typer.Option(
            help="How tall people are there on average, metres, for --people and --check; 1.75 if left out."
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Only say whether the calibration in force agrees with its cars and its people."
        ),
    ] = False,
    from_file: Annotated[
        Path | None,
        typer.Option(
            "--from", help="A file of OpenCV, ROS, COLMAP (or its folder), KITTI, AI City, or ours."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Which camera or picture of a file with several.")] = "",
    cloud: Annotated[
        Path | None,
        typer.Option(
            help="A point cloud of the road: PLY in metres, or COLMAP's points3D. The lens, and the camera's "
            "pose in the cloud, are those of --from; without it the lens in force, in the camera's frame."
        ),
    ] = None,
    thickness: Annotated[
        float | None, typer.Option(help="How near to the plane a point belongs to the road, metres.")
    ] = None,
    share: Annotated[
        float | None, typer.Option(help="The share of all points that must lie in the road's plane.")
    ] = None,
    rectangle: Annotated[str, typer.Option(help=f"A rectangle's four corners on the road, {_XY}.")] = "",
    size: Annotated[
        str, typer.Option(help="Its sides in metres, such as 7x20, first to second corner first.")
    ] = "",
    first: Annotated[
        list[str] | None, typer.Option(help=f"A line along the road, {_XY}; twice or more.")
    ] = None,
    second: Annotated[list[str] | None, typer.Option(help=f"A line across it, {_XY}; twice or more.")] = None,
    length: Annotated[str, typer.Option(help=f"A known length on the road, {_XY}; with --metres.")] = "",
    metres: Annotated[float | None, typer.Option(help="How long it is.")] = None,
    horizon: Annotated[str, typer.Option(help=f"The horizon, {_XY}; with --height.")] = "",
    upright: Annotated[
        list[str] | None, typer.Option(help=f"A line along a pole, {_XY}; twice or more.")
    ] = None,
    straight: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Something straight that looks bent, three {_XY} or more along it; with any drawing."
        ),
    ] = None,
    height: Annotated[float | None, typer.Option(help="The camera's height above the road, metres.")] = None,
    points: Annotated[str, typer.Option(help=f"Four points or more on the road, {_XY}.")] = "",
    places: Annotated[str, typer.Option(help='Where they are, metres east and north, "x,y x,y …".')] = "",
    degrees: Annotated[bool, typer.Option("--degrees", help="The places are latitude,longitude.")] = False,
    focal: Annotated[
        float | None, typer.Option(help="The focal length in pixels, where it is known.")
    ] = None,
    keep_lens: Annotated[
        bool, typer.Option("--keep-lens", help="Keep the lens in force, seek the ground.")
    ] = False,
    picture: Annotated[
        str, typer.Option(help="Size of the pictures, such as 1920x1080; the footage's if left out.")
    ] = "",
) -> None:
    """Calibrate a camera: from a file, a cloud, its cars, its people, or what is drawn on its picture."""
    from core.jobs.one_camera import one_camera, picture_size
    from core.store.project import Project

    common: dict[str, Any] = {"height_m": height, "focal_px": focal, "keep_lens": keep_lens}
    sketches = [
        _rectangle(rectangle, size, common) if rectangle else None,
        _directions(first or [], second or [], length, metres, common) if first or second else None,
        _horizon(horizon, upright or [], common) if horizon else None,
        _points(points, places, degrees, common) if points else None,
    ]
    chosen = [_with_straight(sketch, straight or []) for sketch in sketches if sketch is not None]
    if straight and not chosen:
        raise CalibrationError(
            "Straight things alone tell how the lens bends, and nothing else.",
            "Give --rectangle, --first and --second, --horizon or --points with them.",
        )
    # a cloud takes its lens from the file
    asked = len(chosen) + (from_file is not None or cloud is not None) + cars + people + check + show
    if asked != 1:
        raise CalibrationError(
            "Nothing says how to calibrate." if not asked else "More than one way to calibrate was given.",
            "Give one of --from, --cloud, --cars, --people, --rectangle, --first and --second, --horizon, "
            "--points, --check, or --show.",
        )
    with Project.open(project, read_only=show or check) as opened:
        row = one_camera(opened, camera)
        if check:
            _check(opened, row, stature)
            return
        if cars:
            from core.jobs.car_calibration import propose_from_cars

            whole = _whole(picture) if picture else None
            _save(opened, row, *propose_from_cars(opened, row, whole, keep_lens, focal_px=focal))
        elif people:
            from core.jobs.people_calibration import propose_from_people

            whole = _whole(picture) if picture else None
            _save(opened, row, *propose_from_people(opened, row, whole, keep_lens, focal, stature))
        elif cloud is not None:
            record, evidence = _found(opened, row, cloud, from_file, name, picture, thickness, share)
            _save(opened, row, record, evidence)
        elif not show:
            whole = _whole(picture) if picture else picture_size(opened, row)
            if from_file is not None:
                record, evidence = _imported(from_file, name, whole)
            else:
                record, evidence = _drawn(opened, row, chosen[0], whole)
            _save(opened, row, record, evidence)
        _show(opened, row)


def _rectangle(corners: str, size: str, common: dict[str, Any]) -> Sketch:
    if not size:
        raise CalibrationError("The rectangle has no size.", "Give its sides in metres, such as --size 7x20.")
    stroke = Stroke(StrokeRole.CORNERS, _pixels(corners, "--rectangle"))
    return Sketch(CalibrationMethod.RECTANGLE, (stroke,), sides_m=_size(size, "--size"), **common)


def _directions(
    first: Sequence[str], second: Sequence[str], length: str, metres: float | None, common: dict[str, Any]
) -> Sketch:
    strokes = [Stroke(StrokeRole.FIRST, _pixels(line, "--first")) for line in first]
    strokes += [Stroke(StrokeRole.SECOND, _pixels(line, "--second")) for line in second]
    if length:
        strokes.append(Stroke(StrokeRole.LENGTH, _pixels(length, "--length")))
    return Sketch(CalibrationMethod.VANISHING_POINTS, tuple(strokes), length_m=metres, **common)


def _horizon(horizon: str, upright: Sequence[str], common: dict[str, Any]) -> Sketch:
    strokes = [Stroke(StrokeRole.HORIZON, _pixels(horizon, "--horizon"))]
    strokes += [Stroke(StrokeRole.UPRIGHT, _pixels(line, "--upright")) for line in upright]
    return Sketch(CalibrationMethod.HORIZON, tuple(strokes), **common)


def _points(points: str, places: str, degrees: bool, common: dict[str, Any]) -> Sketch:
    pixels, told = _pixels(points, "--points"), _pixels(places, "--places")
    if len(pixels) != len(told):
        raise CalibrationError(
            f"There are {len(pixels)} points and {len(told)} places.",
            "Give a place for each point, in order.",
        )
    strokes = [Stroke(StrokeRole.PLACE, (one,), place) for one, place in zip(pixels, told, strict=True)]
    return Sketch(CalibrationMethod.GROUND_POINTS, tuple(strokes), degrees=degrees, **common)


def _with_straight(sketch: Sketch, straight: Sequence[str]) -> Sketch:
    lines = tuple(Stroke(StrokeRole.STRAIGHT, _pixels(line, "--straight")) for line in straight)
    if any(len(line.points) < 3 for line in lines):
        raise CalibrationError(
            "Something straight needs three points: its ends, and one between.",
            'Write them as --straight "x,y x,y x,y".',
        )
    return replace(sketch, strokes=(*sketch.strokes, *lines))


def _imported(
    path: Path, name: str, picture: tuple[int, int] | None
) -> tuple[CalibrationRecord, dict[str, Any]]:
    from core.geometry.calibration.files.imported import result_of_import
    from core.geometry.calibration.result import to_record
    from core.jobs.camera_files import read_camera_file

    found = read_camera_file(path, name, picture)
    evidence = {"way": CalibrationMethod.IMPORT.value, "file": path.name, "name": found.name}
    return to_record(result_of_import(found)), evidence


def _found(
    project: Project,
    row: CameraRow,
    cloud: Path,
    lens: Path | None,
    name: str,
    picture: str,
    thickness: float | None,
    share: float | None,
) -> tuple[CalibrationRecord, dict[str, Any]]:
    from core.jobs.flatten import checked
    from core.jobs.road import propose_road
    from core.jobs.settings import RoadSettings

    given: dict[str, Any] = {"path": cloud, "camera": row.name, "lens": lens, "name": name}
    given |= {} if thickness is None else {"threshold_m": thickness}
    given |= {} if share is None else {"least_share": share}
    if picture:
        width, height = _whole(picture)
        given["picture"] = f"{width}x{height}"
    return propose_road(project, row, checked(RoadSettings, given))


def _drawn(
    project: Project, row: CameraRow, sketch: Sketch, picture: tuple[int, int] | None
) -> tuple[CalibrationRecord, dict[str, Any]]:
    from core.geometry.calibration.result import from_record, to_record
    from core.geometry.calibration.sketch import solve_sketch, to_evidence

    if picture is None:
        raise CalibrationError(
            f"The camera {row.name} has no footage, so the size of its pictures is not known.",
            "Give it, such as --picture 1920x1080.",
        )
    present = _in_force(project, row)
    lens = None if present is None else from_record(present.record)[0]
    sure = None if present is None else present.record.uncertainty
    result = solve_sketch(sketch, *picture, lens, 0.0 if sure is None else sure.focal_percent)
    return to_record(result), to_evidence(sketch, *picture)


def _save(project: Project, row: CameraRow, record: CalibrationRecord, evidence: dict[str, Any]) -> None:
    from core.login_name import login_name
    from core.store.edits.calibrations import save_calibration
    from core.store.history import History

    save_calibration(History(project, login_name()), row.id, record, evidence)


def _check(project: Project, row: CameraRow, stature: float | None) -> None:
    from core.jobs.car_calibration import check_camera
    from core.jobs.people_calibration import check_people

    refused: list[CalibrationError] = []
    for look in (lambda: check_camera(project, row), lambda: check_people(project, row, mean_m=stature)):
        try:
            sentences = look().sentences
        except CalibrationError as problem:
            refused.append(problem)
            continue
        for sentence in sentences:
            typer.echo(sentence)
    if len(refused) == 2:
        raise refused[0]


def _show(project: Project, row: CameraRow) -> None:
    from core.geometry.calibration.describe import describe

    present = _in_force(project, row)
    if present is None:
        raise CalibrationError(
            f"The camera {row.name} is not calibrated.",
            "Calibrate it with --from, --rectangle or another way.",
        )
    typer.echo(f"camera {row.name}: version {present.version}, by {present.annotator}")
    for line in describe(present.record):
        typer.echo(line)


def _in_force(project: Project, row: CameraRow) -> CalibrationRow | None:
    from core.store.queries.calibrations import calibration_in_force

    with project.read() as connection:
        return calibration_in_force(connection, row.id)


def _pixels(text: str, option: str) -> tuple[Point, ...]:
    found = [_PAIR.fullmatch(word) for word in text.split()]
    try:
        points = tuple((float(one[1]), float(one[2])) for one in found if one is not None)
    except ValueError:
        points = ()
    if not points or len(points) != len(found):
        raise CalibrationError(f"{option} “{text}” is no list of points.", 'Write them as "x,y x,y x,y".')
    return points


def _size(text: str, option: str) -> tuple[float, float]:
    try:
        width, height = (float(word) for word in text.lower().split("x"))
        if not (math.isfinite(width) and math.isfinite(height)):
            raise ValueError
    except ValueError:
        raise CalibrationError(f"{option} “{text}” is no size.", "Write it as 7x20.") from None
    return width, height


def _whole(text: str) -> tuple[int, int]:
    width, height = _size(text, "--picture")
    return round(width), round(height)
