"""Which of two objects is in front, and all of a composite in order, exactly.

Two convex footprints that do not meet have a line between them along an edge of one of them. A line of sight,
seen from above, starts below the camera and crosses that line once: of the two, it meets the one on the
camera's side first. So that one is nearer along every line of sight that both are on, which the distances of
their middles do not tell.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from core.compositing.sampling.footprints import Footprint


def nearer(a: Footprint, b: Footprint) -> int:
    """Which of two footprints that do not meet is nearer on every line of sight that both are on.

    Returns:
        -1 where it is a, 1 where it is b, 0 where no line of sight is on both, or they meet.
    """
    return _on_camera_side(a, b) or -_on_camera_side(b, a)


def far_to_near(
    footprints: Sequence[Footprint], ids: Sequence[int], touching: Sequence[tuple[int, int]]
) -> list[int] | None:
    """Objects in the order in which they are drawn.

    Where nothing else decides, the one whose middle is farther comes first, and of two as far, the one of the
    smaller id.

    Args:
        footprints: none meets another.
        ids: of the objects, for ties.
        touching: pairs of indices whose pictures meet; all others may be drawn in any order.

    Returns:
        indices, or None where some objects are in front of each other in a ring.
    """
    pairs: list[tuple[int, int]] = []
    for i, j in touching:
        first = nearer(footprints[i], footprints[j])
        if first:
            pairs.append((j, i) if first < 0 else (i, j))
    ties = [(-one.distance_key, id_) for one, id_ in zip(footprints, ids, strict=True)]
    return sorted_far_to_near(pairs, ties)


def sorted_far_to_near(pairs: Sequence[tuple[int, int]], ties: Sequence[tuple[int, int]]) -> list[int] | None:
    """A topological order (Kahn): each pair's first before its second, the smallest tie first where both may.

    Args:
        pairs: (far, near) indices.
        ties: one for each object.

    Returns:
        indices, or None where the pairs run in a ring.
    """
    hides: dict[int, list[int]] = {}
    waits = [0] * len(ties)
    for far, near in pairs:
        hides.setdefault(far, []).append(near)
        waits[near] += 1
    ready = [(ties[index], index) for index, count in enumerate(waits) if not count]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        _, index = heapq.heappop(ready)
        order.append(index)
        for near in hides.get(index, ()):
            waits[near] -= 1
            if not waits[near]:
                heapq.heappush(ready, (ties[near], near))
    return order if len(order) == len(waits) else None


def boxes_touch(a: tuple[int, int, int, int], b: tuple[int, int, int, int], margin_px: int) -> bool:
    """Whether two boxes (x, y, w, h, whole pixels) come within a margin of each other."""
    return (
        a[0] - margin_px < b[0] + b[2]
        and b[0] - margin_px < a[0] + a[2]
        and a[1] - margin_px < b[1] + b[3]
        and b[1] - margin_px < a[1] + a[3]
    )


def _on_camera_side(a: Footprint, b: Footprint) -> int:
    """-1 where an edge of a parts the two and a is on the camera's side of it, 1 where b is, else 0."""
    for (x1, y1), (x2, y2) in zip(a.corners, (*a.corners[1:], a.corners[0]), strict=True):
        nx, ny = y2 - y1, x1 - x2
        if all((x - x1) * nx + (y - y1) * ny > 0 for x, y in b.corners):
            camera = -x1 * nx - y1 * ny
            return 0 if camera == 0 else (-1 if camera < 0 else 1)
    return 0
