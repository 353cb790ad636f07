"""The camera of a changed picture of a car: what is seen through it lies where the change puts it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from core.geometry.cameras import pinhole  # noqa: E402
from core.geometry.masks import box_to_patch  # noqa: E402
from core.networks.prelabeller import Prelabeller, PrelabellerSettings  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.shapes.keypoints import FLIP  # noqa: E402
from core.shapes.space_file import default_space  # noqa: E402
from core.training.data.crop_augment import Augmentation, changed  # noqa: E402
from core.training.data.crops import TAGS, PackedCrop, cut_sample, packed, read_shard, write_shard  # noqa: E402
from core.training.data.said_cars import say  # noqa: E402
from core.training.data.seen_from import SeenFrom, seen_from  # noqa: E402

CAMERA = pinhole(1280, 720, 900.0)
MEAN = default_space().mean
FROM_BEHIND = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])


def car() -> NDArray[np.float64]:
    """(12, 3) a usual car somewhere before the camera."""
    turn = np.deg2rad(35.0)
    about = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    return np.asarray(MEAN @ (about @ FROM_BEHIND).T + (3.0, 2.0, 14.0))


def projected(solid: SeenFrom) -> NDArray[np.float64]:
    rays = solid.space @ solid.matrix.T
    return np.asarray(rays[:, :2] / rays[:, 2:])


@given(
    turn=st.floats(-3.0, 3.0),
    scale=st.floats(0.05, 4.0),
    mirrored=st.booleans(),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_a_changed_picture_is_another_cameras(
    turn: float, scale: float, mirrored: bool, shift: tuple[float, float]
) -> None:
    solid = seen_from(CAMERA, car())
    part = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if mirrored:
        part[:, 0] *= -1
    there = solid.changed(np.column_stack([part, shift]))
    order = list(FLIP) if mirrored else list(range(12))
    expected = (CAMERA.project(car()) @ part.T + shift)[order]
    assert np.abs(projected(there) - expected).max() < 1e-6
    # lengths stay, and a mirrored car still has its left on its left
    own = np.linalg.norm(there.space[:, None] - there.space, axis=2)
    assert np.allclose(own, np.linalg.norm(car()[order][:, None] - car()[order], axis=2))
    here, new = (np.linalg.det(one[[1, 2, 8]] - one[0]) for one in (car(), there.space))
    assert np.sign(here) == np.sign(new)


def crop() -> PackedCrop:
    """A cut-out of a bare picture, shrunk, of which the camera is known."""
    pixels = CAMERA.project(car())
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    box = Box(*low.tolist(), *(high - low).tolist())
    picture = np.full((720, 1280, 3), 90, dtype=np.uint8)
    sample = cut_sample(
        picture,
        box,
        box_to_patch(box, 720, 1280),
        [],
        pixels,
        [TAGS[0]] * 12,
        box.size,
        0.0,
        Category.CAR,
        longest_px=120,
        solid=seen_from(CAMERA, car()),
    )
    assert max(sample.image.shape) == 120
    return packed(sample, "bare")


def test_a_crop_keeps_the_camera_through_its_file_and_changes(tmp_path: Path) -> None:
    path = tmp_path / "cars-train-000000.npz"
    write_shard(path, [crop(), replace(crop(), solid=None)])
    made, without = read_shard(path)
    assert without.solid is None
    sample = made.open()
    assert sample.solid is not None
    assert np.abs(projected(sample.solid) - sample.points).max() < 0.5  # of a crop of 120 px
    cut = changed(sample, Augmentation(cover=0, bar=0, cut=1.0, ground=0), np.random.default_rng(1))
    assert cut.solid is not None
    assert cut.image.shape != sample.image.shape
    assert np.abs(projected(cut.solid) - cut.points).max() < 0.5
    # a file of an older program says nothing of cameras
    with np.load(path) as kept:
        older = {name: kept[name] for name in kept.files if name != "solid"}
    np.savez_compressed(path, **older)
    assert [one.solid for one in read_shard(path)] == [None, None]


@pytest.mark.parametrize("how", [None, Augmentation(rough=0.0)])
def test_what_is_said_of_a_car_comes_with_its_camera(how: Augmentation | None) -> None:
    torch.manual_seed(0)
    network = Prelabeller(PrelabellerSettings(px=32)).eval()
    for car_said in say(network, [crop()] * 6, how=how, seed=3):
        assert car_said.solid is not None
        assert np.abs(projected(car_said.solid) - car_said.points).max() < 0.01  # of a square of 2
