"""STATIC: is an object hidden by something that never moves: a pole, a sign, a tree, a fence?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.mining.occlusion.margins import margin_below
from core.mining.occlusion.settings import OcclusionSettings
from core.mining.occlusion.shapes import Surroundings
from core.mining.occlusion.static_map import StaticMap
from core.records.occlusion import Observation, OcclusionTest, TestOutcome

_LEAST_KNOWN = 0.1  # share of the object's box over which others must have passed, to tell
_ITSELF = 0.3  # what fills this share of what is seen of an object is the object: parked, others passed
_SAME_DEPTH = 0.15  # how much lower than any seen behind the thing an object may stand, share of its size


def static_outcome(
    one: Observation,
    around: Surroundings,
    static: StaticMap,
    settings: OcclusionSettings,
    moves: bool = False,
) -> TestOutcome | None:
    """How far static things cross or border an object, as a share of its size.

    Args:
        around: of the object.
        moves: whether its track ends elsewhere than it began: then it cannot be the static thing itself.

    Returns:
        the outcome, or None where too few objects passed to tell.
    """
    bottom = one.box.bottom - _SAME_DEPTH * one.box.size
    things = static.things(around.left, around.top, around.width, around.height, bottom)
    threshold = settings.static_share
    itself = things is not None and not moves and _is_itself(around, things)
    value = 0.0 if things is None or itself else around.shared_border(things)
    if things is None:
        box = (round(one.box.x), round(one.box.y), max(round(one.box.w), 1), max(round(one.box.h), 1))
        if static.known_share(*box) < _LEAST_KNOWN:
            return None
    if value == 0:
        detail = "nothing static stands in front of it"
    else:
        detail = f"something static crosses or borders it along {100 * value:.0f} % of its size"
    margin = margin_below(value, threshold)
    return TestOutcome(OcclusionTest.STATIC, value, threshold, value > threshold, margin, None, detail)


def _is_itself(around: Surroundings, things: NDArray[np.bool_]) -> bool:
    """Whether the static thing is the object: a parked car never changes either."""
    own = around.own()
    return int(np.count_nonzero(things & own)) > _ITSELF * int(np.count_nonzero(own))
