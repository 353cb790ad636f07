"""WALT3D's composites: objects at their own places, apart on the ground, far to near (WALT3D, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from core.compositing.labels import hidden_percent
from core.compositing.pixels import ONE_Q8
from core.compositing.sampling.arrangement import Arrangement, Placement
from core.compositing.sampling.footprints import MARGIN_MM
from core.compositing.sampling.random_source import RandomSource
from core.compositing.sampling.sampled import SampledRecipe
from core.compositing.sampling.stock import UNKNOWN, Scene, Stock, split_number
from core.compositing.sampling.wanted import WantedOcclusion, bin_range, histogram, points_off, share_missed
from core.errors import CompositeError
from core.geometry.masks import patch_to_full, rle_to_patch
from core.records.recipes import COMPOSER_VERSION, Recipe, RecipeObject, Sampler, Split

Ints = NDArray[np.int64]
Bits = NDArray[np.bool_]

_BATCH = 512  # pieces that are looked at roughly for each object
_TRIED = 24  # of them that are tried exactly
_BATCHES = 4  # until a scene is called full
_RESTARTS = 6
_AIM_ROUNDS, _AIM_TRIALS, _AIM_PARTS = 6, 24, 10_000
_MOST_MISSED = 0.5  # of the objects in the wrong bin; more is another distribution
_STREAM, _TRIAL = 3, 4  # sets it apart from the other sampler's
_FILLS = 70  # percent of its box that an object's mask fills, about


@dataclass(frozen=True, slots=True)
class Walt3dSettings:
    """How composites are drawn.

    Attributes:
        least, most: objects in a composite, those that stand in the background not counted.
        wanted: distribution of occlusion, or None: as it comes.
        most_hidden_percent: of an object; one that is hidden more is no example of anything.
        margin_mm: between two objects on the ground.
        light_percent: how much brighter or darker than its background an object's frame may have been.
    """

    least: int = 4
    most: int = 12
    wanted: WantedOcclusion | None = None
    most_hidden_percent: int = 95
    margin_mm: int = MARGIN_MM
    light_percent: int = 20


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A scene and what may come into it.

    Attributes:
        fitting: indices of the pieces that may.
        standing: indices of those that stand there as objects.
        ignored: ids of masks.
        closed: (H, W) where nothing may be put, or None.
        weights: how often each bin of occlusion is aimed at, or None where it is taken as it comes.
    """

    scene: Scene
    split: Split
    fitting: Ints
    standing: Ints
    ignored: tuple[int, ...]
    closed: Bits | None
    weights: tuple[int, ...] | None


class Walt3dSampler:
    """Draws recipes whose objects could have stood there together.

    Args:
        stock: of a camera.
        settings: how.

    Raises:
        CompositeError: the settings cannot be met by any stock.
    """

    def __init__(self, stock: Stock, settings: Walt3dSettings) -> None:
        _check(settings)
        self._stock = stock
        self._settings = settings
        self._prepared: dict[tuple[int, Split], _Ready] = {}
        self._refused: dict[tuple[int, Split], tuple[Scene, CompositeError]] = {}

    def recipe(self, seed: int, scene: Scene, split: Split) -> SampledRecipe:
        """The recipe of a seed: the same for the same stock, settings, scene and split, wherever it is drawn.

        What stands in the background is an object of training composites; in the others it is ignored, since
        it would be the same car on both sides. So is, in training, what stands there and is pasted in others.

        Raises:
            CompositeError: too few pieces fit the scene, or they cannot stand there together.
        """
        settings = self._settings
        ready = self._ready(scene, split)
        source = RandomSource(seed, scene.background_id, split_number(split), _STREAM)
        most = 0
        for _ in range(_RESTARTS):
            count = source.between(settings.least, settings.most)
            arrangement = self._begun(ready)
            begun = len(arrangement.objects)
            self._fill(arrangement, ready.fitting, count, ready.weights, source)
            if len(arrangement.objects) - begun >= settings.least:
                return self._written(arrangement, seed, ready)
            most = max(most, len(arrangement.objects) - begun)
        raise CompositeError(
            f"Of the {len(ready.fitting)} objects that fit this background, no {settings.least} could be put "
            f"there together; the most were {most}.",
            "Ask for fewer objects in a composite, or mine more footage.",
        )

    def _ready(self, scene: Scene, split: Split) -> _Ready:
        """What is the same for all recipes of a scene; what is wrong with one is found out once."""
        key = (scene.background_id, split)
        found = self._prepared.get(key)
        if found is None or found.scene != scene:
            refused = self._refused.get(key)
            if refused is not None and refused[0] == scene:
                raise refused[1]
            try:
                found = self._looked_at(scene, split)
            except CompositeError as problem:
                self._refused[key] = scene, problem
                raise
            self._prepared[key] = found
        return found

    def _looked_at(self, scene: Scene, split: Split) -> _Ready:
        standing = self._standing_in(scene, split)
        found = _Ready(scene, split, self._that_fit(scene, split), *standing, weights=None)
        if self._settings.wanted is not None:
            found = replace(found, weights=self._aimed(found, self._settings.wanted))
        return found

    def _aimed(self, ready: _Ready, wanted: WantedOcclusion) -> tuple[int, ...]:
        """How often each bin must be aimed at for the wanted shares to come out.

        Where little stands behind much, many aims miss, and end mostly in the first bin. So composites are
        tried (about 150, once for a scene), and bins that come out too seldom are aimed at more often. The
        best of a few rounds is taken.
        """
        total = sum(wanted.shares)
        weights = tuple(_AIM_PARTS * share // total for share in wanted.shares)
        best = weights
        least_missed, shown = 2.0, ""
        for number in range(_AIM_ROUNDS):
            counts = self._tried(ready, weights, number)
            if not sum(counts):  # nothing may come in: how objects hide each other is not what is wrong
                return best
            missed = share_missed(counts, wanted)
            if missed < least_missed:
                best, least_missed = weights, missed
                shown = ", ".join(str(100 * count // sum(counts)) for count in counts)
            weights = tuple(
                # by the root of what it lacks, since an aim that is missed fills another bin
                isqrt(weight * weight * share * sum(counts) // (total * max(count, 1)))
                for weight, share, count in zip(weights, wanted.shares, counts, strict=True)
            )
        if least_missed > _MOST_MISSED:
            raise CompositeError(
                "The wanted occlusion cannot be reached with the objects that fit this background: the "
                f"percentages hidden by 0 to 9 %, 10 to 19 % and so on come out as {shown}.",
                "Want more objects that are hidden little, allow more objects in a composite, or mine more "
                "footage.",
            )
        return best

    def _tried(self, ready: _Ready, weights: Sequence[int], number: int) -> tuple[int, ...]:
        """How many objects are in each bin in a few composites."""
        percents: list[int] = []
        for seed in range(_AIM_TRIALS):
            source = RandomSource(seed, number, ready.scene.background_id, split_number(ready.split), _TRIAL)
            arrangement = self._begun(ready)
            count = source.between(self._settings.least, self._settings.most)
            self._fill(arrangement, ready.fitting, count, weights, source)
            percents += [one.percent for one in arrangement.objects]
        return histogram(percents)

    def _that_fit(self, scene: Scene, split: Split) -> Ints:
        """Indices of the pieces that may come into a scene."""
        stock, settings = self._stock, self._settings
        if not stock.on_ground.any():
            raise CompositeError(
                "No object of this camera stands on the ground: WALT3D's composites need a calibrated camera "
                "and fits.",
                "Calibrate the camera and fit its cars, or draw composites as WALT2D does.",
            )
        fits = stock.on_ground & ~stock.standing
        whole = int(np.count_nonzero(fits))
        fits &= stock.splits == split_number(split)
        there = int(np.count_nonzero(fits))
        if there < settings.least <= whole:
            raise CompositeError(
                f"Only {there} of {whole} objects are for {split.value} composites; a composite needs "
                f"{settings.least}.",
                "Mine more footage, or, where it is short, set the guard time to 0 and "
                + (
                    "the shares for validation and for the test, too."
                    if split is Split.TRAIN
                    else f"the share for {split.value} higher."
                ),
            )
        if scene.hour is not None:
            fits &= stock.hours == scene.hour
        light = stock.light_q8.astype(np.int64)
        most = 100 + settings.light_percent
        fits &= (light * 100 <= ONE_Q8 * most) & (light * most >= ONE_Q8 * 100)
        found = np.flatnonzero(fits)
        if len(found) < settings.least:
            when = "" if scene.hour is None else f" at {scene.hour}:00"
            raise CompositeError(
                f"Only {len(found)} of {there} objects for {split.value} composites fit the hour and light "
                f"of this background{when}; a composite needs {settings.least}.",
                "Mine more footage of that hour, or ask for fewer objects in a composite.",
            )
        return found

    def _standing_in(self, scene: Scene, split: Split) -> tuple[Ints, tuple[int, ...], Bits | None]:
        """Indices of what stands in a scene as objects; ids of the masks to ignore; where nothing may be."""
        stock = self._stock
        indices = [stock.index_of(piece_id) for piece_id in sorted(scene.standing)]
        known = np.array([index for index in indices if index is not None], dtype=np.int64)
        closed = [(mask_id, rle_to_patch(rle)) for mask_id, rle in scene.ignored]
        # one that also drives about is for the split of its track alone
        ours = np.isin(stock.splits[known], (UNKNOWN, split_number(Split.TRAIN))) & (split is Split.TRAIN)
        closed += [(int(stock.mask_ids[index]), stock.mask(index)[0]) for index in known[~ours].tolist()]
        known = known[ours]
        if not closed:
            return known, (), None
        area = np.zeros((stock.height, stock.width), np.bool_)
        for _, patch in closed:
            area |= patch_to_full(patch, stock.height, stock.width)
        return known, tuple(sorted(mask_id for mask_id, _ in closed)), area

    def _begun(self, ready: _Ready) -> Arrangement:
        """The scene with what stands in it."""
        arrangement = Arrangement(
            self._stock,
            margin_mm=self._settings.margin_mm,
            most_hidden_percent=self._settings.most_hidden_percent,
            closed=ready.closed,
        )
        arrangement.stand(ready.standing.tolist())
        return arrangement

    def _fill(
        self,
        arrangement: Arrangement,
        fitting: Ints,
        count: int,
        weights: Sequence[int] | None,
        source: RandomSource,
    ) -> None:
        """Puts up to so many objects more into an arrangement, each with an occlusion to aim at."""
        begun = len(arrangement.objects)
        bins = None if weights is None else [source.weighted(weights) for _ in range(count)]
        for number in range(count):
            aims = None if bins is None else [None] * begun + [*bins[: number + 1]]
            for _ in range(_BATCHES):
                drawn = fitting[source.many_below(len(fitting), _BATCH)]
                if self._put_one(arrangement, drawn, aims):
                    break
            else:
                return

    def _put_one(self, arrangement: Arrangement, drawn: Ints, aims: Sequence[int | None] | None) -> bool:
        """Puts one of some pieces in: the first that may stand there or, with an aim, the best of some."""
        if aims is None:
            for index in drawn[:_TRIED].tolist():
                placement = arrangement.tried(index)
                if placement is not None and arrangement.put(placement):
                    return True
            return False
        best: tuple[int, Placement] | None = None
        tried = 0
        for index in drawn[self._promising(arrangement, drawn, aims)].tolist():
            placement = arrangement.tried(index)
            if placement is None:
                continue
            cost = _cost(arrangement, placement, aims)
            if best is None or cost < best[0]:
                best = cost, placement
            tried += 1
            if not cost or tried == _TRIED:
                break
        return best is not None and arrangement.put(best[1])

    def _promising(self, arrangement: Arrangement, drawn: Ints, aims: Sequence[int | None]) -> Ints:
        """Places in `drawn`, those first that by their boxes would come nearest to what is aimed at."""
        stock = self._stock
        own_aim = aims[-1]
        assert own_aim is not None
        boxes = stock.boxes[drawn].astype(np.int64)
        far = stock.distances[drawn]
        hidden = np.zeros(len(drawn), np.int64)  # of its box, in percent
        cost = np.zeros(len(drawn), np.int64)
        area = boxes[:, 2] * boxes[:, 3]
        for other, aim in zip(arrangement.objects, aims[:-1], strict=True):
            x, y, w, h = other.box
            across = np.minimum(boxes[:, 0] + boxes[:, 2], x + w) - np.maximum(boxes[:, 0], x)
            down = np.minimum(boxes[:, 1] + boxes[:, 3], y + h) - np.maximum(boxes[:, 1], y)
            shared = np.maximum(across, 0) * np.maximum(down, 0)
            behind = far > other.footprint.distance_key
            hidden += np.where(behind, shared * _FILLS // np.maximum(area, 1), 0)
            if aim is not None:
                would = np.minimum(other.percent + shared * _FILLS // max(w * h, 1), 100)
                change = _points_off(would, aim) - points_off(other.percent, aim)
                cost += np.where(behind, 0, change)
        cost += _points_off(np.minimum(hidden, 100), own_aim)
        return np.argsort(cost, kind="stable")

    def _written(self, arrangement: Arrangement, seed: int, ready: _Ready) -> SampledRecipe:
        objects = arrangement.far_to_near()
        recipe = Recipe(
            camera_id=self._stock.camera_id,
            background_id=ready.scene.background_id,
            sampler=Sampler.WALT3D,
            split=ready.split,
            seed=seed,
            composer_version=COMPOSER_VERSION,
            objects=tuple(RecipeObject(one.piece_id) for one in objects),
            ignored=ready.ignored,
        )
        return SampledRecipe(recipe, tuple(one.percent for one in objects))


def _check(settings: Walt3dSettings) -> None:
    if not 1 <= settings.least <= settings.most:
        raise CompositeError(
            f"A composite of {settings.least} to {settings.most} objects cannot be made.",
            "Give a least number of one or more, and a most number that is no smaller.",
        )
    wanted = settings.wanted
    if wanted is not None and wanted.shares[0] * settings.most < sum(wanted.shares):
        raise CompositeError(
            "The wanted occlusion cannot be reached: nothing hides the nearest object of a composite, so of "
            f"{settings.most} objects at least one is hidden by less than 10 %.",
            f"Want at least {-(-100 // settings.most)} % of the objects in the first bin.",
        )


def _cost(arrangement: Arrangement, placement: Placement, aims: Sequence[int | None]) -> int:
    """How much farther from what is aimed at the arrangement is with an object than without, in percent."""
    own_aim = aims[-1]
    assert own_aim is not None
    cost = points_off(placement.one.percent, own_aim)
    for place, _, hidden in placement.changes:
        aim, other = aims[place], arrangement.objects[place]
        if aim is not None:
            cost += points_off(hidden_percent(hidden, other.area), aim) - points_off(other.percent, aim)
    return cost


def _points_off(percents: Ints, wanted_bin: int) -> Ints:
    """`points_off` of many."""
    least, most = bin_range(wanted_bin)
    return np.maximum(np.maximum(least - percents, percents - most), 0)
