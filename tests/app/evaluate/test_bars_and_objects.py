"""Bars and the objects behind them, by keys and by the mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.states.results import COLUMNS
from core.records.evaluations import EvaluationState
from core.store.project import Project
from tests.app.evaluate import made_up
from tests.app.evaluate.conftest import StreetFrames
from tests.app.evaluate.desk import Desk

Opens = Callable[[Path], Desk]


def test_what_was_measured_is_shown_worst_first(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    assert desk.rows[0].startswith("Night, Detector by reviewed frames, done, Found ")
    assert [choice.text for choice in desk.chart.figures][:3] == ["Found", "Extra finds", "Box IoU"]
    assert desk.chart.labels[0] == "0-10 %"
    assert desk.chart.labels[-1] == "not known"
    assert desk.view.objects.head.count == "25 objects"
    badness = [float(value) for value in desk.column("Badness")]
    assert badness == sorted(badness, reverse=True)
    assert desk.current_row == 0
    assert not desk.view.objects.table.isColumnHidden(COLUMNS.index("Hidden IoU"))
    desk.until(lambda: desk.view.object.state.image is not None)
    state = desk.view.object.state
    assert state.title == "Car, missed"
    assert state.image is not None
    assert state.image.shape == (made_up.HEIGHT, made_up.WIDTH, 3)
    assert not state.truth.empty
    assert state.said.empty
    assert state.place.startswith("street.mp4")


def test_a_bar_leads_to_its_objects(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    desk.click_bar("30-40 %")
    assert set(desk.column("Occlusion")) == {"33%"}
    assert desk.view.objects.head.title == "Objects hidden by 30-40 %"
    assert desk.view.figures.table.slice_title == "objects hidden by 30-40 %"
    assert desk.figures["Found"] == [desk.chart.series[0].bars[3].text.split("\n")[0]]
    desk.press("G")
    desk.press("G")
    assert [chart.over for chart in desk.view.curves.sheet.charts] == [
        "all objects: there is none of objects hidden by 30-40 %",
        "objects hidden by 30-40 %",
    ]
    desk.press("Right")
    assert set(desk.column("Occlusion")) == {"43%"}
    desk.press("B")  # by distance: nothing is chosen
    assert desk.chart.labels[0] == "0-10 m"
    assert desk.view.objects.head.count == "25 objects"
    desk.press("Left")  # the last bar
    assert desk.view.objects.head.title == "Objects 60-80 m away"
    desk.press("F")
    desk.press("F")
    assert desk.chart.title == "Box IoU, %"
    assert desk.view.objects.head.title == "Objects 60-80 m away, only those that are found"
    assert desk.view.objects.head.order == "the worst box first"
    header = desk.view.objects.table.horizontalHeader()
    assert header.visualIndex(COLUMNS.index("Box IoU")) == 2  # it stands beside the object
    assert [float(text) for text in desk.column("Box IoU") if text] == sorted(
        float(text) for text in desk.column("Box IoU") if text
    )
    desk.press("Esc")
    assert desk.view.objects.head.title == "All objects"


def test_a_bar_lists_as_many_objects_as_it_says_and_extra_ones_when_asked(
    path: Path, open_desk: Opens
) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    desk.press("B")
    desk.press("B")
    assert desk.chart.labels[2] == "32-64 px"
    for title in ("Found, %", "Box IoU, %"):
        while desk.chart.title != title:
            desk.press("F")
        desk.click_bar("32-64 px")
        bar = desk.chart.series[0].bars[2].text.split("\n")[-1]
        assert bar == f"over {desk.view.objects.head.count}"
        assert "Extra" not in desk.column("Outcome")
        desk.press("Esc")
    desk.click_bar("32-64 px")
    assert desk.view.objects.head.title == "Objects of 32-64 px, only those that are found"
    for _ in range(3):  # found, missed, extra: what no bar counts can be looked at in it
        desk.press("O")
    assert desk.column("Outcome") == ["Extra"]
    assert desk.view.objects.head.title == "Objects of 32-64 px"


def test_objects_are_gone_through_by_keys(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    first = desk.view.object.state.key
    desk.press("Down")
    assert desk.current_row == 1
    assert desk.view.object.state.key != first
    desk.press("Up")
    assert desk.view.object.state.key == first
    desk.press("O")
    assert set(desk.column("Outcome")) == {"Found"}
    assert not desk.view.object.state.said.empty
    assert len(desk.view.object.state.said.points) == 3
    desk.press("O")
    desk.press("O")
    assert desk.column("Outcome") == ["Extra"]
    assert desk.view.objects.table.isColumnHidden(COLUMNS.index("Hidden IoU"))  # it has none
    assert desk.view.object.state.truth.empty
    desk.press("O")  # right: of labels alone
    assert desk.view.objects.head.empty == "None right of all objects. Esc shows all objects again."
    assert desk.view.object.state.key is None


def test_a_picture_that_takes_its_time_says_so(path: Path, open_desk: Opens, frames: StreetFrames) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    before = desk.view.object.state
    frames.holds = True
    while desk.view.object.state.place == before.place:  # to an object in another picture
        desk.press("Down")
        if frames.held:
            break
    desk.until(lambda: desk.view.object.state.error != "")
    state = desk.view.object.state
    assert state.error == "Its picture is on its way…"
    assert state.image is None
    assert state.key != before.key
    frames.held[-1]()
    desk.settle()
    assert desk.view.object.state.image is not None
    assert desk.view.object.state.error == ""


def test_evaluations_stand_side_by_side(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "First", skill=0.4)
        made_up.add_evaluation(project, "Second", skill=0.9)
        made_up.add_evaluation(project, "Elsewhere", truth_key="f00d")
    desk = open_desk(path)
    desk.click_evaluation("Second")
    desk.press("Space")
    assert desk.said.startswith("Now go to another evaluation")
    desk.click_evaluation("First")
    assert [series.name for series in desk.chart.series] == ["First", "Second"]
    assert desk.view.bars.apart == ""
    found = next(row for row in desk.view.figures.table.rows if row.title == "Found")
    assert [cell.best for cell in found.cells] == [False, True]
    desk.click_bar("0-10 %", series=1)  # the other's bar: its objects are listed, and both stay
    assert desk.view.panel.facts.name == "Second"
    assert [series.name for series in desk.chart.series] == ["First", "Second"]
    assert desk.view.objects.head.title == "Objects hidden by 0-10 %"
    desk.click_evaluation("Elsewhere", mark=True)
    assert desk.view.bars.apart.startswith("They were measured by different objects")
    assert not any(cell.best for row in desk.view.figures.table.rows for cell in row.cells)
    desk.press("Esc")
    desk.press("Esc")
    assert [series.name for series in desk.chart.series] == ["Second"]


def test_long_lists_are_read_as_one_scrolls(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Long", repeats=10)
    desk = open_desk(path)
    assert desk.view.objects.head.count == "241 objects"
    assert len(desk.column("Badness")) == 200
    desk.view.objects.table.scrollToBottom()
    desk.until(lambda: len(desk.column("Badness")) == 241)
    badness = [float(value) for value in desk.column("Badness")]
    assert badness == sorted(badness, reverse=True)


def test_what_has_no_numbers_says_so(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Broken", state=EvaluationState.FAILED)
    desk = open_desk(path)
    assert desk.view.bars.note == "It did not come to its end, so it has no numbers."
    assert desk.view.panel.facts.note.action == "evaluate.again"
    assert desk.view.objects.head.empty.startswith("The objects of what was measured stand here")
