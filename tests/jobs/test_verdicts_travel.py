"""What people decided leaves a project by `amodal export` and enters another by `amodal import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.records.occlusion import Verdict
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from tests.jobs.doing import do_job

WHO = "SELECT a.name, r.verdict FROM review r JOIN annotator a ON a.id = r.annotator_id"


def shell(*arguments: object) -> int:
    return main([str(one) for one in arguments])


def rows(path: Path, query: str) -> list[Any]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


@pytest.mark.parametrize("with_reviews", [True, False])
def test_a_rejection_travels_where_it_is_asked_for(
    project_path: Path, tmp_path: Path, with_reviews: bool
) -> None:
    do_job(project_path, "mine", detector="motion", end_s=1.0)
    with Project.open(project_path) as project:
        first = rows(project_path, "SELECT min(id) FROM instance")[0][0]
        set_verdict(History(project, "Ann"), [first], Verdict.REJECTED)
    total = rows(project_path, "SELECT count(*) FROM instance WHERE state = 'live'")[0][0]
    plain, whole = tmp_path / "plain.json", tmp_path / "whole.json"
    assert shell("export", project_path, plain) == 0
    assert shell("export", project_path, whole, "--include-rejected") == 0
    assert [len(json.loads(path.read_text())["annotations"]) for path in (plain, whole)] == [total - 1, total]

    other = tmp_path / "other.amodal"
    assert shell("new", other) == 0
    assert shell("add", other, rows(project_path, "SELECT absolute_path FROM source")[0][0]) == 0
    assert shell("import", other, whole, "--reviews" if with_reviews else "--no-reviews") == 0
    assert rows(other, WHO) == ([("Ann", "rejected")] if with_reviews else [])
    assert rows(other, "SELECT count(*) FROM instance") == [(total if with_reviews else total - 1,)]
