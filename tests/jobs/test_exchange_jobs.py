"""Export and import as jobs, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.errors import ExchangeError
from core.store import job_rows
from core.store.project import Project
from tests.jobs.doing import CAMERA, do_job
from tests.jobs.test_mine_job import live_rows


def result_of(path: Path, job_id: int) -> dict[str, object]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return row.result


def test_out_and_in_again_elsewhere(project_path: Path, tmp_path: Path) -> None:
    do_job(project_path, "mine", detector="motion", end_s=2.0)
    out = tmp_path / "cars.json"
    exported = result_of(project_path, do_job(project_path, "export", path=str(out), camera=CAMERA))
    mined = live_rows(project_path)
    assert exported["objects"] == len(mined) == len(json.loads(out.read_text())["annotations"])

    other = tmp_path / "other.amodal"
    Project.create(other).close()
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        footage = connection.exec_driver_sql("SELECT absolute_path FROM source").scalar()
    do_job(other, "add", path=footage, camera="Elsewhere")
    imported = result_of(other, do_job(other, "import", path=str(out)))
    assert imported["added"] == len(mined)

    # frame, kind, box and label came over
    def known(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [(row[0], *row[2:7], row[8]) for row in rows]

    assert known(live_rows(other)) == known(mined)


def test_only_unoccluded(project_path: Path, tmp_path: Path) -> None:
    do_job(project_path, "mine", detector="motion", end_s=2.0)
    out = tmp_path / "clear.json"
    do_job(project_path, "export", path=str(out), label="unoccluded")
    labels = {one["occlusion"]["label"] for one in json.loads(out.read_text())["annotations"]}
    assert labels == {"unoccluded"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"images": 3}'])
def test_a_file_that_is_no_coco_is_refused(project_path: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ExchangeError):
        do_job(project_path, "import", path=str(path))
    assert live_rows(project_path) == []


def test_what_walt_mined_comes_to_the_pictures_that_were_added(tmp_path: Path) -> None:
    folder = tmp_path / "cam2"
    (folder / "week1").mkdir(parents=True)
    times = ["2021-05-01T00-02-23.775683", "2021-05-01T00-44-55.207427"]
    for time in times:
        cv2.imwrite(str(folder / "week1" / f"{time}.jpg"), np.full((48, 64, 3), 90, np.uint8))
    cv2.imwrite(str(folder / "T00-median_image.jpg"), np.full((48, 64, 3), 80, np.uint8))
    rows = [
        {
            "bbox": "{10,8,20,12,0.95}",
            "segmentation": "{10,8,29,8,29,19,10,19}",
            "label_id": 1,
            "time": f"2021-05-01 {clock}+00:00",
        }
        for clock in ("00:02:23.775683", "00:44:55.207427")
    ]
    (folder / "cam2.json").write_text(json.dumps(rows))
    project = tmp_path / "walt.amodal"
    Project.create(project).close()
    do_job(project, "add", path=str(folder), camera="cam2")
    told = result_of(
        project, do_job(project, "import", path=str(folder / "cam2.json"), format="walt", people_labels=[1])
    )
    assert (told["added"], told["images in the project"], told["backgrounds"]) == (2, 2, 1)
    assert [row[2] for row in live_rows(project)] == ["person", "person"]
