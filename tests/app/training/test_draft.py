"""A training that is about to begin: what there is for it, what it takes, and what stands in its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.controllers import training_draft
from app.controllers.jobs import JobsController
from app.controllers.training_draft_words import labels_note
from app.states.training import Draft, Tone
from app.views.training.draft_page import DraftPage
from core.jobs.train import hidden_points, purposes
from core.jobs.train.needs import Need
from core.jobs.train.purposes import Trainable
from core.records.jobs import JobState
from core.records.runs import Purpose
from core.store import job_rows
from core.store.project import Project
from tests.app.training import made_up
from tests.app.training.desk import Desk

Opens = Callable[[Path], Desk]
HAVE = {"objects called occluded": 200, "cars with keypoints": 12}


@pytest.fixture(autouse=True)
def trainable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two networks that this version can train, and no GPU."""

    def needs(what: str) -> Callable[[Project, Any], Sequence[Need]]:
        return lambda project, settings: [Need(what, HAVE[what], 30)]

    def build(project: Project, settings: Any, past: Any) -> Any:
        raise AssertionError("the window builds no task")

    known = {
        Purpose.CLASSIFIER: Trainable(needs("objects called occluded"), build, ("small", "large")),
        Purpose.PRELABELLER: Trainable(needs("cars with keypoints"), build),
    }
    monkeypatch.setattr(purposes, "TRAINABLE", known)
    monkeypatch.setattr(training_draft, "gpu_sign", lambda: "")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """The settings of the jobs that the window starts; they begin, and no process is started."""
    found: list[Mapping[str, Any]] = []

    def start(self: JobsController, kind: str, settings: Mapping[str, Any], on_started: Any = None) -> None:
        from core.jobs import registry

        found.append(settings)
        job_id = registry.create(self._session.project, kind, settings)
        if on_started is not None:
            on_started(job_id)
        self._session.poll_now()

    monkeypatch.setattr(JobsController, "start", start)
    return found


def ready(desk: Desk) -> Desk:
    desk.until(lambda: desk.view.draft.form is not None and bool(desk.view.draft.state.cards))
    return desk


def choose(desk: Desk, purpose: Purpose) -> None:
    QTest.mouseClick(desk.view.draft.choices[purpose], Qt.MouseButton.LeftButton)
    desk.settle()


def test_a_detector_is_given_this_machines_body_and_real_poses(path: Path, open_desk: Opens) -> None:
    desk = open_desk(path)
    desk.session.preferences = {"body_file": "/before.npz", "motions": "/amass"}
    desk.session.bodies.use("/bodies/smpl.npz")
    desk = ready(desk)
    # the form may have come before: another purpose and back
    choose(desk, Purpose.CLASSIFIER)
    assert not {"body", "motions"} & set(desk.view.draft.state.values)
    choose(desk, Purpose.DETECTOR)
    values = desk.view.draft.state.values
    assert (values["body"], values["motions"]) == ("/bodies/smpl.npz", "/amass")


def test_without_a_run_one_is_prepared(path: Path, open_desk: Opens) -> None:
    desk = ready(open_desk(path))
    draft = desk.view.draft
    assert desk.view.drafting
    assert draft.leave.isHidden()
    desk.press("Esc")
    assert desk.view.drafting  # there is nothing else to look at
    assert dict(draft.state.stock)["Reviewed"] == "nothing yet"
    # the detector cannot be trained by this made-up version
    assert draft.labels.note.title == "It cannot be trained here"
    assert not draft.train.isEnabled()
    desk.press("Ctrl+Return")
    assert "cannot train it yet" in draft.problem


def test_too_few_labels_lead_to_where_they_are_made(path: Path, open_desk: Opens) -> None:
    desk = ready(open_desk(path))
    choose(desk, Purpose.PRELABELLER)
    note = desk.view.draft.labels.note
    assert (note.title, note.tone) == ("Too few labels", Tone.BAD)
    assert "18 more cars with keypoints" in note.text
    assert not desk.view.draft.train.isEnabled()
    desk.view.draft.labels.button.click()
    assert desk.places == ["keypoints"]


def test_enough_labels_and_no_gpu(path: Path, open_desk: Opens) -> None:
    desk = ready(open_desk(path))
    choose(desk, Purpose.CLASSIFIER)
    draft = desk.view.draft
    assert draft.labels.note.tone is Tone.GOOD
    assert draft.device.note.title == "It trains on the processor"
    assert "no sign of a GPU" in draft.device.note.text
    draft.devices["cuda"].click()
    desk.settle()
    assert draft.device.note.title == "No sign of such a GPU"
    assert list(draft.variants) == ["small", "large"]
    desk.press("Up")
    assert draft.state.purpose is Purpose.DETECTOR
    assert draft.devices["cuda"].isChecked()  # it holds for whatever is trained
    assert not draft.variants
    desk.press("Down")
    assert draft.state.purpose is Purpose.CLASSIFIER


def test_what_is_set_is_what_is_trained(
    path: Path, open_desk: Opens, started: list[Mapping[str, Any]]
) -> None:
    desk = ready(open_desk(path))
    choose(desk, Purpose.CLASSIFIER)
    draft = desk.view.draft
    draft.variants["large"].click()
    draft.devices["cpu"].click()
    assert draft.form is not None
    for name, value in (("name", "Night"), ("epochs", 3), ("patience", 2)):
        draft.form.set_value(name, value)
    desk.settle()
    desk.press("Ctrl+Return")
    assert started == [
        {
            "what": "classifier",
            "variant": "large",
            "device": "cpu",
            "name": "Night",
            "epochs": 3,
            "patience": 2,
        }
    ]
    assert not desk.view.drafting
    desk.until(lambda: desk.names == ["Night"])
    assert desk.facts.name == "Night"


def test_only_settings_of_what_is_trained_are_asked_for(path: Path, open_desk: Opens) -> None:
    desk = ready(open_desk(path))
    of_detectors = {"begin_with", "body", "motions"}
    shown = {
        Purpose.DETECTOR: of_detectors | {"composites", "in_3d"},
        Purpose.CLASSIFIER: set(),
        Purpose.HIDDEN_POINTS: {"composites", "in_3d", "crops", "hidden_from"},
    }
    every = set().union(*shown.values())
    for purpose, own in shown.items():
        choose(desk, purpose)
        form = desk.view.draft.form
        assert form is not None
        assert {name for name in every if form.is_shown(name)} == own
        assert form.is_shown("weight_reviewed")
        assert form.is_shown("start")


def test_other_cameras_are_chosen_to_tell_hidden_points(
    path: Path, open_desk: Opens, started: list[Mapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Trainable(
        hidden_points.hidden_points_needs, hidden_points.hidden_points_task, hidden_points.VARIANTS
    )
    monkeypatch.setitem(purposes.TRAINABLE, Purpose.HIDDEN_POINTS, own)
    desk = ready(open_desk(path))
    choose(desk, Purpose.HIDDEN_POINTS)
    draft = desk.view.draft
    assert draft.labels.note.title == "Too few labels"
    assert draft.form is not None
    assert draft.form.editor("hidden_from").value() == "labels"
    draft.form.set_value("hidden_from", "trifocal")
    # the street has what they need: nothing of the project's is asked for
    desk.until(lambda: draft.labels.note.title != "Too few labels")
    assert "simulated pictures" in draft.labels.note.text
    draft.form.set_value("weight_synthetic", 2.0)
    desk.settle()
    desk.press("Ctrl+Return")
    assert started == [{"what": "hidden_points", "hidden_from": "trifocal", "weight_synthetic": 2.0}]


def test_the_tab_key_leads_from_the_settings_to_the_buttons(path: Path, open_desk: Opens) -> None:
    desk = ready(open_desk(path))
    choose(desk, Purpose.CLASSIFIER)
    draft = desk.view.draft
    assert draft.form is not None
    draft.form.editor("patience").line.setFocus()
    reached = []
    for _ in range(3):
        QTest.keyClick(desk.window.focusWidget(), Qt.Key.Key_Tab)
        focused = desk.window.focusWidget()
        assert isinstance(focused, QPushButton)
        reached.append(focused.text().split("  ")[0])
    assert reached[0].endswith("more settings")
    assert reached[1:] == ["Estimate", "Train"]


def test_what_is_chosen_is_seen_while_labels_are_counted(path: Path, open_desk: Opens) -> None:
    desk = open_desk(path)
    page = DraftPage()
    desk.qtbot.addWidget(page)
    page.show_draft(Draft(purpose=Purpose.PRELABELLER, labels=labels_note(None)))
    assert [one for one, choice in page.choices.items() if choice.property("chosen") == "true"] == [
        Purpose.PRELABELLER
    ]
    assert "being counted" in page.labels.note.text
    assert not page.train.isEnabled()


def test_a_setting_that_does_not_fit_is_told(
    path: Path, open_desk: Opens, started: list[Mapping[str, Any]]
) -> None:
    desk = ready(open_desk(path))
    choose(desk, Purpose.CLASSIFIER)
    draft = desk.view.draft
    assert draft.form is not None
    draft.form.set_value("epochs", 0)
    desk.settle()
    assert "at least 1" in draft.problem
    assert not draft.train.isEnabled()
    desk.press("Ctrl+Return")
    assert started == []
    draft.form.set_value("epochs", 2)
    desk.settle()
    assert draft.problem == ""
    assert draft.train.isEnabled()


def test_time_and_memory_are_measured_once_for_the_same_settings(
    path: Path, open_desk: Opens, started: list[Mapping[str, Any]]
) -> None:
    desk = ready(open_desk(path))
    choose(desk, Purpose.CLASSIFIER)
    draft = desk.view.draft
    assert draft.estimate_text.startswith("Not measured yet")
    desk.press("M")
    assert started == [{"what": "classifier", "estimate": True}]
    desk.until(lambda: draft.state.estimate.measuring)
    assert not draft.measure.isEnabled()
    result = {
        "device": "cpu",
        "precision": "32",
        "seconds_a_step": 0.5,
        "waiting_percent": 12,
        "steps": 14_400,
        "hours": 2.0,
        "memory_mib": 2048,
        "gpu_memory_mib": 512,
        "parts_of_a_batch": 2,
        "learns_from": "It learns from 30 composites (60 %) and 20 reviewed frames (40 %).",
    }
    with Project.open(path) as project:
        job_rows.claim_job(project, 1)
        job_rows.finish_job(project, 1, result)
    desk.session.poll_now()
    desk.until(lambda: not draft.state.estimate.measuring)
    said = draft.estimate_text
    assert said.startswith("About 2:00:00")
    for words in (
        "14,400 steps of 0.5 s",
        "2.0 GiB",
        "512 MiB of the GPU",
        "2 parts",
        "12 %",
        "on cpu",
        "20 reviewed frames (40 %)",
    ):
        assert words in said
    assert desk.names == []  # measuring is no run
    assert draft.form is not None
    draft.form.set_value("name", "Night")  # changes nothing about the time
    desk.settle()
    assert draft.estimate_text == said
    draft.form.set_value("epochs", 2)
    desk.settle()
    assert draft.estimate_text.startswith("Not measured yet")


def test_weights_are_fetched_only_once_a_person_lets_it(
    path: Path,
    open_desk: Opens,
    started: list[Mapping[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    known = purposes.TRAINABLE[Purpose.CLASSIFIER]
    monkeypatch.setitem(purposes.TRAINABLE, Purpose.DETECTOR, known)
    desk = ready(open_desk(path))
    draft = desk.view.draft
    desk.until(lambda: draft.train.isEnabled())
    assert draft.begin.isHidden()
    assert draft.form is not None
    draft.form.set_value("begin_with", "published")
    desk.settle()
    note = draft.begin.note
    assert (note.title, note.tone) == ("May it fetch its first weights?", Tone.DOUBTFUL)
    assert "about 45 MB, from download.pytorch.org" in note.text
    for key in ("Ctrl+Return", "M"):
        desk.press(key)
        assert started == []
        assert draft.problem.startswith("May it fetch its first weights?")
    assert draft.begin.button.text() == "Fetch 45 MB when it begins"
    draft.begin.button.click()
    desk.settle()
    assert draft.problem == ""
    assert draft.begin.note.tone is Tone.GOOD
    draft.devices["cuda"].click()  # there it is another network, and more to fetch
    desk.settle()
    assert "about 170 MB" in draft.begin.note.text
    draft.devices["auto"].click()
    desk.settle()
    desk.press("Ctrl+Return")
    assert started == [{"what": "detector", "begin_with": "published"}]


def test_an_estimate_that_fails_says_why(path: Path, open_desk: Opens) -> None:
    error = "cpu is held by job 3, which trains on it: an estimate would be wrong now. Wait until it ends."
    with Project.open(path) as project:
        made_up.add_job(project, JobState.FAILED, error=error, what="classifier", estimate=True)
    desk = ready(open_desk(path))
    choose(desk, Purpose.CLASSIFIER)
    assert desk.view.draft.estimate_text == f"It could not be measured\n{error}"


def test_from_the_runs_and_back(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "One", settings={"what": "classifier", "epochs": 7})
    desk = open_desk(path)
    desk.press("Ctrl+Return")  # one looks at what would be trained before it is
    assert desk.view.drafting
    ready(desk)
    desk.view.draft.leave.click()
    desk.settle()
    assert not desk.view.drafting
    desk.press("A")
    assert desk.view.draft.state.purpose is Purpose.CLASSIFIER
    assert desk.view.draft.form is not None
    assert desk.view.draft.form.values()["epochs"] == 7
    desk.click_run("One")
    assert not desk.view.drafting
    desk.press("T")
    assert desk.view.drafting
    # keys that buttons and fields need are theirs
    desk.view.draft.choices[Purpose.PRELABELLER].setFocus()
    desk.press("Space")
    assert desk.view.draft.state.purpose is Purpose.PRELABELLER
    assert desk.view.drafting
