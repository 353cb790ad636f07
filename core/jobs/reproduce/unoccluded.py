"""What is unoccluded, by mining's rules and by the occlusion classifier (WALT3D, Table 5).

All see the same finds on the test's streets: every object that is seen at all, with the mask and the box that
a network's head would give it, and a score of 1. So it is a test of the rules and not of a detector.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.geometry.cameras import pinhole
from core.geometry.masks import patch_box, rle_to_patch
from core.jobs.reproduce.rough_masks import roughened
from core.mining.occlusion.classified import decide_by_belief
from core.mining.occlusion.decide import decide_occlusion
from core.mining.occlusion.settings import WaltSettings
from core.mining.occlusion.walt import decide_walt
from core.networks.classifier import OcclusionClassifier
from core.records.boxes import Box
from core.records.masks import MaskPatch
from core.records.occlusion import Observation, OcclusionDecision, OcclusionLabel
from core.training.data.crops import CropSample, PackedCrop, cut_sample, packed
from core.training.data.street_frames import KnownFrame, StreetTruth
from core.training.tasks.classifier import NOTHING_HIDDEN, SURELY_HIDDEN, believed, is_unoccluded

TAUS = (0.2, 0.05, 0.01, 0.0)
"""WALT's overlap from loose to strict: 0.05 and 0.01 stand in its code, the others on both sides of them."""
PUBLISHED, BUILT_IN = "WALT's rule as published", "classifier that comes with the program"
STRONGEST = f"WALT's rule without its quirk, overlap {TAUS[1]}"
BOXES, ONE_FRAME, OURS = "our tests, boxes alone", "our tests, one frame", "our tests, with tracks"

_SECONDS = 2.5  # from one frame to the next, as `StreetPlan` has it
_BATCH = 64
_LEAST_SHORT = 8 / 22  # of the longer side: as in the classifier's crops
_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Judged:
    """An object of the test of which it is known whether anything covers it, and what each rule says.

    Attributes:
        track: it and its street, such as "0/17": sightings of it are alike.
        category: car or person. good: whether it is unoccluded.
        kept: by rule, whether it is called so.
    """

    track: str
    category: str
    good: bool
    kept: Mapping[str, bool]


@dataclass(frozen=True, slots=True, eq=False)
class SeenClip:
    """The finds of one camera's pictures.

    Attributes:
        frames: the pictures with the truth. found: all finds.
        hidden: of each find, the share that is not seen. boxes: around what is truly seen of each.
    """

    frames: Sequence[KnownFrame]
    found: Sequence[Observation]
    hidden: Sequence[float]
    boxes: Sequence[Box]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        height, width = self.frames[0].picture.shape[:2]
        return width, height

    def sure(self, least_px: float) -> list[int]:
        """Places of the finds that are large enough and of which it is known whether they are occluded."""
        return [
            place
            for place, (box, hidden) in enumerate(zip(self.boxes, self.hidden, strict=True))
            if large_enough(box, least_px) and (hidden <= NOTHING_HIDDEN or hidden >= SURELY_HIDDEN)
        ]


def large_enough(box: Box, least_px: float) -> bool:
    """Whether so much is seen of an object that it counts."""
    return box.size >= least_px and min(box.w, box.h) >= _LEAST_SHORT * least_px


def seen_clip(folder: Path, seed: int) -> SeenClip:
    """What a detector without misses finds in a camera's pictures.

    Args:
        folder: of the pictures. seed: of the masks' errors.
    """
    truth = StreetTruth([folder])
    frames = [truth.frame(place) for place in range(len(truth))]
    rng = np.random.default_rng([seed, 17])
    found: list[Observation] = []
    hidden, boxes = [], []
    for number, frame in enumerate(frames):
        height, width = frame.picture.shape[:2]
        camera = pinhole(width, height, float(width))  # of which only the size matters
        for one in frame.objects:
            if one.box is None:
                continue
            mask = roughened(rle_to_patch(one.seen), camera, rng)
            found.append(
                Observation(
                    len(found), number, number * _SECONDS, one.track, patch_box(mask), one.category, 1.0, mask
                )
            )
            hidden.append(one.occlusion)
            boxes.append(one.box)
    return SeenClip(frames, found, hidden, boxes)


def ruled(clip: SeenClip) -> dict[str, list[bool]]:
    """Which finds each rule calls unoccluded."""
    alone = [replace(one, track_id=None) for one in clip.found]
    bare = [replace(one, mask=None) for one in alone]
    said = {PUBLISHED: decide_walt(clip.found, WaltSettings())}
    for tau in TAUS:
        strong = WaltSettings(quirk=False, keep_score=0.0, tau=tau)
        said[f"WALT's rule without its quirk, overlap {tau}"] = decide_walt(clip.found, strong)
    said[BOXES] = decide_occlusion(bare, *clip.size)
    said[ONE_FRAME] = [
        decision
        for number in range(len(clip.frames))
        for decision in decide_occlusion([one for one in alone if one.frame == number], *clip.size)
    ]
    said[OURS] = decide_occlusion(clip.found, *clip.size)
    return {name: _kept(decisions) for name, decisions in said.items()}


def ruled_by(network: OcclusionClassifier, clip: SeenClip) -> list[bool]:
    """Which finds a classifier calls unoccluded, as mining asks it: from belief one half on."""
    beliefs: list[float] = []
    for start in range(0, len(clip.found), _BATCH):
        some = [sample_of(clip, place) for place in range(start, min(start + _BATCH, len(clip.found)))]
        beliefs += believed(network, network.settings, some, _CPU).tolist()
    return _kept(decide_by_belief(clip.found, dict(enumerate(beliefs)), *clip.size, 0.5))


def sample_of(clip: SeenClip, place: int) -> CropSample:
    """A find as the classifier is shown it; the truth is left out."""
    one = clip.found[place]
    beside = [
        other.mask
        for other in clip.found
        if other.frame == one.frame and other is not one and other.mask is not None
    ]
    return cut_sample(
        clip.frames[one.frame].picture, one.box, one.mask, beside, None, (), one.box.size, float("nan"),
        one.category, 256,
    )  # fmt: skip


def judged(clip: SeenClip, kept: Mapping[str, Sequence[bool]], street: int, least_px: float) -> list[Judged]:
    """What the rules say of the finds that count."""
    return [
        Judged(
            f"{street}/{clip.found[place].track_id}",
            clip.found[place].category.value,
            is_unoccluded(clip.hidden[place]),
            {name: bool(words[place]) for name, words in kept.items()},
        )
        for place in clip.sure(least_px)
    ]


def as_json(rows: Sequence[Judged]) -> str:
    """As a file has them."""
    return json.dumps([[one.track, one.category, one.good, dict(one.kept)] for one in rows])


def read_judged(path: Path) -> list[Judged]:
    """What `as_json` has written."""
    return [Judged(*row) for row in json.loads(path.read_text(encoding="utf-8"))]


def crops_of_frames(folder: Path, least_px: float, name: str) -> list[PackedCrop]:
    """The objects of a camera's pictures as the classifier learns them."""
    truth = StreetTruth([folder])
    crops = []
    for place in range(len(truth)):
        frame = truth.frame(place)
        masks: list[MaskPatch] = [rle_to_patch(one.seen) for one in frame.objects]
        for number, one in enumerate(frame.objects):
            if one.box is None or not large_enough(one.box, least_px):
                continue
            beside = [mask for other, mask in enumerate(masks) if other != number and mask.bits.size]
            sample = cut_sample(
                frame.picture, one.box, masks[number], beside, None, (), one.box.size, one.occlusion,
                one.category,
            )  # fmt: skip
            crops.append(packed(sample, f"{name}/{place}/{one.track}"))
    return crops


def counted(rows: Sequence[Judged], rule: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """(5, n) what is summed above and below for precision, recall and F1, and F1 of cars and of people."""
    kept, good = (np.array(one, dtype=bool) for one in ([r.kept[rule] for r in rows], [r.good for r in rows]))
    car = np.array([one.category == "car" for one in rows], dtype=bool)
    hits, both = kept & good, kept.astype(float) + good
    above = [hits, hits, 2.0 * hits, 2.0 * hits * car, 2.0 * hits * ~car]
    below = [kept, good, both, both * car, both * ~car]
    return np.array(above, dtype=float), np.array(below, dtype=float)


def _kept(decisions: Sequence[OcclusionDecision]) -> list[bool]:
    return [one.label is OcclusionLabel.UNOCCLUDED for one in decisions]
