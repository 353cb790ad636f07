"""Forms drawn from their declaration: values, folding, choices that cannot be made here."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app import file_dialogs
from app.views.form_fields import make_editor
from app.views.settings_form import FormView
from app.views.sources.form_place import FormPlace
from core.records.forms import FieldKind, Form, FormField

FORM = Form(
    "mine",
    "Mine objects",
    (
        FormField("camera", "Camera", "Which.", FieldKind.TEXT, ""),
        FormField(
            "detector",
            "Detector",
            "What finds them.",
            FieldKind.CHOICE,
            "motion",
            choices=(("motion", "Motion"), ("onnx", "ONNX"), ("rfdetr", "RF-DETR")),
            choice_notes=(("rfdetr", "Install the extra detect."),),
        ),
        FormField("every", "Every", "1 takes all.", FieldKind.INT, 1, minimum=1, maximum=9),
        FormField("end_s", "To", "Or the end.", FieldKind.FLOAT, None, minimum=0, unit="s", advanced=True),
        FormField("motion.contrast", "Contrast", "Grey levels.", FieldKind.FLOAT, 0.125, unit=""),
        FormField("onnx.model", "Model", "The file.", FieldKind.FILE, None),
        FormField("tracking.gap_s", "Gap", "Seconds.", FieldKind.FLOAT, 2.0),
        FormField("source", "Sources", "Ids.", FieldKind.LIST, []),
        FormField("crops", "Keep crops", "Needed for review.", FieldKind.BOOL, True),
    ),
)


def test_a_place_is_chosen_as_a_file_or_as_a_folder(qtbot, monkeypatch):
    field = FormField("place", "Look in", "Either.", FieldKind.PLACE, None, required=True)
    view = FormView(Form("locate", "Find", (field,)))
    qtbot.addWidget(view)
    view.show()
    editor = view.editor("place")
    assert view.problem() == "Look in: it is needed."
    monkeypatch.setattr(file_dialogs, "ask_folder", lambda *_: "/here")
    monkeypatch.setattr(file_dialogs, "ask_file", lambda *_: "/here/clip.mp4")
    qtbot.mouseClick(editor.choose_folder, Qt.MouseButton.LeftButton)
    assert view.values() == {"place": "/here"}
    qtbot.mouseClick(editor.choose_file, Qt.MouseButton.LeftButton)
    assert view.values() == {"place": "/here/clip.mp4"}
    monkeypatch.setattr(file_dialogs, "ask_file", lambda *_: "")
    qtbot.mouseClick(editor.choose_file, Qt.MouseButton.LeftButton)
    assert view.values() == {"place": "/here/clip.mp4"}, "a dialog that was left changes nothing"


@pytest.mark.parametrize(
    ("kind", "folder", "file"), [(FieldKind.FOLDER, True, False), (FieldKind.FILE, False, True)]
)
def test_a_path_offers_only_what_it_may_be(qtbot, kind: FieldKind, folder: bool, file: bool):
    editor = make_editor(FormField("path", "Path", "", kind, None))
    qtbot.addWidget(editor)
    editor.show()
    assert (editor.choose_folder.isVisible(), editor.choose_file.isVisible()) == (folder, file)


def test_a_forms_place_says_that_it_is_being_read_and_what_is_wrong(qtbot):
    place = FormPlace(hidden=frozenset({"camera"}))
    qtbot.addWidget(place)
    place.show()
    place.set_values({"every": 7, "camera": "Gate"})  # before there is a form
    assert place._reading.isVisible()
    assert place.values() is None
    place.show_form(FORM)
    assert not place._reading.isVisible()
    values = place.values()
    assert values is not None
    assert (values["every"], values["camera"]) == (7, "Gate")
    place.form.editor("end_s").line.setText("soon")
    assert place.values() is None
    assert place.problem.text() == "To: “soon” is no number."
    place.form.editor("end_s").line.setText("9")
    assert place.problem.text() == "", "what is being put right is not complained about"


@pytest.fixture
def view(qtbot) -> FormView:
    made = FormView(FORM, {"camera": "Gate"}, frozenset({"camera"}))
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_values_are_the_defaults_at_first(view: FormView):
    assert view.values() == {
        "camera": "Gate",
        "detector": "motion",
        "every": 1,
        "end_s": None,
        "motion.contrast": 0.125,
        "tracking.gap_s": 2.0,
        "source": [],
        "crops": True,
    }


def test_the_group_of_the_chosen_detector_is_shown_and_told(view: FormView):
    assert view.editor("motion.contrast").isVisible()
    assert not view.editor("onnx.model").isVisible()
    view.set_value("detector", "onnx")
    assert view.editor("onnx.model").isVisible()
    assert not view.editor("motion.contrast").isVisible()
    assert "onnx.model" in view.values()
    assert "motion.contrast" not in view.values()


def test_advanced_fields_and_other_groups_unfold(qtbot, view: FormView):
    assert not view.editor("end_s").isVisible()
    assert not view.editor("tracking.gap_s").isVisible()
    qtbot.mouseClick(view._more, Qt.MouseButton.LeftButton)
    assert view.editor("end_s").isVisible()
    assert view.editor("tracking.gap_s").isVisible()


def test_a_field_of_another_choice_is_neither_shown_nor_told(qtbot):
    of_rfdetr = FormField("size", "Size", "", FieldKind.INT, 4, only=("detector", ("rfdetr", "onnx")))
    view = FormView(Form("mine", "Mine", (FORM.fields[1], of_rfdetr)))
    qtbot.addWidget(view)
    view.show()
    assert view.values() == {"detector": "motion"}
    assert not view.editor("size").isVisible()
    view.set_value("detector", "onnx")
    assert view.values() == {"detector": "onnx", "size": 4}
    assert view.editor("size").isVisible()
    told = FormView(view.form, {"detector": "rfdetr"}, frozenset({"detector"}))
    qtbot.addWidget(told)
    assert told.is_shown("size")


def test_the_tab_key_goes_through_a_form_as_it_stands(qtbot, view: FormView):
    qtbot.mouseClick(view._more, Qt.MouseButton.LeftButton)
    row = []
    widget = view.nextInFocusChain()
    while widget is not view:
        named = [name for name in view._editors if view.editor(name) in (widget, widget.parentWidget())]
        row += named or (["more"] if widget is view._more else [])
        widget = widget.nextInFocusChain()
    shown = ["detector", "every", "motion.contrast", "source", "crops", "more", "end_s", "tracking.gap_s"]
    assert [name for name in dict.fromkeys(row) if name in shown] == shown


def test_what_an_empty_number_means_stands_in_it(qtbot, view: FormView):
    assert view.editor("end_s").line.placeholderText() == "none (s)"
    field = FormField("epochs", "Epochs", "", FieldKind.INT, None, none="usual")
    usual = FormView(Form("train", "Train", (field,)))
    qtbot.addWidget(usual)
    assert usual.editor("epochs").line.placeholderText() == "usual"


def test_a_choice_that_cannot_run_here_is_greyed_and_says_why(view: FormView):
    box = view.editor("detector").box
    assert not box.model().item(2).isEnabled()
    assert box.itemData(2, Qt.ItemDataRole.ToolTipRole) == "Install the extra detect."
    view.set_value("detector", "rfdetr")
    assert view.problem() == "Detector: Install the extra detect."


@pytest.mark.parametrize(
    ("typed", "value", "problem"),
    [("", None, ""), ("3.5", 3.5, ""), ("soon", None, "no number"), ("-1", -1.0, "at least 0")],
)
def test_a_number_that_may_be_left_out(view: FormView, typed: str, value: float | None, problem: str):
    QTest.keyClicks(view.editor("end_s").line, typed)
    assert view.values()["end_s"] == value
    assert problem in view.problem()
    assert bool(problem) == bool(view.problem())


def test_a_list_is_typed_with_commas(view: FormView):
    QTest.keyClicks(view.editor("source").line, "3, 5,")
    assert view.values()["source"] == [3, 5]


def test_the_wheel_over_a_number_scrolls_the_form_instead(qtbot, view: FormView):
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    box = view.editor("every").box
    box.clearFocus()
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(box.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, wheel)
    assert view.values()["every"] == 1


def test_what_is_needed_must_be_given(qtbot):
    form = Form("x", "X", (FormField("path", "File", "Where.", FieldKind.NEW_FILE, None, required=True),))
    drawn = FormView(form)
    qtbot.addWidget(drawn)
    assert drawn.problem() == "File: it is needed."
    drawn.set_value("path", "/tmp/out.json")
    assert drawn.problem() == ""


def test_every_job_has_a_form_that_can_be_drawn(qtbot):
    from core.jobs.flatten import checked
    from core.jobs.registry import KINDS, forms

    for kind, form in forms().items():
        drawn = FormView(form)
        qtbot.addWidget(drawn)
        required = {
            "path": "/tmp/x",
            "address": "usb:0",
            "camera": "Gate",
            "place": "/tmp",
            "out": "/tmp/x.html",
            "evaluations": "1",
        }
        values = drawn.values()
        values.update({name: value for name, value in required.items() if name in values})
        model = checked(KINDS[kind].settings, values)
        defaults = KINDS[kind].settings(**{name: value for name, value in required.items() if name in values})
        assert model == defaults, f"the form of {kind} changes what nobody touched"
