"""What a fit job asks of a few frames, or of what has keypoints, does not read the whole project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from core.records.detections import Category
from core.records.keypoints import Template
from core.store.queries import fit_candidates


def plan_of(site: Any, ask: Callable[[Connection], Any]) -> list[str]:
    asked: list[tuple[str, Any]] = []
    with site.project.read() as c:

        def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            asked.append((statement, parameters))

        event.listen(c.engine, "before_cursor_execute", note)
        ask(c)
        event.remove(c.engine, "before_cursor_execute", note)
        [(statement, parameters)] = asked
        raw = c.connection.driver_connection
        return [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def test_boxes_are_found_by_their_frames(site: Any) -> None:
    plan = plan_of(site, lambda c: fit_candidates.boxes_in_frames(c, [1, 2, 3]))
    assert any("ix_instance_frame_id" in line for line in plan), plan


@pytest.mark.parametrize("template", list(Template))
@pytest.mark.parametrize(
    "ask",
    [
        lambda c, template: fit_candidates.with_keypoints(c, 1, template, 0, 10),
        lambda c, template: fit_candidates.tracks_with_keypoints(c, 1, template),
        lambda c, template: fit_candidates.count_with_keypoints(c, 1, template),
    ],
    ids=["with_keypoints", "tracks_with_keypoints", "count_with_keypoints"],
)
def test_a_template_is_told_among_what_has_keypoints(
    site: Any, ask: Callable[[Connection, Template], Any], template: Template
) -> None:
    first, second, *rest = plan_of(site, lambda c: ask(c, template))
    # the few that have keypoints, by the index of those; of each its own set
    assert "instance USING INDEX ix_instance_with_keypoints (source_id=?" in first
    assert "keypoint_set USING INTEGER PRIMARY KEY (rowid=?)" in second
    assert not any("SCAN" in line for line in rest)


def test_whether_anybody_lacks_keypoints_is_told_by_an_index_alone(site: Any) -> None:
    plan = plan_of(site, lambda c: fit_candidates.lacks_keypoints(c, 1, Category.PERSON, 6))
    assert any("COVERING INDEX ix_instance_source_keypoint_queue" in line for line in plan), plan
