"""The simulated annotator: whom it clicks, when it accepts, and how its curve counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks._clicking import MOST_CLICKS, Annotated, annotate, median_clicks, share_right
from benchmarks._seen_cars import scene
from benchmarks._street_cars import CarView
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fitter import VehicleFitter
from core.geometry.ground_plane import pose_on_ground
from core.geometry.masks import empty_patch
from core.records.boxes import Box
from core.records.fits import VehicleFit
from core.records.shapes import KeypointTag
from core.shapes.keypoints import COUNT
from core.shapes.space_file import default_space

WHERE = scene()
SPACE = default_space()
POSE = pose_on_ground(WHERE.plane, (25.0, 0.0), 0.6)
PIXELS = WHERE.camera.project(POSE.apply(SPACE.keypoints(np.zeros(5))))


class Still(VehicleFitter):
    """Always gives the true car, whatever is clicked, and keeps what was."""

    def __init__(self) -> None:
        super().__init__(WHERE.camera, WHERE.plane, SPACE)
        self.asked: list[KeypointEvidence] = []
        self.truth = super().fit(KeypointEvidence(PIXELS, np.ones(COUNT)))

    def fit(self, evidence: KeypointEvidence, start: VehicleFit | None = None) -> VehicleFit:
        self.asked.append(evidence)
        return self.truth


def view(visible: Sequence[int], moved_px: dict[int, float], size_px: float = 100.0) -> CarView:
    """A car of which some points truly lie so many pixels to the right of where `Still` puts them."""
    pixels = PIXELS.copy()
    for index, way in moved_px.items():
        pixels[index, 0] += way
    tags = tuple(
        KeypointTag.VISIBLE if index in visible else KeypointTag.SELF_OCCLUDED for index in range(COUNT)
    )
    return CarView(
        1, False, Box(0, 0, size_px, 10), size_px, empty_patch(), 0.0, POSE.rotation, POSE.translation,
        np.zeros(5), pixels, tags, (None,) * COUNT,
    )  # fmt: skip


def do(car: CarView, *, by_sight: bool = False) -> tuple[Annotated, Still]:
    fitter = Still()
    return annotate(fitter, car, np.random.default_rng(0), by_sight), fitter


def test_a_car_that_is_right_is_accepted_without_a_click() -> None:
    done, _ = do(view([0, 2, 4], {0: 4.9}))  # 5 % of 100 px are 5
    assert done.clicks == 0
    assert done.right_after(0) == 1.0


def test_the_worst_visible_point_is_clicked_first() -> None:
    done, fitter = do(view([0, 2, 4], {0: 10.0, 2: 30.0, 4: 20.0, 5: 90.0}))
    firsts = [set(np.flatnonzero(evidence.used).tolist()) for evidence in fitter.asked]
    assert firsts[:3] == [set(), {2}, {2, 4}]
    # the hidden point is never clicked, and stays wrong
    assert all(not evidence.used[5] for evidence in fitter.asked)
    assert [int((~right).sum()) for right in done.right[:4]] == [4, 3, 2, 1]


def test_by_sight_a_hidden_point_that_is_wrong_is_not_noticed() -> None:
    car = view([0, 2, 4], {0: 10.0, 5: 90.0})
    assert do(car, by_sight=True)[0].clicks == 1
    # else the visible ones are all clicked before it is given up
    assert do(car)[0].clicks == 3


def test_clicks_are_off_by_one_percent_and_by_a_pixel_at_least() -> None:
    off = {size: [] for size in (60.0, 500.0)}  # type: dict[float, list[float]]
    for size, found in off.items():
        for seed in range(200):
            fitter = Still()
            car = view([0], {0: 0.5 * size}, size)
            annotate(fitter, car, np.random.default_rng(seed), True)
            found += (fitter.asked[1].pixels[0] - car.pixels[0]).tolist()
    assert 0.85 < np.std(off[60.0]) < 1.15
    assert 4.25 < np.std(off[500.0]) < 5.75


def test_curves_carry_on_after_a_car_is_accepted() -> None:
    quick, _ = do(view([0, 2, 4], {}))
    slow, _ = do(view([0, 2, 4], {0: 10.0, 2: 30.0, 4: 20.0}))
    assert (quick.clicks, slow.clicks) == (0, 3)
    assert median_clicks([quick, slow]) == 1.5
    assert share_right([quick, slow], 0) == (1 + 9 / 12) / 2
    assert share_right([quick, slow], MOST_CLICKS) == 1.0
