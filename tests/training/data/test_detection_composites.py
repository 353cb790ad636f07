"""Composites of a project as the detector learns from them: fits, cameras and boxes belong together."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from core.jobs.compose.supply import StoredComposites  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.recipes import Recipe  # noqa: E402
from core.shapes.space_file import default_space  # noqa: E402
from core.training.data.augment import Augment  # noqa: E402
from core.training.data.detection import DetectionComposites, Spaces  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.yard import CAMERA, HEIGHT, WIDTH, Yard  # noqa: E402
from tests.store.doing_cars import body_fit_of  # noqa: E402
from tests.training.data.samples import car_points  # noqa: E402

SETTINGS = {"validation_percent": 0, "test_percent": 0, "least": 2, "most": 4, "seed": 5}


@dataclass(frozen=True)
class YardCamera:
    """The yard's only camera."""

    def matrix(self, recipe: Recipe) -> NDArray[np.float64] | None:
        assert recipe.objects
        return np.array(CAMERA.matrix)

    def distortion(self, recipe: Recipe) -> tuple[float, ...]:
        assert recipe.objects
        return ()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DetectionComposites:
    yard = Yard(tmp_path_factory.mktemp("yard") / "yard.amodal")
    do_job(yard.path, "cut")
    do_job(yard.path, "compose", count=4, name="Mine", **SETTINGS)
    supply = StoredComposites(yard.path, "Mine")
    return DetectionComposites(supply, (Category.PERSON, Category.CAR), YardCamera())


def within(target: Any, row: int, margin: float) -> bool:
    points, box = car_points(target, row), target["boxes"][row]
    low, high = points.amin(dim=0), points.amax(dim=0)
    return bool((low >= box[:2] - margin).all() and (high <= box[2:] + margin).all())


def test_fits_lie_in_their_boxes(data: DetectionComposites) -> None:
    """The points that a fit has, through the camera, are where the object is in the picture."""
    assert len(data) == 4
    for index in range(len(data)):
        image, target = data[index]
        assert image.shape == (3, HEIGHT, WIDTH)
        assert (target["labels"] == 2).all()
        assert target["has_fit"].all()
        assert len(target["boxes"])
        assert all(within(target, row, 2.0) for row in range(len(target["boxes"])))


def test_whatever_chance_does_to_a_composite(data: DetectionComposites) -> None:
    for seed in range(6):
        torch.manual_seed(seed)
        _, target = Augment(further=0.75, nearer=1.0)(data[seed % len(data)])
        assert all(within(target, row, 2.0) for row in range(len(target["boxes"])))


def test_fits_of_another_space_teach_nothing(data: DetectionComposites) -> None:
    """Not even where its file bears the same name; the objects stay, and so do their points."""
    supply, categories = data._supply, (Category.PERSON, Category.CAR)
    name, digest = default_space().label.rsplit(" ", 1)
    same = DetectionComposites(supply, categories, YardCamera(), Spaces(f"renamed {digest}", ""))
    other = DetectionComposites(supply, categories, YardCamera(), Spaces(f"{name} 0123456789ab", ""))
    for index in range(len(data)):
        (_, plain), (_, kept), (_, sifted) = data[index], same[index], other[index]
        assert kept["has_fit"].all()
        assert torch.equal(kept["shape"], plain["shape"])
        assert not sifted["has_fit"].any()
        assert not sifted["rotation"].any()
        assert torch.equal(sifted["keypoints"], plain["keypoints"])
        assert torch.equal(sifted["boxes"], plain["boxes"])
    with pytest.raises(IndexError):
        data[len(data)]


def test_people_teach_by_the_hashes_that_their_body_and_the_networks_both_have() -> None:
    person = SimpleNamespace(fit=body_fit_of(), shape_space="SMPL 0123456789ab")
    for people, holds in (("own 0123456789ab-0011", True), ("own 0123456789ac-0011", False)):
        assert Spaces("cars 0123456789ab", people).holds(person) is holds  # type: ignore[arg-type]
    person.shape_space = "SMPL 0123456789ab-0012"
    assert not Spaces("cars 0123456789ab-0012", "own 0123456789ab-0011").holds(person)  # type: ignore[arg-type]


def test_it_is_pickled_without_its_memory(data: DetectionComposites) -> None:
    before = data[0][1]["boxes"]
    sent = pickle.dumps(data)
    assert len(sent) < 10_000
    assert torch.equal(pickle.loads(sent)[0][1]["boxes"], before)  # noqa: S301
