"""Composites as pictures with labels: blurred unless someone says not to, whole after a full disk."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.compositing.cut_edge import MOST_OFF_PX
from core.compositing.render import Composer
from core.errors import DiskFullError, ExchangeError
from core.geometry.masks import patch_to_full
from core.jobs.composites import StoredPieces
from core.jobs.privacy import Privacy
from core.store import job_rows
from core.store.edits.recipes import save_recipe
from core.store.history import History
from core.store.project import Project
from core.store.queries.recipes import recipe_ids, recipe_sets, recipes_by_ids
from tests.jobs.doing import do_job
from tests.jobs.yard import HEIGHT, WIDTH, Yard

COUNT = 5


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a set of composites of the yard, one of whose cars is parked in the background."""
    yard = Yard(tmp_path_factory.mktemp("yard") / "yard.amodal")
    do_job(yard.path, "cut")
    do_job(
        yard.path,
        "compose",
        name="first",
        count=COUNT,
        least=2,
        most=4,
        validation_percent=0,
        test_percent=0,
        guard_s=0,
        light_percent=100,
    )
    return yard.path


def result_of(path: Path, job_id: int) -> dict[str, Any]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return dict(row.result or {})


def export(path: Path, folder: Path, **settings: Any) -> dict[str, Any]:
    return result_of(path, do_job(path, "export-composites", path=str(folder), **settings))


def pictures(folder: Path) -> dict[int, np.ndarray]:
    return {int(path.stem): cv2.imread(str(path))[..., ::-1] for path in sorted((folder / "train").iterdir())}


def rows(path: Path) -> dict[int, Any]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        (chosen,) = recipe_sets(connection)
        return {row.id: row for row in recipes_by_ids(connection, recipe_ids(connection, chosen.id))}


def tree(folder: Path) -> dict[str, bytes]:
    """Every file but the list, whose order is that of writing; JSON without the moment it was written."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".jsonl":
            data = path.read_bytes()
            if path.suffix == ".json":
                parsed = json.loads(data)
                parsed["info"].pop("date_created")
                data = json.dumps(parsed).encode()
            found[str(path.relative_to(folder))] = data
    return found


def test_without_blur_the_pictures_are_the_composers(composed: Path, tmp_path: Path) -> None:
    told = export(composed, tmp_path / "out", blur_faces_and_plates=False)
    assert told["pictures"] == COUNT
    assert "can be read" in told["blurred"]
    source = StoredPieces(composed)
    composer = Composer(source)
    try:
        for recipe_id, picture in pictures(tmp_path / "out").items():
            assert (picture == composer.picture(rows(composed)[recipe_id].recipe)).all()
    finally:
        source.close()
    assert not (tmp_path / "out/contact-sheet").exists()
    info = json.loads((tmp_path / "out/annotations/train.json").read_text())["info"]
    assert info["amodal"]["faces_and_plates_blurred"] is False


def test_blur_is_what_an_export_does_unless_told_otherwise(composed: Path, tmp_path: Path) -> None:
    told = export(composed, tmp_path / "out")
    export(composed, tmp_path / "plain", blur_faces_and_plates=False)
    assert told["blurred"].endswith("faces and plates")
    assert list((tmp_path / "out/contact-sheet").glob("page-*.png"))
    plain = pictures(tmp_path / "plain")
    source = StoredPieces(composed)
    composer = Composer(source)
    checked = 0
    try:
        for recipe_id, blurred in pictures(tmp_path / "out").items():
            for label in composer.labels(rows(composed)[recipe_id].recipe):
                # these fits say nothing of their doubt: the lower three quarters of every car go, as seen
                box = label.amodal_box
                seen = patch_to_full(label.modal, HEIGHT, WIDTH)
                seen[: round(box.y + 0.3 * box.h)] = False
                pairs = seen[:, 1:] & seen[:, :-1]
                if pairs.sum() < 200:
                    continue
                steps = [
                    np.abs(np.diff(image.astype(int), axis=1)).sum(axis=2)[pairs]
                    for image in (plain[recipe_id], blurred)
                ]
                # the painted cars are checkered: nothing of it is left
                assert np.quantile(steps[0], 0.9) > 60
                assert np.quantile(steps[1], 0.9) < 15
                checked += 1
            changed = (plain[recipe_id] != blurred).any(axis=2)
            assert not changed[: HEIGHT // 6].any()
    finally:
        source.close()
    assert checked >= 2 * COUNT


def test_nothing_is_read_through_the_edge_of_what_stands_in_front(composed: Path) -> None:
    kernel = np.ones((2 * MOST_OFF_PX + 1,) * 2, np.uint8)  # a cut-out may leave out so much of its mask
    source = StoredPieces(composed)
    composer = Composer(source)
    looked_at = 0
    try:
        privacy = Privacy(source.project())
        for row in rows(composed).values():
            labels = composer.labels(row.recipe)
            found = source.pieces([label.piece_id for label in labels])
            pieces = [found[label.piece_id] for label in labels]
            whole = [patch_to_full(label.amodal, HEIGHT, WIDTH) for label in labels]
            opaque = [cv2.erode(mask.astype(np.uint8), kernel) > 0 for mask in whole]
            blurred = np.zeros((HEIGHT, WIDTH), np.bool_)
            for one in privacy.in_composite(row, labels, (), pieces, WIDTH, HEIGHT):
                blurred |= patch_to_full(one.region.patch, HEIGHT, WIDTH)
            for place, label in enumerate(labels):
                # these fits say nothing of their doubt: all but the box's upper quarter
                part = whole[place].copy()
                part[: round(label.amodal_box.y + 0.3 * label.amodal_box.h)] = False
                part &= ~np.logical_or.reduce([np.zeros_like(part), *opaque[place + 1 :]])
                looked_at += int((part & ~patch_to_full(label.modal, HEIGHT, WIDTH)).sum())
                assert not (part & ~blurred).any()
    finally:
        source.close()
    assert looked_at > 50  # pixels that masks say are hidden


def test_a_full_disk_costs_nothing_that_was_written(
    composed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes
    room = 3

    def full(self: Path, data: bytes) -> int:
        nonlocal room
        if room == 0:
            write(self, data[:100])
            raise OSError(errno.ENOSPC, "No space left on device")
        room -= 1
        return write(self, data)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(DiskFullError, match="start the same export again"):
            export(composed, tmp_path / "out")
    assert len(list((tmp_path / "out/train").iterdir())) == 3
    assert not list((tmp_path / "out").rglob("*.json"))
    told = export(composed, tmp_path / "out")
    assert told["files that were there"] == 3
    export(composed, tmp_path / "whole")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_walts_layout(composed: Path, tmp_path: Path) -> None:
    told = export(composed, tmp_path / "out", format="walt")
    data = json.loads((tmp_path / "out/cwalt_train/ann.json").read_text())
    assert len(data["images"]) == COUNT
    assert len(data["annotations"]) == told["objects"]
    for image in data["images"]:
        assert (tmp_path / "out/cwalt_train" / image["file_name"]).exists()
    assert len(list((tmp_path / "out/cwalt_train/Segmentation").iterdir())) == COUNT


def test_labels_of_another_export_are_left_as_they_are(composed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ExchangeError, match="no camera Gate"):
        export(composed, out, camera="Gate")
    export(composed, out, picture="jpeg")  # what was refused does not hold the folder
    before = tree(out)
    path = tmp_path / "two.amodal"
    shutil.copy(composed, path)
    with Project.open(path) as project:
        (row,) = list(rows(path).values())[:1]
        save_recipe(History(project, "Ann"), row.recipe, row.occlusion_percent, "second")
    with pytest.raises(ExchangeError, match="its set is first, and not second"):
        export(path, out, picture="jpeg", set="second")
    for settings, why in (
        ({}, "its kind of picture is JPEG, and not PNG"),
        ({"format": "walt"}, "its format is COCO, and not WALT"),
        ({"picture": "jpeg", "camera": "Yard"}, "names no camera"),
    ):
        with pytest.raises(ExchangeError, match=why):
            export(composed, out, **settings)
    assert tree(out) == before
    assert export(composed, out, picture="jpeg")["files that were there"] == COUNT


def test_what_cannot_be_exported_is_said(composed: Path, tmp_path: Path) -> None:
    for settings, why in (
        ({"set": "second"}, "no set of composites called second"),
        ({"camera": "Gate"}, "no camera Gate"),
        ({"split": "test"}, "no such composites"),
    ):
        with pytest.raises(ExchangeError, match=why):
            export(composed, tmp_path / "out", **settings)
    empty = tmp_path / "empty.amodal"
    Project.create(empty).close()
    with pytest.raises(ExchangeError, match="There is no set of composites"):
        export(empty, tmp_path / "none")


def test_frames_are_written_beside_their_objects(composed: Path, tmp_path: Path) -> None:
    target = tmp_path / "cars.json"
    told = result_of(composed, do_job(composed, "export", path=str(target), pictures=True))
    data = json.loads(target.read_text())
    shown = {one["id"]: one for one in data["images"]}
    assert told["images"] == len(shown) == 6
    original = Path(composed).parent / "yard-pictures"
    for one in data["annotations"]:
        image = shown[one["image_id"]]
        read = cv2.imread(str(tmp_path / "cars" / image["file_name"]))
        assert read.shape == (HEIGHT, WIDTH, 3)
        before = cv2.imread(str(original / Path(image["file_name"]).name))
        x, y, w, h = (round(value) for value in one["bbox"])
        low = slice(y + round(0.3 * h), y + h), slice(x, x + w)
        rough = [np.abs(np.diff(image[low].astype(int), axis=1)).mean() for image in (before, read)]
        assert rough[1] < 0.4 * rough[0]
    again = result_of(composed, do_job(composed, "export", path=str(target), pictures=True))
    assert again["pictures"] == told["pictures"]
    with pytest.raises(ExchangeError, match="mixed"):
        do_job(composed, "export", path=str(target), pictures=True, blur_faces_and_plates=False)


def test_an_export_comes_in_again_with_its_pictures_names(composed: Path, tmp_path: Path) -> None:
    target = tmp_path / "cars.json"
    do_job(composed, "export", path=str(target), pictures=True)
    told = result_of(composed, do_job(composed, "import", path=str(target)))
    assert told["added"] == 0
    assert told["images in the project"] == 6
