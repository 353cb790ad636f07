"""The cameras that objects are seen by: what heads for 3D need to know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.networks.amodal_rcnn.transform import DISTORTION, INTRINSICS
from core.networks.lens import COEFFICIENTS, bent, straightened


@dataclass(frozen=True, slots=True, eq=False)
class Lenses:
    """The cameras of n objects.

    Attributes:
        matrix: (n, 3, 3) intrinsics for places on pixel edges; zeros where a camera is not known.
        distortion: (n, 14), see `core.networks.lens`; None where no lens bends.
    """

    matrix: Tensor
    distortion: Tensor | None = None

    @property
    def known(self) -> Tensor:
        """(n,) bool."""
        return self.matrix[:, 2, 2] > 0

    def of(self, rows: Tensor) -> Lenses:
        """Those of some rows."""
        return Lenses(self.matrix[rows], None if self.distortion is None else self.distortion[rows])

    def straightened(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(n, k, 2) pixels as an ideal lens would see them, and (n, k) whether there is such a place."""
        return straightened(pixels, self.matrix, self.distortion)

    def bent(self, pixels: Tensor) -> Tensor:
        """(n, k, 2) pixels of an ideal lens as this one sees them; NaN where it does not."""
        return bent(pixels, self.matrix, self.distortion)


def lenses_of(targets: Sequence[dict[str, Tensor]] | None, boxes: Sequence[Tensor]) -> Lenses:
    """The cameras of all boxes, one after another.

    Args:
        targets: of each picture `intrinsics`, and `distortion` if it has one; None: no camera is known.
        boxes: of each picture, (k, 4).
    """
    if targets is None:
        matrices = [box.new_zeros(len(box), 3, 3) for box in boxes]
        return Lenses(torch.cat(matrices).float())
    pairs = list(zip(targets, boxes, strict=True))
    matrix = torch.cat([one[INTRINSICS].float().expand(len(box), 3, 3) for one, box in pairs])
    if not any(bool(one[DISTORTION].any()) for one in targets if DISTORTION in one):
        return Lenses(matrix)
    straight = matrix.new_zeros(COEFFICIENTS)
    bends = [one.get(DISTORTION, straight).float().expand(len(box), -1) for one, box in pairs]
    return Lenses(matrix, torch.cat(bends))
