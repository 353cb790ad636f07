"""What other calibrated cameras see teaches where hidden points are, with no label of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.geometry.cameras import pinhole  # noqa: E402
from core.geometry.masks import box_to_patch  # noqa: E402
from core.geometry.poses import Pose, heading_rotation  # noqa: E402
from core.geometry.trifocal import trifocal_misses  # noqa: E402
from core.networks.losses.counted import summed  # noqa: E402
from core.networks.occlusion_net.losses import trifocal_loss  # noqa: E402
from core.networks.occlusion_net.settings import HiddenFrom, OcclusionLossSettings  # noqa: E402
from core.networks.prelabeller import Prelabeller, PrelabellerSettings  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.shapes.space_file import default_space  # noqa: E402
from core.synthesis.street.mounts import Mount, mount  # noqa: E402
from core.synthesis.street.shared_views import CarView, SharedCar  # noqa: E402
from core.synthesis.street.truth import PointsTruth, StreetFrame, StreetObject  # noqa: E402
from core.training.data.said_cars import SaidCar, SaidCars  # noqa: E402
from core.training.data.said_sets import SaidNoise, SaidSet  # noqa: E402
from core.training.data.shared_views import elsewhere_of, said_of_shared  # noqa: E402
from core.training.tasks.hidden_points import form_of, make_task, pck_of, refined  # noqa: E402

CPU = torch.device("cpu")
# three cameras about one place, each of which sees another side
MOUNTS = tuple(
    mount(name, pinhole(640, 360, 500.0), (x, y, 5.0), yaw, 0.3)
    for name, x, y, yaw in (
        ("south", -14.0, -1.0, 0.0),
        ("east", 1.0, -14.0, 1.57),
        ("north", 14.0, 6.0, 3.5),
    )
)


@pytest.fixture(scope="module")
def cars() -> list[SharedCar]:
    """Cars of the mean shape; what is on a car's far side is called hidden by itself."""
    return [
        SharedCar(n, 0, tuple(view_of(n, one, x, y, turn) for one in MOUNTS))
        for n, (x, y, turn) in enumerate(
            ((0.0, 0.0, 0.3), (1.0, 1.0, 2.0), (-1.0, 0.5, -1.0), (0.5, -1.0, 4.0))
        )
    ]


def view_of(track: int, where: Mount, x: float, y: float, turn: float) -> CarView:
    points = default_space().keypoints(np.zeros(5))
    local = points @ heading_rotation(turn).T + (x, y, 0.0)
    space = where.to_camera(local)
    pixels = where.camera.project(space)
    far = space[:, 2] > np.median(space[:, 2]) + 0.8
    tags = tuple(KeypointTag.SELF_OCCLUDED if one else KeypointTag.VISIBLE for one in far)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    box = Box(*(low + 0.5), *(high - low))
    mask = box_to_patch(box, 360, 640)
    car = StreetObject(
        *(track, Category.CAR, True, Pose(np.eye(3), np.zeros(3)), 10.0, box, box, mask, mask, 0.0, ()),
        PointsTruth(space, pixels, tags, (None,) * 12),
        None,
        np.zeros(5),
        None,
    )
    picture = np.full((360, 640, 3), 90, dtype=np.uint8)
    return CarView(where, car, StreetFrame(0, 0.0, picture, np.ones((360, 640), np.float32), (car,)))


@pytest.fixture(scope="module")
def said(cars: list[SharedCar]) -> list[SaidCar]:
    torch.manual_seed(0)
    network = Prelabeller(PrelabellerSettings(px=32, widths=(8, 8), blocks=(0, 0), hidden=16, bins=24)).eval()
    return said_of_shared(network, cars)


def test_true_points_miss_nothing(cars: list[SharedCar], said: list[SaidCar]) -> None:
    checked = 0
    for car in cars:
        first, own, second = car.views
        elsewhere = elsewhere_of(first, own, second)
        # for all twelve, seen or not: geometry holds behind things, too
        [mine] = [elsewhere_of(own, first, second).first]
        misses = trifocal_misses(elsewhere.tensor, elsewhere.first, mine, elsewhere.second)
        assert np.abs(misses).max() < 1e-9
        checked += 1
    assert checked
    batch = [SaidSet(said, None)[place] for place in range(len(said))]
    stacked = {name: torch.stack([one[name] for one in batch]) for name in batch[0]}
    hidden = (stacked["tags"] > 0) & stacked["seen"]
    assert hidden.any(dim=1).all()  # each look has something to learn from
    assert not stacked["labelled"][stacked["tags"] > 0].any()
    args = (stacked["first"], stacked["second"], stacked["tensor"], hidden)
    exact = trifocal_loss(stacked["points"], *args).mean
    assert float(exact) < 1e-8
    assert float(trifocal_loss(stacked["points"] + 0.2, *args).mean) > 1e3 * float(exact) + 1e-6


def test_a_turned_look_still_misses_nothing(said: list[SaidCar]) -> None:
    torch.manual_seed(1)
    turned = SaidSet(said, SaidNoise(turn_rad=0.4, grow=0.3))
    for place in range(len(said)):
        one = {name: value[None] for name, value in turned[place].items()}
        which = one["seen"] & (one["tags"] > 0)
        missed = trifocal_loss(one["points"], one["first"], one["second"], one["tensor"], which)
        assert float(missed.mean) < 1e-8


def test_hidden_points_are_learned_from_other_cameras_alone(said: list[SaidCar]) -> None:
    rng = np.random.default_rng(2)
    known = []
    for one in said[:4]:
        hidden = one.tags > 0
        away = np.where(hidden[:, None], rng.normal(0, 0.5, (12, 2)), 0.0)
        # what only this camera could tell is not asked for
        tags = np.where(hidden & ~one.elsewhere.seen, -1, one.tags)
        known.append(replace(one, places=one.points + away, scores=np.where(hidden, 0.1, 0.9), tags=tags))
    form = form_of("paper", hidden=48)
    by_others = OcclusionLossSettings(hidden_from=HiddenFrom.TRIFOCAL, trifocal=30.0)
    task = make_task(SaidCars(known, known, {}), form=replace(form, losses=by_others))
    torch.manual_seed(0)
    network = task.network()
    batch = task.collate([SaidSet(known, None)[place] for place in range(len(known))])
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=0.0)
    losses = []
    for _ in range(120):
        parts = task.losses(network, batch)
        losses.append(float(parts["trifocal"].mean.detach()))
        optimiser.zero_grad()
        summed(parts).backward()
        optimiser.step()
    assert losses[-1] < 0.02 * losses[0]
    before = pck_of([one.places for one in known], known)["pck_0.1.hidden"]
    after = pck_of(refined(network.eval(), form.network, known, CPU).points, known)["pck_0.1.hidden"]
    assert after > before + 0.3
