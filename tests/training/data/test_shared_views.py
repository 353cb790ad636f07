"""What other calibrated cameras see teaches where hidden points are, with no label of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.geometry.trifocal import trifocal_misses  # noqa: E402
from core.networks.losses.counted import summed  # noqa: E402
from core.networks.occlusion_net.losses import trifocal_loss  # noqa: E402
from core.networks.occlusion_net.settings import HiddenFrom, OcclusionLossSettings  # noqa: E402
from core.networks.prelabeller import Prelabeller, PrelabellerSettings  # noqa: E402
from core.synthesis.street.shared_views import SharedCar  # noqa: E402
from core.training.data.crop_augment import Augmentation  # noqa: E402
from core.training.data.crops import PackedCrop, read_shard, write_shard  # noqa: E402
from core.training.data.said_cars import SaidCar, SaidCars, say, without_labels  # noqa: E402
from core.training.data.said_sets import SaidNoise, SaidSet  # noqa: E402
from core.training.data.shared_views import elsewhere_of, shared_crops  # noqa: E402
from core.training.tasks.hidden_points import form_of, make_task, pck_of, refined  # noqa: E402
from tests.training.data.shared import made_cars  # noqa: E402

CPU = torch.device("cpu")
TINY = PrelabellerSettings(px=32, widths=(8, 8), blocks=(0, 0), hidden=16, bins=24)


@pytest.fixture(scope="module")
def cars() -> list[SharedCar]:
    return made_cars()


@pytest.fixture(scope="module")
def said(cars: list[SharedCar]) -> list[SaidCar]:
    torch.manual_seed(0)
    network = Prelabeller(TINY).eval()
    crops = [crop for car in cars for crop in shared_crops(car)]
    looks = [without_labels(one) for one in say(network, crops)]
    return [one for one in looks if (one.elsewhere.seen & (one.tags > 0)).any()]


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


def test_a_look_that_chance_has_changed_misses_nothing(cars: list[SharedCar], tmp_path: Path) -> None:
    """Covered, cut by a border, mirrored, turned and placed anew, as hidden points are learned, and kept."""
    torch.manual_seed(0)
    crops = [crop for car in cars for crop in shared_crops(car, "made/")]
    assert crops[0].name == "made/south/0/0"
    write_shard(tmp_path / "shared.npz", crops)
    kept = read_shard(tmp_path / "shared.npz")
    how = Augmentation(cover=1.0, bar=0.5, cut=0.7, turn_rad=0.3, rough=0.0)
    changed = say(Prelabeller(TINY).eval(), kept, how=how, seed=3)
    batch = [SaidSet(changed, None)[place] for place in range(len(changed))]
    stacked = {name: torch.stack([one[name] for one in batch]) for name in batch[0]}
    args = (stacked["first"], stacked["second"], stacked["tensor"], stacked["seen"])
    assert float(trifocal_loss(stacked["points"], *args).mean) < 1e-8
    assert float(trifocal_loss(stacked["points"] + 0.2, *args).mean) > 1e-6
    turned = [np.array_equal(one.elsewhere.seen, crop.elsewhere.seen) for one, crop in _beside(changed, kept)]
    assert 0 < sum(turned) < len(kept)  # some are seen in a mirror
    assert {int(tag) for one in changed for tag in one.tags} > {0, 1}  # what covers and cuts them is told


def _beside(looks: list[SaidCar], crops: list[PackedCrop]) -> list[tuple[SaidCar, Any]]:
    return list(zip(looks, crops, strict=True))


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
