"""Recipes rendered: the same picture and labels wherever, in whole numbers (WALT3D, section 3).

The background first, with the contact shadows of all objects on its ground; then the objects, far to near.
Shadows are first because they lie on the ground, and whatever is pasted stands in front of the ground that
it hides: no shadow falls on an object that covers the place where it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.compositing.kept import Kept
from core.compositing.labels import PlacedPiece, label_objects
from core.compositing.moved import moved_fit, moved_keypoints, moved_layer, moved_patch
from core.compositing.piece_source import PieceSource
from core.compositing.pixels import Layer, cast_shadow, decode_cutout, exposure, lay_over, lit
from core.errors import CompositeError
from core.geometry.masks import rle_to_patch
from core.records.masks import MaskPatch, Rle
from core.records.recipes import COMPOSER_VERSION, ObjectLabel, Piece, Recipe, RecipeObject

CACHE_BYTES = 256 * 2**20
_PIECE_BYTES = 4096  # what a piece's plain numbers take, about
_GAINS_BYTES = 200

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """A rendered recipe.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        labels: of the objects that are shown, far to near.
        ignored: what stands in the background without a label: no object, but no road either.
    """

    picture: NDArray[np.uint8]
    labels: tuple[ObjectLabel, ...]
    ignored: tuple[MaskPatch, ...]


class Composer:
    """Renders recipes. Its memory has a bound, whatever it renders; one for each thread.

    Args:
        source: where pieces, cut-outs, backgrounds and masks are read.
        cache_bytes: of backgrounds, decoded cut-outs and masks that are kept for the next composite.
    """

    def __init__(self, source: PieceSource, cache_bytes: int = CACHE_BYTES) -> None:
        self._source = source
        self._backgrounds: Kept[int, NDArray[np.uint8]] = Kept(cache_bytes // 4)
        self._layers: Kept[int, Layer] = Kept(cache_bytes // 2)
        self._pieces: Kept[int, tuple[Piece, MaskPatch]] = Kept(cache_bytes // 8)
        self._masks: Kept[int, MaskPatch] = Kept(cache_bytes // 16)
        self._gains: Kept[tuple[int, int], tuple[int, int, int]] = Kept(cache_bytes // 16)

    @property
    def held_bytes(self) -> int:
        """What is kept for the next composite."""
        kept = (self._backgrounds, self._layers, self._pieces, self._masks, self._gains)
        return sum(one.held_bytes for one in kept)

    def render(self, recipe: Recipe) -> Composite:
        """A recipe's picture and labels.

        Raises:
            CompositeError: something that the recipe names is missing or damaged, or it needs another
                version of the composer.
        """
        placed = self._placed(recipe)
        return Composite(self._picture(recipe), self._labels(recipe, placed), self.ignored(recipe))

    def picture(self, recipe: Recipe) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB of a recipe alone; raises as `render`."""
        return self._picture(recipe)

    def labels(self, recipe: Recipe) -> tuple[ObjectLabel, ...]:
        """The labels of a recipe alone, far to near, without a pixel drawn; raises as `render`."""
        return self._labels(recipe, self._placed(recipe))

    def ignored(self, recipe: Recipe) -> tuple[MaskPatch, ...]:
        """What stands in a recipe's background without a label: masks, in the recipe's order.

        An object of the background whose layer is switched off is one of them: it is still to be seen.
        """
        wanted = [mask_id for mask_id in recipe.ignored if self._masks.get(mask_id) is None]
        read = self._source.masks(wanted) if wanted else {}
        masks = [self._mask(mask_id, read.get(mask_id)) for mask_id in recipe.ignored]
        off = [one for one in recipe.objects if not one.shown]
        for piece, patch in self._described(off):
            if piece.standing:
                masks.append(patch)
        return tuple(masks)

    def _picture(self, recipe: Recipe) -> NDArray[np.uint8]:
        _require_version(recipe)
        background = self._background(recipe.background_id)
        shown = _shown(recipe)
        pieces = [piece for piece, _ in self._described(shown)]
        layers = self._own_layers(pieces)
        canvas = background.copy()
        height, width = background.shape[:2]
        drawn = [
            layer if one.move.stays else moved_layer(layer, one.move, width, height)
            for one, layer in zip(shown, layers, strict=True)
        ]
        for piece, layer in zip(pieces, drawn, strict=True):
            _require_inside(piece, layer, width, height)
        self._cast_shadows(canvas, background, pieces, drawn)
        for piece, layer in zip(pieces, drawn, strict=True):
            colour, alpha = layer.colour, layer.alpha
            if piece.standing:
                h, w = alpha.values.shape
                pixels = background[alpha.y : alpha.y + h, alpha.x : alpha.x + w]
            else:
                pixels = lit(colour.values, self._gain(recipe.background_id, piece, layer, background))
            lay_over(canvas, pixels, alpha.values, alpha.x, alpha.y)
        return canvas

    def _cast_shadows(
        self,
        canvas: NDArray[np.uint8],
        background: NDArray[np.uint8],
        pieces: Sequence[Piece],
        layers: Sequence[Layer],
    ) -> None:
        """Darkens the ground under what is pasted; where two shadows meet, the deeper one counts.

        What stands in the background has its shadow there already.
        """
        shadows = [
            layer.shade
            for piece, layer in zip(pieces, layers, strict=True)
            if layer.shade is not None and not piece.standing
        ]
        if not shadows:
            return
        light = np.full(background.shape[:2], 255, dtype=np.uint8)
        for shade in shadows:
            h, w = shade.values.shape
            under = light[shade.y : shade.y + h, shade.x : shade.x + w]
            np.minimum(under, shade.values, out=under)
        for shade in shadows:
            h, w = shade.values.shape
            under = light[shade.y : shade.y + h, shade.x : shade.x + w]
            cast_shadow(canvas, background, under, shade.x, shade.y)

    def _labels(self, recipe: Recipe, placed: Sequence[PlacedPiece]) -> tuple[ObjectLabel, ...]:
        height, width = self._background(recipe.background_id).shape[:2]
        return label_objects(placed, width, height)

    def _placed(self, recipe: Recipe) -> list[PlacedPiece]:
        _require_version(recipe)
        height, width = self._background(recipe.background_id).shape[:2]
        shown = _shown(recipe)
        return [
            _place(one, piece, patch, width, height)
            for one, (piece, patch) in zip(shown, self._described(shown), strict=True)
        ]

    def _background(self, background_id: int) -> NDArray[np.uint8]:
        found = self._backgrounds.get(background_id)
        if found is None:
            read = self._source.background(background_id)
            if read is None:
                raise CompositeError(
                    f"Background {background_id} of this composite is not in the project.",
                    "Make composites again, from the backgrounds that there are.",
                )
            found = read
            self._backgrounds.put(background_id, found, found.nbytes)
        return found

    def _described(self, objects: Sequence[RecipeObject]) -> list[tuple[Piece, MaskPatch]]:
        """Each object's piece with its mask, in order."""
        ids = [one.piece_id for one in objects]
        missing = [piece_id for piece_id in dict.fromkeys(ids) if self._pieces.get(piece_id) is None]
        read = {
            piece_id: (piece, _patch(piece.mask, piece.mask_id))
            for piece_id, piece in (self._source.pieces(missing) if missing else {}).items()
        }
        for piece_id, (piece, patch) in read.items():
            size = patch.bits.nbytes + len(piece.mask.counts) + _PIECE_BYTES
            self._pieces.put(piece_id, (piece, patch), size)
        found = [_there(read.get(piece_id) or self._pieces.get(piece_id), piece_id) for piece_id in ids]
        for one, (piece, _) in zip(objects, found, strict=True):
            if piece.standing and not one.move.stays:
                raise CompositeError(
                    f"Object {piece.instance_id} stands in the background and cannot be dragged.",
                    "Put it back to its place.",
                )
        return found

    def _own_layers(self, pieces: Sequence[Piece]) -> list[Layer]:
        """Each piece's cut-out, decoded, at its own place, in order."""
        ids = [piece.cutout_id for piece in pieces]
        held = {cutout_id: self._layers.get(cutout_id) for cutout_id in ids}
        missing = [cutout_id for cutout_id, layer in held.items() if layer is None]
        read = self._source.cutouts(missing) if missing else {}
        for cutout_id, cutout in read.items():
            layer = decode_cutout(cutout)
            held[cutout_id] = layer
            self._layers.put(cutout_id, layer, layer.nbytes)
        return [_there(held[piece.cutout_id], piece.id) for piece in pieces]

    def _gain(
        self, background_id: int, piece: Piece, layer: Layer, background: NDArray[np.uint8]
    ) -> tuple[int, int, int]:
        key = (background_id, piece.cutout_id)
        found = self._gains.get(key)
        if found is None:
            found = exposure(layer, background)
            self._gains.put(key, found, _GAINS_BYTES)
        return found

    def _mask(self, mask_id: int, read: Rle | None) -> MaskPatch:
        found = self._masks.get(mask_id)
        if found is None:
            if read is None:
                raise CompositeError(
                    f"Mask {mask_id} of this composite is not in the project.", "Make composites again."
                )
            found = _patch(read, mask_id)
            self._masks.put(mask_id, found, found.bits.nbytes)
        return found


def _shown(recipe: Recipe) -> list[RecipeObject]:
    return [one for one in recipe.objects if one.shown]


def _place(one: RecipeObject, piece: Piece, patch: MaskPatch, width: int, height: int) -> PlacedPiece:
    h, w = patch.bits.shape
    if patch.x + w > width or patch.y + h > height:
        raise _other_size(piece)
    move = one.move
    if move.stays:
        return PlacedPiece(piece, patch, piece.keypoints, piece.fit)
    return PlacedPiece(
        piece,
        moved_patch(patch, move, width, height),
        None if piece.keypoints is None else moved_keypoints(piece.keypoints, move),
        None if piece.fit is None else moved_fit(piece.fit, move, piece.up),
    )


def _patch(mask: Rle, mask_id: int) -> MaskPatch:
    try:
        return rle_to_patch(mask)
    except ValueError:
        raise CompositeError(
            f"Mask {mask_id} of this composite is damaged.",
            "Mine its footage again, and cut objects out anew.",
        ) from None


def _require_version(recipe: Recipe) -> None:
    if recipe.composer_version != COMPOSER_VERSION:
        raise CompositeError(
            f"This composite was made for version {recipe.composer_version} of the composer, "
            f"and this program has version {COMPOSER_VERSION}.",
            "Make composites again.",
        )


def _require_inside(piece: Piece, layer: Layer, width: int, height: int) -> None:
    for window in (layer.alpha, layer.shade):
        if window is not None:
            h, w = window.values.shape
            if window.x + w > width or window.y + h > height:
                raise _other_size(piece)


def _other_size(piece: Piece) -> CompositeError:
    return CompositeError(
        f"Object {piece.instance_id} comes from a picture of another size than the background.",
        "Make the background and the composites again from footage of one size.",
    )


def _there(found: _Found | None, piece_id: int) -> _Found:
    if found is None:
        raise CompositeError(
            f"Piece {piece_id} of this composite is not in the project.", "Make composites again."
        )
    return found
