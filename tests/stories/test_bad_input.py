"""Whatever a person opens or adds: a clear sentence with a way out, and the window lives on.

A real window with real jobs and a real decoding process; what each error says is tested beside its maker.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.composition.window import Shell
from app.states.toasts import Toast, Tone
from app.views.sources.player import Player
from app.views.sources.sources_view import SourcesView
from core.records.jobs import JobRow, JobState
from core.store.file_check import file_faults
from core.store.project import Project
from core.store.schema import SCHEMA_VERSION
from tests import windows
from tests.media.painted import Recipe, number_in, write_painted

LONG_MS = 60_000


@pytest.fixture
def shell(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """The window on its start page, with settings of its own."""
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))
    with windows.shown(qapp) as made:
        yield made


@pytest.fixture
def opened(qtbot: QtBot, shell: Shell, tmp_path: Path) -> Shell:
    """The window on an empty project."""
    shell.open_project(tmp_path / "street.amodal", create=True)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
    return shell


def errors(shell: Shell) -> list[Toast]:
    """The messages of errors that are shown."""
    return [card.toast for card in shell.window.toasts._cards if card.toast.tone is Tone.ERROR]


def is_plain(text: str) -> bool:
    """Whether a text is for people: some words in sentences, nothing of Python's or FFmpeg's."""
    odd = ("Traceback", "Error:", "Errno", "0x", "Exception", "sqlite3", "None")
    return len(text.split()) >= 4 and text.rstrip().endswith(".") and not any(one in text for one in odd)


# ---- projects -----------------------------------------------------------------------------------


def _text(path: Path) -> None:
    path.write_text("shopping list")


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _folder(path: Path) -> None:
    path.mkdir()


def _missing(path: Path) -> None:
    path.unlink(missing_ok=True)


def _video(path: Path) -> None:
    path.write_bytes(b"\0\0\0\x20ftypisom" + bytes(500))


def _others_database(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE notes (text)")
    raw.close()


def _newer(path: Path) -> None:
    Project.create(path).close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    raw.close()


def _cut(path: Path) -> None:
    Project.create(path).close()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _scratched(path: Path) -> None:
    Project.create(path).close()
    data = bytearray(path.read_bytes())
    data[100:4096] = bytes(range(256)) * 15 + bytes(156)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "spoil",
    [_text, _nothing, _folder, _missing, _video, _others_database, _newer, _cut, _scratched],
    ids=lambda spoil: spoil.__name__.strip("_"),
)
def test_a_project_that_cannot_be_opened(qtbot: QtBot, shell: Shell, tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "odd.amodal"
    spoil(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else None
    shell.open_project(path)
    qtbot.waitUntil(lambda: bool(errors(shell)), timeout=LONG_MS)
    (toast,) = errors(shell)
    assert "odd.amodal" in toast.text
    assert is_plain(toast.text)
    assert is_plain(toast.way_out) or toast.way_out.endswith(".")
    assert shell.opened is None
    assert (path.read_bytes() if path.is_file() else None) == before, "what cannot be read is left alone"
    shell.open_project(tmp_path / "good.amodal", create=True)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)


def test_a_project_that_another_program_keeps_locked(
    qtbot: QtBot, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.connection.READ_TIMEOUT_S", 0.1)
    path = tmp_path / "street.amodal"
    Project.create(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    shell.open_project(path)
    qtbot.waitUntil(lambda: bool(errors(shell)), timeout=LONG_MS)
    other.execute("ROLLBACK")
    other.close()
    assert "locked" in errors(shell)[0].text
    shell.open_project(path)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)


# ---- footage ------------------------------------------------------------------------------------


def _make_bad_footage(folder: Path) -> list[Path]:
    """One of each kind of footage that cannot be added."""
    made = {name: folder / name for name in ("empty.mp4", "words.mp4", "photo.mp4", "cut.mp4", "still.mkv")}
    made["empty.mp4"].write_bytes(b"")
    made["words.mp4"].write_text("This is no video at all.")
    Image.new("RGB", (64, 48), "red").save(made["photo.mp4"], format="JPEG")
    whole = write_painted(folder, Recipe("whole.mp4", frames=60))
    made["cut.mp4"].write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with av.open(str(made["still.mkv"]), "w") as container:  # zero frames
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    made["bare"] = folder / "bare"
    made["bare"].mkdir()
    made["gone"] = folder / "gone.mp4"
    return list(made.values())


def test_footage_that_cannot_be_added(qtbot: QtBot, opened: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "footage"
    folder.mkdir()
    bad = _make_bad_footage(folder)
    project = opened.opened
    assert project is not None
    ended_rows: list[JobRow] = []
    project.jobs.ended.connect(ended_rows.append)
    project.add_footage([str(path) for path in bad])
    qtbot.waitUntil(lambda: len(ended_rows) == len(bad), timeout=LONG_MS)
    for path in bad:
        row = next(row for row in ended_rows if row.settings["path"] == str(path))
        assert row.state is JobState.FAILED, path.name
        assert row.error is not None
        assert path.name in row.error
        assert is_plain(row.error), row.error
    assert {toast.way_out for toast in errors(opened)} <= {row.error for row in ended_rows}
    assert {toast.button for toast in errors(opened)} == {"Log"}
    with qtbot.waitSignal(project.jobs.ended, timeout=LONG_MS) as ended:
        project.add_footage([str(folder / "whole.mp4")])
    assert ended.args[0].state is JobState.DONE, ended.args[0].error
    assert file_faults(project.session.project.path) == []


def test_a_stream_that_cannot_be_reached(qtbot: QtBot, opened: Shell) -> None:
    project = opened.opened
    assert project is not None
    with qtbot.waitSignal(project.jobs.ended, timeout=LONG_MS) as ended:
        project.jobs.start(
            "record", {"address": "rtsp://user:secret@127.0.0.1:1/x", "camera": "Gate", "bursts": 1}
        )
        # a recording waits for its camera as long as it may take: a person ends it
        qtbot.waitUntil(lambda: any(card.row.message for card in project.jobs.state.cards), timeout=LONG_MS)
        (card,) = project.jobs.state.cards
        assert "secret" not in card.row.message
        project.jobs.cancel(card.row.id)
    assert ended.args[0].state in (JobState.CANCELLED, JobState.FAILED)
    assert opened.window.isVisible()


# ---- footage that goes bad afterwards -----------------------------------------------------------


def add_and_show(qtbot: QtBot, shell: Shell, path: Path) -> Player:
    """Adds footage and waits until its first frame is on the canvas."""
    project = shell.opened
    assert project is not None
    with qtbot.waitSignal(project.jobs.ended, timeout=LONG_MS) as ended:
        project.add_footage([str(path)])
    assert ended.args[0].state is JobState.DONE, ended.args[0].error
    view = project.workspaces[0].widget
    assert isinstance(view, SourcesView)
    qtbot.waitUntil(lambda: view.player.canvas.image is not None, timeout=LONG_MS)
    return view.player


def go(qtbot: QtBot, shell: Shell, player: Player, action: str) -> str:
    """Goes to another frame; gives what is wrong with it, or "" once it is shown."""
    shown = player.canvas.image
    shell.commands.run(action)
    qtbot.waitUntil(
        lambda: player._problem_text.isVisible() or player.canvas.image is not shown, timeout=LONG_MS
    )
    return player._problem_text.text() if player._problem_text.isVisible() else ""


def test_a_picture_that_disappears_costs_that_frame_alone(
    qtbot: QtBot, opened: Shell, tmp_path: Path
) -> None:
    folder = tmp_path / "stills"
    folder.mkdir()
    for number in range(4):
        Image.new("RGB", (64, 48), (60 * number, 0, 0)).save(folder / f"2026-05-01T14-00-0{number}.png")
    player = add_and_show(qtbot, opened, folder)
    assert player.canvas.image[0, 0, 0] == 0
    for name in ("2026-05-01T14-00-01.png", "2026-05-01T14-00-02.png"):
        (folder / name).unlink()
    # it may have been decoded ahead: then it is shown, and what is shown is right
    problems = [go(qtbot, opened, player, "sources.next_frame") for _ in range(2)]
    for problem in filter(None, problems):
        assert "is no longer in the folder stills" in problem
        assert is_plain(problem)
    assert go(qtbot, opened, player, "sources.next_frame") == ""
    assert player.canvas.image[0, 0, 0] == 180
    assert errors(opened) == []


def test_footage_that_is_taken_away_says_so_and_offers_to_find_it(
    qtbot: QtBot, opened: Shell, tmp_path: Path
) -> None:
    clip = write_painted(tmp_path, Recipe("clip.mp4", frames=30))
    player = add_and_show(qtbot, opened, clip)
    clip.rename(tmp_path / "elsewhere.mp4")
    project = opened.opened
    assert project is not None
    opened.commands.run("file.close")
    opened.open_project(tmp_path / "street.amodal")
    qtbot.waitUntil(lambda: opened.opened not in (None, project), timeout=LONG_MS)
    player = opened.opened.workspaces[0].widget.player
    qtbot.waitUntil(lambda: player._problem_text.isVisible(), timeout=LONG_MS)
    assert "clip.mp4" in player._problem_text.text()
    assert player._file.isVisible()
    with qtbot.waitSignal(opened.opened.jobs.ended, timeout=LONG_MS) as ended:
        opened.opened.jobs.start("locate", {"place": str(tmp_path / "elsewhere.mp4")})
    assert ended.args[0].state is JobState.DONE, ended.args[0].error
    qtbot.waitUntil(lambda: player.canvas.isVisible() and player.canvas.image is not None, timeout=LONG_MS)
    assert number_in(player.canvas.image) == 0


def test_a_decoder_that_is_killed_costs_one_message_at_most(
    qtbot: QtBot, opened: Shell, tmp_path: Path
) -> None:
    clip = write_painted(tmp_path, Recipe("tiny.avi", codec="mpeg4", frames=90, size=(144, 96)))
    player = add_and_show(qtbot, opened, clip)
    project = opened.opened
    assert project is not None
    process = project.session.frames._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    problems = [go(qtbot, opened, player, "sources.jump_on")]
    problems += [go(qtbot, opened, player, "sources.previous_frame") for _ in range(3)]
    assert sum(bool(problem) for problem in problems) <= 1, problems
    assert problems[-1] == ""
    assert number_in(player.canvas.image) == 89 - 3
