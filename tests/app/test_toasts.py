"""Messages over the window: one for what was done, errors that stay, and the way out pressed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QWidget

from app.states.toasts import Toast, Tone
from app.theme import ThemeKeeper
from app.views.icons import TextButton
from app.views.toasts import Toasts


@pytest.fixture
def toasts(qtbot) -> Toasts:
    parent = QWidget()
    parent.resize(900, 600)
    qtbot.addWidget(parent)
    parent.show()
    made = Toasts(parent, seconds=0.2)
    yield made
    made.clear()
    parent.hide()


def test_what_is_done_next_takes_the_place_of_what_was_done(toasts: Toasts):
    toasts.show_toast(Toast(Tone.DONE, "Mark 3 as occluded", button="Undo"))
    toasts.show_toast(Toast(Tone.DONE, "Mark 1 as unoccluded", button="Undo"))
    assert toasts.texts() == ["Mark 1 as unoccluded"]


def test_a_long_title_replaces_a_short_one_too(toasts: Toasts):
    toasts.show_toast(Toast(Tone.DONE, "Short", button="Undo"))
    toasts.show_toast(Toast(Tone.DONE, "A very long title " * 6, button="Undo"))
    assert len(toasts.texts()) == 1


def test_the_button_does_what_the_newest_message_says(qtbot, toasts: Toasts):
    pressed: list[str] = []
    for name in ("first", "second"):
        on_button = lambda name=name: pressed.append(name)  # noqa: E731
        toasts.show_toast(Toast(Tone.DONE, name, button="Undo", on_button=on_button))
    qtbot.mouseClick(toasts.findChild(TextButton), Qt.MouseButton.LeftButton)
    assert pressed == ["second"]
    assert toasts.texts() == []


def test_errors_stay_and_what_was_done_goes(qtbot, toasts: Toasts):
    toasts.show_toast(Toast(Tone.ERROR, "The disk is full.", "Make room.", stays=True))
    toasts.show_toast(Toast(Tone.DONE, "Mark 3 as occluded"))
    assert len(toasts.texts()) == 2
    qtbot.waitUntil(lambda: toasts.texts() == ["The disk is full."])
    qtbot.wait(300)
    assert toasts.texts() == ["The disk is full."]


def test_the_same_error_twice_is_one_message_and_many_do_not_pile_up(toasts: Toasts):
    for number in range(10):
        toasts.show_toast(Toast(Tone.ERROR, f"Error {number}.", "Wait.", stays=True))
        toasts.show_toast(Toast(Tone.ERROR, f"Error {number}.", "Wait.", stays=True))
    assert toasts.texts() == ["Error 7.", "Error 8.", "Error 9."]


def test_a_later_message_about_the_same_takes_an_errors_place(toasts: Toasts):
    toasts.show_toast(Toast(Tone.ERROR, "The disk is full."))
    toasts.show_toast(Toast(Tone.ERROR, "a.npz is damaged.", stays=True, about="body"))
    toasts.show_toast(Toast(Tone.INFO, "b.npz is taken.", about="body"))
    assert toasts.texts() == ["The disk is full.", "b.npz is taken."]


def test_messages_stay_inside_the_window(qtbot, toasts: Toasts):
    long = "A long sentence about what went wrong. " * 8
    toasts.show_toast(Toast(Tone.ERROR, long, "Wait. " * 20, stays=True))
    qtbot.wait(20)
    assert toasts.parentWidget().rect().contains(toasts.geometry())
    toasts.parentWidget().resize(420, 400)
    qtbot.wait(20)
    assert toasts.parentWidget().rect().contains(toasts.geometry())


@pytest.mark.parametrize("width", [380, 700, 1280])
def test_every_word_of_every_message_can_be_read(qtbot, qapp, tmp_path: Path, width: int):
    keeper = ThemeKeeper(qapp, tmp_path / "drawn")
    keeper.apply("light", 10)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(width, 500)
    window.show()
    stack = Toasts(window)
    way_out = "Choose the file as it was; one that was cut or encoded anew is added as new footage."
    stack.show_toast(
        Toast(Tone.ERROR, "a.amodal is no Amodal Studio project.", "Choose another.", stays=True)
    )
    stack.show_toast(Toast(Tone.ERROR, "It failed: Find moved footage", way_out, "Log", stays=True))
    stack.show_toast(Toast(Tone.ERROR, "x" * 40 + " " + "y" * 40 + " is long.", way_out, stays=True))
    qtbot.wait(20)
    tops = []
    for card in stack._cards:
        assert window.rect().contains(card.mapTo(window, card.rect().topLeft()))
        assert card.mapTo(window, card.rect().bottomRight()).x() < width
        tops.append((card.y(), card.y() + card.height()))
        for line in card._lines:
            needed = QFontMetrics(line.font()).boundingRect(
                QRect(0, 0, line.width(), 10_000), Qt.TextFlag.TextWordWrap, line.text()
            )
            assert line.height() >= needed.height() - 1, (line.text(), line.height(), needed)
    assert all(above[1] <= below[0] for above, below in pairwise(tops)), tops
    keeper.close()
    qapp.setStyleSheet("")


def test_messages_stand_at_the_top_of_the_part_that_they_are_given(qtbot, toasts: Toasts):
    parent = toasts.parentWidget()
    canvas = QWidget(parent)
    canvas.setGeometry(200, 60, 500, 400)
    canvas.show()
    toasts.show_toast(Toast(Tone.ERROR, "The disk is full.", "Make room.", stays=True))
    assert toasts.geometry().bottom() < parent.height() // 2, "the foot is for timelines and buttons"
    toasts.stand_over(canvas)
    assert canvas.geometry().contains(toasts.geometry())
    canvas.setGeometry(100, 100, 600, 400)
    assert toasts.geometry().center().x() == pytest.approx(canvas.geometry().center().x(), abs=1)
    assert toasts.geometry().top() > 100
    canvas.deleteLater()
    qtbot.wait(20)
    toasts.show_toast(Toast(Tone.INFO, "On goes the day."))
    assert len(toasts.texts()) == 2
