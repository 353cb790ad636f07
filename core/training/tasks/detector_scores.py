"""How well the detector does on pictures of which all is known: whole boxes and masks, points and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import TooFewLabelsError
from core.evaluation.average_precision import Compared, average_precision
from core.evaluation.compared import matches
from core.evaluation.keypoints import Share, percentage_of_correct_keypoints, tag_accuracy, tag_confusion
from core.geometry.masks import box_to_patch, patch_to_rle
from core.networks.amodal_rcnn.settings import POINTS
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.masks import MaskPatch, Rle
from core.records.seen import SeenObject
from core.records.shapes import KeypointTag
from core.training.tasks.solid_scores import SolidScores

ALPHA = 0.1
"""Of PCK: WALT3D's and Occlusion-Net's (ALGORITHMS 2.7)."""


@dataclass(slots=True)
class DetectorScores:
    """Gathers pictures, one after another, and then gives their figures.

    Attributes:
        solid: of what is told in 3D; None where nothing is.
    """

    solid: SolidScores | None = None
    _pictures: int = 0
    _boxes: tuple[list[TrueObject], list[FoundObject]] = field(default_factory=lambda: ([], []))
    _whole: tuple[list[TrueObject], list[FoundObject]] = field(default_factory=lambda: ([], []))
    _modal: tuple[list[TrueObject], list[FoundObject]] = field(default_factory=lambda: ([], []))
    _places: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=list)
    _sizes: list[float] = field(default_factory=list)
    _tags: list[tuple[KeypointTag, ...]] = field(default_factory=list)
    _told: list[tuple[Sequence[KeypointTag], Sequence[KeypointTag]]] = field(default_factory=list)

    def add(
        self,
        known: Sequence[SeenObject],
        said: Sequence[SeenObject],
        ignored: Iterable[tuple[Category, Box]],
        size: Sequence[int],
        matrix: ArrayLike | None = None,
    ) -> None:
        """Counts a picture.

        Args:
            ignored: boxes in which a category may be found or not.
            size: height and width of the picture.
            matrix: (3, 3) intrinsics of its camera; None or zeros where that is not known.
        """
        number, (height, width) = self._pictures, size
        self._pictures += 1

        def rle(patch: MaskPatch | None) -> Rle:
            empty = MaskPatch(0, 0, np.zeros((0, 0), dtype=np.bool_))
            return patch_to_rle(patch or empty, height, width)

        for one in known:
            self._boxes[0].append(TrueObject(number, one.category, one.box))
            area = rle(box_to_patch(one.box, height, width))
            for masks, patch in ((self._whole, one.whole), (self._modal, one.modal)):
                # what is not known, or nothing, may be found or not
                mask = area if patch is None else rle(patch)
                masks[0].append(TrueObject(number, one.category, one.box, mask, ignored=patch is None))
        for category, box in ignored:
            area = rle(box_to_patch(box, height, width))
            for group in (self._boxes, self._whole, self._modal):
                group[0].append(TrueObject(number, category, box, area, ignored=True))
        for one in said:
            self._boxes[1].append(FoundObject(number, one.category, one.box, one.score))
            for masks, patch in ((self._whole, one.whole), (self._modal, one.modal)):
                masks[1].append(FoundObject(number, one.category, one.box, one.score, rle(patch)))
        found = matches(known, said)
        self._add_points(known, said, found)
        if self.solid is not None and matrix is not None:
            for row, place in found.items():
                self.solid.add(known[row], said[place], matrix)

    def figures(self) -> dict[str, float]:
        """All that can be told, by name: `box_ap`, `mask_ap`, `modal_mask_ap`, each also at an overlap of
        half, `pck_0.1` and `tag_accuracy`, both also by the tag that is true; in 3D those of `SolidScores`.

        Raises:
            TooFewLabelsError: there was no object in any picture.
        """
        out: dict[str, float] = {}
        for name, group, compared in (
            ("box_ap", self._boxes, Compared.BOX),
            ("mask_ap", self._whole, Compared.MASK),
            ("modal_mask_ap", self._modal, Compared.MASK),
        ):
            ap = average_precision(*group, compared)
            if ap is not None:
                out |= {name: ap.ap, f"{name}50": ap.ap50}
        if "box_ap" not in out:
            raise TooFewLabelsError(
                "There is nothing to find in the pictures for validation.",
                "Make composites, or review frames, for validation too.",
            )
        return out | self._point_figures() | ({} if self.solid is None else self.solid.figures())

    def _add_points(
        self, known: Sequence[SeenObject], said: Sequence[SeenObject], found: Mapping[int, int]
    ) -> None:
        for row, one in enumerate(known):
            if not any(tag is not KeypointTag.UNLABELLED for tag in one.tags):
                continue
            match = said[found[row]] if row in found else None
            places = np.full((POINTS, 2), np.nan) if match is None else match.places
            self._places.append((places, one.places))
            self._sizes.append(one.box.size)
            # nothing is looked for outside of boxes
            beyond = (KeypointTag.TRUNCATED, KeypointTag.UNLABELLED)
            self._tags.append(tuple(KeypointTag.UNLABELLED if tag in beyond else tag for tag in one.tags))
            if match is not None and any(tag is not KeypointTag.UNLABELLED for tag in match.tags):
                self._told.append((match.tags, one.tags))

    def _point_figures(self) -> dict[str, float]:
        if not self._places:
            return {}
        said, known = (np.stack(one) for one in zip(*self._places, strict=True))
        right = percentage_of_correct_keypoints(said, known, self._tags, self._sizes, ALPHA)
        out = _by_tag(f"pck_{ALPHA}", right)
        if self._told:
            told, true = zip(*self._told, strict=True)
            out |= _by_tag("tag_accuracy", tag_accuracy(tag_confusion(told, true)))
        return out


def _by_tag(name: str, shares: Mapping[KeypointTag | None, Share]) -> dict[str, float]:
    """The shares of something, by names such as "pck_0.1.visible"."""
    return {
        name if tag is None else f"{name}.{tag.value}": share.value
        for tag, share in shares.items()
        if share.value is not None
    }
