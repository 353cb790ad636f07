"""Spaces from other people's cars: declared axes, dropped defects, meshes, votes, and the 79 real cars."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ShapeSpaceError
from core.shapes import apollo
from core.shapes.alignment import fit_up_to_similarity
from core.shapes.build import read_keypoint_array, space_from_keypoints, space_from_meshes
from core.shapes.defects import find_defects
from core.shapes.frames import CAR_FRAME, Handedness, SourceFrame
from core.shapes.keypoints import FLIP
from core.shapes.meshes import is_watertight, signed_volume
from core.shapes.obj_folder import read_mesh_folder, read_obj
from core.shapes.procedural.car import car_topology, car_vertices
from core.shapes.procedural.family import draw_family
from core.shapes.space_file import default_space, load_space, save_space
from core.shapes.voting import AnnotatedCar, vote_keypoints

COUNT = 60


@pytest.fixture(scope="module")
def meshes():
    return np.stack([car_vertices(car.parameters) for car in draw_family(COUNT, seed=3)])


@pytest.fixture(scope="module")
def cars(meshes):
    return meshes[:, car_topology().keypoints]


def test_car_frame_is_left_as_it_is(cars):
    built = space_from_keypoints("mine", cars, CAR_FRAME)
    assert (built.kept, built.dropped, built.metres_per_unit) == (COUNT, (), 1.0)
    assert built.rms_m < 0.04
    # hubs are put 0.32 m up; nothing else moves
    np.testing.assert_allclose(built.space.mean[:4, 2].mean(), 0.32, atol=1e-12)
    moved = built.space.mean - cars.mean(axis=0)
    np.testing.assert_allclose(moved[:, :2], 0, atol=1e-12)
    assert np.ptp(moved[:, 2]) < 1e-12


frames = st.permutations(["x", "y", "z"]).flatmap(
    lambda axes: st.tuples(
        *[st.sampled_from(["+", "-"]).map(lambda sign, axis=axis: sign + axis) for axis in axes]
    )
)


@settings(max_examples=30, deadline=None)
@given(frames, st.floats(0.05, 20))
def test_any_declared_frame_and_unit_gives_the_same_space(axes, unit):
    cars = np.stack(
        [car_vertices(car.parameters)[car_topology().keypoints] for car in draw_family(40, seed=3)]
    )
    rows = np.zeros((3, 3))
    for row, axis in enumerate(axes):
        rows[row, "xyz".index(axis[1])] = 1 if axis[0] == "+" else -1
    theirs = cars @ rows / unit
    handedness = Handedness.RIGHT if np.linalg.det(rows) > 0 else Handedness.LEFT
    wrong = Handedness.LEFT if handedness is Handedness.RIGHT else Handedness.RIGHT
    expected = space_from_keypoints("mine", cars, CAR_FRAME).space
    built = space_from_keypoints("theirs", theirs, SourceFrame(*axes, handedness, unit))
    np.testing.assert_allclose(built.space.mean, expected.mean, atol=1e-9)
    np.testing.assert_allclose(built.space.sigmas, expected.sigmas, atol=1e-9)
    with pytest.raises(ShapeSpaceError, match="handed"):
        space_from_keypoints("theirs", theirs, SourceFrame(*axes, wrong, unit))


def test_without_a_unit_the_mean_wheelbase_is_an_ordinary_cars(cars):
    built = space_from_keypoints("theirs", cars * 0.2, SourceFrame("+x", "+y", "+z", Handedness.RIGHT))
    wheelbase = built.space.mean[:2, 0].mean() - built.space.mean[2:4, 0].mean()
    assert wheelbase == pytest.approx(2.70)
    assert built.metres_per_unit == pytest.approx(5, rel=0.05)


@pytest.mark.parametrize(
    "frame",
    [
        SourceFrame("+x", "+x", "+z", Handedness.RIGHT),
        SourceFrame("+x", "+y", "+w", Handedness.RIGHT),
        SourceFrame("", "+y", "+z", Handedness.RIGHT),
        SourceFrame("+x", "+y", "+z", Handedness.RIGHT, 0.0),
        SourceFrame("+x", "+y", "+z", Handedness.RIGHT, float("nan")),
    ],
)
def test_frames_that_cannot_be_are_refused(cars, frame):
    with pytest.raises(ShapeSpaceError):
        space_from_keypoints("theirs", cars, frame)


def test_cars_whose_sides_are_swapped_are_refused_with_the_way_out(cars):
    swapped = cars[:, list(FLIP)]
    with pytest.raises(ShapeSpaceError, match="right lie on the left") as caught:
        space_from_keypoints("theirs", swapped, CAR_FRAME)
    assert "handedness" in caught.value.way_out


def test_defective_rows_are_dropped_with_their_reasons(cars):
    bad = cars.copy()
    bad[3] = bad[3][[2, 3, 0, 1, 4, 5, 6, 7, 8, 9, 10, 11]]
    bad[7, 5, 1] = 0.0
    bad[11, 8, 1] *= -1
    bad[20, 0, 0] = np.nan
    bad[31, 6, 0] -= 3.0
    bad[40, 8:, 2] = 0.1
    built = space_from_keypoints("theirs", bad, CAR_FRAME, car_names=[f"car {i}" for i in range(COUNT)])
    reasons = {car.row: car.reason for car in built.dropped}
    assert set(reasons) == {3, 7, 11, 20, 31, 40}
    assert "front wheels are behind" in reasons[3]
    assert "left headlight" in reasons[7]
    assert "right front roof corner" in reasons[11]
    assert "not finite" in reasons[20]
    assert "right taillight" in reasons[31]
    assert "along" in reasons[31]
    assert "roof is not above" in reasons[40]
    assert built.dropped[0].name == "car 3"
    assert built.kept == COUNT - 6
    # what is left is the space of the sound cars alone
    sound = np.delete(cars, [3, 7, 11, 20, 31, 40], axis=0)
    expected = space_from_keypoints("sound", sound, CAR_FRAME).space
    np.testing.assert_allclose(built.space.sigmas, expected.sigmas, atol=1e-12)


def test_sound_cars_are_all_kept():
    ids = car_topology().keypoints
    family = np.stack([car_vertices(car.parameters)[ids] for car in draw_family()])
    strange = find_defects(family)
    # a rare kind of car may be far from the common ones, but is no wreck
    assert len(strange) < 0.06 * len(family)
    assert all("deviations" in reason for reason in strange.values())


def test_too_few_cars_and_wrong_shapes_are_refused(cars):
    with pytest.raises(ShapeSpaceError, match="sound cars"):
        space_from_keypoints("few", cars[:4], CAR_FRAME)
    with pytest.raises(ShapeSpaceError, match="sound cars"):
        space_from_keypoints("nonsense", np.zeros((50, 12, 3)), CAR_FRAME)
    with pytest.raises(ShapeSpaceError, match="12, 3"):
        space_from_keypoints("fourteen", np.zeros((50, 14, 3)), CAR_FRAME)


def test_arrays_are_read_without_unpickling(cars, tmp_path):
    path = tmp_path / "cars.npy"
    np.save(path, np.concatenate([np.ones_like(cars), cars], axis=2))
    np.testing.assert_array_equal(read_keypoint_array(path, (3, 4, 5)), cars)
    with pytest.raises(ShapeSpaceError, match="columns"):
        read_keypoint_array(path, (4, 5, 6))
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ShapeSpaceError):
        read_keypoint_array(path)
    for content in (b"", b"\x93NUMPY", b"hello"):
        path.write_bytes(content)
        with pytest.raises(ShapeSpaceError):
            read_keypoint_array(path)
    with pytest.raises(ShapeSpaceError):
        read_keypoint_array(tmp_path / "absent.npy")


def write_obj(path, vertices, faces):
    lines = ["# a car", "o body", *(f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices)]
    path.write_text("\n".join([*lines, *(f"f {a}/1/1 {b}//2 {c}" for a, b, c in np.asarray(faces) + 1)]))


def test_a_folder_of_meshes_becomes_a_space(meshes, tmp_path):
    topology = car_topology()
    theirs = meshes[:20] @ np.diag([1, -1, 1.0]) / 2
    for number, mesh in enumerate(theirs):
        write_obj(tmp_path / f"{number}.obj", mesh, topology.faces)
    write_obj(tmp_path / "98.obj", theirs[0][:100], topology.faces[:5] % 100)
    (tmp_path / "99.obj").write_text("v 1 2 what\nf 1 2 3\n")
    folder = read_mesh_folder(tmp_path)
    assert folder.names == tuple(str(number) for number in range(20))
    assert [(car.name, car.row) for car in folder.dropped] == [("98", 20), ("99", 21)]
    np.testing.assert_array_equal(folder.faces, topology.faces)
    frame = SourceFrame("+x", "-y", "+z", Handedness.LEFT, 2.0)
    built = space_from_meshes(
        "theirs", folder.vertices, folder.faces, topology.keypoints, frame, components=6
    )
    space = built.space
    assert space.mesh is not None
    # the mirror turned the faces inside out, and they were turned back
    assert signed_volume(space.mesh.mean, space.mesh.faces) > 0
    assert is_watertight(space.mesh.faces)
    np.testing.assert_allclose(space.mesh.mean, meshes[:20].mean(axis=0), atol=1e-5)
    beta = space.coefficients(meshes[0][topology.keypoints])
    np.testing.assert_allclose(space.vertices(beta)[topology.keypoints], space.keypoints(beta), atol=1e-12)
    assert len(space.mesh.proxy_faces) < 0.3 * len(space.mesh.faces)
    assert set(topology.keypoints.tolist()) <= set(space.mesh.proxy_ids.tolist())
    save_space(space, tmp_path / "space.npz")
    assert load_space(tmp_path / "space.npz").components == 6


def test_obj_polygons_become_triangles_and_nonsense_is_refused(tmp_path):
    path = tmp_path / "a.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvn 0 0 1\nf -4 -3 -2 -1\n")
    assert read_obj(path)[1].tolist() == [[0, 1, 2], [0, 2, 3]]
    for text in (
        "",
        "v 0 0\nf 1 1 1",
        "v 0 0 0\nf 1 2 3",
        "v 0 0 0\nf 0 1 1",
        "v nan 0 0\nf 1 1 1",
        "f a b c",
    ):
        path.write_text(text)
        with pytest.raises(ShapeSpaceError):
            read_obj(path)
    with pytest.raises(ShapeSpaceError, match="readable"):
        read_mesh_folder(tmp_path / "absent")


def test_keypoint_ids_are_checked(meshes):
    topology = car_topology()
    for ids in (np.arange(11), np.zeros(12, int), np.arange(12) - 1, np.arange(12) + topology.count):
        with pytest.raises(ShapeSpaceError, match="twelve different vertices"):
            space_from_meshes("theirs", meshes, topology.faces, ids, CAR_FRAME)


def test_annotations_vote_for_the_right_vertices(meshes):
    """Cars seen from all around with 1 % noise, and a fifth of the annotations at wrong poses."""
    topology, rng = car_topology(), np.random.default_rng(6)
    matrix = np.array([[2000.0, 0, 960], [0, 2000.0, 540], [0, 0, 1]])
    down = np.array([[0, -1.0, 0], [0, 0, -1], [1, 0, 0]])
    observed = []
    for _ in range(600):
        model = int(rng.integers(len(meshes)))
        yaw = rng.uniform(0, 2 * np.pi)
        turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
        rotation, place = down @ turn, np.array([0, 1.5, rng.uniform(12, 30)])
        rays = (meshes[model][topology.keypoints] @ rotation.T + place) @ matrix.T
        pixels = rays[:, :2] / rays[:, 2:]
        pixels += rng.normal(size=(12, 2)) * 0.01 * np.ptp(pixels, axis=0).max()
        if rng.random() < 0.2:
            pixels += rng.normal(size=2) * 80
        observed.append(AnnotatedCar(model, rotation, place, pixels, rng.random(12) < 0.5))
    vote = vote_keypoints(meshes, observed, matrix, across=1)
    where, truth = meshes.mean(axis=0)[vote.ids], meshes.mean(axis=0)[topology.keypoints]
    assert np.linalg.norm(where - truth, axis=1).max() < 0.06
    assert vote.miss.max() < 0.025
    assert vote.votes.min() > 200
    with pytest.raises(ShapeSpaceError, match="No annotated car"):
        vote_keypoints(meshes, [], matrix, across=1)


def test_apollo_files_that_are_damaged_are_refused(meshes, tmp_path):
    topology = car_topology()
    with pytest.raises(ShapeSpaceError):
        apollo.read_apollo_cars(tmp_path)
    (tmp_path / "car_deform_result").mkdir()
    write_obj(tmp_path / "car_deform_result" / "0.obj", meshes[0], topology.faces)
    (tmp_path / "camera_intrinsic").mkdir()
    camera = tmp_path / "camera_intrinsic" / "camera_intrinsic.npy"
    np.save(camera, np.zeros((2, 3)))
    with pytest.raises(ShapeSpaceError, match="camera"):
        apollo.read_apollo_cars(tmp_path)
    np.save(camera, np.eye(3))
    for content in ("", "{}", "[]", json.dumps({"annotations": [{"category_id": 0, "keypoints": [1, 2]}]})):
        (tmp_path / "apollo_cars.json").write_text(content)
        with pytest.raises(ShapeSpaceError, match="annotations"):
            apollo.read_apollo_cars(tmp_path)


@pytest.mark.real_data
def test_the_79_real_cars_fit_the_default_space(real_data):
    real = apollo.read_apollo_cars(real_data / "car_models")
    assert len(real.meshes.names) == 79
    assert real.vote.miss.max() < 0.07
    built = space_from_meshes(
        "ApolloCar3D", real.meshes.vertices, real.meshes.faces, real.vote.ids, apollo.FRAME
    )
    assert built.kept == 79
    # five components of their own leave 7 to 8 cm
    assert 0.06 < built.rms_m < 0.085
    points = apollo.FRAME.to_car_axes(real.meshes.vertices[:, real.vote.ids]) * apollo.METRES_PER_UNIT
    fits = [fit_up_to_similarity(default_space(), car, components=5) for car in points]
    assert np.sqrt(np.mean([fit.rms**2 for fit in fits])) < 0.12
    # and nearly at the scale that the models have in metres
    scales = [fit.placing.scale for fit in fits]
    assert 0.9 < np.mean(scales) < 1.12
