"""Recognising a network from its ports: each known layout, and a plain word on every other."""

from __future__ import annotations

import pytest

from core.errors import DetectionError
from core.mining.detectors.classes import COCO_80
from core.mining.detectors.onnx_layout import Layout, Port, recognise_input, recognise_output
from core.mining.detectors.settings import Pixels

SIDE = 320
PLACES = 40 * 40 + 20 * 20 + 10 * 10


def port(*shape: int | None, name: str = "output0", kind: str = "tensor(float)") -> Port:
    return Port(name, shape, kind)


@pytest.mark.parametrize(
    ("shape", "layout", "pixels"),
    [
        ((1, 84, PLACES), Layout.YOLO, Pixels.RGB_0_1),
        ((1, PLACES, 84), Layout.YOLO, Pixels.RGB_0_1),
        ((1, 3 * PLACES, 85), Layout.YOLO_OBJECTNESS, Pixels.RGB_0_1),
        ((1, PLACES, 85), Layout.YOLOX, Pixels.BGR_0_255),
        ((1, 300, 6), Layout.END_TO_END, Pixels.RGB_0_1),
        ((12, 7), Layout.END_TO_END_7, Pixels.RGB_0_1),
        ((0, 7), Layout.END_TO_END_7, Pixels.RGB_0_1),
    ],
)
def test_boxes(shape, layout, pixels):
    network = recognise_output([port(*shape)], SIDE, SIDE, {})
    assert network.layout is layout
    assert network.pixels is pixels
    assert network.names == COCO_80
    assert network.prototypes is None
    assert network.centred == (layout is not Layout.YOLOX)


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((1, 116, PLACES), Layout.YOLO),
        ((1, 3 * PLACES, 117), Layout.YOLO_OBJECTNESS),
        ((1, 300, 38), Layout.END_TO_END),
    ],
)
def test_masks_whichever_output_comes_first(shape, layout):
    boxes, prototypes = port(*shape), port(1, 32, 80, 80, name="output1")
    for ports, place in (([boxes, prototypes], 1), ([prototypes, boxes], 0)):
        network = recognise_output(ports, SIDE, SIDE, {})
        assert network.layout is layout
        assert network.prototypes == place
        assert network.boxes == 1 - place


@pytest.mark.parametrize("names", ["{0: 'car', 1: 'lorry'}", "['car', 'lorry']", "('car', 'lorry')"])
def test_names_come_from_the_file(names):
    network = recognise_output([port(1, 6, PLACES)], SIDE, SIDE, {"names": names})
    assert network.names == ("car", "lorry")


def test_a_persons_names_win_over_the_files():
    metadata = {"names": "{0: 'a', 1: 'b'}"}
    network = recognise_output([port(1, 6, PLACES)], SIDE, SIDE, metadata, "car, person")
    assert network.names == ("car", "person")


def test_two_layouts_of_one_shape_are_told_apart_by_the_names():
    """(1, n, 7) is two classes with objectness, or three without."""
    two, three = {"names": "['car', 'bus']"}, {"names": "['car', 'bus', 'truck']"}
    assert recognise_output([port(1, PLACES, 7)], SIDE, SIDE, two).layout is Layout.YOLOX
    assert recognise_output([port(1, PLACES, 7)], SIDE, SIDE, three).layout is Layout.YOLO


@pytest.mark.parametrize(
    "names",
    [
        "__import__('os').system('false')",
        "{'a': 1}",
        "[" * 5000,
        "{0: 'car'}",
        "{5: 'car', 9: 'bus'}",
        "x" * 200_000,
        "",
    ],
)
def test_names_that_do_not_fit_are_no_names_and_never_run(names):
    with pytest.raises(DetectionError, match="2 kinds of things"):
        recognise_output([port(1, 6, PLACES)], SIDE, SIDE, {"names": names})


@pytest.mark.parametrize(
    "ports",
    [
        [port(1, 1000)],
        [port(1, 84, 77)],
        [port(2, 84, PLACES)],
        [port(1, 3, 40, 40, 85), port(1, 3, 20, 20, 85)],
        [port(1, 84, PLACES, kind="tensor(int8)")],
        [port(1, 116, PLACES), port(1, 16, 80, 80, name="output1")],
        [],
    ],
)
def test_an_unknown_layout_is_told_with_what_was_seen_and_what_is_known(ports):
    with pytest.raises(DetectionError) as caught:
        recognise_output(ports, SIDE, SIDE, {})
    for one in ports:
        assert str(one) in caught.value.problem
    assert "YOLOX" in caught.value.way_out


@pytest.mark.parametrize(
    ("shape", "kind", "last", "element"),
    [
        ((1, 3, 320, 416), "tensor(float)", False, "float32"),
        ((1, 320, 416, 3), "tensor(uint8)", True, "uint8"),
        ((None, 3, None, None), "tensor(float16)", False, "float16"),
        ((1, 3, 320, 416), "tensor(int8)", False, "int8"),
    ],
)
def test_inputs(shape, kind, last, element):
    found = recognise_input([port(*shape, name="images", kind=kind)])
    assert (found.channels_last, found.type) == (last, element)
    if None not in shape:
        assert (found.height, found.width) == (320, 416)


@pytest.mark.parametrize(
    "ports",
    [
        [port(1, 1, 320, 320)],
        [port(1, 3, 320)],
        [port(1, 3, 320, 320, kind="tensor(double)")],
        [port(1, 3, 320, 320), port(1, 2, name="orig_target_sizes", kind="tensor(int64)")],
        [],
    ],
)
def test_an_input_that_is_no_picture_is_told(ports):
    with pytest.raises(DetectionError, match="input"):
        recognise_input(ports)
