"""People fitted live in a process of their own: the same answers as here, and what its end leads to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from core.errors import BodyFileChangedError, FittingError
from core.jobs.fit.people.live_child import LiveFits, serve
from core.jobs.fit.people.live_server import LiveServer
from core.jobs.fit.people.live_wire import LiveRequest, answer_line, answer_of, request_line, request_of
from core.jobs.spawn import program_command
from core.records.fits import FitVerdict
from core.records.occlusion import LabelOrigin
from core.shapes.body.model_file import save_body
from core.shapes.body.placed import NamedBody, named_body
from core.store.project import Project
from tests.jobs.yard import CAMERA, GROUND, Car, Walker, Yard
from tests.placed_people import person_at, points_of, stand_in

BODY = person_at(GROUND, (9.0, 1.0), 2.8)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    path = tmp_path_factory.mktemp("live") / "yard.amodal"
    return Yard(path, (Car(((16.0, 4.0),), 1),), (Walker((BODY,), 2),), fitted=False)


@pytest.fixture
def server(yard: Yard) -> Iterator[LiveServer]:
    server = LiveServer(program_command("people-server", str(yard.path)))
    yield server
    server.close()


def request_for(yard: Yard, count: int = 17, turn: int = 1, path: str = "", label: str = "") -> LiveRequest:
    points = points_of(BODY, CAMERA, count, LabelOrigin.HUMAN)
    return LiveRequest(yard.people_ids[0][0], turn, path, label or stand_in().label, points)


def write_body(path: Path, size: float) -> NamedBody:
    """A body file, in whose place there may have been another; the body that is read from it."""
    own = stand_in().model
    save_body(replace(own, template=own.template * size), path)
    return named_body(path)


def test_the_process_answers_as_one_would_here(yard: Yard, server: LiveServer) -> None:
    request = request_for(yard)
    answer = server.answer(request)
    with Project.open(yard.path) as project:
        here = LiveFits(project).answer(request)
    assert answer is not None
    assert here is not None
    assert answer.fit.verdict is FitVerdict.GOOD
    assert answer.fit == here.fit
    assert answer.ghosts == here.ghosts
    assert len(answer.outline) == len(here.outline) >= 1
    for one, other in zip(answer.outline, here.outline, strict=True):
        assert np.array_equal(one, other)
    assert BODY.place_m is not None
    assert np.allclose(answer.fit.place_m, BODY.place_m, atol=0.2)  # what the issue calls right at 15 m


def test_requests_and_answers_survive_the_pipe(yard: Yard) -> None:
    request = request_for(yard, 3)
    line = request_line(request)
    assert line.count(b"\n") == 1
    assert request_of(line) == request
    assert answer_of(answer_line(None)) is None
    with Project.open(yard.path) as project:
        few = LiveFits(project).answer(request)
    assert few is not None
    back = answer_of(answer_line(few))
    assert back is not None
    assert back.fit == few.fit
    assert back.fit.verdict is FitVerdict.TOO_FEW_POINTS
    assert (back.ghosts, back.outline) == ((), ())


def test_who_cannot_be_fitted_gets_no_answer_and_the_process_goes_on(yard: Yard, server: LiveServer) -> None:
    gone = replace(request_for(yard), instance_id=999_999)
    assert server.answer(gone) is None
    assert server.answer(request_for(yard, path="no such file.npz")) is None
    assert server.answer(request_for(yard)) is not None


def test_a_process_that_dies_is_told_and_started_again(yard: Yard, server: LiveServer) -> None:
    server.start()
    assert server._process is not None
    server._process.kill()
    server._process.wait()
    with pytest.raises(FittingError, match="has ended"):
        server.answer(request_for(yard))
    assert server.answer(request_for(yard)) is not None


def test_a_process_that_does_not_start_is_told(yard: Yard, tmp_path: Path) -> None:
    for command in ([str(tmp_path / "gone")], [sys.executable, "-c", "pass"]):
        broken = LiveServer(command)
        with pytest.raises(FittingError, match="has ended"):
            broken.answer(request_for(yard))
        broken.close()


def test_a_closed_server_starts_nothing(yard: Yard, server: LiveServer) -> None:
    server.close()
    with pytest.raises(FittingError):
        server.answer(request_for(yard))
    assert server._process is None


def test_a_file_that_is_replaced_is_read_again_once_the_window_has_read_it(
    yard: Yard, tmp_path: Path
) -> None:
    """Else the fits of the old body would be kept under the new one's name."""
    path = tmp_path / "own.npz"
    with Project.open(yard.path) as project:
        fits = LiveFits(project)
        places = []
        for size in (1.0, 1.1):
            request = request_for(yard, path=str(path), label=write_body(path, size).label)
            answer, anew = fits.answer(request), LiveFits(project).answer(request)
            assert answer is not None
            assert anew is not None
            assert answer.fit == anew.fit
            places.append(answer.fit.translation)
    assert places[0] != places[1]


def test_no_fit_is_made_with_another_body_than_the_window_has(yard: Yard, tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    request = request_for(yard, path=str(path), label=write_body(path, 1.0).label)
    write_body(path, 1.1)
    told = BytesIO()
    with Project.open(yard.path) as project:
        serve(project, BytesIO(2 * request_line(request) + request_line(request_for(yard))), told)
    *changed, answer = told.getvalue().splitlines(keepends=True)
    assert len(changed) == 2
    for line in changed:
        with pytest.raises(BodyFileChangedError, match=r"own\.npz is another file than when it was read"):
            answer_of(line)
    assert answer_of(answer) is not None, "it goes on"
