"""How long an evaluation takes: average precision of boxes and masks by occlusion, beside faster-coco-eval.

    python -m benchmarks evaluation

5,000 pictures of 640 x 360 with 50,000 objects and 60,000 finds, boxes and masks, ten bins of occlusion and
all objects. The peer counts all objects alone; of bins with the others ignored it knows nothing. Then all
that the job `evaluate` compares and counts of them: every figure by every slice, without intervals.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from core.evaluation.average_precision import Compared, average_precision
from core.evaluation.binned_precision import BinnedPrecision
from core.evaluation.compared import TruePicture, TrueThing
from core.geometry.masks import patch_to_rle, rle_to_patch
from core.jobs.context import JobContext
from core.jobs.evaluate.detections import outcomes
from core.jobs.evaluate.kept import LookedAt
from core.jobs.evaluate.settings import EvaluateSettings
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.evaluations import PictureRow
from core.records.masks import MaskPatch, Rle
from core.records.seen import SeenObject
from core.records.shapes import KeypointTag
from core.records.slices import OCCLUSION_BINS, occlusion_bins
from core.store.project import Project

PICTURES, OBJECTS, EXTRA = 5000, 10, 2
WIDTH, HEIGHT = 640, 360
BINS = OCCLUSION_BINS
DRAWS = 20
MOST_S = 60.0


def made(seed: int = 0) -> tuple[list[TrueObject], list[FoundObject], np.ndarray]:
    """Objects, finds a little off, some of nothing, and how much of each object is hidden."""
    rng = np.random.default_rng(seed)
    truth: list[TrueObject] = []
    found: list[FoundObject] = []
    for picture in range(PICTURES):
        for _ in range(OBJECTS):
            x, y, w, h = _box(rng)
            category = Category.CAR if rng.uniform() < 0.7 else Category.PERSON
            truth.append(TrueObject(picture, category, Box(x, y, w, h), _mask(x, y, w, h)))
            x, y, w, h = _within(np.array([x, y, w, h]) + rng.normal(0, 0.06, 4) * [w, h, w, h])
            found.append(FoundObject(picture, category, Box(x, y, w, h), rng.uniform(), _mask(x, y, w, h)))
        for _ in range(EXTRA):
            x, y, w, h = _box(rng)
            found.append(
                FoundObject(picture, Category.CAR, Box(x, y, w, h), rng.uniform(0, 0.7), _mask(x, y, w, h))
            )
    return truth, found, rng.beta(0.5, 1.5, len(truth))


def main() -> dict[str, float]:
    """Measures and prints."""
    truth, found, hidden = made()
    bins = occlusion_bins(hidden) == np.arange(BINS)[:, None]
    members = np.concatenate([np.ones((1, len(truth))), bins]).astype(bool)
    figures: dict[str, float] = {}
    ours_s = peer_s = drawn_s = 0.0
    for compared in Compared:
        began = time.perf_counter()
        matched = BinnedPrecision(truth, found, compared, members)
        ours = matched.average()
        ours_s += time.perf_counter() - began
        began = time.perf_counter()
        peers = average_precision(truth, found, compared)
        peer_s += time.perf_counter() - began
        assert peers is not None
        figures[f"{compared} apart"] = abs(float(ours[0]) - peers.ap)
        weights = np.random.default_rng(1).multinomial(PICTURES, np.full(PICTURES, 1 / PICTURES), DRAWS)
        began = time.perf_counter()
        drawn = np.array([matched.average(one) for one in weights])
        drawn_s += time.perf_counter() - began
        spread = np.ptp(drawn[:, 0])
        print(
            f"{compared}: AP {ours[0]:.3f}, by bins {np.round(ours[1:], 3)}, {spread:.3f} over {DRAWS} draws"
        )
    verdict = "met" if ours_s <= MOST_S else "MISSED"
    print(
        f"{len(truth)} objects, boxes and masks, {BINS} bins: {ours_s:.1f} s, at most {MOST_S:.0f}: {verdict}"
    )
    print(f"faster-coco-eval, all objects alone: {peer_s:.1f} s; apart at most {max(figures.values()):.1e}")
    print(f"each draw of an interval: {drawn_s / DRAWS:.2f} s for all bins, boxes and masks")
    job = all_that_is_counted(truth, found, hidden)
    return figures | {"ours_s": ours_s, "peer_s": peer_s, "draw_s": drawn_s / DRAWS} | job


def all_that_is_counted(
    truth: list[TrueObject], found: list[FoundObject], hidden: np.ndarray
) -> dict[str, float]:
    """How long the job's comparing and counting takes: all figures by all slices, and curves, no interval."""
    rng = np.random.default_rng(2)
    things: list[list[TrueThing]] = [[] for _ in range(PICTURES)]
    said: list[list[SeenObject]] = [[] for _ in range(PICTURES)]
    for one, share in zip(truth, hidden.tolist(), strict=True):
        thing = TrueThing(_seen(one, 1.0), occlusion=share, distance_m=rng.uniform(5, 90))
        things[one.picture].append(thing)
    for find in found:
        said[find.picture].append(_seen(find, find.score))
    looked = [
        LookedAt(
            PictureRow(place, None, None, str(place), None, place % 24, WIDTH, HEIGHT),
            str(place),
            TruePicture(WIDTH, HEIGHT, things[place], hour=place % 24),
            said[place],
        )
        for place in range(PICTURES)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        Project.create(Path(folder) / "one.amodal", "One") as project,
    ):
        context = JobContext(project, 0, EvaluateSettings(), None)
        began = time.perf_counter()
        told = outcomes(context, looked, shown_score=0.5, seed=0, draws=0)
        took_s = time.perf_counter() - began
    verdict = "met" if took_s <= MOST_S else "MISSED"
    print(
        f"the job's comparing and counting, {len(told.counted.figures)} figures by slices: {took_s:.1f} s, "
        f"at most {MOST_S:.0f}: {verdict}"
    )
    return {"job_s": took_s}


def _seen(one: TrueObject | FoundObject, score: float) -> SeenObject:
    assert one.mask is not None
    patch = rle_to_patch(one.mask)
    nowhere = np.full((29, 2), np.nan)
    tags = (KeypointTag.UNLABELLED,) * 29
    return SeenObject(one.category, score, one.box, patch, None, nowhere, np.zeros(29), tags)


def _box(rng: np.random.Generator) -> tuple[float, ...]:
    w, h = rng.uniform(12, 120, 2)
    return _within(np.array([rng.uniform(0, WIDTH - w), rng.uniform(0, HEIGHT - h), w, h]))


def _within(box: np.ndarray) -> tuple[float, ...]:
    left, top = np.clip(box[:2], 0, [WIDTH - 8, HEIGHT - 8])
    right, bottom = np.clip(box[:2] + box[2:], [left + 4, top + 4], [WIDTH, HEIGHT])
    return float(left), float(top), float(right - left), float(bottom - top)


def _mask(x: float, y: float, w: float, h: float) -> Rle:
    """An ellipse in the box."""
    rows, columns = np.ogrid[0 : int(h), 0 : int(w)]
    middle = (int(h) - 1) / 2, (int(w) - 1) / 2
    bits = ((rows - middle[0]) / (h / 2)) ** 2 + ((columns - middle[1]) / (w / 2)) ** 2 <= 1
    return patch_to_rle(MaskPatch(int(x), int(y), bits), HEIGHT, WIDTH)


if __name__ == "__main__":
    main()
