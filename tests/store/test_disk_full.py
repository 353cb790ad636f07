"""A full disk: one clear error, nothing half written, and work goes on once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from core.errors import DiskFullError
from core.store import tables
from core.store.backup import back_up
from core.store.check import integrity_faults
from core.store.connection import raw_of
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries.cameras import list_cameras


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB of its own; skips where this process may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """Take all room of a disk but for some bytes."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    if leave:
        os.truncate(ballast, max(0, ballast.stat().st_size - leave))
    return ballast


def test_an_edit_on_a_full_disk_is_refused_and_can_be_done_again(small_disk: Path) -> None:
    with Project.create(small_disk / "a.amodal") as project:
        history = History(project, "Ann")
        add_camera(history, "Gate")
        ballast = fill(small_disk)
        added = ["Gate"]
        with pytest.raises(DiskFullError, match=r"full.*room"):
            for n in range(2000):  # the log has some room left; then it is over
                add_camera(history, f"C{n:04}")
                added.append(f"C{n:04}")
        with project.read() as connection:
            assert {camera.name for camera in list_cameras(connection)} == set(added)
        assert history.undo_title() == f"Add camera {added[-1]}"
        ballast.unlink()
        add_camera(history, "Yard")
        assert integrity_faults(project) == []


def test_a_job_on_a_full_disk_stops_with_one_error(small_disk: Path) -> None:
    with Project.create(small_disk / "a.amodal") as project:
        with project.bulk() as bulk, pytest.raises(DiskFullError):
            bulk.insert(tables.meta, ({"key": f"k{n}", "value": "x" * 100_000} for n in range(1000)))
        with project.read() as connection:
            kept = connection.scalar(select(func.count()).select_from(tables.meta))
            assert kept is not None
            assert 4 < kept < 1000
        assert integrity_faults(project) == []


def test_there_is_no_room_for_a_new_project(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(DiskFullError):
        Project.create(small_disk / "a.amodal")
    assert [p.name for p in small_disk.iterdir()] == ["ballast"]


def test_there_is_no_room_for_a_backup(small_disk: Path) -> None:
    path = small_disk / "a.amodal"
    with Project.create(path) as project, project.write() as connection:
        connection.execute(insert(tables.meta).values(key="big", value="x" * 6_000_000))
    fill(small_disk, leave=1 << 20)
    with pytest.raises(DiskFullError):
        back_up(path, "test")
    assert list((small_disk / "a.files" / "backups").iterdir()) == []


def test_a_file_that_may_not_grow_counts_as_a_full_disk(project: Project) -> None:
    """Runs everywhere: SQLite's own limit gives the same error as the disk."""
    add_camera(History(project, "Ann"), "Gate")
    with project.write() as connection:
        raw = raw_of(connection)
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFullError), project.write() as connection:
        connection.execute(insert(tables.meta).values(key="big", value="x" * 1_000_000))
    raw.execute("PRAGMA max_page_count = 1073741823")
    with project.write() as connection:
        connection.execute(insert(tables.meta).values(key="big", value="x" * 1_000_000))
    assert integrity_faults(project) == []
