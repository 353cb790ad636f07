"""Cars that were read ahead: what has changed since is not shown as it was."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from app.controllers.keypoint_shelf import ObjectShelf
from tests.app.held_back import HeldBack


def shelf_of(worker: Any) -> ObjectShelf:
    reads: Any = SimpleNamespace(
        object=lambda i: SimpleNamespace(id=i, context=SimpleNamespace(others=(), track=()))
    )
    frames: Any = SimpleNamespace(prepare=lambda car, slot: None)
    return ObjectShelf(worker, reads, frames)


def test_a_car_that_was_read_ahead_is_there() -> None:
    worker = HeldBack()
    shelf = shelf_of(worker)
    shelf.prepare([7])
    worker.answers[0]()
    found = shelf.get(7)
    assert found is not None
    assert found.id == 7


def test_a_car_that_changed_while_it_was_read_is_not_kept() -> None:
    worker = HeldBack()
    shelf = shelf_of(worker)
    shelf.prepare([7])
    shelf.forget([7])  # a point was placed on it meanwhile
    worker.answers[0]()
    assert shelf.get(7) is None
    shelf.prepare([7])
    shelf.clear()
    worker.answers[1]()
    assert shelf.get(7) is None
