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
from tests.jobs.parking import Parking
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


def log_of(path: Path, job_id: int) -> str:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return "\n".join(text for _, _, text in job_rows.read_log(connection, job_id))


def pair(tmp_path: Path, places: list[tuple[float, float]]) -> tuple[Path, Path]:
    """The export of a project with cars, and another project of the same footage without."""
    here = Parking(tmp_path / "here.amodal", calibrated=False)
    here.add_cars(0, places)
    there = Parking(tmp_path / "there.amodal", calibrated=False)
    do_job(here.path, "export", path=str(tmp_path / "cars.json"))
    return tmp_path / "cars.json", there.path


def as_another_tool(path: Path) -> Path:
    """The file with what COCO says of keypoints alone."""
    data = json.loads(path.read_text())
    for row in data["annotations"]:
        del row["amodal"]["keypoints"]
    plain = path.with_name("plain.json")
    plain.write_text(json.dumps(data))
    return plain


@pytest.mark.parametrize(
    ("mirrored", "way", "taken"), [(False, "with", "names them"), (True, "without", "you said")]
)
def test_left_and_right_that_nobody_could_check_are_told(
    tmp_path: Path, mirrored: bool, way: str, taken: str
) -> None:
    out, there = pair(tmp_path, [(20.0, 0.0), (30.0, 4.0)])
    job = do_job(there, "import", path=str(as_another_tool(out)), mirrored=mirrored)
    result = result_of(there, job)
    assert result["with keypoints"] == 2
    # in the first of the four words of it that the window shows
    assert next(iter(result)) == "left and right"
    [warning] = result["warnings"]
    assert warning in log_of(there, job)
    assert "in plain.json could not be checked: the wheels of 2 cars are not enough" in warning
    assert f"{taken}. Look at a few cars" in warning
    assert f"import it again {way} “Left and right exchanged”" in warning
    # the way out works
    again = do_job(there, "import", path=str(as_another_tool(out)), mirrored=not mirrored)
    assert result_of(there, again)["with keypoints"] == 2


def test_left_and_right_of_our_own_file_need_no_check(tmp_path: Path) -> None:
    out, there = pair(tmp_path, [(20.0, 0.0)])
    job = do_job(there, "import", path=str(out), mirrored=True)
    result = result_of(there, job)
    assert "left and right" not in result
    [warning] = result["warnings"]
    assert "keypoints of 1 car of cars.json are as this program wrote" in warning
    assert "were not exchanged" in warning
    # and once more there is nothing to say
    again = do_job(there, "import", path=str(out))
    assert {"warnings", "left and right"}.isdisjoint(result_of(there, again))


def test_left_and_right_that_enough_cars_show_are_not_spoken_of(tmp_path: Path) -> None:
    out, there = pair(tmp_path, [(20.0 + 4 * n, 0.0) for n in range(5)])
    with pytest.raises(ExchangeError, match="without"):
        do_job(there, "import", path=str(as_another_tool(out)), mirrored=True)
    job = do_job(there, "import", path=str(as_another_tool(out)))
    assert result_of(there, job)["with keypoints"] == 5
    assert {"warnings", "left and right"}.isdisjoint(result_of(there, job))


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
