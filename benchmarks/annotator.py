"""How many clicks a car takes, by a simulated annotator on the street, and whether proposed tags are right.

    python -m benchmarks annotator

The annotator clicks the visible point that lies worst, off by 1 % of the box's size along each axis and by
1 px at least, and accepts when all twelve points are within 5 % of the box's size, or when no visible point
is left to better. The peer is the hand: twelve clicks a car, hidden points by guess.

A guided fit also takes what mining knows without a click: the car's mask (the truth's, and one as coarse as a
network's) and its coarse fit's heading. "With the track" adds the shape that the frames before it tell.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks._clicking import Annotated, annotate, median_clicks, share_right, table
from benchmarks._proposed_tags import Tally, agreement, proposed_tags
from benchmarks._street_cars import APART_M, CarView, Clip, Moment, clips
from core.fitting.vehicles.coarse import OutlineSighting, fit_coarse
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.guided import GuidedFitter, guide_of, in_front, shape_of
from core.fitting.vehicles.guided_model import Guide
from core.fitting.vehicles.outline import Outline, outline_of
from core.fitting.vehicles.track import fit_track
from core.jobs.reproduce.rough_masks import roughened
from core.records.fits import FitVerdict, VehicleFit
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space

Array = NDArray[np.float64]

SMALLEST_PX = 60.0
# cars that hide each other are farther away on these streets: as far as `benchmarks.fitting` looks
FARTHEST_M = 60.0
LEAST_RIGHT, MOST_CLICKS, BY_HAND = 0.95, 4.0, 12
LEAST_SELF, LEAST_OTHER = 0.95, 0.90
MOST_FIT_MS = 5.0
DRAGS = 10
SEEDS, LOW_SEEDS = (21, 22, 23, 24), (31, 32)
FRAMES, LOW_FRAMES = 40, 24
_UNHIDDEN = 0.02
_HALF = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One car in one frame that the annotator is given.

    Attributes:
        outline, coarse: of the true mask; rough_outline, rough_coarse: of a mask as coarse as a network's.
    """

    clip: Clip
    moment: Moment
    view: CarView
    outline: Outline
    coarse: VehicleFit
    rough_outline: Outline
    rough_coarse: VehicleFit


@dataclass(slots=True, eq=False)
class Curves:
    """What the annotator did, by way of working.

    Attributes:
        alone: clicks alone. guided, rough: with the mask and the coarse fit's heading. by_sight: guided, but
            accepted when all visible points are right.
        later, later_guided: of tasks of which the track had annotated frames before, alone.
        track, track_guided: the same with the track's help.
    """

    alone: list[Annotated] = field(default_factory=list)
    alone_by_sight: list[Annotated] = field(default_factory=list)
    guided: list[Annotated] = field(default_factory=list)
    by_sight: list[Annotated] = field(default_factory=list)
    rough: list[Annotated] = field(default_factory=list)
    later: list[Annotated] = field(default_factory=list)
    track: list[Annotated] = field(default_factory=list)
    later_guided: list[Annotated] = field(default_factory=list)
    track_guided: list[Annotated] = field(default_factory=list)


def tasks(clip: Clip, space: CarShapeSpace) -> Iterator[Task]:
    """Cars large enough of which a point is visible; one that moves again after 3 m, others once."""
    fine, rough = _outlined(clip, space, rough=False), _outlined(clip, space, rough=True)
    last: dict[int, CarView] = {}
    for number, moment in enumerate(clip.moments):
        for view in moment.cars:
            if view.size_px < SMALLEST_PX or not view.visible.any() or not np.isfinite(view.pixels).all():
                continue
            before = last.get(view.track_id)
            if before is not None:
                moved = float(np.linalg.norm(view.translation - before.translation))
                if moved < APART_M:
                    continue
            last[view.track_id] = view
            key = number, view.track_id
            yield Task(clip, moment, view, *fine[key], *rough[key])


def _outlined(
    clip: Clip, space: CarShapeSpace, *, rough: bool
) -> dict[tuple[int, int], tuple[Outline, VehicleFit]]:
    """Outline and coarse fit of every car, by frame and track."""
    keys: list[tuple[int, int]] = []
    sightings: list[OutlineSighting] = []
    rng = np.random.default_rng([clip.seed, 7])
    for number, moment in enumerate(clip.moments):
        masks = {
            who: roughened(mask, clip.camera, rng) if rough else mask for who, mask in moment.masks.items()
        }
        for view in moment.cars:
            others: list[MaskPatch] = [mask for who, mask in masks.items() if who != view.track_id]
            mask = masks[view.track_id]
            keys.append((number, view.track_id))
            outline = outline_of(mask, clip.camera, in_front(mask, others))
            sightings.append(OutlineSighting(outline, moment.time_s, view.track_id))
    fits = fit_coarse(clip.camera, clip.plane, space, sightings)
    return {key: (sighting.outline, fit) for key, sighting, fit in zip(keys, sightings, fits, strict=True)}


def curves(work: Sequence[Task], space: CarShapeSpace, seed: int = 5) -> Curves:
    """Has every task done in every way, with the same noise."""
    done = Curves()
    frames: dict[tuple[int, int], list[tuple[float, KeypointEvidence]]] = defaultdict(list)
    accepted: dict[tuple[int, int], list[VehicleFit]] = defaultdict(list)
    for number, task in enumerate(work):
        fitter = VehicleFitter(task.clip.camera, task.clip.plane, space)

        def do(
            by: VehicleFitter, task: Task = task, number: int = number, *, sight: bool = False
        ) -> Annotated:
            return annotate(by, task.view, np.random.default_rng([seed, number]), by_sight=sight)

        guided = GuidedFitter(fitter, guide_of(task.outline, task.coarse))
        alone, helped = do(fitter), do(guided)
        done.alone.append(alone)
        done.alone_by_sight.append(do(fitter, sight=True))
        done.guided.append(helped)
        done.by_sight.append(do(guided, sight=True))
        done.rough.append(do(GuidedFitter(fitter, guide_of(task.rough_outline, task.rough_coarse))))
        key = task.clip.seed, task.view.track_id
        if frames[key]:
            done.later.append(alone)
            alone = do(_with_shape(fitter, frames[key]))
            done.track.append(alone)
            done.later_guided.append(helped)
            helped = do(GuidedFitter(fitter, guide_of(task.outline, task.coarse, accepted[key])))
            done.track_guided.append(helped)
        frames[key].append((task.moment.time_s, alone.evidence))
        accepted[key].append(helped.fit)
    return done


def _with_shape(fitter: VehicleFitter, frames: Sequence[tuple[float, KeypointEvidence]]) -> VehicleFitter:
    """The fitter with the shape that all frames before tell together."""
    found = fit_track(fitter, [evidence for _, evidence in frames], [at for at, _ in frames])
    shape, spread = shape_of([fit for fit in found if fit is not None][:1])
    return fitter if shape is None else GuidedFitter(fitter, Guide(shape=shape, shape_sigma=spread))


def _drags(
    work: Sequence[Task], done: Sequence[Annotated], chosen: Sequence[bool], space: CarShapeSpace
) -> Iterator[float]:
    """Seconds of processor time that a fit takes when the last point clicked moves by a pixel, and again."""
    rng = np.random.default_rng(11)
    for task, car, taken in zip(work, done, chosen, strict=True):
        placed = np.flatnonzero(car.evidence.used)
        if not taken or not len(placed):
            continue
        fitter = VehicleFitter(task.clip.camera, task.clip.plane, space)
        guided, fit = GuidedFitter(fitter, guide_of(task.outline, task.coarse)), car.fit
        pixels = car.evidence.pixels.copy()
        for _ in range(DRAGS):
            pixels[placed[-1]] += rng.normal(0.0, 1.0, 2)
            evidence = KeypointEvidence(pixels, car.evidence.sigma_px, car.evidence.seen)
            began = time.thread_time()
            fit = guided.fit(evidence, fit)
            yield time.thread_time() - began


def _milliseconds(seconds: Iterable[float]) -> Array:
    return 1e3 * np.array(list(seconds))


def _by_occlusion(name: str, cars: Sequence[Annotated]) -> list[tuple[str, Sequence[Annotated]]]:
    return [
        (f"{name}: nothing hides them", [car for car in cars if car.occlusion < _UNHIDDEN]),
        (f"{name}: up to half hidden", [car for car in cars if _UNHIDDEN <= car.occlusion < _HALF]),
        (f"{name}: half hidden or cut, or more", [car for car in cars if car.occlusion >= _HALF]),
    ]


def _print_tags(name: str, tally: Tally) -> None:
    for true in sorted({tag for tag, _ in tally}):
        said = {proposed: number for (tag, proposed), number in tally.items() if tag == true}
        count = sum(said.values())
        parts = ", ".join(
            f"{tag} {100 * n / count:.1f} %" for tag, n in sorted(said.items(), key=lambda i: -i[1])
        )
        print(f"  {name}: {count} points truly {true}: proposed {parts}")


def main(seeds: Sequence[int] = SEEDS, frames: int = FRAMES) -> dict[str, float | None]:
    """Measure, print, and return the figures with their limits."""
    space = default_space()
    made = list(clips(seeds, frames))
    low = list(clips(LOW_SEEDS, LOW_FRAMES, low=True))
    return measure(made, low, space)


def measure(made: Sequence[Clip], low: Sequence[Clip], space: CarShapeSpace) -> dict[str, float | None]:
    """Of clips that are there; those of the low camera show tags alone."""
    work = [task for clip in made for task in tasks(clip, space)]
    done = curves(work, space)
    tracks = {(task.clip.seed, task.view.track_id) for task in work}
    print(f"{len(work)} tasks of {len(tracks)} cars on {len(made)} streets; share of all twelve points,")
    print(f"in percent, after so many clicks; by hand it takes {BY_HAND} clicks\n")
    rows: list[tuple[str, Sequence[Annotated]]] = [
        ("clicks alone", done.alone),
        *_by_occlusion("clicks alone", done.alone),
        ("with mask and motion", done.guided),
        *_by_occlusion("with mask and motion", done.guided),
        ("with a network's mask and motion", done.rough),
        *_by_occlusion("with a network's mask and motion", done.rough),
        ("clicks alone, accepted by sight", done.alone_by_sight),
        ("with mask and motion, accepted by sight", done.by_sight),
        ("clicks alone, cars annotated before", done.later),
        ("clicks alone, with the track's shape", done.track),
        ("mask and motion, cars annotated before", done.later_guided),
        ("mask and motion, with the track's shape", done.track_guided),
    ]
    print(table(rows))
    clicked = _milliseconds(time for car in done.guided for time in car.refits_s[1:])
    clicked_alone = _milliseconds(time for car in done.alone for time in car.refits_s[1:])
    held = [car.fit.verdict is FitVerdict.GOOD for car in done.guided]
    dragged = _milliseconds(_drags(work, done.guided, held, space))
    loose = _milliseconds(_drags(work, done.guided, [not one for one in held], space))
    for name, times in (
        ("a click, alone", clicked_alone),
        ("a click, with mask and motion", clicked),
        ("a drag by a pixel, with mask and motion", dragged),
        ("the same, where the fit is not sure", loose),
    ):
        if len(times):
            print(f"refit after {name}: {np.median(times):.1f} ms median, {np.percentile(times, 95):.1f} p95")
    own, other = KeypointTag.SELF_OCCLUDED.value, KeypointTag.OTHER_OCCLUDED.value
    rng = np.random.default_rng(9)
    every = [*made, *low]
    large = proposed_tags(every, space, lambda car: car.size_px >= SMALLEST_PX, rng)
    near = proposed_tags(every, space, lambda car: float(np.linalg.norm(car.translation)) <= FARTHEST_M, rng)
    for name, tags in ((f"of {SMALLEST_PX:.0f} px and more", large), (f"within {FARTHEST_M:.0f} m", near)):
        print(f"tags proposed for {tags.cars} views of cars {name}, 2 px noise")
        _print_tags("others as they are", tags.by_true)
        _print_tags("others by their fits", tags.by_fits)
        _print_tags("others by their fits, and the mask", tags.by_mask)
        _print_tags("others by their fits, and a network's mask", tags.by_rough_mask)
    print(f"load: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    return {
        "tasks": len(work),
        "clicks_alone": median_clicks(done.alone),
        "right_alone": share_right(done.alone),
        "clicks_guided": median_clicks(done.guided),
        "right_guided": share_right(done.guided),
        "clicks_rough": median_clicks(done.rough),
        "right_rough": share_right(done.rough),
        "clicks_track": median_clicks(done.track),
        "right_track": share_right(done.track),
        "least_right": LEAST_RIGHT,
        "most_clicks": MOST_CLICKS,
        "click_ms": float(np.median(clicked)),
        "click_p95_ms": float(np.percentile(clicked, 95)),
        "drag_ms": float(np.median(dragged)),
        "drag_p95_ms": float(np.percentile(dragged, 95)),
        "most_fit_ms": MOST_FIT_MS,
        "self_tags_large": agreement(large.by_true, own, [own])[0],
        "self_tags": agreement(near.by_true, own, [own])[0],
        "other_tags": agreement(near.by_true, f"{other} by car", [other])[0],
        "other_tags_by_fits": agreement(near.by_fits, f"{other} by car", [other])[0],
        "least_self_tags": LEAST_SELF,
        "least_other_tags": LEAST_OTHER,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotator")
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    asked = parser.parse_args()
    main(asked.seeds, asked.frames)
