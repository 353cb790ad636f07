"""Decides which objects are unoccluded by what a network believes, and by the picture's border."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.mining.occlusion.border import border_outcome
from core.mining.occlusion.settings import OcclusionSettings
from core.records.occlusion import (
    Observation,
    OcclusionDecision,
    OcclusionLabel,
    OcclusionTest,
    TestOutcome,
)


def decide_by_belief(
    observations: Sequence[Observation],
    beliefs: Mapping[int, float],
    width: int,
    height: int,
    least_belief: float,
    settings: OcclusionSettings | None = None,
) -> list[OcclusionDecision]:
    """Which objects nothing covers, by a classifier (WALT3D, Supp D).

    Args:
        observations: any objects.
        beliefs: instance id -> 0 to 1, how sure the network is that an object is unoccluded; those that it
            has not seen are left out of what is decided.
        width, height: of the picture, pixels.
        least_belief: from here on an object counts as unoccluded, 0 to 1, neither of them.
        settings: of the border, which needs no network.

    Returns:
        a decision for each object that the network has seen, in their order. The margin is how far the belief
        is from the limit, as a share of how far it could be: so the least certain come first in the queue.
    """
    chosen = settings or OcclusionSettings()
    decisions = []
    for one in observations:
        belief = beliefs.get(one.instance_id)
        if belief is None:
            continue
        outcomes = (
            belief_outcome(belief, least_belief),
            border_outcome(one.box, width, height, chosen),
        )
        occluded = any(outcome.occluded for outcome in outcomes)
        label = OcclusionLabel.OCCLUDED if occluded else OcclusionLabel.UNOCCLUDED
        margins = [outcome.margin for outcome in outcomes]
        decisions.append(OcclusionDecision(one.instance_id, label, min(margins), outcomes))
    return decisions


def belief_outcome(belief: float, least_belief: float) -> TestOutcome:
    """What the network says of one object, as a test.

    Args:
        belief: that it is unoccluded, 0 to 1. least_belief: see `decide_by_belief`.
    """
    occluded = belief < least_belief
    room = least_belief if occluded else 1 - least_belief
    return TestOutcome(
        test=OcclusionTest.CLASSIFIER,
        value=1 - belief,
        threshold=1 - least_belief,
        occluded=occluded,
        margin=(belief - least_belief) / room,
        by=None,
        detail=f"the network is {100 * max(belief, 1 - belief):.0f} % sure",
    )
