"""Sources come back as they were indexed, are added once, and are finished after a crash."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from core.errors import EditRefusedError
from core.records.media import SourceKind, SourceTable
from core.store import tables
from core.store.edits.sources import hide_source
from core.store.queries import frames, instances, sources
from core.store.writers.sources import add_source


def source_table(connection: Connection, source_id: int) -> SourceTable:
    """A source as the media stage handed it over, with all its frames."""
    row = connection.execute(select(tables.source).where(tables.source.c.id == source_id)).one()
    return SourceTable(
        kind=SourceKind(row.kind),
        path=Path(row.absolute_path),
        width=row.width,
        height=row.height,
        time_base=Fraction(row.time_base_num, row.time_base_den),
        content_hash=row.content_hash,
        byte_size=row.byte_size,
        frames=tuple(sources.frame_stamps(connection, source_id)),
        warnings=tuple(row.warnings),
    )


def test_a_source_comes_back_as_it_was_indexed(site: Any, make_table: Callable[..., SourceTable]) -> None:
    table = make_table(site.project.path.parent, 20)
    with site.project.read() as connection:
        back = source_table(connection, site.source_id)
        assert back == table
        parts = frames.sequences_of(connection, site.source_id)
        assert [(s.ordinal, s.first_pts, s.last_pts, s.frame_count) for s in parts] == [
            (0, 0, 360, 10),
            (1, 400, 760, 10),
        ]
        row = sources.source_by_id(connection, site.project, site.source_id)
        assert row is not None
        assert (row.frame_count, row.found, row.name) == (20, False, "clip.mp4")
        assert row.duration_s == pytest.approx(0.76)


def test_the_same_footage_is_added_once(site: Any) -> None:
    with pytest.raises(EditRefusedError, match=r"clip\.mp4 is in the project already"):
        site.add_source("clip.mp4")


def test_adding_hidden_footage_shows_it_again(site: Any) -> None:
    car = site.one_car()
    hide_source(site.history, site.source_id)
    assert site.add_source("clip.mp4") == site.source_id
    with site.project.read() as connection:
        assert [row.id for row in sources.list_sources(connection, site.project)] == [site.source_id]
        assert instances.by_id(connection, car) is not None


def test_adding_goes_on_after_a_crash(site: Any, make_table: Callable[..., SourceTable]) -> None:
    """A bulk writer that dies between two slices leaves a source that is on no list, and can be finished."""
    table = make_table(site.project.path.parent, 300, name="long.mp4")
    parts = [range(120), range(120, 300)]

    class Died(BaseException):
        pass

    for allowed in (1, 3, 5):
        with site.project.bulk() as bulk:
            calls = 0
            run = bulk.run

            def counted(step: Any, run: Any = run, allowed: int = allowed) -> Any:
                nonlocal calls
                calls += 1
                if calls > allowed:
                    raise Died
                return run(step)

            bulk.run = counted  # type: ignore[method-assign]
            with pytest.raises(Died):
                add_source(site.project, bulk, site.camera_id, table, parts)
        with site.project.read() as connection:
            assert len(sources.list_sources(connection, site.project)) == 1
    with site.project.bulk() as bulk:
        source_id = add_source(site.project, bulk, site.camera_id, table, parts)
    with site.project.read() as connection:
        assert source_table(connection, source_id) == table
        assert len(frames.sequences_of(connection, source_id)) == 2
        assert len(sources.list_sources(connection, site.project)) == 2


def test_sequences_must_cover_the_frames(site: Any, make_table: Callable[..., SourceTable]) -> None:
    table = make_table(site.project.path.parent, 10, name="x.mp4")
    with site.project.bulk() as bulk, pytest.raises(ValueError, match="cover"):
        add_source(site.project, bulk, site.camera_id, table, [range(4), range(5, 10)])
    with site.project.bulk() as bulk, pytest.raises(EditRefusedError, match="no longer there"):
        add_source(site.project, bulk, 99, table, [range(10)])


def test_footage_is_found_beside_a_project_that_moved(site: Any) -> None:
    folder = site.project.path.parent
    (folder / "clip.mp4").touch()
    with site.project.read() as connection:
        assert sources.footage_path(connection, site.project, site.source_id) == folder / "clip.mp4"
        assert sources.footage_path(connection, site.project, 99) is None
    (folder / "clip.mp4").unlink()
    with site.project.read() as connection:
        assert sources.footage_path(connection, site.project, site.source_id) is None
    new_home = folder / "moved" / "street.amodal"
    new_home.parent.mkdir()
    (new_home.parent / "clip.mp4").touch()
    moved = type("Moved", (), {"path": new_home})()
    with site.project.read() as connection:
        found_at = sources.footage_path(connection, moved, site.source_id)  # type: ignore[arg-type]
    assert found_at == new_home.parent / "clip.mp4"
