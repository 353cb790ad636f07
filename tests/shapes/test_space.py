"""The car shape space: shared beta, its prior, how well five numbers describe a car, and its file."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ShapeSpaceError
from core.records.shapes import BodyStyle
from core.shapes.alignment import fit_up_to_similarity, similarity
from core.shapes.components import principal_components
from core.shapes.keypoints import LEFT, WHEELS, mirrored
from core.shapes.meshes import signed_volume
from core.shapes.procedural.car import car_topology, car_vertices
from core.shapes.procedural.default import build_default_space, draw_shapes
from core.shapes.procedural.family import draw_family
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space, load_space, save_space


@pytest.fixture(scope="module")
def space():
    return default_space()


@pytest.fixture(scope="module")
def cars():
    ids = car_topology().keypoints
    return np.stack([car_vertices(car.parameters)[ids] for car in draw_family()])


def test_one_command_rebuilds_what_is_in_resources(space):
    again = build_default_space()
    assert again.name == space.name
    assert again.mesh is not None
    assert space.mesh is not None
    for name in ("mean", "directions", "sigmas", "explained"):
        np.testing.assert_allclose(getattr(space, name), getattr(again, name), atol=1e-6)
    np.testing.assert_allclose(space.mesh.mean, again.mesh.mean, atol=1e-6)
    np.testing.assert_allclose(space.mesh.directions, again.mesh.directions, atol=1e-6)
    for name in ("faces", "keypoint_ids", "proxy_ids", "proxy_faces"):
        np.testing.assert_array_equal(getattr(space.mesh, name), getattr(again.mesh, name))
    assert {k: v.tolist() for k, v in space.mesh.parts.items()} == {
        k: v.tolist() for k, v in again.mesh.parts.items()
    }


def test_five_numbers_describe_a_car_to_6_cm(space, cars):
    beta = space.coefficients(cars, components=5)
    assert beta.shape == (len(cars), 5)
    error = np.linalg.norm(space.keypoints(beta) - cars, axis=-1)
    assert np.sqrt((error**2).mean()) < 0.06
    # and no kind of car is left out
    for style in BodyStyle:
        of_style = [i for i, car in enumerate(draw_family()) if car.style is style]
        assert np.sqrt((error[of_style] ** 2).mean()) < 0.06, style


def test_beta_is_a_unit_gaussian_over_the_family(space, cars):
    beta = space.coefficients(cars)
    np.testing.assert_allclose(beta.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(beta[:, :4].std(axis=0), 1, atol=0.1)
    np.testing.assert_allclose(np.linalg.norm(space.directions, axis=(1, 2)), 1, atol=1e-6)
    assert (np.diff(space.explained) <= 0).all()
    total = ((cars - cars.mean(axis=0)) ** 2).sum() / (len(cars) - 1)
    np.testing.assert_allclose(space.explained, space.sigmas**2 / total, rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=10))
def test_keypoints_are_vertices_of_the_mesh_for_every_beta(beta):
    space = default_space()
    mesh = space.mesh
    assert mesh is not None
    vertices = space.vertices(beta)
    points = space.keypoints(beta)
    np.testing.assert_allclose(vertices[mesh.keypoint_ids], points, atol=1e-5)
    np.testing.assert_allclose(space.proxy_vertices(beta), vertices[mesh.proxy_ids], atol=1e-12)
    np.testing.assert_allclose(mirrored(points), points, atol=1e-5)
    assert signed_volume(vertices, mesh.faces) > 3
    # numbers left out are zero
    padded = np.zeros(space.components)
    padded[: len(beta)] = beta
    np.testing.assert_allclose(space.keypoints(padded), points, atol=1e-12)


def test_batches_jacobian_and_coefficients_agree(space):
    rng = np.random.default_rng(0)
    beta = rng.normal(size=(2, 3, 5))
    points = space.keypoints(beta)
    assert points.shape == (2, 3, 12, 3)
    assert space.vertices(beta[0]).shape == (3, len(space.mesh.mean), 3)
    np.testing.assert_allclose(points[1, 2], space.keypoints(beta[1, 2]))
    np.testing.assert_allclose(space.coefficients(points, components=5), beta, atol=1e-9)
    step = 1e-6
    for k in range(5):
        ahead = space.keypoints(beta[0, 0] + step * np.eye(5)[k])
        np.testing.assert_allclose((ahead - points[0, 0]) / step, space.jacobian(5)[..., k], atol=1e-7)
    # a prior pulls towards the mean
    shy = space.coefficients(points[0, 0], components=5, prior=10.0)
    assert np.linalg.norm(shy) < 0.5 * np.linalg.norm(beta[0, 0])
    with pytest.raises(ValueError, match="beta"):
        space.keypoints(np.zeros(space.components + 1))
    with pytest.raises(ValueError, match="12, 3"):
        space.coefficients(np.zeros((14, 3)))


def test_drawn_shapes_are_their_cars(space):
    shapes = draw_shapes(space, 30, seed=5)
    assert len({shape.car.style for shape in shapes}) >= 4
    for shape in shapes:
        vertices = car_vertices(shape.car.parameters)
        miss = np.linalg.norm(space.vertices(shape.beta) - vertices, axis=1)
        assert np.sqrt((miss**2).mean()) < 0.08
        wheels = space.keypoints(shape.beta)[list(WHEELS)]
        np.testing.assert_allclose(wheels[:, 2], shape.car.parameters.wheel_radius, atol=0.03)
    assert [s.beta.tolist() for s in draw_shapes(space, 30, seed=5)] == [s.beta.tolist() for s in shapes]


def test_components_recover_a_made_up_space():
    rng = np.random.default_rng(4)
    mean = rng.normal(size=(12, 3))
    basis, _ = np.linalg.qr(rng.normal(size=(36, 3)))
    scores = rng.normal(size=(5000, 3)) * [0.5, 0.2, 0.1]
    cars = mean + (scores @ basis.T).reshape(-1, 12, 3)
    found = principal_components(cars, None, 5)
    # a fourth component is no component
    assert len(found.sigmas) == 3
    np.testing.assert_allclose(found.sigmas, [0.5, 0.2, 0.1], rtol=0.05)
    np.testing.assert_allclose(found.explained.sum(), 1)
    overlap = np.abs(found.directions.reshape(3, 36) @ basis)
    np.testing.assert_allclose(overlap, np.eye(3), atol=0.1)


def test_similarity_is_found_again_and_never_mirrors():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(12, 3))
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    moved = 2.5 * points @ rotation.T + [1, -2, 3]
    found = similarity(points, moved)
    assert found.scale == pytest.approx(2.5)
    np.testing.assert_allclose(found.rotation, rotation, atol=1e-12)
    np.testing.assert_allclose(found.apply(points), moved, atol=1e-12)
    mirror = similarity(points, points * [1, -1, 1])
    assert np.linalg.det(mirror.rotation) == pytest.approx(1)
    with pytest.raises(ValueError, match="three points"):
        similarity(points[:2], points[:2])


def test_a_shape_is_found_whatever_its_frame_and_unit(space):
    beta = np.array([0.8, -1.0, 0.5, 0.2, -0.4])
    rng = np.random.default_rng(8)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    points = 0.4 * space.keypoints(beta) @ rotation.T + [5, 1, 2]
    fit = fit_up_to_similarity(space, points, prior=0.0, rounds=400)
    assert fit.rms < 0.002
    # scale and size trade for one another only so far as the keypoints allow
    assert fit.placing.scale == pytest.approx(0.4, rel=0.1)


def test_file_is_small_and_comes_back_the_same(space, tmp_path):
    path = tmp_path / "space.npz"
    save_space(space, path)
    assert path.stat().st_size < 1_000_000
    again = load_space(path)
    np.testing.assert_array_equal(again.mean, space.mean)
    np.testing.assert_array_equal(again.mesh.directions, space.mesh.directions)
    assert again.name == space.name
    other = tmp_path / "other.npz"
    save_space(again, other)
    assert other.read_bytes() == path.read_bytes()
    bare = CarShapeSpace(space.name, space.mean, space.directions, space.sigmas, space.explained)
    save_space(bare, other)
    assert load_space(other).mesh is None
    with pytest.raises(ValueError, match="no mesh"):
        load_space(other).vertices(np.zeros(3))


def rewritten(space, path, **changes):
    """The space's file with some arrays changed, or left out where None."""
    save_space(space, path)
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    arrays |= changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"format": np.array("something else")},
        {"units": np.array("inches")},
        {"units": None},
        {"mean": np.zeros((14, 3))},
        {"mean": np.full((12, 3), np.nan)},
        {"sigmas": np.zeros(0)},
        {"sigmas": np.zeros((10, 1))},
        {"directions": np.zeros((9, 12, 3))},
        {"directions": np.zeros((10, 12, 3), dtype=int)},
        {"explained": None},
        {"keypoint_ids": np.full(12, 1_000_000)},
        {"keypoint_ids": np.full(12, -1)},
        {"keypoint_ids": np.zeros(12)},
        {"faces": np.zeros((3, 4), dtype=np.int32)},
        {"face_parts": None},
        {"proxy_faces": np.full((10, 3), 5000)},
        {"mesh_directions": np.zeros((10, 5, 3))},
    ],
    ids=lambda changes: "-".join(f"{key}" for key in changes),
)
def test_a_file_with_something_wrong_is_refused(space, tmp_path, changes):
    with pytest.raises(ShapeSpaceError) as caught:
        load_space(rewritten(space, tmp_path / "bad.npz", **changes))
    assert caught.value.way_out


def test_mirrored_space_is_refused(space, tmp_path):
    flipped = space.mean * [1, -1, 1]
    assert (flipped[list(LEFT), 1] < 0).all()
    with pytest.raises(ShapeSpaceError, match="wrong sides"):
        load_space(rewritten(space, tmp_path / "bad.npz", mean=flipped))


def test_hostile_files_are_refused(space, tmp_path):
    path = tmp_path / "bad.npz"
    with pytest.raises(ShapeSpaceError):
        load_space(path)
    for content in (b"", b"nothing like a zip", b"PK\x03\x04" + b"\0" * 100):
        path.write_bytes(content)
        with pytest.raises(ShapeSpaceError):
            load_space(path)
    save_space(space, path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(ShapeSpaceError):
        load_space(path)
    # objects would have to be unpickled
    with pytest.raises(ShapeSpaceError):
        load_space(rewritten(space, path, name=np.array([{"a": 1}], dtype=object)))
    # 300 MB of zeros in a few hundred kB
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (40_000_000,)}
        )
        with archive.open("mean.npy", "w", force_zip64=True) as member:
            member.write(header.getvalue())
            for _ in range(300):
                member.write(b"\0" * 2**20)
    with pytest.raises(ShapeSpaceError, match="unpacks"):
        load_space(path)


def test_its_label_tells_spaces_apart_and_survives_its_file(tmp_path: Path) -> None:
    space = default_space()
    save_space(space, tmp_path / "again.npz")
    assert load_space(tmp_path / "again.npz").label == space.label
    assert replace(space, mean=space.mean * 1.001).label != space.label
    assert space.label.startswith(space.name)
