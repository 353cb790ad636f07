"""Pictures of simulated streets: drawn once, the same again, and all that is known of them fits together."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import TrainingError  # noqa: E402
from core.networks.amodal_rcnn.settings import points_of  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.keypoints import Template  # noqa: E402
from core.shapes.body.coco import coco_keypoints, face_points  # noqa: E402
from core.shapes.body.model_file import stand_in_body  # noqa: E402
from core.shapes.body.rotations import axis_angles  # noqa: E402
from core.synthesis.street.settings import StreetSettings  # noqa: E402
from core.synthesis.street.street import Street  # noqa: E402
from core.training.data import street_pictures  # noqa: E402
from core.training.data.picture_plan import PicturePlan  # noqa: E402
from core.training.data.street_pictures import StreetPictures, draw_pictures  # noqa: E402
from tests.training.data.samples import car_points  # noqa: E402

PLAN = PicturePlan(streets=(1, 0, 0), frames=1, width=320, height=180)
CATEGORIES = (Category.CAR, Category.PERSON)


def _small(number: int, seed: int, frames: int, width: int, height: int) -> Any:
    """A street with less on it, and near cameras, which is built sooner."""
    from core.synthesis.street.mounts import default_mount, kerb_mount

    street = Street(
        StreetSettings(
            width=width, height=height, fps=0.4, frame_count=frames, seed=12, cars=5, parked=3, people=3
        )
    )
    mounts = [default_mount(street.layout, width, height), kerb_mount(street.layout, width, height)]
    return street, mounts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pictures")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(street_pictures, "street_of", _small)
        assert draw_pictures(made, PLAN) == 2
    return made


@pytest.fixture
def samples(folder: Path) -> list[Any]:
    made = pickle.loads(pickle.dumps(StreetPictures(folder, PLAN.names("train"), CATEGORIES)))  # noqa: S301
    return [made[place] for place in range(len(made))]


def test_what_is_drawn_is_not_drawn_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(street_pictures, "street_of", None)  # nobody builds a street
    shares: list[float] = []
    assert PLAN.are_in(folder)
    assert draw_pictures(folder, PLAN, shares.append) == 2
    assert shares == [1.0]
    more = PicturePlan(streets=(1, 1, 0), frames=1, width=320, height=180)
    assert not more.are_in(folder)
    assert not set(more.names("train")) & set(more.names("val"))
    assert not PLAN.are_in(folder / "nowhere")


def test_masks_boxes_points_and_fits_say_the_same(samples: list[Any]) -> None:
    cars = people = hidden = 0
    for image, target in samples:
        assert image.shape == (3, 180, 320)
        for row, label in enumerate(target["labels"].tolist()):
            whole, seen = target["masks"][row].bool(), target["modal_masks"][row].bool()
            assert not (seen & ~whole).any()
            hidden += int(seen.sum() < whole.sum())
            left, top, right, bottom = target["boxes"][row].tolist()
            ys, xs = torch.nonzero(whole, as_tuple=True)
            assert left - 1.5 <= xs.min() <= xs.max() + 1 <= right + 1.5
            assert top - 1.5 <= ys.min() <= ys.max() + 1 <= bottom + 1.5
            if CATEGORIES[label - 1] is Category.CAR:
                cars += 1
                which = points_of(Template.CAR)
                known = target["point_tags"][row, which] >= 0
                places = target["keypoints"][row, which, :2]
                assert known.all()
                # the mesh's points and the shape space's are a hand apart
                away = (car_points(target, row) - places).norm(dim=1)
                assert away.max() < 0.06 * max(right - left, bottom - top) + 0.6
            else:
                people += 1
                assert torch.allclose(_person_points(target, row), _placed(target, row), atol=0.02)
    assert min(cars, people, hidden) > 0


def _person_points(target: Any, row: int) -> Any:
    """(17, 2) where the target's body has COCO's points, pixels on pixel edges."""
    model = stand_in_body()
    root = axis_angles(target["body_rotation"][row].double().numpy())
    pose = np.concatenate([root[None], target["body_pose"][row].double().numpy()])
    posed = model.posed(pose, target["body_betas"][row, : model.betas].double().numpy())
    points = coco_keypoints(posed, face_points(model)) - posed.joints[0]
    rays = torch.from_numpy(points).float() + target["body_translation"][row]
    rays = rays @ target["intrinsics"].mT
    return rays[:, :2] / rays[:, 2:]


def _placed(target: Any, row: int) -> Any:
    return target["keypoints"][row, points_of(Template.PERSON), :2]


def test_a_file_that_is_damaged_is_told(folder: Path, tmp_path: Path) -> None:
    name = PLAN.names("train")[0]
    (tmp_path / name).write_bytes((folder / name).read_bytes()[:-200])
    with pytest.raises(TrainingError, match="cannot be read"):
        StreetPictures(tmp_path, [name], CATEGORIES)[0]
    with pytest.raises(TrainingError, match="cannot be read"):
        StreetPictures(tmp_path, ["other.npz"], CATEGORIES)[0]
    with pytest.raises(IndexError):
        StreetPictures(tmp_path, [name], CATEGORIES)[1]


def test_what_is_not_looked_for_is_ignored(folder: Path, samples: list[Any]) -> None:
    cars = StreetPictures(folder, PLAN.names("train"), (Category.CAR,))
    for place, (_, target) in enumerate(samples):
        alone = cars[place][1]
        people = int((target["labels"] == 2).sum())
        assert len(alone["labels"]) == len(target["labels"]) - people
        assert len(alone["ignored_boxes"]) == len(target["ignored_boxes"]) + people


def test_evaluations_know_more_of_the_same_objects(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """How much of each is hidden and how far away it is, and the picture itself, without torch."""
    from core.errors import EvaluationError
    from core.jobs.evaluate.drawn_pictures import FOLDER, drawn_picture
    from core.jobs.evaluate.truth import StreetTruth
    from core.jobs.train import drawn

    plan = PicturePlan(streets=(0, 0, 1), frames=1, width=320, height=180)
    tested = tmp_path / FOLDER
    tested.mkdir()
    for train, test in zip(PLAN.names("train"), plan.names("test"), strict=True):
        shutil.copy(folder / train, tested / test)
    truth = StreetTruth(tested, plan, CATEGORIES)
    found = 0
    for place in range(len(truth)):
        sample = truth.sample(place)
        assert len(sample.truth.things) == len(sample.target["boxes"])
        for thing, corners, whole, modal in zip(
            sample.truth.things,
            sample.target["boxes"],
            sample.target["masks"],
            sample.target["modal_masks"],
            strict=True,
        ):
            assert thing.seen.box.right == pytest.approx(float(corners[2]))
            assert thing.occlusion == pytest.approx(1 - float(modal.sum()) / float(whole.sum()), abs=1e-6)
            assert thing.distance_m is not None
            row = int((sample.target["boxes"] == corners).all(dim=1).nonzero()[0])
            where = "translation" if sample.target["has_fit"][row] else "body_translation"
            assert thing.distance_m == pytest.approx(float(sample.target[where][row].norm()), rel=1e-5)
            found += 1
        assert (sample.row.hour, sample.row.name) == (12, plan.names("test")[place])
        monkeypatch.setattr(drawn, "synthetic_folder", lambda: tmp_path)
        shown = drawn_picture(sample.row.name)
        assert (shown == (sample.image.permute(1, 2, 0).numpy() * 255).round()).all()
    assert found
    with pytest.raises(EvaluationError, match="no name of a drawn picture"):
        drawn_picture("../../secret.npz")
    with pytest.raises(EvaluationError, match="not on this machine"):
        drawn_picture("test-009-0-0000.npz")
