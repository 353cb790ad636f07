"""Keypoints by a file of one's own: tiny networks with known answers, in crops of any shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import DetectionError, DetectorUnavailableError
from core.mining.keypoints.onnx_finder import OnnxKeypointFinder
from core.mining.keypoints.protocol import ObjectCrop
from core.mining.keypoints.registry import availability, create_finder
from core.mining.keypoints.settings import OnnxKeypointSettings, PointPixels
from core.records.boxes import Box
from core.records.keypoints import Template
from core.records.shapes import KeypointTag
from tests.mining.detectors.onnx_maker import write_echo, write_network

# the middle of each of twelve places of an input of 64 x 48
SHARES = np.stack([np.linspace(0.1, 0.9, 12), np.linspace(0.9, 0.1, 12)], axis=1).astype(np.float32)


def finder(path: Path, **settings: Any) -> OnnxKeypointFinder:
    return OnnxKeypointFinder(OnnxKeypointSettings(model=path, **settings))


def crop(width: int, height: int) -> ObjectCrop:
    return ObjectCrop(np.full((height, width, 3), 90, dtype=np.uint8), Box(0, 0, width, height))


def people_finder(path: Path, **settings: Any) -> OnnxKeypointFinder:
    return OnnxKeypointFinder(OnnxKeypointSettings(model=path, **settings), Template.PERSON)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (128, 96), (200, 50), (30, 90)])
def test_points_are_told_in_the_pixels_of_any_crop(tmp_path: Path, width: int, height: int) -> None:
    path = write_network(tmp_path / "p.onnx", {"points": SHARES[None]}, picture=(1, 3, 48, 64))
    [[found]] = finder(path).find([crop(width, height)])
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
    [[found]] = finder(path, min_score=0.2).find([crop(64, 48)])
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
    [[found]] = finder(path, input_px=100).find([crop(100, 100)])
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
    one.find([ObjectCrop(np.full((4, 4, 3), (255, 51, 0), dtype=np.uint8), Box(0, 0, 4, 4))])
    wanted = {
        PointPixels.AUTO: (1.0, 0.2, 0.0),
        PointPixels.RGB_0_1: (1.0, 0.2, 0.0),
        PointPixels.RGB_0_255: (255.0, 51.0, 0.0),
        PointPixels.BGR_0_255: (0.0, 51.0, 255.0),
        # ImageNet's published mean and spread
        PointPixels.IMAGENET: ((1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, (0 - 0.406) / 0.225),
    }[pixels]
    assert np.allclose(seen[0][0, :, 0, 0], wanted, atol=1e-5)


def bins_at(shares: np.ndarray, width: int, height: int, split: int = 2) -> dict[str, np.ndarray]:
    """SimCC's outputs for 17 points at shares of an input's sides, as RTMPose gives them."""
    given: dict[str, np.ndarray] = {}
    for name, places, side in (("simcc_x", shares[:, 0], width), ("simcc_y", shares[:, 1], height)):
        bins = np.arange(side * split)
        given[name] = np.exp(-((bins - places[:, None] * side * split) ** 2) / 50.0)[None].astype(np.float32)
    return given


PEOPLE_SHARES = np.stack([np.linspace(0.2, 0.8, 17), np.linspace(0.9, 0.1, 17)], axis=1)


@pytest.mark.parametrize(
    "box", [Box(40, 30, 60, 160), Box(0, 0, 140, 60), Box(-20, -30, 50, 170), Box(120, 100, 40, 120)]
)
def test_a_person_is_given_the_box_in_the_inputs_proportions(tmp_path: Path, box: Box) -> None:
    """mmpose's top-down transform: the box grows to 192:256, then by a quarter, about its middle."""
    path = write_network(tmp_path / "p.onnx", bins_at(PEOPLE_SHARES, 192, 256), picture=(1, 3, 256, 192))
    image = np.full((220, 140, 3), 90, dtype=np.uint8)
    [[found]] = people_finder(path).find([ObjectCrop(image, box)])
    wide = max(box.w, box.h * 192 / 256) * 1.25
    high = wide * 256 / 192
    middle = np.array([box.x + box.w / 2, box.y + box.h / 2])
    wanted = middle + (PEOPLE_SHARES - 0.5) * (wide, high) - 0.5
    # the picture is laid down by whole pixels of the input
    assert np.abs(found.pixels - wanted).max() < 0.6 * wide / 192 + 0.1
    assert (found.tags, found.box) == (None, None)


def test_what_a_person_is_given_is_the_picture_there(tmp_path: Path) -> None:
    path = write_network(tmp_path / "p.onnx", bins_at(PEOPLE_SHARES, 192, 256), picture=(1, 3, 256, 192))
    one = people_finder(path, pixels=PointPixels.RGB_0_255)
    seen: list[np.ndarray] = []
    answer = one._session

    class Spy:
        def run(self, names: None, given: dict[str, np.ndarray]) -> Any:
            seen.append(next(iter(given.values())))
            return answer.run(names, given)

    one._session = Spy()
    image = np.full((200, 100, 3), 40, dtype=np.uint8)
    image[50:150, 20:80] = 200
    one.find([ObjectCrop(image, Box(20, 50, 60, 100))])
    [picture] = [array[0, 0] for array in seen]
    # 100 px of 125 are the person's, in the middle; beyond the crop there is nothing
    rows, columns = np.flatnonzero(picture[:, 96] > 120), np.flatnonzero(picture[128] > 120)
    assert abs(rows[0] - 256 * 0.1) <= 1
    assert abs(rows[-1] + 1 - 256 * 0.9) <= 1
    assert len(columns) == pytest.approx(60 * 256 / 125, abs=2)
    wide = people_finder(path, pixels=PointPixels.RGB_0_255)
    wide._session = Spy()
    wide.find([ObjectCrop(image, Box(-60, 50, 60, 100))])
    assert (seen[-1][0, 0][:, :40] == 0).all()


def test_simcc_and_maps_of_people_get_imagenets_pixels_unless_told_otherwise(tmp_path: Path) -> None:
    simcc = write_network(tmp_path / "s.onnx", bins_at(PEOPLE_SHARES, 192, 256), picture=(1, 3, 256, 192))
    maps = {"maps": np.zeros((1, 17, 64, 48), dtype=np.float32)}
    of_people = write_network(tmp_path / "m.onnx", maps, picture=(1, 3, 256, 192))
    yolo = write_network(
        tmp_path / "y.onnx", {"out": np.zeros((1, 56, 50), dtype=np.float32)}, picture=(1, 3, 64, 64)
    )
    for path, wanted in ((simcc, "imagenet"), (of_people, "imagenet"), (yolo, "rgb_0_to_1")):
        assert people_finder(path)._pixels == wanted
    assert people_finder(simcc, pixels=PointPixels.BGR_0_255)._pixels == "bgr_0_to_255"


def test_yolo_tells_all_people_of_a_crop(tmp_path: Path) -> None:
    table = np.zeros((1, 56, 3), dtype=np.float32)
    for place, (x, score) in enumerate(((30.0, 0.9), (0.0, 0.0), (70.0, 0.6))):
        table[0, :5, place] = (x, 50.0, 20.0, 60.0, score)
        table[0, 5:, place] = np.stack([np.full(17, x), np.linspace(25, 75, 17), np.ones(17)], axis=1).ravel()
    table[0, 7, 0] = 0.1  # the nose of the first one is not sure
    path = write_network(tmp_path / "y.onnx", {"out": table}, picture=(1, 3, 100, 100))
    [found] = people_finder(path).find([crop(200, 100)])
    # 200 px in 100: half the size, with 25 px above and below
    assert [one.box for one in found] == [Box(40, -10, 40, 120), Box(120, -10, 40, 120)]
    assert np.isnan(found[0].pixels[0]).all()
    assert np.allclose(found[1].pixels[:, 0], 140 - 0.5)
    assert np.allclose(found[1].pixels[:, 1], (np.linspace(25, 75, 17) - 25) * 2 - 0.5)


def test_a_person_s_network_of_variable_size_is_3_to_4(tmp_path: Path) -> None:
    points = np.concatenate([PEOPLE_SHARES, np.ones((17, 1))], axis=1).astype(np.float32)
    path = write_network(tmp_path / "v.onnx", {"points": points[None]}, picture=(1, 3, "height", "width"))
    one = people_finder(path)
    assert (one._width, one._height) == (192, 256)


def test_what_is_no_keypoint_network_is_refused(tmp_path: Path) -> None:
    boxes = write_network(tmp_path / "b.onnx", {"boxes": np.zeros((1, 84, 10), dtype=np.float32)})
    with pytest.raises(DetectionError, match="not a car's 12 keypoints"):
        finder(boxes)
    with pytest.raises(DetectorUnavailableError, match="No ONNX file is named"):
        create_finder("onnx", Template.CAR, OnnxKeypointSettings())
    (tmp_path / "x.onnx").write_bytes(b"nothing")
    with pytest.raises(DetectionError, match="cannot be read as a network"):
        finder(tmp_path / "x.onnx")


def test_it_says_whether_it_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one.available for one in availability(Template.CAR)] == [True, True]
    assert [one.available for one in availability(Template.PERSON)] == [True, True]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    [entry, own] = availability(Template.CAR)
    assert not entry.available
    assert "pip install onnxruntime" in entry.note
    assert not own.available
    assert "pip install torch torchvision" in own.note
    [_, keypoint_rcnn] = availability(Template.PERSON)
    assert not keypoint_rcnn.available
    assert "pip install torch torchvision" in keypoint_rcnn.note
