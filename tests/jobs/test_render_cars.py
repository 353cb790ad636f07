"""Single cars rendered in processes of their own are those rendered here, in the same order."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from core.errors import JobError, RayCastingUnavailableError
from core.jobs import render_cars as module
from core.jobs.render_cars import CarSet, render_cars
from core.jobs.spawn import PROGRAM_FOLDER

CARS = CarSet(seed=5, size=48, models=2, count=5)


def test_however_many_processes_render_the_pictures_are_the_same() -> None:
    here = list(render_cars(CARS, 1))
    assert len(here) == CARS.count
    assert len({picture.jpeg for picture in here}) == CARS.count
    assert list(render_cars(CARS, 2)) == here


def test_more_processes_than_pictures_do_no_harm() -> None:
    assert len(list(render_cars(CarSet(5, 32, 1, 1), 2))) == 1


def test_a_process_that_dies_is_told_with_a_way_out_and_takes_the_others_along() -> None:
    pictures = render_cars(CarSet(5, 48, 1, 1000), 2)
    next(pictures)
    painters = _painters()
    assert len(painters) == 2
    painters[1].kill()
    with pytest.raises(JobError, match="before its work did") as caught:
        list(pictures)
    assert "--processes" in caught.value.way_out
    assert not _painters()


def test_pictures_that_nobody_wants_any_more_leave_no_process_behind() -> None:
    pictures = render_cars(CarSet(5, 48, 1, 1000), 2)
    next(pictures)
    pictures.close()
    assert not _painters()


def test_what_a_process_cannot_do_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Without open3d the message is the one that it has here."""
    (tmp_path / "open3d.py").write_text("raise ImportError('no such library')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RayCastingUnavailableError, match="no such library") as caught:
        list(render_cars(CARS, 2))
    assert "system-packages" in caught.value.way_out


def test_a_few_pictures_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_Painter", None)
    assert len(list(render_cars(CARS))) == CARS.count


@pytest.mark.skipif(os.name != "posix", reason="kills like POSIX")
def test_no_process_outlives_a_killed_command() -> None:
    program = (
        "import time; from core.jobs.render_cars import CarSet, render_cars\n"
        "pictures = render_cars(CarSet(5, 48, 1, 1000), 2)\n"
        "next(pictures); print('ready', flush=True); time.sleep(60)"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=PROGRAM_FOLDER, text=True
    )
    assert command.stdout is not None
    with command:
        assert command.stdout.readline().strip() == "ready"
        children = _painters(command.pid)
        assert len(children) == 2
        command.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def _painters(parent: int | None = None) -> list[psutil.Process]:
    children = psutil.Process(parent).children()
    return [child for child in children if "core.jobs.render_cars_child" in child.cmdline()]
