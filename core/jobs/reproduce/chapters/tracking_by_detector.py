"""Table 2, and figure 6's boxes: how well objects are told and followed, by what boxes were learned from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from safetensors.torch import load_file

from core.evaluation.tracking import TrackedSequence
from core.jobs.reproduce.arms import Arm, samples_of
from core.jobs.reproduce.chapter import Chapter, Page
from core.jobs.reproduce.followed_boxes import (
    BoxIous,
    box_claims,
    box_ious,
    box_report,
    box_rows,
    counts_of,
)
from core.jobs.reproduce.following import LEARNED, Told, counted, follow, found_in, keep_tracks
from core.jobs.reproduce.following_tables import tracking_claims, tracking_report, tracking_rows
from core.jobs.reproduce.size import Size
from core.jobs.reproduce.sizes import SCALES
from core.jobs.reproduce.units import Unit
from core.jobs.reproduce.whole_boxes import BoxesOfSeen, box_looks_of, taught_boxes
from core.training.data.street_frames import StreetPlan, StreetTruth, make_street_frames

_FIRST = 120
"""The number of the clips' first street; nothing else is made of these."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """How much of it there is.

    Attributes:
        streets: of the clips, each through two cameras; 0: the first street that is learned from is followed.
        frames: of each clip. fps: of them a second.
        seeds: how often each network is trained. steps: of 48 proposals.
        draws: of the clips, for intervals.
    """

    streets: int
    frames: int
    fps: float
    seeds: int
    steps: int
    draws: int


_SCALES = {
    Size.SMOKE: _Scale(streets=0, frames=2, fps=1.0, seeds=1, steps=2, draws=5),
    Size.SMALL: _Scale(streets=3, frames=60, fps=5.0, seeds=2, steps=600, draws=300),
    Size.FULL: _Scale(streets=20, frames=300, fps=10.0, seeds=3, steps=20_000, draws=1000),
}


def _units(home: Path, size: Size) -> list[Unit]:
    scale = _SCALES[size]
    made = [
        Unit(f"clips of the street {street}", _drawn(home, street), partial(_draw, home, size, street), True)
        for street in _streets(scale)
    ]
    made += [
        Unit(
            f"followed: {told.value}, seed {seed}",
            _tracks(home, size, told, seed)[-1],
            partial(_follow, home, size, told, seed),
        )
        for told, seed in _tellers(scale)
    ]
    return made


def _page(home: Path, size: Size) -> Page | None:
    scale = _SCALES[size]
    done: dict[Told, list[list[TrackedSequence]]] = {}
    boxes: dict[Told, list[BoxIous]] = {}
    for told, seed in _tellers(scale):
        paths = _tracks(home, size, told, seed)
        if paths[-1].exists():
            clips = _clips(home, size)
            pairs = zip(clips, paths, strict=True)
            done.setdefault(told, []).append([counted(clip, path) for clip, path in pairs])
            boxes.setdefault(told, []).append(box_ious(clips, paths))
    if not done:
        return None
    rows = tracking_rows(done, scale.draws)
    claims = tracking_claims(done, scale.draws)
    box_means, of_boxes = box_rows(boxes, scale.draws), box_claims(boxes, scale.draws)
    numbers = {
        "scale": asdict(scale),
        "rows": {told.value: row.as_json() for told, row in rows.items()},
        "claims": [asdict(one) | {"verdict": one.verdict} for one in (*claims, *of_boxes)],
        "box IoU": {told.value: [asdict(one) for one in row.figures] for told, row in box_means.items()},
    }
    counts = counts_of(next(iter(boxes.values()))[0])
    report = tracking_report(rows, claims, scale.frames, scale.fps)
    return Page("\n\n".join([report, box_report(box_means, of_boxes, counts)]), numbers)


def _tellers(scale: _Scale) -> Iterator[tuple[Told, int]]:
    """One seed after another, so that what is cut off has some of everything; bounds learn nothing."""
    for seed in range(scale.seeds):
        for told in Told:
            if told in LEARNED or seed == 0:
                yield told, seed


def _streets(scale: _Scale) -> range:
    return range(_FIRST, _FIRST + scale.streets)


def _plan(size: Size, street: int) -> StreetPlan:
    scale, pictures = _SCALES[size], SCALES[size].streets
    return StreetPlan((street,), scale.frames, pictures.width, pictures.height, fps=scale.fps)


def _drawn(home: Path, street: int) -> Path:
    return home / f"clips-{street}"


def _draw(home: Path, size: Size, street: int) -> None:
    make_street_frames(home / "clips", _plan(size, street))
    _drawn(home, street).touch()


def _clips(home: Path, size: Size) -> list[StreetTruth]:
    """Two of each street; in the smallest size what is learned from, so that nothing more is cast."""
    scale = _SCALES[size]
    if not scale.streets:
        return [StreetTruth([home / Arm.MODAL.value / str(SCALES[size].streets.seeds[0])])]
    return [
        StreetTruth([folder])
        for street in _streets(scale)
        for folder in make_street_frames(home / "clips", _plan(size, street))
    ]


def _tracks(home: Path, size: Size, told: Told, seed: int) -> list[Path]:
    """A file for each clip; the last is written last."""
    scale = _SCALES[size]
    folder = home / "following" / f"{told.name.lower()}-{seed}-{scale.steps}"
    return [folder / f"{clip}.json" for clip in range(max(1, 2 * scale.streets))]


def _follow(home: Path, size: Size, told: Told, seed: int) -> None:
    scale = _SCALES[size]
    network = None if told not in LEARNED else _taught(home, size, LEARNED[told], seed)
    paths = _tracks(home, size, told, seed)
    for key, (clip, path) in enumerate(zip(_clips(home, size), paths, strict=True)):
        keep_tracks(path, follow(found_in(clip, told, network, key), scale.fps))


def _taught(home: Path, size: Size, arm: Arm, seed: int) -> BoxesOfSeen:
    samples = samples_of(home, arm, SCALES[size].streets)
    looks = box_looks_of(samples, seed, whole=arm is not Arm.MODAL)
    trunk = load_file(home / "backbone.safetensors")
    return taught_boxes(trunk, looks, seed, _SCALES[size].steps)


TRACKING_BY_DETECTOR = Chapter(
    "Tracking with either detector, and its boxes (table 2, figure 6)", "tracking", _units, _page
)
