"""The job that fits people by a system that looks at them: somebody else's adapter, or HMR 2.0's network."""

from __future__ import annotations

import copy
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import BodyEstimatorError, CheckpointError, JobError
from core.jobs.context import JobContext
from core.jobs.fit.people import estimators, hmr2
from core.jobs.fit.people.ways import adapters
from core.jobs.registry import create, forms
from core.jobs.runner import run_job
from core.networks.hmr2.checkpoint import load_hmr2
from core.records.fits import BodyFit, FitMethod, FitRow, FitVerdict
from core.records.forms import FieldKind
from core.records.jobs import JobState
from core.records.occlusion import OcclusionDecision, OcclusionLabel
from core.shapes.body.placed import placed_body
from core.store import job_rows
from core.store.project import Project
from core.store.queries.fits import fits_in_force
from core.store.writers.decisions import write_decisions
from tests.jobs.doing import do_job
from tests.jobs.yard import GROUND, PARKED, Walker, Yard
from tests.networks.hmr2_checkpoints import TINY, random_tensors
from tests.placed_people import person_at, stand_in

PLACES = [(15.0, 2.0), (18.0, -1.0), (22.0, 3.0)]
ADAPTER = '''
import numpy as np
from core.fitting.people.estimates import BodyEstimate, RootFrame
from core.geometry.poses import rotation_from_vector
from core.shapes.body.gait import Gait, walking_pose
import {module}_state as state

def make(weights, device):
    state.made.append((weights, device))
    return Upright()

class Upright:
    """Says of everybody that they stand and face the camera."""

    def estimate(self, people):
        state.asked.append([(one.image.shape, one.image.dtype, one.box) for one in people])
        turns = rotation_from_vector(walking_pose(0.0, Gait(swing=0.0)))
        turns[0] = np.diag([1.0, -1.0, -1.0])
        answers = [BodyEstimate(turns, RootFrame.CROP) for one in people]
        return state.change(answers) if state.change else answers
'''


class Adapter:
    """What a test's adapter was asked, and how it answers."""

    def __init__(self) -> None:
        self.made: list[Any] = []
        self.asked: list[Any] = []
        self.change: Any = None


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adapter:
    """An installed package that announces the adapter `upright`, and one that cannot be imported."""
    site = tmp_path / "site"
    info = site / "upright_bodies-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: upright-bodies\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[amodal_studio.body_estimators]\n"
        "upright = upright_bodies:make\nbroken = upright_bodies_missing:make\nnothing = builtins:max\n"
        "nobody = upright_bodies:state\nhmr2 = upright_bodies:make\n"
    )
    (site / "upright_bodies.py").write_text(ADAPTER.format(module="upright_bodies"))
    state = Adapter()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setitem(sys.modules, "upright_bodies_state", state)
    monkeypatch.delitem(sys.modules, "upright_bodies", raising=False)
    return state


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    people = [
        Walker((None, *(person_at(GROUND, place, 0.4 * n) for n in range(2)), None, None, None), 10 + k)
        for k, place in enumerate(PLACES)
    ]
    path = tmp_path_factory.mktemp("built") / "yard.amodal"
    return Yard(path, cars=(PARKED,), people=people, fitted=False, background=False)


@pytest.fixture
def yard(built: Yard, tmp_path: Path) -> Yard:
    """A yard of the test's own: a copy, since painting one takes a second."""
    folder = tmp_path / "yard"
    shutil.copytree(built.path.parent, folder)
    mine = copy.copy(built)
    mine.path, mine.pictures = folder / built.path.name, folder / built.pictures.name
    return mine


def rows_of(yard: Yard) -> dict[int, FitRow]:
    ids = [i for one in yard.people_ids for i in one.values()]
    with Project.open(yard.path) as project, project.read() as connection:
        return fits_in_force(connection, ids)


def job_of(yard: Yard, job_id: int) -> tuple[Any, str]:
    with Project.open(yard.path) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
        return row, "\n".join(text for _, _, text in job_rows.read_log(connection, job_id))


def fit(yard: Yard, **settings: Any) -> tuple[Any, str]:
    return job_of(yard, do_job(yard.path, "fit", objects="people", device="cpu", **settings))


def failed(yard: Yard, kind: type[Exception], words: str, **settings: Any) -> str:
    with Project.open(yard.path) as project:
        job_id = create(project, "fit", {"objects": "people", "device": "cpu", **settings})
    with pytest.raises(kind, match=words):
        run_job(yard.path, job_id)
    row, log = job_of(yard, job_id)
    assert row.state is JobState.FAILED
    return log


def test_an_adapter_is_found_and_its_bodies_stand_on_the_ground(yard: Yard, adapter: Adapter) -> None:
    assert {"upright", "broken"} <= adapters().keys()
    assert "hmr2" not in adapters()  # nobody takes the program's own names
    row, log = fit(yard, people="upright", weights=str(yard.path.parent / "some.weights"))
    assert row.result == {"cars": 0, "of these coarsely": 0, "people": 6}
    assert adapter.made == [(yard.path.parent / "some.weights", "cpu")]
    assert "The adapter upright runs on the processor" in log
    assert "s a person here" in log
    # whole pictures, and no more people at once than the processor takes
    assert {shape for asked in adapter.asked for shape, _, _ in asked} == {(270, 480, 3)}
    assert sorted(len(asked) for asked in adapter.asked) == [2, 4]
    found = rows_of(yard)
    assert len(found) == 6
    for k, place in enumerate(PLACES):
        for instance_id in yard.people_ids[k].values():
            one = found[instance_id]
            assert isinstance(one.fit, BodyFit)
            assert (one.fit.method, one.shape_space) == (FitMethod.ADAPTER, stand_in().label)
            assert not one.stale
            # the painted box is a pixel rough, and 350 px of focal length see 18 m at 7 cm a pixel and more
            assert np.linalg.norm(np.array(one.fit.place_m) - place) < 0.06 * place[0]
            vertices = placed_body(one.fit, stand_in().model).vertices
            assert GROUND.heights(vertices).min() == pytest.approx(0, abs=1e-6)
            assert 0.8 < one.fit.height_ratio < 1.25


def test_the_form_offers_what_is_installed(adapter: Adapter) -> None:
    field = next(field for field in forms()["fit"].fields if field.name == "people")
    assert (field.kind, field.default) == (FieldKind.CHOICE, "points")
    assert field.choices[:2] == (("points", "Their keypoints"), ("hmr2", "HMR 2.0's network"))
    assert {("upright", "The adapter upright"), ("broken", "The adapter broken")} <= set(field.choices[2:])
    licence = next(field for field in forms()["fit"].fields if field.name == "weights").help
    assert "from its makers, under their licence" in licence


def test_only_who_needs_a_fit_is_looked_at(yard: Yard, adapter: Adapter) -> None:
    fit(yard, people="upright")
    adapter.asked.clear()
    again, log = fit(yard, people="upright")
    assert again.result["people"] == 0
    assert again.result["why nobody"] == "fits up to date, or no answer"
    assert "Nobody was fitted" in log
    assert not adapter.asked
    assert fit(yard, people="upright", redo=True)[0].result["people"] == 6


def test_who_gets_no_answer_is_told(yard: Yard, adapter: Adapter) -> None:
    adapter.change = lambda answers: [None, *answers[1:]]
    row, log = fit(yard, people="upright")
    assert row.result["people"] == 4
    assert "no answer for 2 people" in log


def test_the_feet_of_who_is_labelled_occluded_may_be_hidden(yard: Yard, adapter: Adapter) -> None:
    behind, *_ = yard.people_ids[0].values()
    with Project.open(yard.path) as project, project.bulk() as bulk:
        hidden = OcclusionDecision(behind, OcclusionLabel.OCCLUDED, 0.9, ())
        bulk.run(lambda connection: write_decisions(connection, [hidden]))
    fit(yard, people="upright")
    unsure = [i for i, one in rows_of(yard).items() if "feet are hidden or may be" in one.fit.reason]
    assert unsure == [behind]


def test_one_that_is_stopped_goes_on_with_who_has_no_fit(
    yard: Yard, adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimators, "_CPU_BATCH", 2)
    with Project.open(yard.path) as project:
        job_id = create(project, "fit", {"objects": "people", "people": "upright", "device": "cpu"})
    stop = JobContext.check_stop

    def after_one(context: JobContext) -> None:
        if len(adapter.asked) == 2:
            context.request_stop()
        stop(context)

    monkeypatch.setattr(JobContext, "check_stop", after_one)
    run_job(yard.path, job_id)
    assert job_of(yard, job_id)[0].state is JobState.CANCELLED
    assert len(rows_of(yard)) == 4
    monkeypatch.setattr(JobContext, "check_stop", stop)
    run_job(yard.path, job_id)
    row, _ = job_of(yard, job_id)
    assert (row.state, row.result["people"]) == (JobState.DONE, 6)
    assert {one.version for one in rows_of(yard).values()} == {1}
    assert sum(map(len, adapter.asked)) == 6


def raises(answers: Any) -> Any:
    raise RuntimeError("out of luck\nand more")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (raises, "The adapter upright failed: RuntimeError: out of luck"),
        (lambda answers: answers[1:], "gave 3 answers about 4 people"),
        (lambda answers: ["a body"] * len(answers), "it gave a str instead of a BodyEstimate"),
        (lambda answers: None, "failed: TypeError"),
    ],
)
def test_an_adapter_that_fails_ends_the_job_with_the_reason(
    yard: Yard, adapter: Adapter, change: Any, words: str
) -> None:
    adapter.change = change
    failed(yard, BodyEstimatorError, words, people="upright")
    assert not rows_of(yard)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken", "broken cannot be loaded: ModuleNotFoundError.*upright_bodies_missing:make"),
        ("nothing", "nothing cannot be loaded: TypeError"),
        ("nobody", "nobody cannot be loaded: TypeError"),
        ("hmr2", r"HMR 2\.0 needs its weights"),
    ],
)
def test_a_way_that_there_is_not_is_refused(yard: Yard, adapter: Adapter, name: str, words: str) -> None:
    failed(yard, BodyEstimatorError, words, people=name)


def test_a_name_that_nothing_has_is_refused_with_those_that_there_are(yard: Yard, adapter: Adapter) -> None:
    failed(
        yard, JobError, "no way called sam3d to fit people.*broken, hmr2,.* points, upright", people="sam3d"
    )


def test_hmr2s_weights_fit_people(yard: Yard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # a small network of the published layout: what it says is random, and where it puts people is not
    monkeypatch.setattr(hmr2, "load_hmr2", lambda path, _: load_hmr2(path, TINY))
    tensors = random_tensors(TINY)
    upright = np.diag([1.0, -1.0, -1.0])[:, :2].T.ravel()
    mean = np.tile(np.eye(3)[:, :2].T.ravel(), 24)
    mean[:6] = upright
    tensors["smpl_head.init_body_pose"] = torch.tensor(mean[None], dtype=torch.float32)
    tensors["smpl_head.init_cam"] = torch.tensor([[0.9, 0.0, 0.0]])
    for name in ("decpose", "deccam"):
        tensors[f"smpl_head.{name}.weight"] = tensors[f"smpl_head.{name}.weight"] * 0.02
        tensors[f"smpl_head.{name}.bias"] = tensors[f"smpl_head.{name}.bias"] * 0.02
    torch.save({"state_dict": tensors}, tmp_path / "hmr2.ckpt")
    row, log = fit(yard, people="hmr2", weights=str(tmp_path / "hmr2.ckpt"))
    assert row.result["people"] == 6
    assert "HMR 2.0 runs on the processor, where a large network takes seconds a person" in log
    for k, place in enumerate(PLACES):
        for instance_id in yard.people_ids[k].values():
            one = rows_of(yard)[instance_id]
            assert one.fit.method is FitMethod.HMR2
            assert one.fit.verdict is FitVerdict.GOOD
            assert np.linalg.norm(np.array(one.fit.place_m) - place) < 0.08 * place[0]


def test_another_networks_weights_end_the_job_before_anybody_is_looked_at(yard: Yard, tmp_path: Path) -> None:
    torch.save({"state_dict": random_tensors(TINY)}, tmp_path / "tiny.ckpt")
    failed(yard, CheckpointError, "of another network", people="hmr2", weights=str(tmp_path / "tiny.ckpt"))


def test_frames_that_are_gone_cost_their_people_alone(yard: Yard, adapter: Adapter) -> None:
    (yard.pictures / "0001.png").write_bytes(b"no picture")
    row, log = fit(yard, people="upright")
    assert row.result["people"] == 3
    assert "1 frames cannot be read" in log


def test_the_guides_example_is_an_adapter(
    yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "guide" / "people.md").read_text(encoding="utf-8")
    announced, code = (
        re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL)[1]  # type: ignore[index]
        for kind in ("toml", "python")
    )
    points = tomllib.loads(announced)["project"]["entry-points"]["amodal_studio.body_estimators"]
    [(name, value)] = points.items()
    info = tmp_path / "site" / "standing_people-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: standing-people\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[amodal_studio.body_estimators]\n{name} = {value}\n")
    (tmp_path / "site" / f"{value.partition(':')[0]}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert fit(yard, people=name)[0].result["people"] == 6
    for row in rows_of(yard).values():
        # whoever faces the camera heads for the place below it
        assert isinstance(row.fit, BodyFit)
        x, y = row.fit.place_m or (0.0, 0.0)
        turn = (row.fit.heading_rad or 0.0) - np.arctan2(-y, -x)
        assert abs(np.angle(np.exp(1j * turn))) < 0.02
