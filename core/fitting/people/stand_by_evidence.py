"""Where somebody stands by what is known of the feet: where the box ends at them, else by what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.ends import STRIP, Ends, hider_at
from core.fitting.people.evidence import BodyEvidence
from core.fitting.people.stand_doubt import MOST_SIGMAS, doubt_of_box, moves_of, stand_sigmas
from core.fitting.people.standing import Stand, StandsBy, stand
from core.fitting.people.verdict import LEAST_RATIO, MOST_RATIO
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Stood:
    """Where a body stands, and why there.

    Attributes:
        where: the place.
        spread: (3, 3) its covariance, camera frame, square metres; None where it is not held.
        feet_show: whether nothing is known that would hide the feet or cut them off.
        disagrees: whether the place is not the box's because the body says that the box ends elsewhere than
            the feet.
    """

    where: Stand
    spread: Array | None
    feet_show: bool
    disagrees: bool


def stand_by_evidence(
    camera: Camera,
    plane: GroundPlane | None,
    skin: Array,
    evidence: BodyEvidence,
    ends: Ends,
    *,
    pelvis: Array | None = None,
    centred: bool = True,
    occluded: bool = False,
) -> Stood | None:
    """Where a body stands, and how sure that is.

    Where no tag says that an ankle is visible, the box ends at the feet only as far as is known: a wall that
    nobody drew may cut it. So the body is asked, too (`stand_doubt.doubt_of_box`). Beyond three standard
    deviations the box is not believed. Within them, what the assumed ones do not explain is added to them.

    Args:
        skin: (V, 3) the body against its pelvis, camera orientation, metres.
        evidence, ends: of the person.
        pelvis: (3,) as the system told it, camera frame, or None.
        centred: see `standing.stand_on_box`.
        occluded: whether the person is labelled so: what hides a part may hide the feet.

    Returns:
        None where nothing puts the body before the camera.
    """
    box = evidence.box
    feet_show = ends.feet_show or not (occluded or _feet_hidden(evidence, ends))
    where = stand(camera, plane, skin, box, feet_show=feet_show, pelvis=pelvis, centred=centred)
    if where is None:
        return None
    moves = moves_of(camera, plane, skin, box, where, pelvis=pelvis, centred=centred)
    if plane is None or where.by is not StandsBy.BOX or ends.feet_show:
        return Stood(where, stand_sigmas(plane, where, moves), feet_show, disagrees=False)
    doubt = doubt_of_box(
        camera,
        plane,
        skin,
        box,
        where,
        moves,
        pelvis=pelvis,
        head_shows=not _head_hidden(evidence, ends),
        centred=centred,
    )
    other = None
    # so far off that nobody can say what is wrong, the box or the ground: the verdict says that
    out_of_reach = doubt.too_tall < LEAST_RATIO - 1 or doubt.too_tall > MOST_RATIO - 1
    if doubt.sigmas > MOST_SIGMAS and not out_of_reach:
        other = stand(camera, plane, skin, box, feet_show=False, pelvis=pelvis, centred=centred)
    if other is None:
        return Stood(where, stand_sigmas(plane, where, moves, doubt.excess_m), feet_show, disagrees=False)
    moves = moves_of(camera, plane, skin, box, other, pelvis=pelvis, centred=centred)
    return Stood(other, stand_sigmas(plane, other, moves), feet_show, disagrees=True)


def _feet_hidden(evidence: BodyEvidence, ends: Ends) -> bool:
    return ends.hidden_feet or "bottom" in ends.at_border or _hider_near(evidence, evidence.box.bottom)


def _head_hidden(evidence: BodyEvidence, ends: Ends) -> bool:
    return "top" in ends.at_border or _hider_near(evidence, evidence.box.y)


def _hider_near(evidence: BodyEvidence, row: float) -> bool:
    """Whether what may stand in front comes near a row of the box."""
    box, strip = evidence.box, STRIP * max(evidence.box.h, 1.0)
    return hider_at(evidence, box.x, box.right, row - strip, row + strip)
