"""`amodal shapes`: spaces are built and shown from the shell, and mistakes are one line with a way out."""

from __future__ import annotations

import numpy as np
import pytest

from core.cli import main
from core.shapes.procedural.car import car_topology, car_vertices
from core.shapes.procedural.family import draw_family
from core.shapes.space_file import load_space

AXES = ["--forward", "+x", "--left", "+y", "--up", "+z", "--handedness", "right"]


@pytest.fixture(scope="module")
def meshes():
    return np.stack([car_vertices(car.parameters) for car in draw_family(40, seed=3)])


def test_the_default_space_is_shown(capsys):
    assert main(["shapes", "show"]) == 0
    said = capsys.readouterr().out
    assert "procedural family of 400 cars: 10 components" in said
    assert "mesh: 2370 vertices" in said


def test_a_space_is_built_from_an_array_and_says_what_was_left_out(meshes, tmp_path, capsys):
    cars = meshes[:, car_topology().keypoints]
    cars[4, 5, 1] = 0
    np.save(tmp_path / "cars.npy", np.concatenate([np.zeros_like(cars), cars * 100], axis=2))
    out = tmp_path / "space.npz"
    arguments = ["shapes", "from-keypoints", str(tmp_path / "cars.npy"), str(out), *AXES]
    assert main([*arguments, "--metres-per-unit", "0.01", "--columns", "3,4,5"]) == 0
    said = capsys.readouterr().out
    assert "left out 4: Its left headlight" in said
    assert "39 cars" in said
    assert load_space(out).mesh is None
    assert main(["shapes", "show", str(out)]) == 0
    assert "no mesh" in capsys.readouterr().out


def test_a_space_is_built_from_meshes(meshes, tmp_path):
    topology = car_topology()
    folder = tmp_path / "cars"
    folder.mkdir()
    faces = "\n".join(f"f {a} {b} {c}" for a, b, c in topology.faces + 1)
    for number, mesh in enumerate(meshes[:9]):
        text = "\n".join(f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in mesh)
        (folder / f"{number}.obj").write_text(text + "\n" + faces)
    ids = ",".join(str(vertex) for vertex in topology.keypoints)
    out = tmp_path / "space.npz"
    assert main(["shapes", "from-meshes", str(folder), str(out), "--keypoints", ids, *AXES]) == 0
    space = load_space(out)
    assert space.components == 8
    assert len(space.mesh.mean) == topology.count


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "absent.npz"], "cannot be read"),
        (["from-keypoints", "absent.npy", "a.npz", *AXES], "cannot be read"),
        (["from-keypoints", "a.npy", "a.npz", *AXES, "--columns", "0,1"], "list of 3"),
        (["from-keypoints", "CARS", "a.txt", *AXES], "ends in .npz"),
        (["from-keypoints", "CARS", "absent/a.npz", *AXES], "cannot be written"),
        (["from-keypoints", "CARS", "a.npz", *AXES[:-1], "left"], "left-handed"),
        (["from-keypoints", "CARS", "a.npz", *AXES[:-1], "both"], "no handedness"),
        (["from-meshes", "absent", "a.npz", "--keypoints", "1,2", *AXES], "list of 12"),
        (["from-apollo", "absent", "a.npz"], "readable OBJ"),
    ],
)
def test_mistakes_are_one_line_with_a_way_out(meshes, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    np.save("cars.npy", meshes[:, car_topology().keypoints])
    given = ["cars.npy" if word == "CARS" else word for word in arguments]
    assert main(["shapes", *given]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.real_data
def test_apollos_cars_become_a_space(real_data, tmp_path, capsys):
    out = tmp_path / "space.npz"
    assert main(["shapes", "from-apollo", str(real_data / "car_models"), str(out)]) == 0
    assert "79 cars" in capsys.readouterr().out
    assert load_space(out).mesh.faces.shape == (2700, 3)
