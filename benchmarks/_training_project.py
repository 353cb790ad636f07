"""A simulated street as a project to train from: its truth as people's labels, and composites."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from core.jobs.registry import create
from core.jobs.runner import run_job
from core.jobs.street_project import make_street_project
from core.records.occlusion import OcclusionLabel, Verdict
from core.store import tables
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.synthesis.street.mounts import default_mount
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera

SET, VALIDATION_SET = "Street", "Street, to measure"
_SPLIT = {"least": 1, "most": 4, "validation_percent": 30, "test_percent": 0, "guard_s": 0.0}
_STREET = StreetSettings(fps=1.5, frame_count=300, seed=3, cars=12, parked=4)
_VERDICTS = {OcclusionLabel.UNOCCLUDED: Verdict.UNOCCLUDED, OcclusionLabel.OCCLUDED: Verdict.OCCLUDED}


def training_project(folder: Path) -> Path:
    """The project in a folder; made where it is not there yet, which takes some minutes."""
    path = folder / "street.amodal"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    street = Street(_STREET)
    mount = default_mount(street.layout, _STREET.width, _STREET.height)
    draft = folder / "draft" / "street.amodal"
    draft.parent.mkdir(exist_ok=True)
    make_street_project(draft, [StreetCamera(street, mount)], keypoints=True)
    for kind, settings in (
        ("background", {}),
        ("cut", {}),
        ("compose", {**_SPLIT, "name": SET, "count": 80}),
        ("compose", {**_SPLIT, "name": VALIDATION_SET, "count": 20, "split": "validation"}),
    ):
        with Project.open(draft) as project:
            job_id = create(project, kind, settings)
        run_job(draft, job_id)
    _review(draft)
    for made in sorted(draft.parent.iterdir(), key=lambda one: one == draft):  # the project last
        made.rename(folder / made.name)
    draft.parent.rmdir()
    return path


def _review(path: Path) -> None:
    """Says in a person's name what the truth says."""
    instances = tables.instance.c
    with Project.open(path) as project:
        for label, verdict in _VERDICTS.items():
            with project.read() as connection:
                ids = list(connection.scalars(select(instances.id).where(instances.label == label.value)))
            set_verdict(History(project, "Ann"), ids, verdict)
