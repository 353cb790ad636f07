"""Opening projects: new ones, and files that are none, are damaged, newer, read-only or locked."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    DamagedProjectError,
    NewerProjectError,
    NotAProjectError,
    ProjectBusyError,
    ProjectError,
    ReadOnlyProjectError,
)
from core.store import project as project_module
from core.store.backup import back_up
from core.store.check import integrity_faults
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries.cameras import list_cameras
from core.store.schema import APPLICATION_ID, SCHEMA_VERSION


def test_a_new_project_is_marked_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "street.amodal"
    with Project.create(path, "The street") as project:
        uuid = project.uuid
        add_camera(History(project, "Ann"), "Gate")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["street.amodal"]
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert raw.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    raw.close()
    with Project.open(path) as project:
        assert (project.uuid, project.name, project.read_only) == (uuid, "The street", False)
        assert project.files_dir == tmp_path / "street.files"
        with project.read() as connection:
            assert [camera.name for camera in list_cameras(connection)] == ["Gate"]


def test_two_projects_differ_in_their_uuid(tmp_path: Path) -> None:
    with Project.create(tmp_path / "a.amodal") as a, Project.create(tmp_path / "b.amodal") as b:
        assert a.uuid != b.uuid


def test_create_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "notes.amodal"
    path.write_text("mine")
    with pytest.raises(ProjectError, match="already a file"):
        Project.create(path)
    assert path.read_text() == "mine"


def test_create_overwrites_nothing_that_came_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.amodal"
    write_empty = project_module._write_empty

    def slowly(*args: Any) -> None:
        write_empty(*args)
        path.write_text("mine")

    monkeypatch.setattr(project_module, "_write_empty", slowly)
    with pytest.raises(ProjectError, match="already a file"):
        Project.create(path)
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["a.amodal"]


def test_create_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no folder"):
        Project.create(tmp_path / "none" / "a.amodal")


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 2\x00" * 10, b"\x89PNG\r\n" * 100])
def test_a_file_of_another_kind_is_no_project(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.amodal"
    path.write_bytes(content)
    with pytest.raises(NotAProjectError):
        Project.open(path)
    assert path.read_bytes() == content


def test_nothing_and_a_folder_are_no_projects(tmp_path: Path) -> None:
    with pytest.raises(NotAProjectError, match="does not exist"):
        Project.open(tmp_path / "absent.amodal")
    with pytest.raises(NotAProjectError, match="is no file"):
        Project.open(tmp_path)


def test_another_programs_database_is_no_project(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE t (a)")
    raw.commit()
    raw.close()
    with pytest.raises(NotAProjectError, match="no Amodal Studio project"):
        Project.open(path)


def test_a_newer_project_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.amodal"
    Project.create(path).close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(NewerProjectError, match="newer version"):
        Project.open(path)
    assert path.read_bytes() == before


def test_a_cut_header_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "cut.amodal"
    Project.create(path).close()
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DamagedProjectError):
        Project.open(path)


@pytest.mark.parametrize(
    ("asked", "made"),
    [("plain", "plain.amodal"), ("v1.2", "v1.2.amodal"), ("p.amodal", "p.amodal"), ("p.db", "p.db.amodal")],
)
def test_a_new_project_is_always_called_one(tmp_path: Path, asked: str, made: str) -> None:
    with Project.create(tmp_path / asked) as project:
        assert project.path == tmp_path / made
    assert [path.name for path in tmp_path.glob("*") if path.is_file()] == [made]
    with pytest.raises(ProjectError, match="already"):
        Project.create(tmp_path / asked)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_truncated_project_is_damage(tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.amodal"
    Project.create(path).close()
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DamagedProjectError) as caught:
        Project.open(path)
    assert "There is no backup in cut.files/backups" in caught.value.way_out
    assert "doctor" not in caught.value.way_out  # which could only say the same


def test_damage_names_the_newest_backup_there_is(tmp_path: Path) -> None:
    path = tmp_path / "cut.amodal"
    Project.create(path).close()
    back_up(path, "first")
    newest = back_up(path, "second")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DamagedProjectError) as caught:
        Project.open(path)
    assert f"cut.files/backups/{newest.name}" in caught.value.way_out
    Project.open(newest).close()


def test_an_overwritten_first_page_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "scratched.amodal"
    Project.create(path).close()
    data = bytearray(path.read_bytes())
    data[100:4096] = bytes(range(256)) * 15 + bytes(156)
    path.write_bytes(bytes(data))
    with pytest.raises(DamagedProjectError):
        Project.open(path)


def test_a_project_without_a_table_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "odd.amodal"
    Project.create(path).close()
    raw = sqlite3.connect(path)
    raw.execute("DROP TABLE review")
    raw.close()
    with pytest.raises(DamagedProjectError, match="no table review"):
        Project.open(path)


def test_damage_inside_is_found_by_the_full_check(tmp_path: Path) -> None:
    path = tmp_path / "scratched.amodal"
    with Project.create(path) as project:
        for n in range(300):
            add_camera(History(project, "Ann"), f"Camera {n} {'x' * 100}")
        assert integrity_faults(project) == []
    data = bytearray(path.read_bytes())
    place = data.rfind(b"Camera 299")
    page = place // 4096 * 4096
    data[page : page + 64] = b"\xee" * 64
    path.write_bytes(bytes(data))
    with Project.open(path) as project:
        assert integrity_faults(project) != []


def test_opened_for_reading_only_it_refuses_edits(tmp_path: Path) -> None:
    path = tmp_path / "a.amodal"
    Project.create(path).close()
    with Project.open(path, read_only=True) as project:
        assert project.read_only
        assert project.read_only_reason
        with pytest.raises(ReadOnlyProjectError), project.write():
            pass
        with pytest.raises(ReadOnlyProjectError):
            project.bulk()
        with pytest.raises(ReadOnlyProjectError):
            add_camera(History(project, "Ann"), "Gate")


def test_readers_cannot_write(tmp_path: Path) -> None:
    with Project.create(tmp_path / "a.amodal") as project, project.read() as connection:
        with pytest.raises(ReadOnlyProjectError), project.read() as other:
            other.exec_driver_sql("DELETE FROM meta")
        assert connection.exec_driver_sql("SELECT count(*) FROM meta").scalar() == 4


_AS_NOBODY = """
import os, sys
from pathlib import Path
path = Path(sys.argv[1])
from core.store.project import Project
from core.errors import ReadOnlyProjectError
Project.create(path.with_name("warm.amodal")).close()  # every import is done before the rights are gone
path.with_name("warm.amodal").unlink()
os.setgid(65534); os.setuid(65534)
with Project.open(path) as project:
    print(project.read_only, project.read_only_reason)
    with project.read() as connection:
        print(connection.exec_driver_sql("SELECT count(*) FROM camera").scalar())
    try:
        with project.write():
            print("wrote")
    except ReadOnlyProjectError as error:
        print("refused")
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become nobody")
@pytest.mark.parametrize("folder_mode", [0o555, 0o777])
def test_a_read_only_file_and_folder_open_for_reading(tmp_path: Path, folder_mode: int) -> None:
    folder = Path("/tmp") / f"amodal-ro-{os.getpid()}-{folder_mode:o}"
    folder.mkdir()
    try:
        path = folder / "a.amodal"
        with Project.create(path) as project:
            add_camera(History(project, "Ann"), "Gate")
        path.chmod(0o444)
        folder.chmod(folder_mode)
        child = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, str(path)], capture_output=True, text=True, check=False
        )
        assert child.stdout.splitlines() == ["True the file cannot be written", "1", "refused"], child.stderr
    finally:
        shutil.rmtree(folder)


def test_a_project_locked_elsewhere_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.store.connection.READ_TIMEOUT_S", 0.1)
    path = tmp_path / "a.amodal"
    Project.create(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(ProjectBusyError, match="locked"):
            Project.open(path)
    finally:
        other.close()


def test_a_write_lock_held_too_long_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.store.project.WRITE_TIMEOUT_S", 0.1)
    other = sqlite3.connect(project.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProjectBusyError):
        add_camera(History(project, "Ann"), "Gate")
    other.execute("ROLLBACK")
    other.close()
    add_camera(History(project, "Ann"), "Gate")


def test_two_windows_see_each_others_edits(project: Project) -> None:
    with Project.open(project.path) as second:
        add_camera(History(project, "Ann"), "Gate")
        with second.read() as connection:
            assert [camera.name for camera in list_cameras(connection)] == ["Gate"]
        add_camera(History(second, "Bob"), "Yard")
        with project.read() as connection:
            assert [camera.name for camera in list_cameras(connection)] == ["Gate", "Yard"]


def test_a_watcher_hears_of_every_commit_once(project: Project) -> None:
    with Project.open(project.path) as second:
        watcher = project.changes()
        assert not watcher.poll()
        add_camera(History(project, "Ann"), "Gate")
        assert watcher.poll()
        assert not watcher.poll()
        add_camera(History(second, "Bob"), "Yard")
        assert watcher.poll()
        with project.read() as connection:
            list_cameras(connection)
        assert not watcher.poll()
        watcher.close()


def test_the_name_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "a #1? 100% é.amodal"
    Project.create(path).close()
    with Project.open(path) as project:
        assert project.path == path


def test_opening_imports_nothing_heavy(tmp_path: Path) -> None:
    path = tmp_path / "a.amodal"
    Project.create(path).close()
    code = (
        "import sys; from pathlib import Path; from core.store.project import Project;"
        f"Project.open(Path({str(path)!r})).close();"
        "print([m for m in ('alembic', 'torch', 'cv2', 'scipy') if m in sys.modules])"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"
