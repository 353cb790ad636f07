"""The cars that want keypoints are read page by page, each in the time that its rows take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.occlusion import LabelOrigin
from core.store.queries.keypoint_candidates import (
    Wanted,
    count_wanting,
    objects_of_frames,
    wanting_keypoints,
    with_crops,
)
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from tests.store.doing_cars import points


def write(site: Any, instance_id: int, origin: LabelOrigin) -> None:
    with site.project.bulk() as bulk:
        said = [FoundKeypoints(instance_id, points((1.0, 2.0)))]
        bulk.run(lambda c: write_keypoints(c, said, origin=origin))


@pytest.mark.parametrize("redo", [False, True])
def test_pages_hold_every_car_once(site: Any, redo: bool) -> None:
    ids = site.cars(11)
    other = site.add_source("other.mp4")
    write(site, ids[2], LabelOrigin.IMPORT)
    write(site, ids[6], LabelOrigin.NETWORK)
    wanted = [i for i in ids if i != ids[2] and (redo or i != ids[6])]
    which = Wanted(site.source_id, min_size_px=0.0, include_thinned=False, redo=redo)
    pages: list[list[int]] = []
    with site.project.read() as connection:
        after = 0
        while page := wanting_keypoints(connection, which, after, 4):
            pages.append(page)
            after = page[-1]
        assert [i for page in pages for i in page] == wanted
        assert [len(page) for page in pages[:-1]] == [4] * (len(pages) - 1)
        assert count_wanting(connection, which) == len(wanted)
        assert count_wanting(connection, which, ids[5]) == sum(i > ids[5] for i in wanted)
        elsewhere = Wanted(other, min_size_px=0.0, include_thinned=False, redo=redo)
        assert wanting_keypoints(connection, elsewhere, 0, 4) == []


def test_people_are_asked_for_by_themselves(site: Any) -> None:
    found = [FoundInstance(Box(0, 0, 50, 40), Category.CAR, 0.9)]
    found.append(FoundInstance(Box(80, 0, 20, 60), Category.PERSON, 0.9))
    car, person = site.detect(site.frame_ids[0], found)
    of_cars = Wanted(site.source_id, min_size_px=0.0, include_thinned=False, redo=False)
    with site.project.read() as connection:
        assert wanting_keypoints(connection, of_cars, 0, 9) == [car]
        assert wanting_keypoints(connection, replace(of_cars, category=Category.PERSON), 0, 9) == [person]
        [one] = with_crops(connection, [person])
        frames = objects_of_frames(connection, [one.frame_id])
        assert (one.instance_id, one.crop) == (person, None)
        assert (person, Category.PERSON, one.box) in [
            (o.instance_id, o.category, o.box) for o in frames[one.frame_id]
        ]


@pytest.mark.parametrize("redo", [False, True])
def test_a_page_is_walked_by_id_and_never_sorted(site: Any, redo: bool) -> None:
    asked: list[tuple[str, Any]] = []
    with site.project.read() as c:

        def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            asked.append((statement, parameters))

        event.listen(c.engine, "before_cursor_execute", note)
        wanting_keypoints(c, Wanted(site.source_id, 24.0, include_thinned=redo, redo=redo), 7, 10)
        event.remove(c.engine, "before_cursor_execute", note)
        [(statement, parameters)] = asked
        raw = c.connection.driver_connection
        plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert "instance USING INTEGER PRIMARY KEY (rowid>?)" in plan[0], plan
    assert not any("TEMP B-TREE" in line for line in plan), plan
