"""The loupe: as large as the canvas leaves room for."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.views.keypoints.loupe import Loupe


@pytest.mark.parametrize("scale", [0.75, 1.0])
def test_it_is_no_larger_than_what_it_shows(qtbot: QtBot, scale: float) -> None:
    canvas = QWidget()
    qtbot.addWidget(canvas)
    canvas.resize(800, 600)
    loupe = Loupe(canvas)
    canvas.show()
    qtbot.waitExposed(canvas)
    for other in (1.75 - scale, scale):
        loupe.set_scale(other)
    side = loupe.picture.sizeHint().width()
    rim = loupe.width() - side
    assert rim in (12, 14)  # 6 px at each side, and a line where the theme draws one
    assert loupe.size() == loupe.sizeHint()
