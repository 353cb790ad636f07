"""How large a reproduction is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.jobs.reproduce.arms import ArmPlan
from core.jobs.reproduce.size import Size


@dataclass(frozen=True, slots=True)
class Scale:
    """What of everything there is.

    Attributes:
        streets: of what is learned from and measured by.
        pretraining: streets for the backbone, each through two cameras; 0: it learns from what is seen on
            those that all learn from.
        pretraining_frames: of each of these cameras. pretraining_steps: of 48 objects.
        seeds: how often each network is trained anew.
        steps: of 48 objects, for each network.
        fractions: of the composites, for the curve over the share of data.
        detector_steps: of four windows, for each whole detector and for the start that they share; 0: none
            are trained.
        draws: of the test's pictures, for intervals.
    """

    streets: ArmPlan
    pretraining: int
    pretraining_frames: int
    pretraining_steps: int
    seeds: int
    steps: int
    fractions: tuple[float, ...]
    detector_steps: int
    draws: int


_SMALL = Scale(
    streets=ArmPlan(seeds=(41, 42, 43, 44), frames=60, tests=3, test_frames=10),
    pretraining=2,
    pretraining_frames=30,
    pretraining_steps=600,
    seeds=3,
    steps=600,
    fractions=(0.25, 0.5, 1.0),
    detector_steps=0,
    draws=1000,
)

SCALES = {
    Size.SMOKE: Scale(
        streets=ArmPlan(
            seeds=(41,),
            frames=2,
            tests=1,
            test_frames=1,
            width=256,
            height=144,
            cars=12,
            people=4,
            least=2,
            most=3,
            crowded=False,
        ),
        pretraining=0,
        pretraining_frames=0,
        pretraining_steps=2,
        seeds=1,
        steps=2,
        fractions=(0.5, 1.0),
        detector_steps=0,
        draws=20,
    ),
    Size.SMALL: _SMALL,
    Size.FULL: replace(
        _SMALL,
        streets=ArmPlan(seeds=tuple(range(41, 61)), frames=500, tests=10, test_frames=40),
        pretraining=10,
        pretraining_frames=200,
        pretraining_steps=20_000,
        steps=20_000,
        fractions=(0.15, 0.25, 0.5, 0.6, 1.0),
        detector_steps=30_000,
    ),
}
"""Only the small one was run by its makers on two cores; the full one has met no GPU yet."""
