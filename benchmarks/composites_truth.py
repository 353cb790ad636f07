"""Whether composites are physically right: against the same objects at the same poses, cast together by ray.

    python -m benchmarks composites_truth

WALT2D's composites of the same objects are measured beside them, and the order by the distance of the
middles, which is what a composer without footprints has.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.compositing.render import Composer
from core.compositing.sampling.walt2d import Walt2dSampler
from core.compositing.sampling.walt3d import Walt3dSampler, Walt3dSettings
from core.compositing.sampling.wanted import WantedOcclusion
from core.geometry.masks import patch_intersection_area, patch_iou, window
from core.jobs.reproduce.staged import StagedStreet
from core.records.masks import MaskPatch
from core.records.recipes import ObjectLabel, Recipe, Split
from core.records.shapes import KeypointTag
from core.synthesis.street.body_view import BodyView
from core.synthesis.street.footprints import overlap
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.truth import StreetObject

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

LEAST_MEDIAN_IOU, LEAST_P5_IOU, LEAST_TAGS, MOST_OCCLUSION_POINTS = 0.97, 0.90, 0.98, 2.0
_SHARED_PX = 8  # of two outlines; what shares less has no order that anybody sees
_HIDDEN = 0.001
_WANTED = (40, 8, 8, 8, 8, 8, 6, 6, 4, 4)


@dataclass(frozen=True, slots=True)
class TruthFigures:
    """Of some composites against what was cast.

    Attributes:
        composites, objects, covered: how many, and how many objects are hidden at all in either.
        median_iou, p5_iou, worst_iou: of modal masks, over the covered objects; one that both hide whole
            has none.
        all_median_iou, all_p5_iou: over all objects.
        pairs, wrong_pairs: pairs whose outlines share pixels, and those drawn in the wrong order.
        wrong_composites: share of composites with at least one such pair.
        tags: share of the points inside the picture that have the same tag in both; points: how many.
        hidden_tags: the same of the points that are other-occluded in either.
        occlusion_median, occlusion_p95: difference in percent points, over the covered objects.
    """

    composites: int
    objects: int
    covered: int
    median_iou: float
    p5_iou: float
    worst_iou: float
    all_median_iou: float
    all_p5_iou: float
    pairs: int
    wrong_pairs: int
    wrong_composites: float
    points: int
    tags: float
    hidden_tags: float
    occlusion_median: float
    occlusion_p95: float


class Tally:
    """Adds up composites, each against its cast."""

    def __init__(self) -> None:
        self.composites = self.wrong_composites = self.pairs = self.wrong_pairs = 0
        self.ious: list[float] = []
        self.covered_ious: list[float] = []
        self.occlusion: list[float] = []
        self.tags: list[bool] = []
        self.hidden_tags: list[bool] = []
        self.objects = 0

    def add(self, labels: Sequence[ObjectLabel], truth: Sequence[StreetObject]) -> None:
        """Counts one composite.

        Args:
            labels: far to near. truth: of the same objects, in the same order.
        """
        self.composites += 1
        self.objects += len(labels)
        for label, item in zip(labels, truth, strict=True):
            self._masks(label, item)
            self._tags(label, item)
        wrong = self._order(truth)
        self.wrong_pairs += wrong
        self.wrong_composites += wrong > 0

    def figures(self) -> TruthFigures:
        """What came out."""
        covered, everyone = np.array(self.covered_ious), np.array(self.ious)
        occlusion = np.array(self.occlusion)
        return TruthFigures(
            self.composites,
            self.objects,
            len(occlusion),
            float(np.median(covered)),
            float(np.percentile(covered, 5)),
            float(covered.min()),
            float(np.median(everyone)),
            float(np.percentile(everyone, 5)),
            self.pairs,
            self.wrong_pairs,
            self.wrong_composites / self.composites,
            len(self.tags),
            float(np.mean(self.tags)),
            float(np.mean(self.hidden_tags)),
            float(np.median(occlusion)),
            float(np.percentile(occlusion, 95)),
        )

    def _masks(self, label: ObjectLabel, item: StreetObject) -> None:
        seen = bool(label.modal.bits.size or item.modal.bits.size)
        iou = patch_iou(label.modal, item.modal)
        if seen:
            self.ious.append(iou)
        ours, theirs = label.occlusion_permille / 1000, item.occlusion
        if max(ours, theirs) > _HIDDEN:
            self.occlusion.append(100 * abs(ours - theirs))
            if seen:
                self.covered_ious.append(iou)

    def _tags(self, label: ObjectLabel, item: StreetObject) -> None:
        if label.keypoints is None:
            return
        for point, tag in zip(label.keypoints.points, item.points.tags, strict=True):
            if point is None or tag is KeypointTag.TRUNCATED:
                continue
            self.tags.append(point.tag is tag)
            if KeypointTag.OTHER_OCCLUDED in (point.tag, tag):
                self.hidden_tags.append(point.tag is tag)

    def _order(self, truth: Sequence[StreetObject]) -> int:
        """How many pairs are drawn in the wrong order, by who is seen in most pixels that both are on."""
        wrong = 0
        for far in range(len(truth)):
            for near in range(far + 1, len(truth)):
                a, b = truth[far], truth[near]
                if patch_intersection_area(a.amodal, b.amodal) < _SHARED_PX:
                    continue
                shared = _shared(a, b)
                first, second = (int(np.count_nonzero(shared & _seen_in(one, a.amodal))) for one in (a, b))
                if first + second < _SHARED_PX:
                    continue  # a third hides both there
                self.pairs += 1
                wrong += first > second
        return wrong


def _shared(a: StreetObject, b: StreetObject) -> Bits:
    """Where both outlines are, in the window of the first."""
    h, w = a.amodal.bits.shape
    return a.amodal.bits & window(b.amodal, a.amodal.x, a.amodal.y, w, h)


def _seen_in(item: StreetObject, place: MaskPatch) -> Bits:
    """Where an object is seen, in the window of a mask."""
    h, w = place.bits.shape
    return window(item.modal, place.x, place.y, w, h)


@dataclass(slots=True)
class Proofs:
    """What many recipes are held to, without rendering: by ground plans and by rays cast at each alone.

    Attributes:
        recipes, objects, pairs: how many; pairs are those whose outlines share a pixel.
        meeting: pairs whose bodies meet: no plane parts their vertices.
        behind: pairs of which the one drawn first is the nearer one in any shared pixel.
        twice: recipes with two instances of one track.
        by_middles: recipes in which an order by the distance of the middles would be wrong.
    """

    recipes: int = 0
    objects: int = 0
    pairs: int = 0
    meeting: int = 0
    behind: int = 0
    twice: int = 0
    by_middles: int = 0


def prove(staged: StagedStreet, recipe: Recipe, proofs: Proofs) -> None:
    """Holds one recipe to what must be true of all."""
    pieces = [one.piece_id for one in recipe.objects]
    tracks = [staged.origins[i].truth.track_id for i in pieces]
    proofs.recipes += 1
    proofs.objects += len(pieces)
    proofs.twice += len(set(tracks)) < len(tracks)
    plans = [staged.ground_plan(i) for i in pieces]
    indices = [staged.stock.index_of(i) for i in pieces]
    far = [0 if index is None else int(staged.stock.distances[index]) for index in indices]
    by_middles = False
    for first in range(len(pieces)):
        for second in range(first + 1, len(pieces)):
            if overlap(plans[first][None], plans[second][None]).any():
                proofs.meeting += not _parted(staged.body(pieces[first]), staged.body(pieces[second]))
            nearer = _pixels_nearer(staged.alone(pieces[first]), staged.alone(pieces[second]))
            if nearer is None:
                continue
            proofs.pairs += 1
            proofs.behind += nearer > 0
            by_middles |= far[first] < far[second]
    proofs.by_middles += by_middles


def _parted(first: Floats, second: Floats) -> bool:
    """Whether a plane parts two bodies' vertices, (n, 3) and (m, 3) metres: a linear programme."""
    from scipy.optimize import linprog

    # n.x + d <= -1 on one side, >= 1 on the other, for some n and d
    sides = np.concatenate([np.c_[first, np.ones(len(first))], -np.c_[second, np.ones(len(second))]])
    found = linprog(np.zeros(4), A_ub=sides, b_ub=-np.ones(len(sides)), bounds=[(None, None)] * 4)
    return bool(found.status == 0)


def _pixels_nearer(first: BodyView, second: BodyView) -> int | None:
    """In how many shared pixels the first is nearer than the second; None where none is shared."""
    left, top = max(first.left, second.left), max(first.top, second.top)
    right = min(first.left + first.hit.shape[1], second.left + second.hit.shape[1])
    bottom = min(first.top + first.hit.shape[0], second.top + second.hit.shape[0])
    if left >= right or top >= bottom:
        return None
    one, other = (
        view.depth[top - view.top : bottom - view.top, left - view.left : right - view.left]
        for view in (first, second)
    )
    shared = np.isfinite(one) & np.isfinite(other)
    return int(np.count_nonzero(one[shared] < other[shared])) if shared.any() else None


def by_middles(staged: StagedStreet, recipe: Recipe) -> Recipe:
    """The same objects in the order of their middles' distance, farthest first."""

    def away(piece_id: int) -> int:
        index = staged.stock.index_of(piece_id)
        assert index is not None
        return int(staged.stock.distances[index])

    ordered = sorted(recipe.objects, key=lambda one: (-away(one.piece_id), one.piece_id))
    return replace(recipe, objects=tuple(ordered))


def compare(staged: StagedStreet, composer: Composer, recipe: Recipe, tally: Tally) -> None:
    """Renders a recipe's labels and casts the same actors, and counts what differs."""
    frame = staged.cast(recipe)
    truth = {item.track_id: item for item in frame.objects}
    tracks = [staged.origins[one.piece_id].truth.track_id for one in recipe.objects]
    tally.add(composer.labels(recipe), [truth[track] for track in tracks])


def _recipes(staged: StagedStreet, count: int) -> Iterator[Recipe]:
    sampler = Walt3dSampler(staged.stock, Walt3dSettings(6, 12, WantedOcclusion(_WANTED)))
    for seed in range(count):
        yield sampler.recipe(seed, staged.scene, Split.TRAIN).recipe


def main(
    seeds: Sequence[int] = (0, 1, 2, 3), each: int = 100, proved: int = 10_000, frames: int = 250
) -> dict[str, object]:
    """Measure, print, and return the figures with their limits."""
    tallies = {name: Tally() for name in ("WALT3D", "WALT3D, coarse fits", "order by middles", "WALT2D")}
    proofs, rough = Proofs(), Proofs()
    for seed in seeds:
        settings = StreetSettings(frame_count=frames, fps=5.0, seed=seed, cars=30)
        staged = StagedStreet(settings, corner=seed % 2 == 1)
        composer, walt2d = Composer(staged.source), Walt2dSampler(staged.stock)
        for number, recipe in enumerate(_recipes(staged, max(each, proved // len(seeds) + 1))):
            if proofs.recipes < proved:
                prove(staged, recipe, proofs)
            if number < each:
                compare(staged, composer, recipe, tallies["WALT3D"])
                compare(staged, composer, by_middles(staged, recipe), tallies["order by middles"])
                random = walt2d.same_objects(recipe, staged.scene).recipe
                compare(staged, composer, random, tallies["WALT2D"])
        staged = StagedStreet(settings, corner=seed % 2 == 1, measured=True)
        composer = Composer(staged.source)
        for recipe in _recipes(staged, each):
            prove(staged, recipe, rough)
            compare(staged, composer, recipe, tallies["WALT3D, coarse fits"])
    out: dict[str, object] = {
        "limits": [LEAST_MEDIAN_IOU, LEAST_P5_IOU, LEAST_TAGS, MOST_OCCLUSION_POINTS],
        "proofs": asdict(proofs),
        "proofs, coarse fits": asdict(rough),
    }
    for name, one in (("true places", proofs), ("coarse fits", rough)):
        print(
            f"{name}: {one.recipes} recipes, {one.objects} objects: {one.meeting} pairs of bodies meet; of "
            f"{one.pairs} pairs that share a pixel {one.behind} are in the wrong order somewhere; "
            f"{one.twice} recipes with one car twice; by the distance of the middles "
            f"{100 * one.by_middles / one.recipes:.1f} % of the recipes would be wrong"
        )
    for name, tally in tallies.items():
        found = tally.figures()
        out[name] = asdict(found)
        print(
            f"{name}: {found.composites} composites, {found.covered} of {found.objects} objects covered; "
            f"modal IoU of these {found.median_iou:.3f} median, {found.p5_iou:.3f} worst 5 %, "
            f"{found.worst_iou:.3f} worst (all objects {found.all_median_iou:.3f}, {found.all_p5_iou:.3f}); "
            f"{found.wrong_pairs} of {found.pairs} pairs wrong, in {100 * found.wrong_composites:.1f} % of "
            f"composites; tags {100 * found.tags:.2f} % of {found.points} (hidden ones "
            f"{100 * found.hidden_tags:.1f} %); occlusion off by {found.occlusion_median:.2f} points median, "
            f"{found.occlusion_p95:.2f} p95"
        )
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Composites against the same objects cast together.")
    parser.add_argument("--each", type=int, default=100, help="composites of each street")
    parser.add_argument("--proved", type=int, default=10_000, help="recipes that are held to the rules")
    chosen = parser.parse_args()
    main(each=chosen.each, proved=chosen.proved)
