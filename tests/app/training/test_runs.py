"""Runs as people look at them, use, note, name and hide them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.states.training import RunLook, Tone
from core.jobs import registry
from core.records.jobs import JobState
from core.records.runs import Purpose, RunState
from core.store.project import Project
from tests.app.training import made_up
from tests.app.training.desk import Desk

Opens = Callable[[Path], Desk]


def test_the_newest_run_is_looked_at_with_its_curves_and_pictures(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Old", seed=1)
        made_up.add_run(project, "New", seed=2, pictures=3)
    desk = open_desk(path)
    assert desk.names == ["New", "Old"]
    assert desk.facts.name == "New"
    assert desk.facts.look is RunLook.DONE
    assert desk.charts == ["Losses", "Validation", "Speed, pictures a second", "Memory, MiB"]
    loss = desk.curve("loss", "all together")
    assert len(loss.steps) == 240  # 12 epochs of 100 steps, told each 5
    assert loss.smooth.std() < loss.values.std()
    assert desk.curve("validation", "mask AP").best_step == desk.row(2).best_step
    assert [view.caption for view in desk.view.gallery.views] == [
        "3 of 3 found (made up)",
        "2 of 3 found (made up)",
        "3 of 3 found (made up)",
    ]
    assert desk.view.gallery.title == "Predictions after step 1,200"
    assert desk.view.panel.rows["Speed"].endswith("pictures a second")
    desk.press("Down")
    assert desk.facts.name == "Old"
    assert len(desk.view.gallery.views) == 4
    desk.press("Down")  # it is the last
    assert desk.facts.name == "Old"
    desk.press("Up")
    assert desk.facts.name == "New"


def test_a_run_with_weights_is_measured(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Without", best=False)
        run_id = made_up.add_run(project, "With")
    desk = open_desk(path)
    desk.press("V")
    assert desk.measured == [run_id]
    desk.press("Down")
    desk.press("V")
    assert desk.measured == [run_id]
    assert desk.said.startswith("It has no weights yet")


def test_groups_scale_and_jitter_are_switched(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "One")
    desk = open_desk(path)
    chips = desk.view.charts.chips
    assert [key for key, chip in chips.items() if chip.isChecked()] == [
        "loss",
        "validation",
        "speed",
        "memory",
    ]
    chips["memory"].click()
    chips["points"].click()
    desk.settle()
    assert "Memory, MiB" not in desk.charts
    assert [curve.name for curve in desk.view.charts.views["points"].chart.curves] == [
        "PCK 0.1, other occluded",
        "PCK 0.1, visible",
    ]
    plot = desk.view.charts.views["loss"].plot.getPlotItem()
    assert not plot.getAxis("left").logMode
    desk.press("L")
    assert plot.getAxis("left").logMode
    assert not desk.view.charts.views["validation"].plot.getPlotItem().getAxis("left").logMode
    raw, line = desk.view.charts.views["loss"]._lines[0]
    assert raw.isVisible()
    desk.press("S")
    assert not raw.isVisible()
    assert list(line.yData) == list(desk.curve("loss", "all together").values)
    for chip in list(chips.values()):
        if chip.isChecked():
            chip.click()
    assert desk.view.charts.note == "Choose above what is drawn."


def test_a_run_is_used_and_no_longer_and_undone(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        first = made_up.add_run(project, "First", seed=1)
        second = made_up.add_run(project, "Second", seed=2)
        other = made_up.add_run(project, "Other", Purpose.CLASSIFIER)
    desk = open_desk(path)
    desk.click_run("First")
    assert "becomes this project's detector." in desk.facts.use_text
    desk.press("U")
    assert desk.row(first).in_use
    assert desk.facts.in_use
    assert desk.said.startswith("Done: Use the model of run 1")
    assert "in use" in desk.rows[2]
    desk.click_run("Second")
    assert "instead of First" in desk.facts.use_text
    desk.view.panel.use.click()
    desk.settle()
    assert (desk.row(first).in_use, desk.row(second).in_use) == (False, True)
    desk.press("U")
    assert desk.said == "It is in use already."
    desk.press("Ctrl+Z")
    assert (desk.row(first).in_use, desk.row(second).in_use) == (True, False)
    desk.press("Shift+U")  # of its purpose, whichever run is selected
    assert not desk.row(first).in_use
    desk.press("Ctrl+Z")
    assert desk.row(first).in_use
    desk.click_run("Other")
    desk.press("Shift+U")
    assert "None of this project's models" in desk.said
    desk.press("U")
    assert desk.row(other).in_use
    assert desk.row(first).in_use
    assert not desk.failures


def test_a_model_in_use_labels_with_the_settings_of_its_purpose(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        for purpose in Purpose:
            made_up.add_run(project, purpose.value, purpose)
    desk = open_desk(path)
    asked = {
        Purpose.DETECTOR: ("mine", {"detector": "own"}),
        Purpose.CLASSIFIER: ("judge", {"rule": "classifier"}),
        Purpose.PRELABELLER: ("keypoints", {"objects": "cars", "network": "own", "redo": True}),
        Purpose.HIDDEN_POINTS: ("keypoints", {"objects": "cars", "network": "own", "redo": True}),
    }
    forms = registry.forms()
    for purpose, wanted in asked.items():
        desk.asked.clear()
        desk.click_run(purpose.value)
        assert not desk.view.panel.label.isVisibleTo(desk.view.panel)
        desk.press("B")
        assert desk.said == "Use its model first: then it labels."
        assert desk.asked == []
        desk.press("U")
        assert desk.view.panel.label.isVisibleTo(desk.view.panel)
        desk.view.panel.label.click()
        desk.press("B")
        assert desk.asked == [wanted, wanted]
        kind, values = wanted
        assert set(values) <= {field.name for field in forms[kind].fields}


def test_what_has_no_weights_cannot_be_used(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Begun", state=RunState.STOPPED, epoch=0)
    desk = open_desk(path)
    assert not desk.view.panel.use.isEnabled()
    assert "no weights yet" in desk.facts.use_text
    assert desk.view.charts.note == "It has no numbers."
    assert desk.view.gallery.note == "Predictions come with the first validation."
    desk.press("U")
    assert [one.problem for one in desk.failures] == ["Run 1 has no weights yet."]


def test_notes_and_names_are_edits(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        one = made_up.add_run(project, "One")
        made_up.add_run(project, "Two")
    desk = open_desk(path)
    desk.click_run("One")
    desk.window.resize(1280, 430)
    desk.settle()
    notes = desk.view.panel.notes
    assert notes.visibleRegion().boundingRect().height() < notes.height()
    desk.press("E")
    assert QApplication.focusWidget() is notes
    assert notes.visibleRegion().boundingRect().height() == notes.height()  # however long the panel is
    QTest.keyClicks(desk.view.panel.notes, "lux xmas")  # letters that are keys elsewhere
    desk.press("Ctrl+Return")
    assert desk.row(one).notes == "lux xmas"
    assert QApplication.focusWidget() is desk.view
    desk.press("E")
    QTest.keyClicks(desk.view.panel.notes, "gone")
    desk.press("Esc")
    assert desk.row(one).notes == "lux xmas"
    assert desk.view.panel.notes.toPlainText() == "lux xmas"
    desk.press("E")
    QTest.keyClicks(desk.view.panel.notes, "!")
    desk.click_run("Two")  # what was written is kept by going elsewhere, too
    assert desk.row(one).notes.count("!") == 1
    assert desk.view.panel.notes.toPlainText() == ""
    desk.press("F2")
    QTest.keyClicks(desk.view.panel.name, "Night")
    desk.press("Return")
    assert desk.names == ["Night", "One"]
    desk.press("F2")
    desk.view.panel.name.setText("  ")
    desk.press("Return")
    assert [one.problem for one in desk.failures] == ["The run needs a name."]
    assert len(desk.titles()) == 3


def test_hidden_runs_are_off_the_list_until_they_are_asked_for(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "One")
        made_up.add_run(project, "Two")
    desk = open_desk(path)
    desk.press("U")
    desk.commands.run("training.hide")
    desk.settle()
    assert [one.problem for one in desk.failures] == ["Run 2 is in use."]
    desk.click_run("One")
    desk.commands.run("training.hide")
    desk.settle()
    assert desk.names == ["Two"]
    assert desk.facts.name == "Two"
    desk.press("H")
    assert desk.names == ["Two", "One"]
    assert "hidden" in desk.rows[1]
    desk.click_run("One")
    desk.commands.run("training.hide")
    desk.settle()
    desk.press("H")
    assert desk.names == ["Two", "One"]


def test_runs_of_one_purpose_alone(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "One")
        made_up.add_run(project, "Two", Purpose.CLASSIFIER)
    desk = open_desk(path)
    desk.view.purposes.actions_offered()[1].trigger()
    desk.settle()
    assert desk.names == ["One"]
    assert desk.facts.name == "One"
    desk.view.purposes.actions_offered()[0].trigger()
    desk.settle()
    assert desk.names == ["Two", "One"]


def test_runs_are_compared(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Slow", seed=1, skill=0.7, settings={"rate": 1e-5})
        made_up.add_run(project, "Fast", seed=2, settings={"rate": 1e-3})
        made_up.add_run(project, "Other", seed=3, settings={"rate": 1e-4})
    desk = open_desk(path)
    desk.click_run("Slow", mark=True)
    assert desk.facts.name == "Other"  # a mark is no selection
    desk.click_run("Fast")
    assert desk.charts[:2] == ["Loss", "Mask AP"]
    drawn = desk.view.charts.views["mask_ap"].chart
    assert [curve.name for curve in drawn.curves] == ["Slow", "Fast"]
    comparison = desk.view.comparison.comparison
    assert [run.name for run in comparison.runs] == ["Slow", "Fast"]
    assert dict(comparison.settings) == {"Learning rate": ("1e-05", "0.001"), "Seed": ("1", "2")}
    [best] = [best for name, _, best in comparison.results if name == "Best mask AP"]
    assert best == 1
    assert comparison.same > 5
    desk.click_run("Other")
    assert [run.name for run in desk.view.comparison.comparison.runs] == ["Slow", "Other"]
    desk.press("Space")
    desk.press("Up")
    assert len(desk.view.comparison.comparison.runs) == 2  # the first in the list: it was there already
    desk.press("Esc")
    assert desk.view.comparison.comparison.runs == ()
    assert desk.charts[0] == "Losses"


def test_an_early_stop_is_told(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Early", epochs=12, epoch=7)
    desk = open_desk(path)
    assert desk.facts.look is RunLook.EARLY
    assert desk.facts.note.title == "It stopped early"
    assert desk.facts.note.tone is Tone.GOOD
    curve = desk.curve("validation", "mask AP")
    assert curve.early_step == 700
    assert "stopped early" in desk.rows[0]


def test_each_bad_end_is_told_with_its_way_out(path: Path, open_desk: Opens) -> None:
    full = (
        "The disk is full, and the state after step 300 could not be written. Make room, and resume the job."
    )
    nan = "The loss of mask is no number at step 412; its batch is kept as batch-412.safetensors."
    with Project.open(path) as project:
        for name, state, job_state, error in (
            ("Full", RunState.STOPPED, JobState.FAILED, full),
            ("No number", RunState.FAILED, JobState.FAILED, nan),
            ("Stopped", RunState.STOPPED, JobState.CANCELLED, ""),
        ):
            job_id = made_up.add_job(project, job_state, error=error, name=name, rate=0.1)
            made_up.add_run(project, name, state=state, epoch=3, job_id=job_id, settings={"rate": 0.1})
    desk = open_desk(path)
    desk.click_run("Full")
    assert desk.facts.look is RunLook.FAILED
    assert full in desk.facts.note.text
    assert desk.facts.note.action == "training.resume"
    desk.click_run("Stopped")
    assert desk.facts.look is RunLook.STOPPED
    assert desk.facts.note.action == "training.resume"
    desk.press("J")
    assert desk.logs == [3]
    desk.click_run("No number")
    assert nan in desk.facts.note.text
    desk.view.panel.note.button.click()  # again, with other settings
    desk.until(lambda: desk.view.draft.form is not None)
    assert desk.view.drafting
    assert desk.view.draft.form is not None
    assert desk.view.draft.form.values()["rate"] == 0.1
    assert desk.view.draft.form.values()["name"] == ""


def test_a_button_asks_for_the_settings_of_a_loop(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Old")
    desk = open_desk(path)
    [button] = [one for one in desk.view.bar.findChildren(QPushButton) if one.text().startswith("Loop")]
    button.click()
    assert desk.asked == [("loop", {})]
