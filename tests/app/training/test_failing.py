"""The Train workspace through everything that goes wrong with trainings: it says so, and lives on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.controllers.jobs import JobsController
from app.states.training import RunLook
from app.views.training.draft_page import DraftPage
from core.jobs import registry
from core.jobs.runner import run_job
from core.jobs.train import purposes
from core.records.runs import Purpose
from core.store.project import Project
from tests.app.training import made_up
from tests.app.training.desk import Desk
from tests.jobs.train.troubles import TROUBLES, USUAL

LOOKS = {"failed": RunLook.FAILED, "done": RunLook.DONE}


@pytest.fixture
def trained_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Jobs that the window starts; the test runs them, in its own process, where it can spoil them."""
    begun: list[int] = []

    def start(self: JobsController, kind: str, settings: Mapping[str, Any], on_started: Any = None) -> None:
        job_id = registry.create(self._session.project, kind, settings)
        begun.append(job_id)
        if on_started is not None:
            on_started(job_id)
        self._session.poll_now()

    monkeypatch.setattr(JobsController, "start", start)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield begun
    torch.set_num_threads(before)


def begin(desk: Desk, name: str, settings: Mapping[str, Any]) -> None:
    """Fills the page in and presses the one button, as a person does who has labels enough."""
    desk.press("T")
    draft: DraftPage = desk.view.draft
    desk.until(lambda: draft.form is not None and bool(draft.state.cards))
    QTest.mouseClick(draft.choices[Purpose.CLASSIFIER], Qt.MouseButton.LeftButton)
    draft.devices[str(settings["device"])].click()
    assert draft.form is not None
    draft.form.set_value("name", name)
    for one, value in settings.items():
        if one not in ("what", "device"):
            draft.form.set_value(one, value)
    desk.settle()
    assert draft.train.isEnabled()
    draft.train.click()
    desk.settle()


def test_the_window_lives_through_all_of_it(
    path: Path, open_desk: Callable[[Path], Desk], tmp_path: Path, trained_here: list[int]
) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Before")
    enough = TROUBLES["no number"].program  # as they stand when the button is pressed
    desk = open_desk(path)
    for name, trouble in TROUBLES.items():
        settings = {**USUAL, "gpus": 1, "start": None, **trouble.settings(tmp_path)}
        with pytest.MonkeyPatch.context() as patched:
            patched.setitem(purposes.TRAINABLE, Purpose.CLASSIFIER, enough)
            begin(desk, name, settings)
        with trouble.holds(path), suppress(Exception):
            run_job(path, trained_here[-1])
        desk.session.poll_now()
        desk.until(lambda name=name: desk.names[0] == name)
        desk.click_run(name)
        desk.until(lambda look=LOOKS[trouble.ends]: desk.facts.look is look)
        if trouble.ends == "failed":
            assert trouble.said in desk.facts.note.text, name
            assert desk.facts.note.action in ("training.resume", "training.again"), name
        # and everything else goes on
        desk.click_run("Before")
        desk.until(lambda: desk.facts.name == "Before" and bool(desk.view.charts.views))
    assert len(desk.names) == len(TROUBLES) + 1
    assert not desk.failures
    assert not desk.bugs
