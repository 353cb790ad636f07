"""The ONNX detector: tiny networks whose right answer is known, and the two real ones in shared."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import DetectionError, DetectorUnavailableError
from core.geometry.boxes import iou_matrix, to_array
from core.geometry.masks import full_to_patch, patch_iou
from core.mining.detectors.onnx_decode import fit_picture, grid
from core.mining.detectors.onnx_file import OnnxDetector
from core.mining.detectors.onnx_layout import Layout
from core.mining.detectors.settings import Device, OnnxSettings, Pixels
from core.records.boxes import Box
from core.records.detections import Category, Detection, DetectorFrame
from tests.mining.detectors.onnx_maker import write_echo, write_network

SIDE = 320
PLACES = 40 * 40 + 20 * 20 + 10 * 10
NAMES = {"names": "{0: 'person', 1: 'car', 2: 'kite'}"}
PICTURE = np.zeros((360, 640, 3), dtype=np.uint8)  # fits 320x320 at half its size, 70 px down from the top

# kind, score and box (x, y, w, h) in the picture
CAR = (1, 0.9, (100.0, 50.0, 120.0, 60.0))
PERSON = (0, 0.6, (400.0, 200.0, 40.0, 100.0))
KITE = (2, 0.95, (10.0, 10.0, 30.0, 30.0))


def detect(path: Path, image: np.ndarray = PICTURE, **settings: object) -> list[Detection]:
    return OnnxDetector(OnnxSettings(model=path, **settings)).detect([DetectorFrame(image)])[0]


def in_input(
    box: tuple[float, float, float, float], centred: bool = True
) -> tuple[float, float, float, float]:
    """Centre x, y, w, h of a picture's box in the network's input: half the size, 70 px further down."""
    x, y, w, h = box
    return (x + w / 2) / 2, (y + h / 2) / 2 + (70 if centred else 0), w / 2, h / 2


def yolo_table(objects: list[tuple], masks: int = 0) -> np.ndarray:
    table = np.zeros((1, 4 + 3 + masks, PLACES), dtype=np.float32)
    for place, (kind, score, box) in enumerate(objects):
        table[0, :4, 7 * place + 3] = in_input(box)
        table[0, 4 + kind, 7 * place + 3] = score
    return table


def assert_found(detections: list[Detection], objects: list[tuple], places: int = 3) -> None:
    names = {0: Category.PERSON, 1: Category.CAR}
    assert len(detections) == len(objects)
    for one, (kind, score, box) in zip(detections, objects, strict=True):
        assert one.category is names[kind]
        assert one.score == pytest.approx(score, abs=1e-3)
        np.testing.assert_allclose(to_array([one.box])[0], box, atol=10**-places)


def test_yolo_boxes_come_back_in_the_pictures_pixels_and_kites_are_left_out(tmp_path):
    path = write_network(tmp_path / "a.onnx", {"output0": yolo_table([PERSON, KITE, CAR])}, metadata=NAMES)
    assert_found(detect(path), [CAR, PERSON])
    assert_found(detect(path, min_score=0.7), [CAR])


def test_yolo_with_objectness_multiplies_both_scores(tmp_path):
    table = np.zeros((1, 3 * PLACES, 8), dtype=np.float32)
    table[0, 100, :4], table[0, 100, 4], table[0, 100, 6] = in_input(CAR[2]), 0.8, 0.75
    path = write_network(tmp_path / "a.onnx", {"output0": table}, metadata=NAMES)
    assert_found(detect(path), [(1, 0.6, CAR[2])])


@pytest.mark.parametrize("decoded", [False, True])
def test_yolox_boxes_whether_the_file_decodes_them_or_not(tmp_path, decoded):
    places, strides = grid(SIDE, SIDE)
    table = np.zeros((1, PLACES, 8), dtype=np.float32)
    if decoded:
        table[0, :, :2] = (places + 0.5) * strides[:, None]
        table[0, :, 2:4] = strides[:, None]
    cell = 1600 + 5 * 20 + 5  # stride 16, row 5, column 5
    x, y, w, h = in_input(CAR[2], centred=False)
    table[0, cell, :4] = [x, y, w, h] if decoded else [x / 16 - 5, y / 16 - 5, np.log(w / 16), np.log(h / 16)]
    table[0, cell, 4], table[0, cell, 6] = 0.9, 1.0
    path = write_network(tmp_path / "a.onnx", {"output": table}, metadata=NAMES)
    detector = OnnxDetector(OnnxSettings(model=path))
    assert detector.network.layout is Layout.YOLOX
    assert_found(detector.detect([DetectorFrame(PICTURE)])[0], [CAR])


@pytest.mark.parametrize("shares", [False, True])
def test_networks_with_their_own_suppression(tmp_path, shares):
    table = np.zeros((1, 50, 6), dtype=np.float32)
    for place, (kind, score, box) in enumerate([CAR, PERSON, KITE]):
        x, y, w, h = in_input(box)
        corners = np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
        table[0, place] = [*(corners / SIDE if shares else corners), score, kind]
    path = write_network(tmp_path / "a.onnx", {"output0": table}, metadata=NAMES)
    assert_found(detect(path), [CAR, PERSON])


def test_networks_with_seven_columns(tmp_path):
    x, y, w, h = in_input(CAR[2])
    table = np.array([[0, x - w / 2, y - h / 2, x + w / 2, y + h / 2, 1, 0.9]], dtype=np.float32)
    path = write_network(tmp_path / "a.onnx", {"output": table}, metadata=NAMES)
    assert_found(detect(path), [CAR])


def test_masks_lie_on_the_objects_pixels(tmp_path):
    """A disc of radius 40 px, drawn by hand on the prototypes' grid of every eighth picture pixel."""
    centre, radius = (300.0, 180.0), 40.0
    y, x = np.mgrid[:80, :80] + 0.5
    # a prototype pixel is 4 input pixels, an input pixel 2 picture pixels, and the picture starts 70 down
    distance = np.hypot(x * 4 * 2 - centre[0], (y * 4 - 70) * 2 - centre[1])
    prototypes = np.zeros((1, 32, 80, 80), dtype=np.float32)
    prototypes[0, 5] = (radius - distance) / 8
    table = yolo_table([(1, 0.9, (255.0, 135.0, 90.0, 90.0))], masks=32)
    table[0, 7 + 5, 3] = 2.0
    path = write_network(tmp_path / "a.onnx", {"output0": table, "output1": prototypes}, metadata=NAMES)
    (one,) = detect(path)
    y, x = np.mgrid[:360, :640] + 0.5
    truth = full_to_patch(np.hypot(x - centre[0], y - centre[1]) < radius)
    assert patch_iou(one.mask, truth) > 0.97


def test_a_mask_without_a_pixel_is_no_mask(tmp_path):
    table = yolo_table([CAR], masks=32)
    prototypes = np.full((1, 32, 80, 80), -1, dtype=np.float32)
    table[0, 7, 3] = 1.0
    path = write_network(tmp_path / "a.onnx", {"output0": table, "output1": prototypes}, metadata=NAMES)
    (one,) = detect(path)
    assert one.mask is None


def test_one_object_called_two_kinds_of_vehicle_is_found_once(tmp_path):
    table = yolo_table([CAR])
    names = {"names": "['person', 'car', 'truck']"}
    table[0, :4, 50], table[0, 6, 50] = in_input((104.0, 50.0, 118.0, 60.0)), 0.8
    table[0, :4, 60], table[0, 4, 60] = in_input((104.0, 50.0, 118.0, 60.0)), 0.7
    path = write_network(tmp_path / "a.onnx", {"output0": table}, metadata=names)
    assert [one.category for one in detect(path)] == [Category.CAR, Category.PERSON]


def test_sizes_that_vary_are_known_from_a_trial(tmp_path):
    """The picture is not square: of an input of variable size it gets no more than it needs."""
    table = np.zeros((1, 50, 6), dtype=np.float32)
    path = write_network(
        tmp_path / "a.onnx",
        {"output0": table},
        picture=("batch", 3, "height", "width"),
        declared={"output0": ("batch", "count", 6)},
        metadata=NAMES,
    )
    detector = OnnxDetector(OnnxSettings(model=path))
    assert detector.network.layout is Layout.END_TO_END
    assert detector._input_size(640, 360) == (384, 640)
    assert detector._input_size(360, 640) == (640, 384)
    assert OnnxDetector(OnnxSettings(model=path, input_px=320))._input_size(1920, 1080) == (192, 320)


@pytest.mark.parametrize(
    ("shape", "element", "pixels", "expected"),
    [
        ((1, 3, 4, 6), "float32", Pixels.RGB_0_1, [200 / 255, 100 / 255, 50 / 255]),
        ((1, 3, 4, 6), "float16", Pixels.RGB_0_1, [200 / 255, 100 / 255, 50 / 255]),
        ((1, 3, 4, 6), "float32", Pixels.BGR_0_255, [50, 100, 200]),
        ((1, 3, 4, 6), "float32", Pixels.RGB_0_255, [200, 100, 50]),
        ((1, 4, 6, 3), "uint8", Pixels.RGB_0_1, [200, 100, 50]),
        ((1, 4, 6, 3), "int8", Pixels.RGB_0_1, [72, -28, -78]),
    ],
)
def test_the_network_gets_its_pixels_as_it_wants_them(tmp_path, shape, element, pixels, expected):
    """A network that answers with its picture is no detector; what it was given is what is looked at."""
    import onnxruntime

    from core.mining.detectors.onnx_layout import Port, recognise_input
    from core.mining.detectors.onnx_session import as_input

    path = write_echo(tmp_path / "echo.onnx", picture=shape, element=element)
    session = onnxruntime.InferenceSession(str(path))
    taken = session.get_inputs()[0]
    port = recognise_input([Port(taken.name, tuple(taken.shape), taken.type)])
    canvas = np.full((4, 6, 3), (200, 100, 50), dtype=np.uint8)
    (given,) = session.run(None, {"images": as_input(canvas, port, pixels)})
    channels = given[0, 1, 2, :] if port.channels_last else given[0, :, 1, 2]
    np.testing.assert_allclose(channels.astype(float), expected, atol=1e-3)


@pytest.mark.parametrize(("size", "centred"), [((640, 360), True), ((333, 777), False), ((50, 50), True)])
def test_a_picture_fits_its_input_without_being_stretched(size, centred):
    fit = fit_picture(*size, 320, 256, centred)
    w, h = size[0] * fit.scale, size[1] * fit.scale
    assert w <= 320.01
    assert h <= 256.01
    assert max(w / 320, h / 256) == pytest.approx(1.0)
    left, top = (320 - w) / 2 if centred else 0, (256 - h) / 2 if centred else 0
    assert abs(fit.pad_x - left) <= 1
    assert abs(fit.pad_y - top) <= 1


def test_tiles_look_closer_and_each_object_is_found_once(tmp_path):
    """The network finds one box of 40x40 input pixels in the middle of whatever it is shown."""
    table = np.zeros((1, 7, PLACES), dtype=np.float32)
    table[0, :4, 3], table[0, 5, 3] = [160, 160, 40, 40], 0.9
    path = write_network(tmp_path / "a.onnx", {"output0": table}, metadata=NAMES)
    square = np.zeros((320, 320, 3), dtype=np.uint8)
    assert len(detect(path, square)) == 1
    found = detect(path, square, tiles=True, tile_px=160)
    boxes = {(one.box.x, one.box.y, one.box.w, one.box.h) for one in found}
    starts = (0, 80, 160)  # half-size tiles, each found box 20 px across in its middle
    assert boxes == {(x + 70.0, y + 70.0, 20.0, 20.0) for x in starts for y in starts} | {(140, 140, 40, 40)}
    assert len(found) == 10  # and the whole picture's own


def test_a_file_that_is_no_network_is_said_plainly(tmp_path):
    path = tmp_path / "notes.onnx"
    for content in (b"", b"\x00" * 100, b"hello", b"PK\x03\x04" * 50):
        path.write_bytes(content)
        with pytest.raises(DetectionError, match=r"notes\.onnx"):
            detect(path)


def test_files_and_devices_that_are_not_there(tmp_path):
    with pytest.raises(DetectorUnavailableError, match="There is no file"):
        detect(tmp_path / "gone.onnx")
    path = write_network(tmp_path / "a.onnx", {"output0": yolo_table([CAR])}, metadata=NAMES)
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        with pytest.raises(DetectorUnavailableError, match="GPU"):
            detect(path, device=Device.CUDA)
    assert OnnxDetector(OnnxSettings(model=path, device=Device.CPU)).device is Device.CPU


def test_a_network_of_other_things_is_refused(tmp_path):
    path = write_network(
        tmp_path / "a.onnx", {"output0": yolo_table([])}, metadata={"names": "['cat', 'dog', 'fish']"}
    )
    with pytest.raises(DetectionError, match="cat, dog, fish"):
        detect(path)


def test_numbers_that_are_none_do_no_harm(tmp_path):
    table = yolo_table([CAR, PERSON])
    table[0, :4, 3] = np.nan
    table[0, 4:, 40] = np.nan
    path = write_network(tmp_path / "a.onnx", {"output0": table}, metadata=NAMES)
    assert [one.category for one in detect(path)] == [Category.PERSON]


def boxes_of_another_detector(folder: Path, frame: int, size: tuple[int, int]) -> list[Box]:
    """The vehicles that the footage's own detector found."""
    for entry in json.loads((folder / "junction" / "boxes_30fps.json").read_text()):
        if entry["frame_id"] == frame:
            found = []
            for one in entry["objects"]:
                where = one["relative_coordinates"]
                w, h = where["width"] * size[0], where["height"] * size[1]
                found.append(
                    Box(where["center_x"] * size[0] - w / 2, where["center_y"] * size[1] - h / 2, w, h)
                )
            return found
    return []


@pytest.mark.real_data
@pytest.mark.parametrize("network", ["yolox_nano.onnx", "yolov8n-seg_int8.onnx"])
def test_real_networks_agree_with_another_detector_on_real_footage(real_data, network):
    """What is large enough for a nano network is found by both, and both say the same of it."""
    detector = OnnxDetector(OnnxSettings(model=real_data / "networks" / network))
    confirmed, ours, recalled, theirs = 0, 0, 0, 0
    for frame in (60, 200, 400):
        image = cv2.imread(str(real_data / "junction" / "frames" / f"{frame:03d}.jpg"))[..., ::-1]
        found = detector.detect([DetectorFrame(np.ascontiguousarray(image))])[0]
        other = boxes_of_another_detector(real_data, frame, (image.shape[1], image.shape[0]))
        overlap = iou_matrix(to_array(one.box for one in found), to_array(other))
        for one, best in zip(found, overlap.max(axis=1), strict=True):
            if min(one.box.w, one.box.h) > 45:
                ours, confirmed = ours + 1, confirmed + int(best > 0.5)
        for box, best in zip(other, overlap.max(axis=0), strict=True):
            if min(box.w, box.h) > 60:
                theirs, recalled = theirs + 1, recalled + int(best > 0.5)
        for one in found:
            assert (one.mask is not None) == ("seg" in network)
            assert one.mask is None or 0.3 < one.mask.bits.sum() / one.box.area <= 1.1
    assert ours > 5
    assert theirs > 5
    assert confirmed / ours > 0.85
    assert recalled / theirs > 0.8
