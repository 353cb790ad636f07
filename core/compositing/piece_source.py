"""What the composer reads bit by bit, as a protocol that `jobs` implements over a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.records.masks import Rle
from core.records.recipes import Cutout, Piece


class PieceSource(Protocol):
    """Where pieces, cut-outs, backgrounds and masks are read. What is asked for and not there is left out."""

    def pieces(self, ids: Sequence[int]) -> Mapping[int, Piece]:
        """Pieces by their ids."""
        ...

    def cutouts(self, ids: Sequence[int]) -> Mapping[int, Cutout]:
        """Cut-outs by their own ids, which pieces name."""
        ...

    def background(self, background_id: int) -> NDArray[np.uint8] | None:
        """(H, W, 3) uint8 RGB of a background, or None where there is none of that id."""
        ...

    def masks(self, ids: Sequence[int]) -> Mapping[int, Rle]:
        """Masks by their ids: those that a recipe ignores."""
        ...
