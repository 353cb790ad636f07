"""The queue's feed: pages in the background, answers in any order, edits in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.controllers import review_feed
from app.controllers.review_feed import Key, QueueFeed
from app.controllers.review_model import QueueModel
from app.states.review_queue import CROP_ROLE, ITEM_ROLE, QueueItem
from core.records.project import QueueFilter


class SlowWorker:
    """Does nothing until it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None], Any]] = []

    def in_background(
        self,
        work: Callable[[], Any],
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[BaseException], None] | None = None,
        tag: str = "",
    ) -> None:
        assert on_done is not None
        self.waiting.append((work, on_done, on_error))

    def start(self, place: int = 0) -> Callable[[], None]:
        """Does the reading of a piece of work; its answer is handed over when the result is called."""
        work, done, failed = self.waiting.pop(place)
        try:
            found = work()
        except OSError as problem:
            error = problem
            return lambda: failed(error)
        return lambda: done(found)

    def run_all(self) -> None:
        while self.waiting:
            self.start()()


class Store:
    """A queue of instances that are as uncertain as their ids."""

    def __init__(self, count: int) -> None:
        self.keys = [(n / 1000, n) for n in range(1, count + 1)]
        self.marked: set[int] = set()
        self.broken = False

    def _live(self, conditions: QueueFilter) -> list[Key]:
        return [key for key in self.keys if key[1] not in self.marked]

    def page(self, conditions: QueueFilter, after: Key | None, limit: int) -> list[Key]:
        return [key for key in self._live(conditions) if after is None or key > after][:limit]

    def count(self, conditions: QueueFilter) -> int:
        return len(self._live(conditions))

    def members(self, conditions: QueueFilter, instance_ids: Sequence[int]) -> list[Key]:
        return [key for key in self._live(conditions) if key[1] in set(instance_ids)]

    def items(self, instance_ids: Sequence[int]) -> list[QueueItem]:
        if self.broken:
            raise OSError
        return []

    def crops(self, instance_ids: Sequence[int]) -> dict[int, bytes]:
        return {}


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_feed, "FIRST_PAGE", 5)
    monkeypatch.setattr(review_feed, "NEXT_PAGE", 10)


def make(count: int) -> tuple[QueueFeed, SlowWorker, Store]:
    worker, store = SlowWorker(), Store(count)
    return QueueFeed(worker, store, QueueModel()), worker, store


def ids(feed: QueueFeed) -> list[int]:
    return feed.model.ids.ids(range(len(feed.model.ids)))


def test_the_first_page_comes_alone_and_the_rest_follows(qtbot: QtBot) -> None:
    feed, worker, _ = make(23)
    counts: list[tuple[int, int | None]] = []
    feed.counted.connect(lambda shown, total: counts.append((shown, total)))
    feed.refresh()
    worker.start()()
    assert ids(feed) == [1, 2, 3, 4, 5]
    assert counts == [(5, None)]
    worker.start()()
    assert counts[-1] == (5, 23)
    for expected in (15, 23):
        qtbot.waitUntil(lambda: bool(worker.waiting), timeout=2000)
        worker.start()()
        assert len(ids(feed)) == expected
    assert feed.complete
    assert feed.total == 23
    feed.close()


def test_an_answer_to_an_older_filter_is_dropped(qtbot: QtBot) -> None:
    feed, worker, _ = make(3)
    feed.show(QueueFilter())
    late = worker.start()
    worker.waiting.clear()
    feed.show(QueueFilter(min_score=0.5))
    worker.run_all()
    late()
    assert ids(feed) == [1, 2, 3]
    feed.close()


def test_an_edit_while_a_page_is_read_is_not_forgotten(qtbot: QtBot) -> None:
    feed, worker, store = make(12)
    feed.refresh()
    worker.run_all()
    qtbot.waitUntil(lambda: bool(worker.waiting), timeout=2000)
    page = worker.start()  # read before the edit, answered after it
    store.marked.add(9)
    feed.reconcile([9])
    worker.run_all()
    page()
    assert 9 in ids(feed)  # the page knew no better
    worker.run_all()
    assert ids(feed) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12]
    feed.close()


def test_what_comes_back_goes_where_it_belongs(qtbot: QtBot) -> None:
    feed, worker, store = make(4)
    feed.refresh()
    worker.run_all()
    store.marked = {2, 3}
    feed.reconcile([2, 3])
    worker.run_all()
    assert ids(feed) == [1, 4]
    assert feed.total == 2
    heard: list[tuple[list[int], list[int], bool]] = []
    feed.reconciled.connect(lambda edited, members, back: heard.append((edited, members, back)))
    store.marked = {3}
    feed.reconcile([2, 3], bring_back=True)
    worker.run_all()
    assert ids(feed) == [1, 2, 4]
    assert heard == [([2, 3], [2], True)]
    feed.close()


def test_what_comes_back_beyond_the_known_rows_waits_for_its_page(qtbot: QtBot) -> None:
    feed, worker, store = make(40)
    store.marked = {30}
    feed.refresh()
    worker.start()()
    store.marked = set()
    feed.reconcile([30])
    worker.run_all()
    assert ids(feed) == [1, 2, 3, 4, 5]
    while not feed.complete:
        qtbot.waitUntil(lambda: bool(worker.waiting), timeout=2000)
        worker.run_all()
    assert ids(feed) == list(range(1, 41))
    feed.close()


def test_a_read_that_failed_is_asked_for_again(qtbot: QtBot) -> None:
    feed, worker, store = make(3)
    feed.refresh()
    worker.run_all()
    store.broken = True
    index = feed.model.index(0, 0)
    assert index.data(ITEM_ROLE) is None
    assert index.data(CROP_ROLE) is None
    qtbot.waitUntil(lambda: bool(worker.waiting), timeout=2000)
    worker.run_all()
    store.broken = False
    assert index.data(CROP_ROLE) is None
    qtbot.waitUntil(lambda: bool(worker.waiting), timeout=2000)
    worker.run_all()
    assert index.data(CROP_ROLE).isNull()  # an instance without a crop
    feed.close()


def test_painting_asks_once_for_all_that_is_in_sight(qtbot: QtBot) -> None:
    feed, worker, _ = make(5)
    feed.refresh()
    worker.run_all()
    asked: list[tuple[list[int], bool]] = []
    feed.model.wanted.connect(lambda wanted, crops: asked.append((wanted, crops)))
    for _ in range(2):
        for row in range(3):
            feed.model.index(row, 0).data(ITEM_ROLE)
            feed.model.index(row, 0).data(CROP_ROLE)
    qtbot.waitUntil(lambda: bool(asked), timeout=2000)
    assert asked == [([1, 2, 3], True)]
    feed.close()
