"""Fits that were read ahead: what has changed since is not shown as it was."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from app.controllers.fits_desk import FitDesk
from app.states.results import SaidKey
from tests.app.held_back import HeldBack


class Fits:
    """What the store says of each car: a word that an edit changes."""

    def __init__(self) -> None:
        self.word = "before"


def desk_of(session: HeldBack, fits: Fits) -> FitDesk:
    desk = FitDesk(session, SimpleNamespace())  # type: ignore[arg-type]
    frame = SimpleNamespace(id=1, source_id=1, pts=0)

    def read(instance_id: int, compared: int | None, said: SaidKey | None) -> Any:
        contents = SimpleNamespace(frame=frame)
        return SimpleNamespace(subject=SimpleNamespace(contents=contents), word=fits.word)

    desk._prepare = read  # type: ignore[method-assign]
    return desk


def shown(session: HeldBack, desk: FitDesk) -> str:
    """What is shown of car 7, once every answer is there."""
    told: list[Any] = []
    desk.prepared.connect(told.append)
    desk.show(7)
    for answer in session.answers:
        answer()
    word: str = told[-1].word
    return word


def test_a_car_that_was_read_ahead_is_there_at_once() -> None:
    session, fits = HeldBack(), Fits()
    desk = desk_of(session, fits)
    desk.prepare([7])
    session.answers.pop()()
    fits.word = "not read again"
    assert shown(session, desk) == "before"


def test_a_car_that_changed_while_it_was_read_ahead_is_read_again() -> None:
    session, fits = HeldBack(), Fits()
    desk = desk_of(session, fits)
    desk.prepare([7])
    fits.word = "after"
    desk.forget()  # an edit was committed meanwhile
    session.answers.pop()()
    assert shown(session, desk) == "after"


def test_what_was_shown_while_it_changed_is_read_again() -> None:
    session, fits = HeldBack(), Fits()
    desk = desk_of(session, fits)
    desk.show(7)
    fits.word = "after"
    desk.forget()
    session.answers.pop()()
    assert shown(session, desk) == "after"
