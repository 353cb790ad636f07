"""Where a person begins and ends in the picture, as far as box, mask and tags know it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.evidence import BodyEvidence
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import patch_area, patch_box, tighten, window
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import ANKLES, FACE

# a box's edge, and what of a person's height hair, hats, shoes and loose masks are
EDGE_PX, TOP_SHARE, BOTTOM_SHARE = 2.0, 0.03, 0.015
# an edge so near to the picture's is the picture's
_BORDER_PX = 1.5
# a hider within this part of the height of an end may have cut it
STRIP = 0.06
# who is seen half as long as from the side, or less, is seen from above
_FROM_ABOVE = 0.5
_SEEN_HIDDEN = (KeypointTag.OTHER_OCCLUDED, KeypointTag.TRUNCATED)


@dataclass(frozen=True, slots=True)
class Ends:
    """What is known of a person's extent.

    Attributes:
        top, bottom: rows of the picture (pixel centres), where the person's head and feet end.
        top_px, bottom_px: their standard deviations; inf where an end is not known or tells nothing.
        middle: the column between the box's sides. height: of box or mask, pixels.
        feet_show, head_shows: whether an ankle, or a point of the head, is said to be visible and nothing
            has cut the mask there.
        at_border: the sides at which the picture ends the box: any of "left", "right", "top", "bottom".
        hidden_feet: whether both ankles are said to be hidden by something else or outside the picture.
    """

    top: float
    bottom: float
    top_px: float
    bottom_px: float
    middle: float
    height: float
    feet_show: bool
    head_shows: bool
    at_border: tuple[str, ...]
    hidden_feet: bool


def ends_of(evidence: BodyEvidence, width: int, height: int) -> Ends:
    """Reads box, mask, hiders and tags.

    The mask may be cut: by hiders, by the picture's border, or by something nobody has drawn. So an end
    counts only where a point near it is said to be visible, and where no hider's mask comes near it.

    Args:
        width, height: of the picture, pixels.
    """
    box = evidence.box
    if evidence.mask is not None and patch_area(evidence.mask) > 0:
        box = patch_box(tighten(evidence.mask))
    border = tuple(
        name
        for name, cut in (
            ("left", box.x < _BORDER_PX),
            ("right", box.right > width - _BORDER_PX),
            ("top", box.y < _BORDER_PX),
            ("bottom", box.bottom > height - _BORDER_PX),
        )
        if cut
    )
    seen, tall = evidence.seen, max(box.h, 1.0)
    feet = bool(seen[list(ANKLES)].any()) and "bottom" not in border
    head = bool(seen[list(FACE)].any()) and "top" not in border
    strip = STRIP * tall
    feet = feet and not hider_at(evidence, box.x, box.right, box.bottom - strip, box.bottom + strip)
    head = head and not hider_at(evidence, box.x, box.right, box.y - strip, box.y + strip)
    tags = [evidence.tags[index] for index in ANKLES]
    return Ends(
        top=box.y - 0.5,
        bottom=box.bottom - 0.5,
        top_px=float(np.hypot(EDGE_PX, TOP_SHARE * tall)) if head else np.inf,
        bottom_px=float(np.hypot(EDGE_PX, BOTTOM_SHARE * tall)) if feet else np.inf,
        middle=box.x + box.w / 2 - 0.5,
        height=box.h,
        feet_show=feet,
        head_shows=head,
        at_border=border,
        hidden_feet=all(tag in _SEEN_HIDDEN for tag in tags),
    )


def of_upright(ends: Ends, camera: Camera, plane: GroundPlane, tall_m: float) -> Ends:
    """The ends of somebody on the ground: where the picture shows who stands there lying, on the head or from
    far above, the box's first and last rows are not the head's and the feet's: they tell nothing.

    Args:
        plane: in the camera's frame.
        tall_m: of somebody usual.
    """
    foot = plane.points_or_nan(camera, np.array([ends.middle, ends.bottom]))
    way = way_up(foot, camera, plane.normal, tall_m)
    if way is None or (way[1] < 0 and abs(way[0]) <= -way[1]):
        return ends
    return replace(ends, top_px=np.inf, bottom_px=np.inf)


def way_up(
    place: NDArray[np.float64], camera: Camera, up: NDArray[np.float64], tall_m: float
) -> NDArray[np.float64] | None:
    """(2,) the way in the picture from a place (3,), camera frame, to what is so high above it, pixels.

    Returns:
        zeros where it is seen from above; None where one of them is not seen.
    """
    pixels = camera.project(np.stack([place, place + tall_m * up]))
    if not np.isfinite(pixels).all():
        return None
    way = pixels[1] - pixels[0]
    from_aside = camera.focal[1] * tall_m / float(np.linalg.norm(place))
    return np.asarray(way if np.linalg.norm(way) > _FROM_ABOVE * from_aside else np.zeros(2))


def hider_at(evidence: BodyEvidence, left: float, right: float, top: float, bottom: float) -> bool:
    """Whether something that may stand in front reaches into a part of the picture."""
    x, y = int(np.floor(left)), int(np.floor(top))
    w, h = max(int(np.ceil(right)) - x, 1), max(int(np.ceil(bottom)) - y, 1)
    return any(bool(window(mask, x, y, w, h).any()) for mask in evidence.hiders)
