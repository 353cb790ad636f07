"""Objects found in processes of their own are those found here, in the same order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.errors import DetectionError
from core.jobs.mine.find_wire import FinderSettings
from core.jobs.mine.finding import Task, find_beside, find_here
from core.jobs.spawn import PROGRAM_FOLDER
from core.mining.detectors.ground_scale import GroundScale
from core.mining.detectors.registry import create_detector
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.detections import Category
from tests.jobs.doing import do_job
from tests.jobs.test_mine_job import live_rows

CROP_PX = 64
MOTION = FinderSettings("motion", {}, CROP_PX)


def tasks(count: int, *, background: bool = True, size: tuple[int, int] = (30, 20)) -> Iterator[Task[int]]:
    """A grey street with a red block that goes right, frame by frame."""
    chance = np.random.default_rng(11)
    street = chance.integers(100, 120, (90, 160, 3), dtype=np.uint8)
    for number in range(count):
        image = street.copy()
        left = 10 + 4 * number
        image[66 - size[1] : 66, left : left + size[0]] = (200, 30, 30)
        yield Task(number, image, street if background else None)


def test_processes_find_the_same_in_the_same_order() -> None:
    here = list(find_here(tasks(12), create_detector("motion"), CROP_PX))
    beside = list(find_beside(tasks(12), MOTION, 3))
    assert [key for key, _ in here] == list(range(12))
    assert all(len(found) == 1 for _, found in here)
    assert beside == here


def test_a_calibrated_camera_tells_kinds_by_size_here_and_beside() -> None:
    """A block of 20 by 36 px is a car by its shape; 1 m wide and 1.75 m high on the ground it is a person."""
    camera = CalibrationRecord(
        CalibrationMethod.HORIZON, 160, 90, (200, 0, 80, 0, 200, 10, 0, 0, 1), (), (0, -1, 0), 2.7, None, None
    )
    block = (20, 36)
    scale = create_detector("motion", ground_size=GroundScale(camera))
    here = list(find_here(tasks(3, size=block), scale, CROP_PX))
    beside = list(find_beside(tasks(3, size=block), replace(MOTION, calibration=camera), 2))
    plain = list(find_here(tasks(3, size=block), create_detector("motion"), CROP_PX))
    assert beside == here
    assert {one.category for _, found in here for one in found} == {Category.PERSON}
    assert {one.category for _, found in plain for one in found} == {Category.CAR}


def test_a_background_that_is_missing_is_told_as_it_is_here() -> None:
    with pytest.raises(DetectionError) as here:
        list(find_here(tasks(1, background=False), create_detector("motion"), CROP_PX))
    with pytest.raises(DetectionError) as beside:
        list(find_beside(tasks(1, background=False), MOTION, 2))
    assert (beside.value.problem, beside.value.way_out) == (here.value.problem, here.value.way_out)


def test_a_process_that_dies_ends_the_search_with_a_way_out() -> None:
    found = find_beside(tasks(40), MOTION, 2)
    next(found)
    finders = _finders(psutil.Process())
    for child in finders:
        child.send_signal(signal.SIGTERM)
    with pytest.raises(DetectionError, match="ended before its work did"):
        list(found)
    assert len(finders) == 2
    assert not any(child.is_running() for child in finders)


@pytest.mark.skipif(os.name != "posix", reason="kills like POSIX")
def test_no_process_outlives_a_killed_job() -> None:
    program = (
        "import time; from tests.jobs.mine.test_finding import find_beside, tasks, MOTION\n"
        "found = find_beside(tasks(40), MOTION, 2)\n"
        "next(found); print('ready', flush=True); time.sleep(60)"
    )
    job = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=PROGRAM_FOLDER, text=True
    )
    assert job.stdout is not None
    with job:
        assert job.stdout.readline().strip() == "ready"
        children = _finders(psutil.Process(job.pid))
        assert len(children) == 2
        job.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def test_a_job_with_processes_writes_what_one_without_does(project_path: Path, tmp_path: Path) -> None:
    do_job(project_path, "background", samples=20)
    rows = {}
    for processes in (1, 2):
        copy = tmp_path / f"with-{processes}.amodal"
        copy.write_bytes(project_path.read_bytes())
        do_job(copy, "mine", detector="motion", end_s=1.5, processes=processes)
        rows[processes] = live_rows(copy)
    assert rows[1]
    assert rows[2] == rows[1]


def _finders(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children() if "core.jobs.mine.find_child" in child.cmdline()]
