"""What the Review workspace does where there is little room: nothing that is pressed or read is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QPushButton

from app.theme import ThemeKeeper
from app.views.review.verdict_bar import VerdictBar
from tests.app.review.street import Desk


@pytest.fixture(autouse=True)
def themed(qapp: QApplication, tmp_path: Path) -> Iterator[None]:
    """With the program's own style sheet: without one, Qt never makes a button too small for its words."""
    keeper = ThemeKeeper(qapp, tmp_path / "drawn")
    keeper.apply("light", 10)
    yield
    keeper.close()
    qapp.setStyleSheet("")


def cut_off(button: QPushButton) -> bool:
    """Whether a button is narrower than its words and its picture."""
    words = QFontMetrics(button.font()).horizontalAdvance(button.text())
    picture = 0 if button.icon().isNull() else button.iconSize().width()
    return button.width() < words + picture


@pytest.mark.parametrize("width", [900, 1008, 1201, 1600])
def test_every_verdict_can_be_read_and_pressed(desk: Desk, width: int) -> None:
    """The widths are what a 1280 px screen leaves beside the jobs dock and less, up to plenty."""
    desk.window.resize(width, 600)
    desk.settle()
    assert desk.window.width() == width, "the window can be as narrow as its screen"
    bar = desk.view.verdicts
    for button in bar.buttons.values():
        assert not cut_off(button), button.text()
        assert bar.rect().contains(QRect(button.mapTo(bar, QPoint(0, 0)), button.size()))


def test_the_verdicts_stand_in_one_row_where_there_is_room(desk: Desk) -> None:
    desk.window.resize(1600, 600)
    desk.settle()
    assert len({button.y() for button in desk.view.verdicts.buttons.values()}) == 1


def test_what_was_said_gives_way_to_the_buttons(qtbot: object) -> None:
    bar = VerdictBar()
    qtbot.addWidget(bar)  # type: ignore[attr-defined]
    bar.say("Mark 5,000 objects as unoccluded.")
    bar.resize(420, bar.heightForWidth(420))
    bar.show()
    assert bar.said == "Mark 5,000 objects as unoccluded."
    assert not any(cut_off(button) for button in bar.buttons.values())


def test_what_was_done_can_be_read_on_a_small_screen(desk: Desk) -> None:
    """Beside the rail a 1280 px screen leaves 1201 px; nothing else tells of a verdict."""
    desk.window.resize(1201, 640)
    desk.press("S")
    desk.settle()
    said = desk.view.verdicts._said
    assert said.text() == said.whole == f"Done: Mark car {desk.street.ids[0]} as occluded."
    assert said.height() >= QFontMetrics(said.font()).height() - 2
    desk.view.verdicts.say("Mark car 1 as occluded. " * 20)
    assert said.text() != said.whole
    assert said.toolTip() == said.whole
