"""WALT's composites as its code makes them: any objects, in random order, without geometry.

WALT (CVPR 2022), `cwalt/CWALT.py` (ALGORITHMS.md, 4.2): the objects of a camera in order of time, the first
80 % for training and the last 20 % for the test; for each picture 30 of them, drawn uniformly with
replacement and pasted in the order drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.compositing.labels import hidden_percent
from core.compositing.sampling.random_source import RandomSource
from core.compositing.sampling.sampled import SampledRecipe
from core.compositing.sampling.stock import Scene, Stock
from core.errors import CompositeError
from core.records.recipes import COMPOSER_VERSION, Recipe, RecipeObject, Sampler, Split

PUBLISHED_COUNT = 30
_TRAINING_PERCENT = 80
_STREAM = 2  # sets it apart from the other sampler's


@dataclass(frozen=True, slots=True)
class Walt2dSettings:
    """How composites are drawn.

    Attributes:
        count: objects in a composite; 30 is WALT's number.
    """

    count: int = PUBLISHED_COUNT


class Walt2dSampler:
    """Draws recipes as WALT does, for comparison.

    Instances of one track, and one instance more than once, do meet in its composites: WALT draws with
    replacement and knows of no tracks. Its splits are its own too, by time alone: training is the first 80 %
    of the pieces, validation and test the last 20 %. Hours and light do not matter to it. What stands in the
    background is ignored, and pasted over as it comes.

    Args:
        stock: of a camera; what stands in its background is not drawn.
        settings: how.
    """

    def __init__(self, stock: Stock, settings: Walt2dSettings | None = None) -> None:
        self._stock = stock
        self._settings = settings or Walt2dSettings()
        if self._settings.count < 1:
            raise CompositeError("A composite of no objects cannot be made.", "Ask for one or more.")

    def recipe(self, seed: int, scene: Scene, split: Split) -> SampledRecipe:
        """The recipe of a seed: the same for the same stock, settings, scene and split, wherever it is drawn.

        Raises:
            CompositeError: there is nothing to draw from.
        """
        fitting = self._of_split(split)
        if not len(fitting):
            raise CompositeError(
                f"This camera has no object for {split.value} composites.", "Mine more of its footage."
            )
        source = RandomSource(seed, scene.background_id, tuple(Split).index(split), _STREAM)
        drawn = [int(fitting[source.below(len(fitting))]) for _ in range(self._settings.count)]
        return self._written(drawn, seed, scene, split)

    def same_objects(self, recipe: Recipe, scene: Scene) -> SampledRecipe:
        """A composite of another recipe's objects, in random order: to set the two side by side.

        Raises:
            CompositeError: one of them is not in the stock.
        """
        indices = []
        for one in sorted(recipe.objects, key=lambda one: one.piece_id):
            index = self._stock.index_of(one.piece_id)
            if index is None:
                raise CompositeError(
                    f"Piece {one.piece_id} of this composite is not in the project.", "Make composites again."
                )
            if one.shown and not self._stock.standing[index]:
                indices.append(index)
        source = RandomSource(recipe.seed, scene.background_id, _STREAM)
        return self._written(source.shuffled(indices), recipe.seed, scene, recipe.split)

    def _of_split(self, split: Split) -> NDArray[np.int64]:
        """Indices of a split's pieces."""
        stock = self._stock
        drawable = np.flatnonzero(~stock.standing)
        in_time = drawable[np.lexsort((stock.piece_ids[drawable], stock.moments_s[drawable]))]
        border = len(in_time) * _TRAINING_PERCENT // 100
        return in_time[:border] if split is Split.TRAIN else in_time[border:]

    def _written(self, drawn: list[int], seed: int, scene: Scene, split: Split) -> SampledRecipe:
        stock = self._stock
        standing = [stock.index_of(piece_id) for piece_id in sorted(scene.standing)]
        recipe = Recipe(
            camera_id=stock.camera_id,
            background_id=scene.background_id,
            sampler=Sampler.WALT2D,
            split=split,
            seed=seed,
            composer_version=COMPOSER_VERSION,
            objects=tuple(RecipeObject(int(stock.piece_ids[index])) for index in drawn),
            ignored=tuple(
                sorted(
                    [
                        *(mask_id for mask_id, _ in scene.ignored),
                        *(int(stock.mask_ids[index]) for index in standing if index is not None),
                    ]
                )
            ),
        )
        return SampledRecipe(recipe, self._hidden(drawn))

    def _hidden(self, drawn: list[int]) -> tuple[int, ...]:
        """The hidden share of each object, in percent, if each hides all drawn before it."""
        above = np.zeros((self._stock.height, self._stock.width), np.bool_)
        percents = []
        for index in reversed(drawn):
            mask, area = self._stock.mask(index)
            h, w = mask.bits.shape
            under = above[mask.y : mask.y + h, mask.x : mask.x + w]
            percents.append(hidden_percent(int(np.count_nonzero(under & mask.bits)), area))
            under |= mask.bits
        return tuple(reversed(percents))
