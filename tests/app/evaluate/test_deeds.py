"""What is done with evaluations and their objects: sent to review, named, noted, hidden, reported on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QUrl

from app.composition import pages
from app.controllers.evaluate_reads import EvaluateReads, Told
from app.states.evaluation import Below
from core.errors import CompositeError
from core.records.evaluations import EvaluationState, ObjectResult, PictureRow
from core.records.jobs import JobState
from core.records.occlusion import Verdict
from core.records.project import QueueFilter
from core.store import job_rows
from core.store.edits.verdicts import set_verdict
from core.store.project import Project
from core.store.queries import queue
from tests.app.evaluate import made_up
from tests.app.evaluate.desk import Desk

Opens = Callable[[Path], Desk]


def asked_for(desk: Desk) -> list[int]:
    with desk.session.project.read() as connection:
        return [key.id for key in queue.page_keys(connection, QueueFilter(asked=True), None, 100)]


def test_a_cell_of_the_confusion_leads_to_its_objects(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night", skill=0.95)
    desk = open_desk(path)
    desk.press("G")
    assert desk.view.below[Below.CONFUSION].isChecked()
    desk.click_cell("car", "truck")
    table = desk.view.confusion.table
    count = table.counts[table.truth.index("car")][table.said.index("truck")]
    assert desk.column("Object") == ["car, said truck"] * count
    assert count > 0
    assert desk.view.objects.head.title == "Car, said truck"
    desk.press("C")  # the keys go through the cells from here
    desk.press("Left")
    desk.press("Left")
    desk.press("Return")
    assert desk.view.confusion.table.chosen == (0, 0)
    assert set(desk.column("Object")) == {"car"}
    desk.press("Esc")
    assert not desk.view.confusion.grid.hasFocus()
    desk.press("Esc")
    assert desk.view.objects.head.title == "All objects"


def test_objects_are_sent_to_the_review_queue_and_taken_back(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    desk.view.objects.table.selectRow(0)
    desk.press("Shift+Down")
    desk.view.objects.table.selectAll()
    desk.settle()
    desk.press("S")
    assert len(asked_for(desk)) == made_up.FRAMES * made_up.EACH
    assert "1 other cannot" in desk.said  # the extra find is no object of the project
    desk.press("Ctrl+Z")
    assert asked_for(desk) == []
    assert desk.said.startswith("Undid: Ask for a review of")
    desk.click_bar("30-40 %")
    desk.press("Shift+S")
    sent = asked_for(desk)
    assert len(sent) == len(desk.column("Outcome"))
    desk.press("Shift+J")
    assert desk.places == ["asked for"]
    desk.session.perform(lambda: set_verdict(desk.session.history, sent[:1], Verdict.OCCLUDED))
    desk.settle()
    assert asked_for(desk) == sent[1:]
    desk.press("Esc")
    desk.press("O")
    desk.press("O")
    desk.press("O")  # extra finds alone
    desk.press("S")
    assert desk.said.startswith("None of these is an object of the project")


def test_an_object_is_seen_elsewhere(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    instance = desk.view.object.state.instance_id
    desk.press("K")
    desk.press("Shift+R")
    assert desk.shown_in == [("keypoints", [instance]), ("review", [instance])]
    desk.press("2")
    assert not desk.view.object.shown("said")
    assert desk.view.object.shown("truth")
    desk.press("Z")
    assert desk.view.object.canvas.fitted


def test_notes_names_and_hiding_are_edits(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        evaluation_id = made_up.add_evaluation(project, "Night")
        made_up.add_evaluation(project, "Day")
    desk = open_desk(path)
    desk.click_evaluation("Night")
    desk.press("E")
    desk.view.panel.notes.setPlainText("after the cold snap")
    desk.press("Ctrl+Return")
    desk.press("F2")
    desk.view.panel.name.setText("Night, frost")
    desk.press("Return")
    row = desk.row(evaluation_id)
    assert (row.name, row.notes) == ("Night, frost", "after the cold snap")
    assert [series.name for series in desk.chart.series] == ["Night, frost"]
    desk.workspace.handlers["evaluate.hide"]()
    desk.settle()
    assert desk.names == ["Day"]
    desk.press("H")
    assert desk.names == ["Day", "Night, frost"]
    for _ in range(3):
        desk.press("Ctrl+Z")
    assert desk.row(evaluation_id).name == "Night"
    assert not desk.row(evaluation_id).hidden


def test_a_report_is_asked_for_and_opened(
    path: Path, open_desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project.open(path) as project:
        first = made_up.add_evaluation(project, "First")
        second = made_up.add_evaluation(project, "Second")
        made_up.add_evaluation(project, "Broken", state=EvaluationState.FAILED)
    opened: list[str] = []

    def show(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    monkeypatch.setattr(pages.QDesktopServices, "openUrl", show)
    desk = open_desk(path)
    desk.press("P")
    assert desk.asked == []
    assert desk.said.startswith("Select an evaluation that is done")
    desk.click_evaluation("First", mark=True)
    desk.click_evaluation("Second")
    desk.press("P")
    [(kind, values)] = desk.asked
    assert (kind, values["evaluations"], values["pdf"]) == ("report", f"{second}, {first}", True)
    assert values["out"] == str(path.with_name("street report.html"))
    desk.press("Shift+P")
    assert desk.said == "No report was written from this project yet."
    page = path.with_name("street report.html")
    page.write_text("<!DOCTYPE html>")
    job_id = job_rows.create_job(desk.session.project, "report", "Report", {})
    job_rows.claim_job(desk.session.project, job_id)
    job_rows.finish_job(desk.session.project, job_id, {"file": str(page)})
    desk.session.poll_now()
    desk.until(lambda: any(row.state is JobState.DONE for row in desk.session.jobs()))
    desk.press("Shift+P")
    assert opened == [str(page)]


def test_pictures_that_are_drawn_are_drawn_again(
    path: Path, open_desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.full((made_up.HEIGHT, made_up.WIDTH, 3), 77, np.uint8)
    size = (made_up.WIDTH, made_up.HEIGHT)
    kinds = [(7, ""), (None, "test-000-0-0000.npz"), (8, ""), *[(7, "")] * 3]
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Drawn")
    told = EvaluateReads.told

    def elsewhere(self: EvaluateReads, evaluation_id: int, row: ObjectResult) -> Told:
        picture = PictureRow(row.picture, None, *kinds[row.picture], 1, 13, *size)
        return replace(told(self, evaluation_id, row), picture=picture, frame=None, source=None)

    monkeypatch.setattr(EvaluateReads, "told", elsewhere)

    def composite(_: EvaluateReads, recipe_id: int) -> object:
        if recipe_id == 8:
            raise CompositeError("A piece is missing.", "Cut it out again.")
        return pixels

    monkeypatch.setattr(EvaluateReads, "composite", composite)
    monkeypatch.setattr(EvaluateReads, "street", lambda _, name: pixels // 2)
    desk = open_desk(path)
    seen: dict[str, object] = {}
    for _ in range(25):
        desk.until(lambda: desk.view.object.state.image is not None or bool(desk.view.object.state.error))
        state = desk.view.object.state
        seen[state.place] = state.error if state.image is None else int(state.image[0, 0, 0])
        desk.press("Down")
    assert seen == {
        "Composite 7": 77,
        "test-000-0-0000.npz": 38,
        "Composite 8": "A piece is missing.\nCut it out again.",
    }
