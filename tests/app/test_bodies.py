"""The shelf of body models: the machine's own file, the program's body, and what is not here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.composition.open_project import machine_values
from app.composition.window import Shell
from app.controllers.bodies import BodyShelf
from app.settings import Settings, load_form
from app.views.form_dialogs import FormDialog
from core.errors import BodyModelError
from core.records.forms import FieldKind, Form, FormField
from core.shapes.body.model_file import save_body, stand_in_body
from core.shapes.body.placed import named_body

STAND_IN = named_body()


@pytest.fixture
def taller(tmp_path: Path) -> Path:
    """A body file of somebody's own."""
    body = stand_in_body()
    save_body(replace(body, template=body.template * 1.1), tmp_path / "taller.npz")
    return tmp_path / "taller.npz"


def test_without_a_file_people_are_fitted_with_the_programs_own_body():
    shelf = BodyShelf()
    assert shelf.path is None
    assert shelf.machine().label == STAND_IN.label
    assert shelf.problem is None


def test_fits_of_either_body_find_theirs_and_those_of_others_find_none(taller: Path):
    shelf = BodyShelf(f" {taller} ")
    machine = shelf.machine()
    assert (shelf.path, machine.name) == (taller, "taller")
    assert shelf.of(machine.label) is machine, "read once"
    found = shelf.of(STAND_IN.label)
    assert found is not None
    assert found.name == "stand-in"
    assert shelf.of("somebody's 0011223344") is None
    assert shelf.of("") is None


def test_a_fit_finds_its_body_whatever_the_file_is_called_here(taller: Path):
    label = named_body(taller).label
    other = taller.rename(taller.with_name("my body.npz"))
    found = BodyShelf(str(other)).of(label)
    assert found is not None
    assert found.name == "my body"


def test_a_file_that_cannot_be_read_says_why_and_leaves_the_programs_own(tmp_path: Path):
    shelf = BodyShelf(str(tmp_path / "gone.npz"))
    with pytest.raises(BodyModelError, match=r"gone\.npz cannot be read"):
        shelf.machine()
    assert shelf.problem is not None
    assert "gone.npz" in shelf.problem.problem
    assert shelf.of(STAND_IN.label) is not None


def test_a_file_that_was_put_right_is_read_again(taller: Path, tmp_path: Path):
    late = tmp_path / "late.npz"
    shelf = BodyShelf(str(late))
    with pytest.raises(BodyModelError):
        shelf.machine()
    taller.rename(late)
    shelf.use(str(late))
    assert shelf.machine().name == "late"
    assert shelf.problem is None


def test_a_file_that_was_replaced_is_known_to_be_another(taller: Path):
    shelf = BodyShelf(str(taller))
    assert not shelf.is_outdated, "nothing was read yet"
    before = shelf.machine().label
    assert not shelf.is_outdated
    body = stand_in_body()
    save_body(replace(body, template=body.template * 0.9), taller)
    assert shelf.is_outdated
    shelf.use(str(taller))
    assert shelf.machine().label != before
    assert not shelf.is_outdated
    taller.unlink()
    assert not shelf.is_outdated, "what was read of it goes on serving"
    shelf.use("")
    assert shelf.machine().name == "stand-in"
    assert not shelf.is_outdated


def test_the_licences_limits_are_said_where_the_file_is_chosen():
    field = next(field for field in load_form().fields if field.name == "body_file")
    assert field.kind is FieldKind.FILE
    for words in ("SMPL", "its makers", "non-commercial", "not pass the file on"):
        assert words in field.help
    motions = next(field for field in load_form().fields if field.name == "motions")
    assert motions.kind is FieldKind.PLACE
    for words in ("AMASS", "their makers", "non-commercial", "not pass the files on"):
        assert words in motions.help


def test_forms_that_ask_for_a_body_are_given_the_machines(tmp_path: Path):
    fit = Form("fit", "Fit", (FormField("body", "Body model", "Of people.", FieldKind.FILE, None),))
    settings = Settings(tmp_path / "settings.json", load_form())
    assert machine_values(fit, settings) == {}, "the job's own default, which is the stand-in"
    settings.set("body_file", "/bodies/smpl.npz")
    assert machine_values(fit, settings) == {"body": "/bodies/smpl.npz"}
    assert machine_values(Form("cut", "Cut", ()), settings) == {}
    motions = FormField("motions", "Real poses", "Of people.", FieldKind.PLACE, None)
    train = Form("train", "Train", (*fit.fields, motions))
    assert machine_values(train, settings) == {"body": "/bodies/smpl.npz"}
    settings.set("motions", "/amass/CMU")
    assert machine_values(train, settings) == {"body": "/bodies/smpl.npz", "motions": "/amass/CMU"}


def test_a_body_chosen_in_the_settings_holds_at_once(qtbot, opened: Shell, taller: Path, tmp_path: Path):
    session = opened.opened.session
    with qtbot.waitSignal(session.bodies_changed):
        opened.settings.set("body_file", str(taller))
    assert session.bodies.machine().name == "taller"
    told = opened.window.toasts.texts
    qtbot.waitUntil(lambda: told() == ["People are fitted with the body taller from now on."])
    opened.settings.set("body_file", str(tmp_path / "gone.npz"))
    qtbot.waitUntil(lambda: "gone.npz cannot be read" in told()[0])
    assert len(told()) == 1
    opened.settings.set("body_file", "")  # and what was wrong with another file is no news any more
    qtbot.waitUntil(lambda: "with the body stand-in" in told()[0])
    assert len(told()) == 1


def settings_dialog(shell: Shell) -> FormDialog:
    shell.commands.run("file.settings")
    return next(one for one in shell.window.findChildren(FormDialog) if one.isVisible())


def problem_of(dialog: FormDialog) -> str:
    return dialog._problem.text()


def test_a_file_that_is_no_body_is_refused_in_the_settings_and_the_one_before_stays(
    qtbot, shell: Shell, taller: Path, tmp_path: Path
):
    shell.settings.set("body_file", str(taller))
    noise = tmp_path / "noise.npz"
    noise.write_bytes(bytes(100))
    dialog = settings_dialog(shell)
    dialog.form.set_value("theme", "light")
    for chosen, words in (
        (noise, "noise.npz is neither an npz file nor a pickle."),
        (tmp_path / "gone.npz", "gone.npz cannot be read"),
    ):
        dialog.form.set_value("body_file", str(chosen))
        dialog.take.click()
        assert not dialog.take.isEnabled(), "while it is read"
        qtbot.waitUntil(lambda words=words: words in problem_of(dialog))
        assert dialog.take.isEnabled()
        assert dialog.isVisible()
        assert shell.settings["body_file"] == str(taller)
        assert shell.settings["theme"] != "light", "all of them or none"
    taller.rename(taller.with_name("other.npz"))
    dialog.form.set_value("body_file", str(taller.with_name("other.npz")))
    dialog.take.click()
    qtbot.waitUntil(lambda: not shell.window.findChildren(FormDialog))
    assert shell.settings["body_file"] == str(taller.with_name("other.npz"))
    assert shell.settings["theme"] == "light"


def test_settings_that_are_kept_as_they_are_read_a_replaced_body_again(qtbot, opened: Shell, taller: Path):
    session = opened.opened.session
    opened.settings.set("body_file", str(taller))
    told = opened.window.toasts.texts
    qtbot.waitUntil(lambda: told() == ["People are fitted with the body taller from now on."])
    before = session.bodies.machine().label
    changed: list[None] = []
    session.bodies_changed.connect(lambda: changed.append(None))
    settings_dialog(opened).take.click()
    session._reads.settle()
    assert not changed, "it is the same"
    body = stand_in_body()
    save_body(replace(body, template=body.template * 0.9), taller)
    qtbot.waitUntil(lambda: not opened.window.findChildren(FormDialog))
    with qtbot.waitSignal(session.bodies_changed):
        settings_dialog(opened).take.click()
    assert session.bodies.machine().label != before


def test_a_body_file_that_is_gone_keeps_no_other_setting_from_being_kept(qtbot, shell: Shell, tmp_path: Path):
    shell.settings.set("body_file", str(tmp_path / "gone.npz"))
    dialog = settings_dialog(shell)
    dialog.form.set_value("theme", "light")
    dialog.take.click()
    qtbot.waitUntil(lambda: not shell.window.findChildren(FormDialog))
    assert shell.settings["theme"] == "light"
    dialog = settings_dialog(shell)
    dialog.form.set_value("body_file", "")
    dialog.take.click()
    qtbot.waitUntil(lambda: not shell.window.findChildren(FormDialog))
    assert shell.settings["body_file"] == ""


def test_settings_that_are_given_up_while_a_body_is_read_are_not_kept(qtbot, shell: Shell, taller: Path):
    dialog = settings_dialog(shell)
    dialog.form.set_value("body_file", str(taller))
    dialog.take.click()
    dialog.reject()
    shell._work.settle()
    assert shell.settings["body_file"] == ""
