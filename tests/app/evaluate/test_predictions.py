"""Another program's file of finds, measured in the window beside another evaluation; and one that is bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

pytest.importorskip("torch")

from app.file_dialogs import FileDialog
from app.states.evaluation import What
from app.states.training import RunLook, Tone
from app.views.form_fields import PathEditor
from core.errors import AmodalError
from core.exchange.coco_words import COCO_IDS
from core.jobs.runner import run_job
from core.records.detections import Category
from core.records.occlusion import Verdict
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.instances import by_ids
from tests.app.evaluate.desk import Desk
from tests.jobs.doing import do_job
from tests.jobs.yard import Yard

Rows = list[dict[str, Any]]


class Ended:
    """A process that has come to its end."""

    def poll(self) -> int:
        """Its code."""
        return 0


@pytest.fixture(autouse=True)
def _jobs_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run on the window's thread for work, instead of in a process that has all to import first."""

    def launch(path: Path, job_id: int) -> Ended:
        with suppress(AmodalError):  # which stands in the job's row
            run_job(path, job_id)
        return Ended()

    monkeypatch.setattr("core.jobs.launch.launch", launch)


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """Ann has looked at all cars but those of the last frame."""
    made = Yard(tmp_path / "yard.amodal", calibrated=False, fitted=False, background=False)
    last = len(made.frame_ids) - 1
    with Project.open(made.path) as project:
        seen = [one for ids in made.ids for number, one in ids.items() if number != last]
        set_verdict(History(project, "Ann"), sorted(seen), Verdict.UNOCCLUDED)
    return made


def finds(yard: Yard) -> Rows:
    """All cars of all frames, exactly where they are."""
    with Project.open(yard.path) as project, project.read() as connection:
        found = by_ids(connection, sorted(one for ids in yard.ids for one in ids.values()))
    return [
        {
            "image_id": row.frame_id,
            "category_id": COCO_IDS[Category.CAR],
            "bbox": [row.box.x, row.box.y, row.box.w, row.box.h],
            "score": 0.9,
        }
        for row in found
    ]


def written(path: Path, rows: Rows) -> Path:
    path.write_text(json.dumps(rows))
    return path


def editor_of(desk: Desk) -> PathEditor:
    """The field for the file, once it is there."""
    desk.until(lambda: desk.view.draft.form is not None and desk.view.draft.form.is_shown("predictions"))
    assert desk.view.draft.form is not None
    editor = desk.view.draft.form.editor("predictions")
    assert isinstance(editor, PathEditor)
    return editor


def choose_file(desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clicks the button beside the field, and takes the file in the dialog that opens."""

    def take(dialog: FileDialog) -> int:
        dialog.selectFile(str(path))
        return 1

    monkeypatch.setattr(FileDialog, "exec", take)
    QTest.mouseClick(editor_of(desk).choose_file, Qt.MouseButton.LeftButton)
    desk.settle()
    assert editor_of(desk).value() == str(path)


def type_file(desk: Desk, path: Path) -> None:
    """Writes another path over the one in the field."""
    line = editor_of(desk).line
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(line, str(path))
    desk.settle()


def prepare(desk: Desk) -> None:
    """Begins a new evaluation, of predictions."""
    desk.press("T")
    desk.until(lambda: bool(desk.view.draft.choices))
    QTest.mouseClick(desk.view.draft.choices[What.PREDICTIONS], Qt.MouseButton.LeftButton)
    desk.settle()


def begin(desk: Desk, look: RunLook) -> None:
    """Begins what is prepared, and waits for its end."""
    desk.press("Ctrl+Return")
    desk.until(lambda: not desk.view.drafting and desk.view.panel.facts.look is look)
    desk.settle()


def test_a_file_is_measured_beside_another_evaluation(
    yard: Yard, open_desk: Callable[[Path], Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = finds(yard)
    unseen = sum(one["image_id"] == yard.frame_ids[-1] for one in rows)
    first_frame = [one for one in rows if one["image_id"] == yard.frame_ids[0]]
    half = written(tmp_path / "half.json", [one for one in rows if one not in first_frame])
    do_job(yard.path, "evaluate", predictions=str(half), draws=0, name="Half")
    desk = open_desk(yard.path)
    assert desk.names == ["Half"]
    desk.press("Space")  # it stays beside the next
    prepare(desk)
    choose_file(desk, written(tmp_path / "theirs.json", rows), monkeypatch)
    begin(desk, RunLook.DONE)
    assert desk.names == ["theirs.json by reviewed frames", "Half"]
    desk.until(lambda: "Found" in desk.figures and len(desk.figures["Found"]) == 2)
    there = len(rows) - unseen
    assert set(desk.figures["Found"]) == {"100.0 %", f"{100 * (1 - len(first_frame) / there):.1f} %"}
    assert len(desk.chart.series) == 2
    assert ("File", "theirs.json") in desk.view.panel.facts.facts
    # what it says of the frame that nobody looked at is told
    note = desk.view.panel.note.note
    assert (note.title, note.tone) == ("To know of it", Tone.DOUBTFUL)
    assert note.text.startswith(f"{unseen} of {len(rows)} finds in the file lie in frames that are not")


def test_a_bad_file_is_told_and_the_window_lives_on(
    yard: Yard, open_desk: Callable[[Path], Desk], tmp_path: Path
) -> None:
    rows = finds(yard)
    desk = open_desk(yard.path)
    desk.until(lambda: bool(desk.view.draft.choices))
    QTest.mouseClick(desk.view.draft.choices[What.PREDICTIONS], Qt.MouseButton.LeftButton)
    desk.settle()
    type_file(desk, written(tmp_path / "odd.json", [rows[0], {**rows[1], "image_id": 4711}]))
    begin(desk, RunLook.FAILED)
    assert desk.view.panel.note.note.title == "It failed"
    assert "odd.json" in desk.view.panel.note.note.text
    assert "result 2 is about image 4711" in desk.view.panel.note.note.text
    # its settings are there to be changed
    QTest.mouseClick(desk.view.panel.note.button, Qt.MouseButton.LeftButton)
    desk.settle()
    assert editor_of(desk).value() == str(tmp_path / "odd.json")
    type_file(desk, written(tmp_path / "good.json", rows))
    begin(desk, RunLook.DONE)
    assert desk.figures["Found"] == ["100.0 %"]
    assert desk.names == ["good.json by reviewed frames", "odd.json by reviewed frames"]
    assert desk.failures == []
