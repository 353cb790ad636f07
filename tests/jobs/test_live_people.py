"""People fitted live in a process of their own: the same answers as here, and what its end leads to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import FittingError
from core.jobs.fit.people.live_child import LiveFits
from core.jobs.fit.people.live_server import LiveServer
from core.jobs.fit.people.live_wire import LiveRequest, answer_line, answer_of, request_line, request_of
from core.jobs.spawn import program_command
from core.records.fits import FitVerdict
from core.records.occlusion import LabelOrigin
from core.store.project import Project
from tests.jobs.yard import CAMERA, GROUND, Car, Walker, Yard
from tests.placed_people import person_at, points_of

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


def request_for(yard: Yard, count: int = 17, turn: int = 1, body: str = "") -> LiveRequest:
    points = points_of(BODY, CAMERA, count, LabelOrigin.HUMAN)
    return LiveRequest(yard.people_ids[0][0], turn, body, points)


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
    gone = LiveRequest(999_999, 1, "", request_for(yard).points)
    assert server.answer(gone) is None
    assert server.answer(request_for(yard, body="no such file.npz")) is None
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
