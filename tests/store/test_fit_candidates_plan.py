"""What a fit job asks of a few frames does not read the whole project."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from core.store.queries.fit_candidates import boxes_in_frames


def test_boxes_are_found_by_their_frames(site: Any) -> None:
    asked: list[tuple[str, Any]] = []
    with site.project.read() as c:

        def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            asked.append((statement, parameters))

        event.listen(c.engine, "before_cursor_execute", note)
        boxes_in_frames(c, [1, 2, 3])
        event.remove(c.engine, "before_cursor_execute", note)
        [(statement, parameters)] = asked
        raw = c.connection.driver_connection
        plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert any("ix_instance_frame_id" in line for line in plan), plan
