"""Decides which objects of a burst are unoccluded: our tests, put together."""

from __future__ import annotations

from collections.abc import Sequence

from core.mining.occlusion.border import border_outcome
from core.mining.occlusion.evidence import StaticEvidence, moving_tracks
from core.mining.occlusion.overlap import overlap_outcomes
from core.mining.occlusion.settings import OcclusionSettings
from core.mining.occlusion.shapes import Surroundings
from core.mining.occlusion.static import static_outcome
from core.mining.occlusion.static_map import StaticMap
from core.records.occlusion import Observation, OcclusionDecision, OcclusionLabel, TestOutcome


def decide_occlusion(
    observations: Sequence[Observation],
    width: int,
    height: int,
    settings: OcclusionSettings | None = None,
    static: StaticMap | None = None,
) -> list[OcclusionDecision]:
    """Which objects nothing covers, and why the others are.

    Args:
        observations: all objects of one sequence of one source, of every category, in any order.
        width, height: of the picture, pixels.
        settings: see `OcclusionSettings`.
        static: what stands in front, from `StaticEvidence.map()`; without it, it is drawn from these
            observations' masks alone, which sees less than one drawn with crops and from more bursts.

    Returns:
        one decision for each observation, in their order: unoccluded only if every test passes.
    """
    chosen = settings or OcclusionSettings()
    if static is None:
        evidence = StaticEvidence(width, height, chosen)
        evidence.add(observations)
        static = evidence.map()
    frames: dict[int, list[int]] = {}
    for place, one in enumerate(observations):
        frames.setdefault(one.frame, []).append(place)
    moving = moving_tracks(sorted(observations, key=lambda one: (one.time_s, one.frame, one.instance_id)))
    decisions: dict[int, OcclusionDecision] = {}
    for places in frames.values():
        # a fixed order, so that the order in which objects come changes nothing
        places.sort(key=lambda place: observations[place].instance_id)
        members = [observations[place] for place in places]
        around = [Surroundings(one) for one in members]
        overlaps = overlap_outcomes(members, around, chosen)
        for place, one, near, overlap in zip(places, members, around, overlaps, strict=True):
            hidden = static_outcome(one, near, static, chosen, one.track_id in moving)
            border = border_outcome(one.box, width, height, chosen)
            outcomes = (overlap, border) if hidden is None else (overlap, border, hidden)
            decisions[place] = _decision(one, outcomes)
    return [decisions[place] for place in range(len(observations))]


def _decision(one: Observation, outcomes: tuple[TestOutcome, ...]) -> OcclusionDecision:
    """All tests' verdict on one object; the worst margin, and never surer than the detector was."""
    occluded = any(outcome.occluded for outcome in outcomes)
    margin = min(outcome.margin for outcome in outcomes)
    if not occluded:
        margin *= min(max(one.score, 0.0), 1.0)
    label = OcclusionLabel.OCCLUDED if occluded else OcclusionLabel.UNOCCLUDED
    return OcclusionDecision(one.instance_id, label, margin, outcomes)
