"""Crops to learn from: cut, packed, kept in files, and read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.training.data.crops import TAGS, cut_sample, packed, read_crops, read_shard, write_shard
from tests.training.data.made_crops import drawn_car, drawn_set


def test_what_is_packed_comes_back() -> None:
    sample = drawn_car(hidden=0.3)
    again = packed(sample, "made").open()
    assert again.own is not None
    assert sample.own is not None
    assert np.array_equal(again.own, sample.own)
    assert np.array_equal(again.others, sample.others)
    assert np.array_equal(again.points, sample.points)
    assert again.box == sample.box
    assert float(np.abs(again.image.astype(int) - sample.image).mean()) < 12  # noise is what JPEG keeps worst


def test_a_shard_comes_back(tmp_path: Path) -> None:
    crops = [*drawn_set(3), packed(drawn_car(category=Category.PERSON))]
    write_shard(tmp_path / "cars-train-000.npz", crops)
    again = read_shard(tmp_path / "cars-train-000.npz")
    assert [one.jpeg for one in again] == [one.jpeg for one in crops]
    assert [one.own for one in again] == [one.own for one in crops]
    assert [one.others for one in again] == [one.others for one in crops]
    assert [one.category for one in again] == [one.category for one in crops]
    assert [one.name for one in again] == [one.name for one in crops]
    assert [one.box for one in again] == [one.box for one in crops]
    assert np.array_equal(again[1].tags, crops[1].tags)


def test_files_are_chosen_by_kind_and_split(tmp_path: Path) -> None:
    write_shard(tmp_path / "cars-train-000.npz", drawn_set(1))
    write_shard(tmp_path / "street-val-000.npz", drawn_set(2))
    assert len(read_crops(tmp_path, ["cars-train-"])) == 1
    assert len(read_crops(tmp_path, ["cars-train-", "street-val-"])) == 3
    with pytest.raises(TrainingError, match="no crops"):
        read_crops(tmp_path, ["cars-test-"])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\x80\x04cos\nsystem\n."])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cars-train-000.npz"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="cannot be read"):
        read_shard(path)


def test_a_cut_keeps_places() -> None:
    """A point, the masks and the box show the same pixel in the crop as in the picture, shrunk or not."""
    picture = np.zeros((200, 300, 3), dtype=np.uint8)
    picture[98:103, 148:153] = 255
    own = MaskPatch(100, 80, np.ones((40, 100), dtype=np.bool_))
    points = np.full((12, 2), np.nan)
    points[0] = (150.0, 100.0)
    tags = [KeypointTag.VISIBLE] + [KeypointTag.UNLABELLED] * 11
    for longest in (400, 95):
        sample = cut_sample(
            picture, Box(100, 80, 100, 40), own, [], points, tags, 120.0, 0.0, Category.CAR, longest
        )
        shrink = sample.image.shape[1] / 190
        rows, columns = np.nonzero(sample.image[..., 0] > 128)
        assert np.allclose(sample.points[0], (columns.mean(), rows.mean()), atol=0.5)
        assert sample.own is not None
        assert float(sample.own.sum()) == pytest.approx(4000 * shrink**2, rel=0.08)  # half a pixel an edge
        assert sample.box.w == pytest.approx(100 * shrink, rel=0.01)
        assert sample.size_px == pytest.approx(120 * shrink, rel=0.01)
        assert TAGS[sample.tags[0]] is KeypointTag.VISIBLE
        assert (sample.tags[1:] == -1).all()
