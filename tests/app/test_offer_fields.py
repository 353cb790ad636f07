"""Fields that name something of the project: its cameras and sources are there to choose from."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.views.form_fields import make_editor
from app.views.settings_form import FormView
from core.jobs.exchange_settings import ImportSettings
from core.jobs.flatten import checked
from core.jobs.forms import form_of, with_offers
from core.jobs.settings import AddSettings, FitSettings
from core.records.forms import FieldKind, FormField, Offer

SOURCES = [(3, "gate.mp4", "Gate"), (5, "bridge.mp4", "Bridge")]


def form_view(qtbot: QtBot, model: Any, values: dict[str, Any] | None = None) -> FormView:
    form = with_offers(form_of("kind", "Title", model), ["Bridge", "Gate"], SOURCES)
    view = FormView(form, values)
    qtbot.addWidget(view)
    return view


def test_a_camera_is_chosen_by_its_name_and_none_means_what_the_help_said(qtbot: QtBot) -> None:
    view = form_view(qtbot, FitSettings)
    box: Any = view.editor("camera").box  # type: ignore[attr-defined]
    assert [box.itemText(row) for row in range(box.count())] == [
        "All that are calibrated",
        "Bridge",
        "Gate",
    ]
    assert view.values()["camera"] == ""
    box.setCurrentIndex(2)
    assert view.values()["camera"] == "Gate"


def test_sources_are_ticked_and_give_their_ids(qtbot: QtBot) -> None:
    view = form_view(qtbot, FitSettings)
    boxes: Any = view.editor("source").boxes  # type: ignore[attr-defined]
    assert [box.text() for box in boxes.values()] == ["gate.mp4 (Gate)", "bridge.mp4 (Bridge)"]
    assert view.values()["source"] == []
    boxes[5].click()
    assert view.values()["source"] == [5]
    assert checked(FitSettings, view.values()).source == [5]


def test_one_source_or_any(qtbot: QtBot) -> None:
    view = form_view(qtbot, ImportSettings, {"source": 3})
    assert view.values()["source"] == 3
    view.editor("source").box.setCurrentIndex(0)  # type: ignore[attr-defined]
    assert view.values()["source"] is None


def test_a_camera_may_be_new_where_footage_is_added(qtbot: QtBot) -> None:
    view = form_view(qtbot, AddSettings)
    box: Any = view.editor("camera").box  # type: ignore[attr-defined]
    assert view.values()["camera"] == ""
    assert box.lineEdit().placeholderText() == "The file's name"
    box.setEditText(" North gate ")
    assert view.values()["camera"] == "North gate"
    box.setCurrentIndex(1)
    assert view.values()["camera"] == "Gate"


@pytest.mark.parametrize(
    ("kind", "value"), [(FieldKind.TEXT, "Away"), (FieldKind.LIST, [9]), (FieldKind.INT, 9)]
)
def test_what_is_not_there_any_more_is_not_changed_unseen(qtbot: QtBot, kind: FieldKind, value: Any) -> None:
    default: Any = {FieldKind.TEXT: "", FieldKind.LIST: [], FieldKind.INT: None}[kind]
    field = FormField("one", "One", "", kind, default, of=Offer.SOURCES, offered=((3, "gate.mp4"),))
    editor = make_editor(field)
    qtbot.addWidget(editor.widget)
    editor.set_value(value)
    assert editor.value() == value


def test_the_shell_keeps_the_whole_help() -> None:
    form = form_of("fit", "Fit", FitSettings)
    camera = next(field for field in form.fields if field.name == "camera")
    assert camera.help == "Which camera. Empty: all that are calibrated."
    assert camera.of is Offer.CAMERAS
