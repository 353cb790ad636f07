"""Composites a second with all labels, and how often the distance of middles would order them wrongly.

Peer: WALT's public composer, written anew from what it does (ALGORITHMS.md, 4.2): each object's source frame
is decoded, its polygon filled, its pixels copied, and a stack of one picture an object keeps what is seen of
each. It is measured without and with the files that it writes: a JPEG, and the stack, compressed. All is
counted in processor time of one process, so that other work on the machine matters less.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil

from benchmarks._composite_scene import BACKGROUND, PaintedStreet, paint_stock, paint_street
from core.compositing.render import Composer
from core.compositing.sampling.footprints import Footprint
from core.compositing.sampling.stock import Scene, Stock
from core.compositing.sampling.walt3d import Walt3dSampler, Walt3dSettings
from core.compositing.sampling.wanted import WantedOcclusion, histogram, share_missed
from core.records.recipes import Recipe, Split

# width, height, objects, pieces, wanted a second, times the peer
CASES = ((640, 360, 12, 400, 40.0, 10.0), (1920, 1080, 30, 400, 6.0, 30.0))
RECIPES = 10_000
WANTED = (30, 15, 12, 10, 9, 8, 6, 5, 3, 2)
_SCENE = Scene(BACKGROUND, None)


def main() -> dict[str, Any]:
    """Prints and gives all figures."""
    cv2.setNumThreads(1)
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for width, height, objects, pieces, wanted, times in CASES:
            street = paint_street(width, height, pieces, Path(folder))
            results[f"{height}p"] = _speed(street, objects, wanted, times)
    results["order"] = _order()
    results["wanted"] = _wanted()
    return results


def _speed(street: PaintedStreet, objects: int, wanted: float, times: float) -> dict[str, Any]:
    sampler = Walt3dSampler(street.stock, Walt3dSettings(objects, objects))
    recipes = [sampler.recipe(seed, _SCENE, Split.TRAIN).recipe for seed in range(40)]
    kept = Composer(street)
    for recipe in recipes:
        kept.render(recipe)
    results = {
        "objects": objects,
        "kept": _a_second(lambda k: kept.render(recipes[k % 40])),
        "nothing_kept": _a_second(lambda k: Composer(street).render(recipes[k % 40])),
        "labels_alone": _a_second(lambda k: kept.labels(recipes[k % 40])),
        "recipes": _a_second(lambda k: sampler.recipe(1000 + k, _SCENE, Split.TRAIN)),
        "walt": _a_second(lambda k: _walt(street, recipes[k % 40]), least=3),
        "walt_written": _a_second(lambda k: _written(street, recipes[k % 40]), least=3),
    }
    results["times_walt"] = results["nothing_kept"] / results["walt"]
    results["times_written"] = results["nothing_kept"] / results["walt_written"]
    results["grown_mb"] = _grown_mb(street, sampler)
    digest = hashlib.sha256(b"".join(kept.picture(recipe).tobytes() for recipe in recipes[:10]))
    results["bytes"] = digest.hexdigest()[:16]
    height, width = street.picture.shape[:2]
    print(
        f"{objects} objects at {width}x{height}, composites a processor second: "
        f"{results['kept']:.0f} with cut-outs kept, {results['nothing_kept']:.0f} with each decoded "
        f"(target {wanted:.0f}), labels alone {results['labels_alone']:.0f}, recipes "
        f"{results['recipes']:.0f}; WALT's {results['walt']:.2f}, with files {results['walt_written']:.2f}: "
        f"{results['times_walt']:.0f} and {results['times_written']:.0f} times (target {times:.0f}); "
        f"memory after 400 more: {results['grown_mb']:+.0f} MB; bytes {results['bytes']}"
    )
    return results


def _a_second(work: Callable[[int], object], least: int = 20, seconds: float = 3.0) -> float:
    """How often something is done in a second of the processor, over the median of its times."""
    spent: list[float] = []
    while len(spent) < least or sum(spent) < seconds:
        start = time.process_time()
        work(len(spent))
        spent.append(time.process_time() - start)
    return 1.0 / float(np.median(spent))


def _grown_mb(street: PaintedStreet, sampler: Walt3dSampler) -> float:
    """Memory that 400 composites leave behind, once as many have been made."""
    composer = Composer(street, cache_bytes=64 * 2**20)
    memory = []
    for part in range(2):
        for seed in range(400):
            composer.render(sampler.recipe(10_000 * part + seed, _SCENE, Split.TRAIN).recipe)
        memory.append(psutil.Process().memory_info().rss / 1e6)
    return memory[1] - memory[0]


def _walt(street: PaintedStreet, recipe: Recipe) -> tuple[Any, Any]:
    """A composite and its stack of masks, as WALT's code makes them."""
    picture = street.picture[..., ::-1].copy()
    height, width = picture.shape[:2]
    stack = np.zeros((len(recipe.objects), height, width, 3), np.uint8)
    for index, one in enumerate(recipe.objects):
        frame = cv2.imread(str(street.frames[street.frame_of[one.piece_id]]))
        mask = np.zeros((height, width, 3), np.uint8)
        cv2.fillConvexPoly(mask, street.polygons[one.piece_id], (1, 1, 1))
        picture[mask > 0] = frame[mask > 0]
        for earlier in range(index):
            stack[earlier][(stack[earlier] > 0) & (mask > 0)] = 2
        stack[index] = mask
    return picture, stack


def _written(street: PaintedStreet, recipe: Recipe) -> None:
    """The same with its files."""
    picture, stack = _walt(street, recipe)
    folder = street.frames[0].parent
    cv2.imwrite(str(folder / "composite.jpg"), picture)
    np.savez_compressed(folder / "composite.npz", mask=stack)


def _order() -> dict[str, Any]:
    """How many of many recipes the distances of middles would order wrongly, and whether ours are right."""
    stock, _ = paint_stock(640, 360, 3000)
    sampler = Walt3dSampler(stock, Walt3dSettings(8, 16))
    by_middle = wrong = meeting = 0
    for seed in range(RECIPES):
        recipe = sampler.recipe(seed, _SCENE, Split.TRAIN).recipe
        indices = [stock.index_of(one.piece_id) or 0 for one in recipe.objects]
        prints = [stock.footprint(index) for index in indices]
        meeting += any(_meet(a, b) for a, b in itertools.combinations(prints, 2))
        pairs = [
            (i, j, _first_by_rays(prints[i], prints[j]))
            for i, j in itertools.combinations(range(len(prints)), 2)
            if _share_pixels(stock, indices[i], indices[j])
        ]
        wrong += any(first < 0 for _, _, first in pairs)
        by_middle += any(
            first and (first < 0) != (prints[i].distance_key < prints[j].distance_key)
            for i, j, first in pairs
        )
    results = {
        "recipes": RECIPES,
        "middles_wrong": by_middle / RECIPES,
        "ours_wrong": wrong,
        "footprints_meet": meeting,
        "bytes_a_piece": stock.nbytes / len(stock),
    }
    print(
        f"of {RECIPES} recipes, middles would order {100 * by_middle / RECIPES:.1f} % wrongly (one in "
        f"{RECIPES / max(by_middle, 1):.0f}), by rays cast anew; ours wrong: {wrong}, footprints that meet: "
        f"{meeting}; a piece takes {results['bytes_a_piece']:.0f} bytes in the stock"
    )
    return results


def _wanted() -> dict[str, Any]:
    """How near a set comes to a wanted distribution of occlusion, and how near it is by chance."""
    stock, _ = paint_stock(640, 360, 3000)
    wanted = WantedOcclusion(WANTED)
    results: dict[str, Any] = {"wanted": WANTED}
    for name, settings in (
        ("as_it_comes", Walt3dSettings(8, 16)),
        ("aimed_at", Walt3dSettings(8, 16, wanted=wanted)),
    ):
        sampler = Walt3dSampler(stock, settings)
        percents = [
            percent
            for seed in range(500)
            for percent in sampler.recipe(seed, _SCENE, Split.TRAIN).occlusion_percent
        ]
        counts = histogram(percents)
        shares = [round(100 * count / sum(counts), 1) for count in counts]
        results[name] = {"shares": shares, "missed": share_missed(counts, wanted)}
        print(f"occlusion {name}: {shares}, {100 * results[name]['missed']:.0f} % in the wrong bin")
    return results


def _share_pixels(stock: Stock, a: int, b: int) -> bool:
    first, second = stock.mask(a)[0], stock.mask(b)[0]
    left, top = max(first.x, second.x), max(first.y, second.y)
    right = min(first.x + first.bits.shape[1], second.x + second.bits.shape[1])
    bottom = min(first.y + first.bits.shape[0], second.y + second.bits.shape[0])
    if left >= right or top >= bottom:
        return False
    parts = [one.bits[top - one.y : bottom - one.y, left - one.x : right - one.x] for one in (first, second)]
    return bool((parts[0] & parts[1]).any())


def _meet(a: Footprint, b: Footprint) -> bool:
    """Whether two footprints share ground, as OpenCV sees it."""
    area, _ = cv2.intersectConvexConvex(np.float32(a.corners), np.float32(b.corners))
    return bool(area > 1.0)


def _first_by_rays(a: Footprint, b: Footprint) -> int:
    """-1 where a ray in the plan meets a first, 1 where b, 0 where none meets both; shares no code."""
    angles = [[math.atan2(y, x) for x, y in one.corners] for one in (a, b)]
    low, high = max(map(min, angles)), min(map(max, angles))
    if low >= high:
        return 0
    middle = (low + high) / 2
    here, there = (_along(one, middle) for one in (a, b))
    return -1 if here < there else 1


def _along(one: Footprint, angle: float) -> float:
    dx, dy = math.cos(angle), math.sin(angle)
    found = math.inf
    for (x1, y1), (x2, y2) in zip(one.corners, (*one.corners[1:], one.corners[0]), strict=True):
        across = dx * (y2 - y1) - dy * (x2 - x1)
        if across:
            share = (x1 * dy - y1 * dx) / across
            if 0 <= share <= 1:
                found = min(found, (x1 * (y2 - y1) - y1 * (x2 - x1)) / across)
    return found


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
