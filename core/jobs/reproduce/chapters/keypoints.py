"""Keypoints with and without the project's labels, and by how much of a car is hidden (figures 6 and 7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from safetensors.torch import load_file, save_file

from core.jobs.reproduce.arms import ArmPlan, stage_street, test_plans
from core.jobs.reproduce.chapter import Chapter, Page
from core.jobs.reproduce.placed import PLACED, placed_views
from core.jobs.reproduce.point_crops import crops_of_test, shard_of_test
from core.jobs.reproduce.point_figures import GROUPS, car_counts, point_counts, point_figures
from core.jobs.reproduce.point_tables import point_claims, point_report
from core.jobs.reproduce.points import FoundPoints, PointArm, asked, parts_of_arm, taught_points
from core.jobs.reproduce.size import Size
from core.jobs.reproduce.sizes import SCALES
from core.jobs.reproduce.units import Unit, write_whole
from core.networks.prelabeller import PrelabellerSettings
from core.training.data.crops import PackedCrop, read_shard, write_shard
from core.training.data.street_frames import StreetPlan, StreetTruth, make_street_frames
from core.training.data.synthetic_crops import single_cars

_DRAWN_SEED = 9_000  # of the single cars: far from the streets' and the suite's other seeds


@dataclass(frozen=True, slots=True)
class PointScale:
    """What of it there is.

    Attributes:
        streets: of what is learned from and measured by; the whole masks' own.
        drawn: single cars; 0: the start learns from the project's labels, so that nothing is drawn for it.
        models: different cars among them.
        start_steps: of 48 crops, for the start that all share. steps: likewise, for each network after it.
        seeds: how often each network is trained anew.
        draws: of the test's tracks, for intervals.
        network: its form.
    """

    streets: ArmPlan
    drawn: int
    models: int
    start_steps: int
    steps: int
    seeds: int
    draws: int
    network: PrelabellerSettings


_SMALL = PointScale(
    streets=SCALES[Size.SMALL].streets,
    drawn=1200,
    models=80,
    start_steps=500,
    steps=200,
    seeds=3,
    draws=1000,
    network=PrelabellerSettings(px=64, hidden=192, bins=64),
)
POINT_SCALES = {
    Size.SMOKE: PointScale(
        streets=SCALES[Size.SMOKE].streets,
        drawn=0,
        models=1,
        start_steps=1,
        steps=1,
        seeds=1,
        draws=20,
        network=PrelabellerSettings(px=32, widths=(8, 16), blocks=(0, 0), hidden=16, bins=16),
    ),
    Size.SMALL: _SMALL,
    Size.FULL: replace(
        _SMALL,
        streets=SCALES[Size.FULL].streets,
        drawn=20_000,
        models=600,
        start_steps=20_000,
        steps=20_000,
        network=PrelabellerSettings(),
    ),
}
"""Only the small one was run by its makers; the full one has met no GPU yet."""


@dataclass(frozen=True, slots=True)
class _Teaching:
    """One network to be trained."""

    arm: PointArm
    seed: int

    def found(self, home: Path, scale: PointScale) -> Path:
        """What it says of the test's cars."""
        return home / "keypoints" / f"{self.arm.value}-{self.seed}-{scale.steps}.json"


def _units(home: Path, size: Size) -> list[Unit]:
    scale = POINT_SCALES[size]
    made = [
        Unit(
            f"the cars of the test's street {number + 1}",
            shard_of_test(home, number),
            partial(_cut_test, home, plan, number),
            drawn=True,
        )
        for number, plan in enumerate(test_plans(scale.streets))
    ]
    if scale.drawn:
        made.append(Unit("single cars", _drawn_path(home), partial(_draw, home, scale), drawn=True))
    made.append(Unit("the pre-labellers' start", _start_path(home), partial(_begin, home, scale)))
    made += [
        Unit(
            f"keypoints from {one.arm.value}, seed {one.seed}",
            one.found(home, scale),
            partial(_teach, home, scale, one),
        )
        for one in _teachings(scale)
    ]
    return made


def _page(home: Path, size: Size) -> Page | None:
    scale = POINT_SCALES[size]
    found: dict[PointArm, list[FoundPoints]] = {}
    for one in _teachings(scale):
        path = one.found(home, scale)
        if path.exists():
            said = FoundPoints.of_json(json.loads(path.read_text(encoding="utf-8")))
            found.setdefault(one.arm, []).append(said)
    if not found or not len(next(iter(found.values()))[0].hidden):
        return None
    networks = {arm: point_figures(said, scale.draws) for arm, said in found.items()}
    first = next(iter(found.values()))[0]
    drawn = _drawn(home)
    learned = {
        arm.value: sum(len(part) for part in parts_of_arm(home, arm, scale.streets.seeds, drawn))
        for arm in found
    }
    settings = {"steps": scale.steps, "after": f"{scale.start_steps} that all share", "seeds": scale.seeds}
    claims = point_claims(networks)
    numbers = {
        "scale": asdict(scale) | {"network": scale.network.as_json()},
        "test": point_counts(first),
        "learned from": learned,
        "networks": {
            arm.value: {
                "by seed": one.by_seed.tolist(),
                "figures": {name: asdict(one.interval(number)) for number, name in enumerate(GROUPS)},
            }
            for arm, one in networks.items()
        },
        "claims": [asdict(one) | {"verdict": one.verdict} for one in claims],
    }
    report = point_report(networks, point_counts(first), car_counts(first), learned, settings)
    return Page(report, numbers)


def _teachings(scale: PointScale) -> Iterator[_Teaching]:
    """One seed after another, so that what is cut off has some of everything."""
    for seed in range(scale.seeds):
        for arm in PointArm:
            yield _Teaching(arm, seed)


def _cut_test(home: Path, plan: StreetPlan, number: int) -> None:
    folders = make_street_frames(home / "test", plan)
    [street] = plan.numbers
    views = placed_views(home / PLACED, plan, street, [folder.name for folder in folders])
    crops: list[PackedCrop] = []
    for view, folder in zip(views, folders, strict=True):
        truth = StreetTruth([folder])
        crops += crops_of_test(view, (truth.frame(place) for place in range(len(truth))), folder.name)
    write_shard(shard_of_test(home, number), crops)


def _draw(home: Path, scale: PointScale) -> None:
    write_shard(_drawn_path(home), single_cars(_DRAWN_SEED, scale.drawn, scale.models))


def _drawn_path(home: Path) -> Path:
    return home / "points" / "drawn.npz"


def _start_path(home: Path) -> Path:
    return home / "points" / "start.safetensors"


def _drawn(home: Path) -> list[PackedCrop]:
    path = _drawn_path(home)
    return read_shard(path) if path.exists() else []


def _begin(home: Path, scale: PointScale) -> None:
    for number in range(len(scale.streets.seeds)):
        stage_street(home, scale.streets, number)  # the whole masks' units have, unless they are not run
    parts = parts_of_arm(home, PointArm.DRAWN, (), _drawn(home))
    parts = parts or parts_of_arm(home, PointArm.OWN, scale.streets.seeds, [])
    network = taught_points(parts, scale.network, None, 0, scale.start_steps)
    part = _start_path(home).with_suffix(".new")
    save_file({name: one.cpu().contiguous() for name, one in network.state_dict().items()}, part)
    part.replace(_start_path(home))


def _teach(home: Path, scale: PointScale, one: _Teaching) -> None:
    seeds = scale.streets.seeds
    parts = parts_of_arm(home, one.arm, seeds, _drawn(home))
    parts = parts or parts_of_arm(home, PointArm.OWN, seeds, [])
    network = taught_points(parts, scale.network, load_file(_start_path(home)), one.seed + 1, scale.steps)
    cars = [car for number in range(scale.streets.tests) for car in read_shard(shard_of_test(home, number))]
    write_whole(one.found(home, scale), json.dumps(asked(network, cars).as_json()))


KEYPOINTS = Chapter("Keypoints by what is learned from", "keypoints", _units, _page)
