"""What stands in front of objects is learned from all bursts of their camera."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from core.jobs.context import JobContext
from core.jobs.mine import judge_phase
from core.mining.occlusion.settings import OcclusionSettings
from core.mining.occlusion.static_map import StaticMap
from core.records.occlusion import Observation
from core.store import tables
from core.store.project import Project
from tests.jobs.doing import CAMERA, do_job
from tests.street_clip import StreetClip, cut


def test_earlier_footage_of_the_camera_tells_what_stands_in_front(
    project_path: Path, street_clip: StreetClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = tmp_path / "later.mp4"
    cut(street_clip.path, later, 36, 24)
    do_job(project_path, "add", path=str(later), camera=CAMERA)
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        first, second = connection.scalars(select(tables.source.c.id).order_by(tables.source.c.id))
    heard: list[set[int]] = []
    real = judge_phase.static_map

    def listening(
        context: JobContext,
        size: tuple[int, int],
        parts: Iterable[Sequence[Observation]],
        settings: OcclusionSettings,
    ) -> StaticMap:
        shown = list(parts)
        heard.append({one.instance_id for part in shown for one in part})
        return real(context, size, shown, settings)

    monkeypatch.setattr(judge_phase, "static_map", listening)
    do_job(project_path, "mine", detector="motion", source=[first], end_s=2.0)
    do_job(project_path, "mine", detector="motion", source=[second], end_s=2.0)
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        i = tables.instance.c
        of_source = {
            source: set(connection.scalars(select(i.id).where(i.source_id == source)))
            for source in (first, second)
        }
    assert of_source[first]
    assert of_source[second]
    assert heard == [of_source[first], of_source[first] | of_source[second]]
