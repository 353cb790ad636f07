"""Keypoints by a file of one's own: tiny networks with known answers, in crops of any shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import DetectionError, DetectorUnavailableError
from core.mining.keypoints.onnx_finder import OnnxKeypointFinder
from core.mining.keypoints.registry import availability, create_finder
from core.mining.keypoints.settings import OnnxKeypointSettings, PointPixels
from core.records.shapes import KeypointTag
from tests.mining.detectors.onnx_maker import write_echo, write_network

# the middle of each of twelve places of an input of 64 x 48
SHARES = np.stack([np.linspace(0.1, 0.9, 12), np.linspace(0.9, 0.1, 12)], axis=1).astype(np.float32)


def finder(path: Path, **settings: Any) -> OnnxKeypointFinder:
    return OnnxKeypointFinder(OnnxKeypointSettings(model=path, **settings))


def crop(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 90, dtype=np.uint8)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (128, 96), (200, 50), (30, 90)])
def test_points_are_told_in_the_pixels_of_any_crop(tmp_path: Path, width: int, height: int) -> None:
    path = write_network(tmp_path / "p.onnx", {"points": SHARES[None]}, picture=(1, 3, 48, 64))
    [found] = finder(path).find([crop(width, height)])
    # the crop lies in the middle of the input in its own proportions
    scale = min(64 / width, 48 / height)
    left = (64 - round(width * scale)) // 2
    top = (48 - round(height * scale)) // 2
    assert np.allclose(found.pixels, (SHARES * (64, 48) - (left, top)) / scale - 0.5, atol=1e-4)
    assert found.tags is None


def test_heat_maps_with_tags(tmp_path: Path) -> None:
    maps = np.zeros((1, 12, 12, 16), dtype=np.float32)
    for point in range(12):
        maps[0, point, point % 12, point + 2] = 0.05 * (point + 1)
    tags = np.zeros((1, 12, 4), dtype=np.float32)
    tags[0, :, 1] = 1.0
    path = write_network(tmp_path / "m.onnx", {"maps": maps, "tags": tags}, picture=(1, 3, 48, 64))
    [found] = finder(path, min_score=0.2).find([crop(64, 48)])
    for point in range(12):
        if 0.05 * (point + 1) < 0.2:
            assert np.isnan(found.pixels[point]).all()
        else:
            assert np.allclose(found.pixels[point], (4 * (point + 2.5) - 0.5, 4 * (point + 0.5) - 0.5))
    assert found.tags == (KeypointTag.SELF_OCCLUDED,) * 12


def test_a_network_of_variable_size_gets_the_settings_size(tmp_path: Path) -> None:
    path = write_network(
        tmp_path / "v.onnx", {"points": SHARES[None]}, picture=(1, 3, "height", "width"), element="float16"
    )
    [found] = finder(path, input_px=100).find([crop(100, 100)])
    assert np.allclose(found.pixels, SHARES * 100 - 0.5, atol=1e-3)


@pytest.mark.parametrize("pixels", list(PointPixels))
def test_pixels_are_given_as_the_network_wants_them(tmp_path: Path, pixels: PointPixels) -> None:
    import onnxruntime

    path = write_network(tmp_path / "n.onnx", {"points": SHARES[None]}, picture=(1, 3, 4, 4))
    echo = onnxruntime.InferenceSession(str(write_echo(tmp_path / "e.onnx", picture=(1, 3, 4, 4))))
    one = finder(path, pixels=pixels)
    seen: list[np.ndarray] = []

    class Spy:
        def run(self, _names: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
            seen.append(echo.run(None, given)[0])
            return [SHARES[None]]

    one._session = Spy()
    one.find([np.full((4, 4, 3), (255, 51, 0), dtype=np.uint8)])
    wanted = {
        PointPixels.RGB_0_1: (1.0, 0.2, 0.0),
        PointPixels.RGB_0_255: (255.0, 51.0, 0.0),
        PointPixels.BGR_0_255: (0.0, 51.0, 255.0),
        # ImageNet's published mean and spread
        PointPixels.IMAGENET: ((1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, (0 - 0.406) / 0.225),
    }[pixels]
    assert np.allclose(seen[0][0, :, 0, 0], wanted, atol=1e-5)


def test_what_is_no_keypoint_network_is_refused(tmp_path: Path) -> None:
    boxes = write_network(tmp_path / "b.onnx", {"boxes": np.zeros((1, 84, 10), dtype=np.float32)})
    with pytest.raises(DetectionError, match="not a car's 12 keypoints"):
        finder(boxes)
    with pytest.raises(DetectorUnavailableError, match="No ONNX file is named"):
        create_finder(OnnxKeypointSettings())
    (tmp_path / "x.onnx").write_bytes(b"nothing")
    with pytest.raises(DetectionError, match="cannot be read as a network"):
        finder(tmp_path / "x.onnx")


def test_it_says_whether_it_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    [entry] = availability()
    assert entry.available
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    [entry] = availability()
    assert not entry.available
    assert "pip install onnxruntime" in entry.note
