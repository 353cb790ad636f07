"""Poses as benchmarks and predictors write them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ExchangeError
from core.exchange.benchmarks.occluded_pascal3d import read_occluded
from core.exchange.benchmarks.ood_cv import read_ood_cv
from core.exchange.benchmarks.pascal3d import read_annotation, read_vertices
from core.exchange.benchmarks.poses import image_key, parse_poses, read_poses
from core.geometry.viewpoints import rotation_from_viewpoint

from .pose_files import (
    POSES,
    car,
    label,
    predicted,
    write_annotation,
    write_csv,
    write_occluded,
    write_pascal3d,
)


def rotation(name: str) -> Any:
    return rotation_from_viewpoint(*(math.radians(one) for one in POSES[name]))


def test_annotations_of_one_and_of_several_objects(tmp_path: Path) -> None:
    write_annotation(tmp_path / "one.mat", [car(POSES["n01"])])
    (one,) = read_annotation(tmp_path / "one.mat")
    assert (one.kind, one.distance, one.cad) == ("car", 5.0, 1)
    assert one.rotation == pytest.approx(rotation("n01"))
    coarse = car(POSES["n02"], kind="bus", distance=0.0)
    coarse["viewpoint"] = {"azimuth_coarse": 10.0, "distance": 0.0}
    write_annotation(tmp_path / "two.mat", [car(POSES["n02"], cad=7), coarse])
    first, second = read_annotation(tmp_path / "two.mat")
    assert first.rotation == pytest.approx(rotation("n02"))
    assert first.cad == 7
    assert (second.kind, second.rotation, second.distance) == ("bus", None, 0.0)


def test_files_that_are_no_annotations(tmp_path: Path) -> None:
    from scipy.io import savemat

    (tmp_path / "x.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    with pytest.raises(ExchangeError, match=r"x\.mat cannot be used"):
        read_annotation(tmp_path / "x.mat")
    savemat(tmp_path / "y.mat", {"record": {"objects": {"class": 3.0}}})
    with pytest.raises(ExchangeError, match="object 0 has no class"):
        read_annotation(tmp_path / "y.mat")
    savemat(tmp_path / "z.mat", {"other": 1.0})
    with pytest.raises(ExchangeError, match="no record of objects"):
        read_annotation(tmp_path / "z.mat")
    with pytest.raises(ExchangeError, match="cannot be read"):
        read_annotation(tmp_path / "missing.mat")


@pytest.fixture(scope="module")
def annotation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mat") / "good.mat"
    write_annotation(path, [car(POSES["n01"])])
    return path


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_annotation_is_read_or_refused(annotation: Path, data: st.DataObject) -> None:
    content = bytearray(annotation.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = annotation.with_name("damaged.mat")
    path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    refused = ""
    try:
        read_annotation(path)
    except ExchangeError as error:
        refused = str(error)
    assert not refused or "damaged.mat cannot be used: " in refused


def test_cad_models(tmp_path: Path) -> None:
    write_pascal3d(tmp_path)
    assert read_vertices(tmp_path / "CAD" / "car" / "01.off").tolist() == [[1, 0, 0], [0, 1, 0]]
    (tmp_path / "02.off").write_text("OFF\n9 0 0\n1 0 0\n")
    with pytest.raises(ExchangeError, match="not the 9 vertices"):
        read_vertices(tmp_path / "02.off")


def test_poses_of_occluded_pictures_are_pascal3ds(tmp_path: Path) -> None:
    release = write_pascal3d(tmp_path / "P")
    truth = read_occluded(write_occluded(tmp_path / "O", (1, 3)), release, "car")
    assert [(one.key.image, one.group) for one in truth.poses] == [
        (name, level) for level in ("1", "3") for name in POSES
    ]
    assert truth.poses[1].rotation == pytest.approx(rotation("n02"))
    assert {one.hidden for one in truth.poses} == {0.5}
    assert {one.distance for one in truth.poses} == {5.0}
    with pytest.raises(ExchangeError, match=r"carFGL1_BGL1/n01\.npz .* has no pose"):
        read_occluded(tmp_path / "O", None, "car")
    (release / "Annotations" / "car_imagenet" / "n02.mat").unlink()
    with pytest.raises(ExchangeError, match=r"n02\.mat cannot be read"):
        read_occluded(tmp_path / "O", release, "car")


def test_what_nemo_prepared_has_its_poses(tmp_path: Path) -> None:
    truth = read_occluded(write_occluded(tmp_path, prepared=True), None, "car")
    assert len(truth.poses) == 9
    assert truth.poses[2].rotation == pytest.approx(rotation("n03"))
    with pytest.raises(ExchangeError, match="has no bus"):
        read_occluded(tmp_path, None, "bus")


def groups(path: Path) -> list[tuple[str, int, str]]:
    return [(one.key.image, one.key.object, one.group) for one in read_ood_cv(path, "car").poses]


def test_ood_cvs_tables(tmp_path: Path) -> None:
    one = [
        label("a.jpg", POSES["n01"], nuisance="iid"),
        label("b.jpg", POSES["n02"], nuisance="pose"),
        label("c.jpg", POSES["n03"], "bus", nuisance="pose"),
        label("d.jpg", POSES["n03"], nuisance="occlusion"),
    ]
    assert groups(write_csv(tmp_path / "gt.csv", one)) == [("a", 0, "iid"), ("b", 0, "pose")]
    truth = read_ood_cv(tmp_path / "gt.csv", "car")
    assert truth.others == {"c", "d"}
    assert truth.poses[1].rotation == pytest.approx(rotation("n02"))
    for nuisance, row in (("shape", one[1]), ("occlusion", one[3])):
        write_csv(tmp_path / "F" / "nuisances" / nuisance / "labels.csv", [row])
    write_csv(tmp_path / "F" / "iid_test" / "labels.csv", [one[0]])
    assert groups(tmp_path / "F") == [("a", 0, "iid"), ("b", 0, "shape")]


def test_ood_cvs_lists(tmp_path: Path) -> None:
    place = tmp_path / "lists"
    place.mkdir()
    (place / "car_pose.txt").write_text("a 1\n")
    (place / "car_weather.txt").write_text("a 1\nb 0\n")
    (place / "car_all.txt").write_text("a 0\na 1\nb 0\nc 0\n")
    (place / "bus_all.txt").write_text("z 0\n")
    write_annotation(tmp_path / "annotations" / "car" / "a.mat", [car(POSES["n01"]), car(POSES["n02"])])
    write_annotation(tmp_path / "annotations" / "car" / "b.mat", [car(POSES["n03"])])
    write_annotation(tmp_path / "annotations" / "car" / "c.mat", [car(POSES["n03"], distance=0.0)])
    truth = read_ood_cv(tmp_path, "car")
    assert [(one.key.image, one.key.object, one.group) for one in truth.poses] == [
        ("a", 1, "pose"),
        ("a", 1, "weather"),
        ("b", 0, "weather"),
        ("a", 0, "iid"),
    ]
    assert truth.poses[0].rotation == pytest.approx(rotation("n02"))
    assert truth.others == {"z"}
    assert sum(truth.left_out.values()) == 1
    (place / "car_shape.txt").write_text("b 5\n")
    with pytest.raises(ExchangeError, match=r"b\.mat .* none is number 5"):
        read_ood_cv(tmp_path, "car")
    (place / "car_shape.txt").write_text("../../outside 0\n")
    with pytest.raises(ExchangeError, match=r"outside\.mat cannot be read"):
        # the folder of a name does not count, so nothing outside is looked for
        read_ood_cv(tmp_path, "car")


def test_what_is_no_ood_cv(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="no copy of OOD-CV"):
        read_ood_cv(tmp_path, "car")
    row = label("a.jpg", POSES["n01"], nuisance="pose")
    path = write_csv(tmp_path / "gt.csv", [row, row])
    with pytest.raises(ExchangeError, match="line 3 is about a, and so is another line"):
        read_ood_cv(path, "car")
    write_csv(path, [label(f"{n}.jpg", (n / 2, 0.0, 0.0), nuisance="pose") for n in range(11)])
    with pytest.raises(ExchangeError, match="seem to be radians"):
        read_ood_cv(path, "car")


def test_predictions_by_angles_matrices_and_json(tmp_path: Path) -> None:
    matrix = {f"r{1 + n // 3}{1 + n % 3}": value for n, value in enumerate(rotation("n01").ravel())}
    path = write_csv(
        tmp_path / "p.csv",
        [
            predicted("n01", object=2, distance=4.0),
            {"image": "x/n02.png", "level": "L3", "add": 0.5} | matrix,
            {"image": "n03", "tx": 1, "ty": 2, "tz": -3, "labels": "car"} | matrix,
        ],
    )
    first, second, third = read_poses(path)
    assert (first.image, first.object, first.level, first.where) == ("n01", 2, "", "line 2, of n01,")
    assert first.rotation == pytest.approx(rotation("n01"))
    assert first.translation == pytest.approx([0, 0, -4])
    assert (second.image, second.object, second.level, second.add) == ("n02", None, "3", 0.5)
    assert second.rotation == pytest.approx(rotation("n01"))
    assert third.translation == pytest.approx([1, 2, -3])
    data = {"image": "n02.JPEG", "rotation": rotation("n02").tolist(), "translation": [0, 0, -5], "level": 1}
    (tmp_path / "p.json").write_text(json.dumps([data]))
    (only,) = read_poses(tmp_path / "p.json")
    assert only.rotation == pytest.approx(rotation("n02"))
    assert (only.level, only.translation is None) == ("1", False)


def test_names_of_pictures() -> None:
    assert image_key("a/b/c.JPEG") == image_key(r"b\c.jpg") == image_key("c") == "c"
    assert image_key("2008.000 1.x") == "2008.000 1.x"


BAD: list[tuple[dict[str, str], str]] = [
    ({"image": ""}, "line 2 names no image"),
    ({"theta": ""}, "line 2, of a, has no theta"),
    ({"azimuth": "x"}, "the azimuth of line 2, of a, is “x”"),
    ({"elevation": "inf"}, "the elevation of line 2, of a, is “inf”"),
    ({"r11": "1"}, "line 2, of a, has no r12"),
    ({f"r{n // 3 + 1}{n % 3 + 1}": "1" for n in range(9)}, "the matrix of line 2, of a, is no rotation"),
    ({"tx": "1"}, "not all of tx, ty and tz"),
    ({"add": "-1"}, "the add of line 2, of a, is below 0"),
    ({"object": "1.5"}, "the object of line 2, of a, is “1.5”"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[words for _, words in BAD])
def test_a_wrong_row_is_named(change: dict[str, str], words: str) -> None:
    row = {"image": "a.png", "azimuth": "1", "elevation": "2", "theta": "3"} | change
    with pytest.raises(ExchangeError) as caught:
        parse_poses([("line 2", row)], "p.csv")
    assert f"p.csv cannot be used: {words}" in str(caught.value) or words in str(caught.value)


def test_rows_that_stand_twice_and_files_without_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "p.csv", [predicted("n01"), predicted("n02"), predicted("n01")])
    with pytest.raises(ExchangeError, match=r"line 4, of n01, is about n01, and so is line 2"):
        read_poses(path)
    path.write_text("image,azimuth\n")
    with pytest.raises(ExchangeError, match="no rows"):
        read_poses(path)
    (tmp_path / "p.json").write_text("{}")
    with pytest.raises(ExchangeError, match="no list of poses"):
        read_poses(tmp_path / "p.json")


NAMES = st.sampled_from(["image", "azimuth", "elevation", "theta", "r11", "tx", "add", "level", "object"])
VALUES = st.one_of(st.text(max_size=4), st.floats().map(str), st.integers(-400, 400).map(str))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(NAMES, VALUES), min_size=1, max_size=3))
def test_any_row_is_a_pose_or_a_sentence(rows: list[dict[str, str]]) -> None:
    refused = ""
    try:
        for one in parse_poses([(f"line {n}", row) for n, row in enumerate(rows)], "p.csv"):
            assert one.rotation @ one.rotation.T == pytest.approx(np.eye(3))
    except ExchangeError as error:
        refused = str(error)
    assert not refused or refused.startswith("p.csv cannot be used: ")
