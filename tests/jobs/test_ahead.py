"""Items keep their order, errors arrive in their place, and nothing runs on after a stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from core.jobs.ahead import ahead


def test_items_come_in_order() -> None:
    assert list(ahead(range(100), depth=3)) == list(range(100))


def test_an_error_arrives_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("third item")

    taken = []
    with pytest.raises(ValueError, match="third item"):
        for item in ahead(broken(), depth=1):
            taken.append(item)
    assert taken == [1, 2]


def test_never_more_than_depth_plus_one_ahead() -> None:
    made: list[int] = []

    def count() -> Iterator[int]:
        for item in range(50):
            made.append(item)
            yield item

    for taken, item in enumerate(ahead(count(), depth=2), start=1):
        # one waits in the thread's hand, two in the queue
        assert len(made) <= taken + 3
        assert item == taken - 1


def test_closing_early_closes_the_items_and_ends_the_thread() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    items = ahead(endless(), depth=2)
    assert next(items) == 0
    items.close()
    assert closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]
