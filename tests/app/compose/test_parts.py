"""The list of layers and the chart, by what they say."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.controllers.compose_facts import chart_of
from app.states.compose import CompositeState, Layer, Missing, OcclusionChart, bars_of
from app.views.compose.layer_list import LayerList
from app.views.compose.missing_page import MissingPage
from app.views.compose.occlusion_chart import OcclusionChartView
from core.records.recipes import RecipeSetRow, Split

LAYERS = (
    Layer(2, 12, 22, "car 22", hidden_percent=0, distance_m=8.04, moved=True),
    Layer(1, 11, 21, "car 21", shown=False, distance_m=12.0),
    Layer(0, 10, 20, "car 20", hidden_percent=97, hidden_by=("car 22", "car 21"), stale=True, standing=True),
)


def test_a_row_says_all_of_its_layer(qtbot: QtBot) -> None:
    made = LayerList()
    qtbot.addWidget(made)
    made.show_state(CompositeState(layers=LAYERS, selected=1))
    assert made.row_text(0) == "car 22, 8.0 m away, 0 % hidden, moved"
    assert made.row_text(1) == "car 21, 12.0 m away, switched off"
    assert made.row_text(2).startswith(
        "car 20, 97 % hidden by car 22 and car 21, stands in the background, stale"
    )
    assert made.row_of(0) == 2
    assert made.row_of(9) is None
    made.resize(260, made.sizeHint().height())
    assert not made.grab().isNull()


def test_a_person_has_room_for_the_distance_in_a_narrow_list(qtbot: QtBot) -> None:
    """The list is 252 pixels wide in a window of 1280."""
    made = LayerList()
    qtbot.addWidget(made)
    made.resize(252, 30)
    font = made.font()
    font.setPointSize(10)  # the window's own, unless a person chose another
    made.setFont(font)
    drawn = []
    for distance_m in (None, 24.0):
        person = Layer(0, 10, 20, "person 3386", hidden_percent=0, distance_m=distance_m)
        made.show_state(CompositeState(layers=(person,)))
        drawn.append(made.grab().toImage())
    assert drawn[0] != drawn[1]


def test_rows_and_eyes_answer_the_mouse(qtbot: QtBot) -> None:
    made = LayerList()
    qtbot.addWidget(made)
    made.show_state(CompositeState(layers=LAYERS))
    made.resize(260, made.sizeHint().height())
    chosen: list[int] = []
    switched: list[int] = []
    made.chosen.connect(chosen.append)
    made.switched.connect(switched.append)
    eye = made.eye_place(1).toPoint()
    QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=eye)
    QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=eye + QPoint(60, 0))
    QTest.mouseClick(made, Qt.MouseButton.RightButton, pos=eye)
    QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=QPoint(60, 200))
    assert (chosen, switched) == ([1], [1])


@pytest.mark.parametrize("width", [480, 780, 1400])
def test_all_of_what_is_missing_can_be_read_however_wide_the_window(qtbot: QtBot, width: int) -> None:
    made = MissingPage()
    qtbot.addWidget(made)
    made.show_missing(
        Missing("Nothing is cut out yet", "A sentence of a few words. " * 6, "compose.cut", "Cut")
    )
    made.resize(width, 600)
    made.show()
    text = next(one for one in made.findChildren(QLabel) if one.text() == made.text)
    assert text.height() >= text.heightForWidth(text.width())


def test_bars_hold_ten_percent_each_and_the_last_the_hundred() -> None:
    counts = bars_of(np.array([0, 9, 10, 55, 89, 90, 99, 100]))
    assert counts == (2, 1, 0, 0, 0, 1, 0, 0, 1, 3)
    assert bars_of(np.array([], dtype=np.int64)) == (0,) * 10


def test_the_chart_sets_what_there_is_against_what_was_wanted(qtbot: QtBot) -> None:
    row = RecipeSetRow(1, "one", (3, 1, 0, 0, 0, 0, 0, 0, 0, 0), {(1, Split.TRAIN): 4}, 0, 1, False, 0.0)
    chart = chart_of(row, (), (6, 2, 0, 0, 0, 0, 0, 0, 0, 2))
    assert chart.wanted[:2] == (0.75, 0.25)
    made = OcclusionChartView()
    qtbot.addWidget(made)
    made.show_chart(chart)
    assert made.bar_text(0) == "0 to 10 % hidden: 6 objects, 60%; wanted 75%"
    made.resize(300, 128)
    with_line = made.grab().toImage()
    made.show_chart(OcclusionChart(chart.counts, ()))
    assert made.bar_text(9) == "90 to 100 % hidden: 2 objects, 20%"
    assert made.grab().toImage() != with_line
    made.show_chart(OcclusionChart())
    assert not made.grab().isNull()


def test_what_was_drawn_here_is_counted() -> None:
    assert chart_of(None, [(0, 5, 40), (0,)]).counts == (3, 0, 0, 0, 1, 0, 0, 0, 0, 0)
    assert chart_of(None, [(0, 5, 40), (0,)]).title == "Occlusion in 2 composites"
    assert chart_of(None).title == "Occlusion"
