"""The shell's `amodal shapes`: look at a car shape space, and build one from other people's cars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import ShapeSpaceError

if TYPE_CHECKING:
    from core.shapes.build import BuiltSpace
    from core.shapes.frames import SourceFrame
    from core.shapes.space import CarShapeSpace

shapes_app = typer.Typer(help="Look at car shape spaces and build them.", no_args_is_help=True)

Out = Annotated[Path, typer.Argument(help="The space to write, NAME.npz.", show_default=False)]
Forward = Annotated[str, typer.Option(help="The set's axis that points forward, such as +x or -z.")]
Left = Annotated[
    str, typer.Option(help="The axis that points to the driver's left, for a car facing forward.")
]
Up = Annotated[str, typer.Option(help="The axis that points up.")]
Hand = Annotated[str, typer.Option(help="The set's own x, y, z: right-handed or left-handed (right, left).")]
Unit = Annotated[
    float | None, typer.Option(help="Metres in one unit; scaled by the mean wheelbase where left out.")
]
Components = Annotated[int, typer.Option(min=1, max=36, help="How many components to keep.")]


@shapes_app.command("show")
def show(
    space: Annotated[Path | None, typer.Argument(help="A space; the default one where left out.")] = None,
) -> None:
    """Say what a space holds."""
    from core.shapes.space_file import default_space, load_space

    _echo_space(default_space() if space is None else load_space(space))


@shapes_app.command("from-keypoints")
def from_keypoints(
    array: Annotated[Path, typer.Argument(help="An npy file of shape (N, 12, 3 or more).")],
    out: Out,
    forward: Forward,
    left: Left,
    up: Up,
    handedness: Hand,
    metres_per_unit: Unit = None,
    columns: Annotated[str, typer.Option(help="Which of a point's numbers are x, y and z.")] = "0,1,2",
    components: Components = 10,
) -> None:
    """Build a space from an array of twelve keypoints a car, in the order of the docs."""
    from core.shapes.build import read_keypoint_array, space_from_keypoints

    x, y, z = _whole_numbers(columns, 3, "--columns")
    points = read_keypoint_array(array, (x, y, z))
    frame = _frame(forward, left, up, handedness, metres_per_unit)
    _save(space_from_keypoints(array.stem, points, frame, components=components), out)


@shapes_app.command("from-meshes")
def from_meshes(
    folder: Annotated[Path, typer.Argument(help="A folder of OBJ meshes of one topology.")],
    out: Out,
    keypoints: Annotated[str, typer.Option(help="The vertices of the twelve keypoints, counted from 0.")],
    forward: Forward,
    left: Left,
    up: Up,
    handedness: Hand,
    metres_per_unit: Unit = None,
    components: Components = 10,
) -> None:
    """Build a space from a folder of meshes of one topology and their keypoints' vertices."""
    from core.shapes.build import space_from_meshes
    from core.shapes.obj_folder import read_mesh_folder

    ids = _whole_numbers(keypoints, 12, "--keypoints")
    frame = _frame(forward, left, up, handedness, metres_per_unit)
    meshes = read_mesh_folder(folder)
    for car in meshes.dropped:
        typer.echo(f"left out {car.name}: {car.reason}")
    built = space_from_meshes(
        folder.name, meshes.vertices, meshes.faces, ids, frame, components=components, car_names=meshes.names
    )
    _save(built, out)


@shapes_app.command("from-apollo")
def from_apollo(
    folder: Annotated[Path, typer.Argument(help="ApolloCar3D's car_models folder, as GSNet publishes it.")],
    out: Out,
    components: Components = 10,
) -> None:
    """Build a space from ApolloCar3D's car models; its annotations vote for the keypoints' vertices."""
    from core.shapes.apollo import FRAME, read_apollo_cars
    from core.shapes.build import space_from_meshes

    cars = read_apollo_cars(folder)
    typer.echo("voted vertices: " + " ".join(str(vertex) for vertex in cars.vote.ids))
    typer.echo("median miss, of the car's size: " + " ".join(f"{miss:.1%}" for miss in cars.vote.miss))
    meshes = cars.meshes
    built = space_from_meshes(
        "ApolloCar3D", meshes.vertices, meshes.faces, cars.vote.ids, FRAME,
        components=components, car_names=meshes.names,
    )  # fmt: skip
    _save(built, out)


@shapes_app.command("habits")
def habits(
    project: Annotated[Path, typer.Argument(help="The project file, NAME.amodal.", show_default=False)],
    out: Out,
    camera: Annotated[str, typer.Option(help="Which camera; may be left out where there is one.")] = "",
    space: Annotated[Path | None, typer.Option(help="The space to begin with; the default one.")] = None,
) -> None:
    """Learn where others put the keypoints, from imported or found ones, as a space to fit them with."""
    from core.jobs.habits import learn_habits, space_with
    from core.jobs.one_camera import one_camera
    from core.shapes.keypoints import NAMES
    from core.shapes.space_file import default_space, load_space
    from core.store.project import Project

    cars = default_space() if space is None else load_space(space)
    with Project.open(project, read_only=True) as opened:
        row = one_camera(opened, camera)
        habit = learn_habits(opened, row, cars)
    _write(space_with(habit, cars, row), out)
    times = f"{habit.noise_times:.1f} times the noise assumed"
    typer.echo(f"learned from {habit.cars} cars, whose points scatter {times}")
    for right, name in enumerate(NAMES[::2]):
        # of the left one; the right one mirrors it
        ahead, left, up = (100 * habit.offsets[2 * right + 1]).round().astype(int).tolist()
        pair = name.removeprefix("right ")
        typer.echo(f"{pair}s: {ahead:+d} cm ahead, {left:+d} cm out, {up:+d} cm up")
    typer.echo(f"fit with it: amodal fit {project} --space {out} --points others")


def _save(built: BuiltSpace, out: Path) -> None:
    _write(built.space, out)
    for car in built.dropped:
        typer.echo(f"left out {car.name}: {car.reason}")
    typer.echo(f"{built.kept} cars, {built.metres_per_unit:.4g} metres for a unit")
    _echo_space(built.space)
    typer.echo(f"five components leave {built.rms_m * 100:.1f} cm of the keypoints")


def _write(space: CarShapeSpace, out: Path) -> None:
    from core.shapes.space_file import save_space

    if out.suffix != ".npz":
        raise ShapeSpaceError(f"{out} is no npz file's name.", "Give a name that ends in .npz.")
    try:
        save_space(space, out)
    except OSError as error:
        raise ShapeSpaceError(
            f"{out} cannot be written: {error.strerror}.", "Choose another place."
        ) from None


def _echo_space(space: CarShapeSpace) -> None:
    typer.echo(f"{space.name}: {space.components} components, {space.explained.sum():.1%} of the variance")
    typer.echo("sigmas, metres: " + " ".join(f"{sigma:.3f}" for sigma in space.sigmas))
    mesh = space.mesh
    typer.echo(f"mesh: {len(mesh.mean)} vertices, {len(mesh.faces)} faces" if mesh else "no mesh")


def _frame(forward: str, left: str, up: str, handedness: str, unit: float | None) -> SourceFrame:
    from core.shapes.frames import Handedness, SourceFrame

    if handedness not in list(Handedness):
        raise ShapeSpaceError(f"{handedness!r} is no handedness.", "Write right or left.")
    return SourceFrame(forward, left, up, Handedness(handedness), unit)


def _whole_numbers(text: str, count: int, option: str) -> list[int]:
    try:
        numbers = [int(word) for word in text.replace(",", " ").split()]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise ShapeSpaceError(f"{option} {text!r} is no list of {count} numbers.", "Write 0,1,2 and so on.")
    return numbers
