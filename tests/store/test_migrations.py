"""Opening older projects: a backup first, then every step or none, to the same tables as a new project's."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.errors import DiskFullError, ProjectError
from core.records.boxes import Box
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.shapes import KeypointTag
from core.store import schema, tables
from core.store.backup import BACKUPS_KEPT, back_up, list_backups
from core.store.edits.keypoints import save_keypoints
from core.store.file_check import file_faults
from core.store.history import History
from core.store.migrations import chain
from core.store.migrations.chain import Step, migrate
from core.store.project import Project
from core.store.queries.keypoints import keypoints_in_force
from core.store.queries.pieces import pieces_by_ids
from core.store.writers.cutouts import FoundPiece, write_pieces
from tests.store.doing_recipes import a_cutout

AUTOINCREMENT = {"sqlite_autoincrement": True}


def make_version(path: Path, version: int) -> None:
    """An empty project as the program of that format wrote it."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    raw.executescript((Path(__file__).parent / f"version_{version}.sql").read_text(encoding="utf-8"))
    raw.execute("INSERT INTO meta VALUES ('uuid', 'a-b-c'), ('name', 'Old street')")
    raw.execute(f"PRAGMA user_version = {version}")
    raw.close()


def make_version_1(path: Path) -> None:
    """An empty project as the program of format 1 wrote it."""
    make_version(path, 1)


def make_version_0(path: Path) -> None:
    """A project as a pre-release wrote it, by hand.

    It lacks the table job_log, the column source.state with its use, the columns
    instance.category_annotator_id and instance.reasons with the index that covers it, and its frames had a
    column `hour` that is no more.
    """
    make_version_1(path)
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA foreign_keys = OFF")
    old: dict[str, list[tuple[str, str]]] = {
        "source": [("    state TEXT DEFAULT 'live' NOT NULL,\n", "")],
        "frame": [("    captured_at FLOAT,\n", "    captured_at FLOAT,\n    hour INTEGER,\n")],
        "instance": [
            ("    reasons INTEGER DEFAULT '0' NOT NULL,\n", ""),
            ("    category_annotator_id INTEGER,\n", ""),
            (
                ",\n    CONSTRAINT fk_instance_category_annotator_id"
                " FOREIGN KEY(category_annotator_id) REFERENCES annotator (id)",
                "",
            ),
        ],
    }
    for table, cuts in old.items():
        sql = raw.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
        indexes = raw.execute(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND type = 'index' AND sql IS NOT NULL",
            (table,),
        ).fetchall()
        for new, before in cuts:
            assert new in sql, (table, new)
            sql = sql.replace(new, before)
        raw.execute(f"DROP TABLE {table}")
        raw.execute(sql)
        for (index,) in indexes:
            raw.execute(index.replace(", reasons", ""))
    raw.execute("DROP TABLE job_log")
    raw.execute("INSERT INTO camera (name, created_at) VALUES ('Gate', 1.5)")
    raw.execute(
        "INSERT INTO source (camera_id, kind, relative_path, absolute_path, content_hash, byte_size, width,"
        " height, time_base_num, time_base_den, frame_count, duration_s, warnings, added_at)"
        " VALUES (1, 'video', 'a.mp4', '/a.mp4', x'0102', 9, 640, 360, 1, 25, 1, 0, '[\"cut\"]', 2.5)"
    )
    raw.execute("INSERT INTO sequence VALUES (1, 1, 0, 0, 0, 1)")
    raw.execute(
        "INSERT INTO frame (source_id, sequence_id, pts, time_s, captured_at, hour, content_hash, keyframe)"
        " VALUES (1, 1, 0, 0.0, NULL, 7, x'03', 1)"
    )
    raw.execute(
        "INSERT INTO instance (camera_id, source_id, frame_id, time_s, category, score, x, y, w, h, origin,"
        " detector, size, uncertainty) VALUES (1, 1, 1, 0, 'car', 0.5, 1, 2, 3, 4, 'network', 'onnx', 4, 2)"
    )
    raw.execute("INSERT INTO mask VALUES (1, 1, 1, 360, 640, x'3031', 5, 'network', NULL, NULL, 0)")
    raw.execute("PRAGMA user_version = 0")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()


def to_version_1(op: Any) -> None:
    """What the step from that pre-release would be."""
    op.create_table(
        "job_log",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("job_id", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_job_log_job_id"),
    )
    op.create_index("ix_job_log_job_id", "job_log", ["job_id"])
    with op.batch_alter_table("source", table_kwargs=AUTOINCREMENT) as batch:
        batch.add_column(sa.Column("state", sa.Text, nullable=False, server_default="live"))
    with op.batch_alter_table("frame") as batch:
        batch.drop_column("hour")
    op.drop_index("ix_instance_queue", "instance")
    op.drop_index("ix_instance_camera_queue", "instance")
    op.drop_index("ix_instance_source_queue", "instance")
    with op.batch_alter_table("instance", table_kwargs=AUTOINCREMENT) as batch:
        batch.add_column(sa.Column("reasons", sa.Integer, nullable=False, server_default="0"))
        batch.add_column(sa.Column("category_annotator_id", sa.Integer))
        batch.create_foreign_key(
            "fk_instance_category_annotator_id", "annotator", ["category_annotator_id"], ["id"]
        )
    for index in tables.instance.indexes:
        if index.name in ("ix_instance_queue", "ix_instance_camera_queue", "ix_instance_source_queue"):
            op.create_index(index.name, "instance", [column.name for column in index.columns])


def steps_with(first: Any) -> tuple[Step, ...]:
    """All steps from that pre-release on, with one of its own."""
    return (Step(1, first), *chain.STEPS)


STEPS = steps_with(to_version_1)


def shape(path: Path) -> dict[str, Any]:
    """Everything that matters of a file's tables, however their SQL is written."""
    raw = sqlite3.connect(path)
    found: dict[str, Any] = {}
    for name, sql in raw.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall():
        if name.startswith("sqlite_"):
            continue
        columns = {row[1:] for row in raw.execute(f"PRAGMA table_xinfo({name})")}
        foreign = {row[2:] for row in raw.execute(f"PRAGMA foreign_key_list({name})")}
        indexes = set()
        for row in raw.execute(f"PRAGMA index_list({name})").fetchall():
            keys = tuple(r[2] for r in raw.execute(f"PRAGMA index_info({row[1]})"))
            own_name = row[1] if row[3] == "c" else ""
            own = raw.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (row[1],)).fetchone()
            only = (own[0] or "").partition(" WHERE ")[2] if own else ""  # a key WITHOUT ROWID has no row
            indexes.add((own_name, row[2], keys, only))
        checks = {
            re.sub(r"\s+", " ", check)
            for check in re.findall(r"CONSTRAINT (ck_\w+ CHECK .*?)\s*,?\s*\n", sql)
        }
        names = set(re.findall(r"CONSTRAINT (\w+)", sql))
        found[name] = (
            columns,
            foreign,
            indexes,
            checks,
            names,
            "AUTOINCREMENT" in sql,
            "WITHOUT ROWID" in sql,
        )
    raw.close()
    return found


def version_of(path: Path) -> int:
    raw = sqlite3.connect(path)
    try:
        return int(raw.execute("PRAGMA user_version").fetchone()[0])
    finally:
        raw.close()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.amodal"
    make_version_0(path)
    return path


def test_the_old_format_differs_indeed(old: Path, tmp_path: Path) -> None:
    make_version_1(tmp_path / "new.amodal")
    before, after = shape(old), shape(tmp_path / "new.amodal")
    assert "job_log" not in before
    assert {name for name in before if before[name] != after[name]} == {"source", "frame", "instance"}


def test_migrating_gives_the_tables_of_a_new_project(old: Path, tmp_path: Path) -> None:
    Project.create(tmp_path / "new.amodal").close()
    migrate(old, steps=STEPS)
    migrated, new = shape(old), shape(tmp_path / "new.amodal")
    assert migrated.keys() == new.keys()
    for name in new:
        assert migrated[name] == new[name], name
    assert file_faults(old) == []


def test_opening_migrates_and_keeps_every_row(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain.migrate, "__kwdefaults__", {**chain.migrate.__kwdefaults__, "steps": STEPS})
    with Project.open(old) as project, project.read() as connection:
        source = connection.execute(sa.select(tables.source)).one()
        assert (source.relative_path, source.content_hash, source.state) == ("a.mp4", b"\x01\x02", "live")
        assert source.warnings == ["cut"]
        instance = connection.execute(sa.select(tables.instance)).one()
        assert (instance.category, instance.h, instance.reasons) == ("car", 4.0, 0)
        assert connection.execute(sa.select(tables.mask)).one().instance_id == instance.id
        connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    assert version_of(old) == schema.SCHEMA_VERSION


def test_format_1_opens_with_all_that_people_said(tmp_path: Path) -> None:
    path = tmp_path / "first.amodal"
    make_version_1(path)
    raw = sqlite3.connect(path, isolation_level=None)
    raw.executescript(
        """
        INSERT INTO annotator (name) VALUES ('Ann');
        INSERT INTO camera (name, created_at) VALUES ('Gate', 1.5);
        INSERT INTO source (camera_id, kind, relative_path, absolute_path, content_hash, byte_size, width,
            height, time_base_num, time_base_den, frame_count, duration_s, warnings, added_at)
            VALUES (1, 'video', 'a.mp4', '/a.mp4', x'01', 9, 640, 360, 1, 25, 1, 0, '[]', 2.5);
        INSERT INTO sequence VALUES (1, 1, 0, 0, 0, 1);
        INSERT INTO frame (source_id, sequence_id, pts, time_s, content_hash, keyframe)
            VALUES (1, 1, 0, 0.0, x'03', 1);
        INSERT INTO instance (camera_id, source_id, frame_id, time_s, category, score, x, y, w, h, origin,
            detector, size, uncertainty, label, label_origin, verdict, verdict_annotator_id, verdict_at)
            VALUES (1, 1, 1, 0, 'car', 0.5, 1, 2, 30, 40, 'network', 'onnx', 40, 2, 'unoccluded', 'human',
            'unoccluded', 1, 7);
        INSERT INTO review (instance_id, annotator_id, verdict, decided_at) VALUES (1, 1, 'unoccluded', 7);
        INSERT INTO edit (annotator_id, title, at, changes) VALUES (1, 'Mark car 1 as unoccluded', 7,
            '[{"table":"instance","id":1,"before":{"verdict":null,"verdict_annotator_id":null,'
            || '"verdict_at":null},'
            || '"after":{"verdict":"unoccluded","verdict_annotator_id":1,"verdict_at":7}}]');
        """
    )
    raw.close()
    with Project.open(path) as project:
        history = History(project, "Ann")
        points = KeypointSet(
            Template.CAR, (PlacedPoint(5.0, 6.0, KeypointTag.VISIBLE), *(None,) * (Template.CAR.size - 1))
        )
        save_keypoints(history, 1, points, "Place a point")
        with project.read() as connection:
            assert keypoints_in_force(connection, [1])[1].keypoints == points
        assert history.undo().title == "Place a point"
        assert history.undo().title == "Mark car 1 as unoccluded"
        with project.read() as connection:
            assert connection.execute(sa.select(tables.instance.c.verdict)).scalar_one() is None
    [backup] = list_backups(path)
    assert backup.name.endswith(f"-before-format-{schema.SCHEMA_VERSION}.amodal")
    assert version_of(backup) == 1


def test_format_2_opens_with_its_fits_and_takes_composites(tmp_path: Path) -> None:
    path = tmp_path / "second.amodal"
    make_version(path, 2)
    raw = sqlite3.connect(path, isolation_level=None)
    raw.executescript(
        """
        INSERT INTO annotator (name) VALUES ('Ann');
        INSERT INTO camera (name, created_at) VALUES ('Gate', 1.5);
        INSERT INTO source (camera_id, kind, relative_path, absolute_path, content_hash, byte_size, width,
            height, time_base_num, time_base_den, frame_count, duration_s, warnings, added_at)
            VALUES (1, 'video', 'a.mp4', '/a.mp4', x'01', 9, 640, 360, 1, 25, 1, 0, '[]', 2.5);
        INSERT INTO sequence VALUES (1, 1, 0, 0, 0, 1);
        INSERT INTO frame (source_id, sequence_id, pts, time_s, content_hash, keyframe)
            VALUES (1, 1, 0, 0.0, x'03', 1);
        INSERT INTO instance (camera_id, source_id, frame_id, time_s, category, score, x, y, w, h, origin,
            detector, size, uncertainty, label, label_origin, verdict, verdict_annotator_id, verdict_at,
            mask_id, fit_id)
            VALUES (1, 1, 1, 0, 'car', 0.5, 1, 2, 30, 40, 'network', 'onnx', 40, 2, 'unoccluded', 'human',
            'unoccluded', 1, 7, 1, 1);
        INSERT INTO mask VALUES (1, 1, 1, 360, 640, x'3031', 5, 'network', NULL, NULL, 0);
        INSERT INTO fit (instance_id, camera_id, source_id, version, method, verdict, reason, rotation,
            translation, shape, length_m, width_m, height_m, distance_m, rms_px, noise_px, residuals,
            outliers, used, swapped, sigma_m, shape_space, created_at, in_force, verdict_rank, review_rank)
            VALUES (1, 1, 1, 1, 'coarse', 'good', '', '[1,0,0,0,1,0,0,0,1]', '[0,0,20]', '[0,0,0,0,0]', 4.5,
            1.8, 1.5, 20, 0, 1, '[null,null,null,null,null,null,null,null,null,null,null,null]', '[]', 0, 0,
            0.5, 'default 0123', 3, 1, 3, 0);
        """
    )
    raw.close()
    with Project.open(path) as project:
        with project.write() as connection:
            piece = FoundPiece(
                1, a_cutout(1, 1), 1, Box(1, 2, 30, 40), 5, False, None, 1, None, True, None, 256
            )
            assert write_pieces(connection, [piece]) == 1
        with project.read() as connection:
            [read] = pieces_by_ids(connection, [1]).values()
            assert read.fit is not None
            assert (read.fit.translation, read.mask.counts) == ((0.0, 0.0, 20.0), b"01")
    [backup] = list_backups(path)
    assert version_of(backup) == 2


def test_format_5_opens_with_proposals_to_confirm_and_takes_doubtful_finds(tmp_path: Path) -> None:
    path = tmp_path / "fifth.amodal"
    make_version(path, 5)
    raw = sqlite3.connect(path, isolation_level=None)
    sure = '[3,4,"visible","network",0.6]'
    points = f'[[1,2,"visible","network"],{sure},{",".join(["null"] * 10)}]'
    rows = ", ".join(
        f"({n}, 1, 1, 1, 0, 'car', 0.5, {n}, 2, 30, 40, 'network', 'onnx', 40, 0.25, 0.25, {n}, 2)"
        for n in (1, 2)
    )
    raw.executescript(
        f"""
        INSERT INTO annotator (name) VALUES ('Ann');
        INSERT INTO camera (name, created_at) VALUES ('Gate', 1.5);
        INSERT INTO source (camera_id, kind, relative_path, absolute_path, content_hash, byte_size, width,
            height, time_base_num, time_base_den, frame_count, duration_s, warnings, added_at)
            VALUES (1, 'video', 'a.mp4', '/a.mp4', x'01', 9, 640, 360, 1, 25, 1, 0, '[]', 2.5);
        INSERT INTO sequence VALUES (1, 1, 0, 0, 0, 1);
        INSERT INTO frame (source_id, sequence_id, pts, time_s, content_hash, keyframe)
            VALUES (1, 1, 0, 0.0, x'03', 1);
        INSERT INTO instance (id, camera_id, source_id, frame_id, time_s, category, score, x, y, w, h, origin,
            detector, size, margin, uncertainty, keypoint_set_id, points_placed) VALUES {rows};
        INSERT INTO keypoint_set VALUES (1, 1, 1, 'car', '{points}', 2, 'network', NULL, NULL, 5),
            (2, 2, 1, 'car', '{points}', 2, 'human', 1, NULL, 5);
        """
    )
    raw.close()
    with Project.open(path) as project:
        with project.read() as connection:
            certain = connection.execute(
                sa.select(tables.instance.c.keypoint_certainty).order_by(tables.instance.c.id)
            ).scalars()
            assert list(certain) == [pytest.approx(1.6 / 12), None]
        change = "UPDATE instance SET find_margin = 0.1, uncertainty = {} WHERE id = 1"
        with project.write() as connection:
            connection.exec_driver_sql(change.format(0.1))
        with pytest.raises(sqlite3.IntegrityError, match="uncertainty_follows"):
            raw_write(path, change.format(0.25))
    assert file_faults(path) == []


def raw_write(path: Path, statement: str) -> None:
    raw = sqlite3.connect(path, isolation_level=None)
    try:
        raw.execute(statement)
    finally:
        raw.close()


@pytest.mark.parametrize("version", range(1, schema.SCHEMA_VERSION))
def test_every_format_comes_to_the_tables_of_a_new_project(tmp_path: Path, version: int) -> None:
    make_version(tmp_path / "old.amodal", version)
    Project.open(tmp_path / "old.amodal").close()
    Project.create(tmp_path / "new.amodal").close()
    assert shape(tmp_path / "old.amodal") == shape(tmp_path / "new.amodal")


def test_the_backup_is_the_old_project(old: Path) -> None:
    before = shape(old)
    backup = migrate(old, steps=STEPS)
    assert backup is not None
    assert backup.parent == old.parent / "old.files" / "backups"
    assert shape(backup) == before
    assert version_of(backup) == 0
    assert [p.name for p in backup.parent.iterdir()] == [backup.name]


def test_a_step_that_fails_leaves_the_project_as_it_was(old: Path) -> None:
    def broken(op: Any) -> None:
        to_version_1(op)
        op.drop_table("review")
        raise RuntimeError("a bug in the step")

    before, content = shape(old), old.read_bytes()
    with pytest.raises(RuntimeError):
        migrate(old, steps=steps_with(broken))
    assert shape(old) == before
    assert old.read_bytes() == content
    assert version_of(old) == 0
    migrate(old, steps=STEPS)


def test_a_step_that_loses_a_table_is_refused(old: Path) -> None:
    def careless(op: Any) -> None:
        to_version_1(op)
        op.drop_table("review")

    before = shape(old)
    with pytest.raises(ProjectError, match="lacks the table review"):
        migrate(old, steps=steps_with(careless))
    assert shape(old) == before


def test_a_step_that_leaves_dangling_rows_is_refused(old: Path) -> None:
    def careless(op: Any) -> None:
        to_version_1(op)
        op.execute("DELETE FROM camera")

    before = shape(old)
    with pytest.raises(ProjectError, match="refer to nothing"):
        migrate(old, steps=steps_with(careless))
    assert shape(old) == before


def test_without_room_for_a_backup_nothing_is_changed(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.store.backup._copy", no_room)
    content = old.read_bytes()
    with pytest.raises(DiskFullError):
        migrate(old, steps=STEPS)
    assert old.read_bytes() == content
    assert list_backups(old) == []
    assert list((old.parent / "old.files" / "backups").iterdir()) == []


def test_a_version_without_a_way_is_refused(old: Path) -> None:
    content = old.read_bytes()
    with pytest.raises(ProjectError, match="cannot bring up to date"):
        Project.open(old)
    assert old.read_bytes() == content
    assert list_backups(old) == []


def test_several_steps_run_in_order(old: Path) -> None:
    seen: list[int] = []

    def second(op: Any) -> None:
        seen.append(2)
        op.create_table("extra", sa.Column("id", sa.Integer, primary_key=True))

    def first(op: Any) -> None:
        seen.append(1)
        to_version_1(op)

    newest = schema.SCHEMA_VERSION
    migrate(old, steps=[Step(newest + 1, second), *steps_with(first)], target=newest + 1)
    assert seen == [1, 2]
    assert version_of(old) == newest + 1


def test_migrating_twice_does_nothing_more(old: Path) -> None:
    assert migrate(old, steps=STEPS) is not None
    assert migrate(old, steps=STEPS) is None
    assert len(list_backups(old)) == 1


def test_old_backups_are_let_go(tmp_path: Path) -> None:
    path = tmp_path / "a.amodal"
    with Project.create(path):
        made = [back_up(path, "test") for _ in range(BACKUPS_KEPT + 2)]
        assert list_backups(path) == made[::-1][:BACKUPS_KEPT]


def test_a_backup_made_while_the_project_is_open_holds_the_last_edit_and_opens(tmp_path: Path) -> None:
    path = tmp_path / "a.amodal"
    with Project.create(path) as project:
        with project.write() as connection:
            connection.execute(sa.insert(tables.camera).values(name="Gate", created_at=0.0))
        copy = back_up(path, "test")
    with Project.open(copy) as restored, restored.read() as connection:
        assert connection.execute(sa.select(tables.camera.c.name)).scalar_one() == "Gate"
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
