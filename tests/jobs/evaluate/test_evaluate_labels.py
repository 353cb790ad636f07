"""Labels of objects measured: by what people said, and two people by each other; and points of cars."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from core.errors import EvaluationError  # noqa: E402
from core.records.evaluations import Outcome, ResultFilter  # noqa: E402
from core.records.keypoints import KeypointSet, PlacedPoint, Template  # noqa: E402
from core.records.occlusion import Verdict  # noqa: E402
from core.records.runs import Purpose  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.store.edits.keypoints import save_keypoints  # noqa: E402
from core.store.edits.verdicts import set_verdict  # noqa: E402
from core.store.history import History  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.results import result_page, result_said  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.evaluate.conftest import add_run, numbers_of, rows_of  # noqa: E402
from tests.jobs.yard import Yard  # noqa: E402


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """All cars but the first are as mining says, unoccluded, by Ann; Ben calls the second occluded, too."""
    yard = Yard(tmp_path_factory.mktemp("judged") / "judged.amodal")
    ids = yard.all_ids()
    with Project.open(yard.path) as project:
        ann, ben = History(project, "Ann"), History(project, "Ben")
        set_verdict(ben, ids[:3], Verdict.OCCLUDED)
        set_verdict(ben, ids[3:5], Verdict.UNOCCLUDED)
        set_verdict(ann, ids[:1], Verdict.OCCLUDED)
        set_verdict(ann, ids[1:], Verdict.UNOCCLUDED)
        for history, shift in ((ann, 0.0), (ben, 30.0)):
            first = PlacedPoint(100.0, 80.0, KeypointTag.VISIBLE)
            second = PlacedPoint(104.0 + shift, 82.0, KeypointTag.VISIBLE if shift else KeypointTag.TRUNCATED)
            points = KeypointSet(Template.CAR, (first, second, *(None,) * 10))
            save_keypoints(history, ids[0], points, "Place points")
    return yard


def evaluated(yard: Yard, **settings: Any) -> Any:
    numbers = numbers_of(yard.path, do_job(yard.path, "evaluate", **settings))
    return numbers, rows_of(yard.path, numbers)


def test_mining_is_measured_by_what_people_said(judged: Yard) -> None:
    numbers, rows = evaluated(judged, what="mining", draws=20)
    count = len(judged.all_ids())
    # mining calls all of them unoccluded, and the first is not
    assert numbers.figure("precision").value == pytest.approx((count - 1) / count)
    assert numbers.figure("label_recall").value == 1.0
    assert (rows[0].instance_id, rows[0].outcome) == (judged.all_ids()[0], Outcome.WRONG)
    assert rows[0].detail == "occluded > unoccluded"
    [confusion] = [one for one in numbers.confusions if one.slice.title == "all"]
    assert confusion.counts == ((count - 1, 0), (1, 0))
    cell = ResultFilter(confused=("label", "occluded", "unoccluded"))
    with Project.open(judged.path) as project, project.read() as connection:
        [only] = result_page(connection, numbers.evaluation.id, cell)
    assert only == rows[0]


def test_two_annotators_are_compared_object_by_object(judged: Yard) -> None:
    numbers, rows = evaluated(judged, what="annotators", first="Ann", second="Ben", draws=0)
    # of five objects that both judged they differ on two; by hand: agreed 3/5, by chance (1*3 + 4*2) / 25
    assert numbers.figure("label_accuracy").value == pytest.approx(0.6)
    chance = (1 * 3 + 4 * 2) / 25
    assert numbers.figure("label_kappa").value == pytest.approx((0.6 - chance) / (1 - chance))
    assert numbers.evaluation.data["with both keypoints"] == 1
    first = next(one for one in rows if one.instance_id == judged.all_ids()[0])
    # both put the first point there; the second is truncated to Ann, and so has no place
    assert (first.points_right, first.points_placed) == (1, 1)
    assert (first.tags_right, first.tags_told) == (1, 2)
    with Project.open(judged.path) as project, project.read() as connection:
        said = result_said(connection, numbers.evaluation.id, first.number)
    assert said is not None
    assert said.points[1] == (134.0, 82.0, KeypointTag.VISIBLE)
    assert said.true_points[1] == (104.0, 82.0, KeypointTag.TRUNCATED)


def test_what_the_first_corrects_is_another_truth(judged: Yard, tmp_path: Path) -> None:
    """What the second corrects is not: both evaluations were measured by the same labels."""
    path = Path(shutil.copy(judged.path, tmp_path / "judged.amodal"))

    def key() -> str:
        return numbers_of(
            path, do_job(path, "evaluate", what="annotators", first="Ann", second="Ben", draws=0)
        ).evaluation.truth_key

    before = key()
    with Project.open(path) as project:
        set_verdict(History(project, "Ben"), judged.all_ids()[3:4], Verdict.OCCLUDED)
    assert key() == before
    with Project.open(path) as project:
        set_verdict(History(project, "Ann"), judged.all_ids()[3:4], Verdict.OCCLUDED)
    assert key() != before


def test_people_without_anything_in_common_are_refused(judged: Yard) -> None:
    with pytest.raises(EvaluationError, match="Nobody called Cleo"):
        do_job(judged.path, "evaluate", what="annotators", first="Ann", second="Cleo")


def test_a_network_for_points_is_measured_on_composites(yard: Yard) -> None:
    """Cars of composites without keypoints teach and measure nothing, and it says so."""
    from core.jobs.networks_in_use import prelabeller_of

    network, _ = prelabeller_of(None)
    run_id = add_run(yard.path, network, network.settings.as_json(), Purpose.PRELABELLER, split="by track")
    with pytest.raises(EvaluationError, match="no car with known keypoints"):
        do_job(yard.path, "evaluate", run=run_id, truth="composites")
    with pytest.raises(EvaluationError, match="parted its labels by tracks alone"):
        do_job(yard.path, "evaluate", run=run_id, truth="labels")
