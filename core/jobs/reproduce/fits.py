"""3D by how much is hidden (figures 6 and 7, table 4): fits of what stands on the test's streets.

Points and masks are the truth with noise, so that it is a test of fitting and not of a network that finds
points. Points that are seen have the noise that the fitter assumes of them; hidden ones three times as much,
as of a network that has learned to guess them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.joints import aligned_joint_errors, correct_joints, joint_errors
from core.evaluation.poses import add_errors, place_errors, rotation_errors
from core.fitting.people.evidence import BodyEvidence, sharp_sigmas_px
from core.fitting.people.fitter import BodyFitter
from core.fitting.vehicles.coarse import OutlineSighting, fit_coarse
from core.fitting.vehicles.evidence import HIDDEN_TIMES, KeypointEvidence, sharp_sigma_px
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.guided import GuidedFitter, guide_of
from core.fitting.vehicles.outline import Outline, outline_of
from core.geometry.masks import patch_area, rle_to_patch
from core.jobs.reproduce.placed import PlacedObject, PlacedView
from core.jobs.reproduce.rough_masks import roughened
from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import BodyFit, FitVerdict, VehicleFit
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.shapes.body.placed import NamedBody, placed_body
from core.shapes.space import CarShapeSpace
from core.training.data.street_frames import KnownFrame

Floats = NDArray[np.float64]

LEAST_PX = 32.0
"""Objects whose whole box is shorter along its longer side are left out."""


class Way(StrEnum):
    """What an object is fitted from."""

    SEEN = "points that are seen"
    SEEN_FREE = "points that are seen, no ground"
    ALL = "all points, hidden ones guessed"
    GUIDED = "points that are seen, and the mask"
    MASK = "the mask of what is seen alone"
    WHOLE_MASK = "the whole mask alone"


OF_CARS = tuple(Way)
OF_PEOPLE = (Way.SEEN, Way.ALL)


@dataclass(frozen=True, slots=True, eq=False)
class _SeenCar:
    """A car with what is known of it: points seen, all points, the outlines of both masks."""

    truth: PlacedObject
    seen: KeypointEvidence
    all: KeypointEvidence
    outline: Outline
    whole: Outline


class Fitted:
    """Fits what one camera sees.

    Args:
        key: of the camera, for all chance.
    """

    def __init__(self, view: PlacedView, space: CarShapeSpace, body: NamedBody, key: Sequence[int]) -> None:
        self._view, self._space, self._body, self._key = view, space, body, tuple(key)
        self._cars = VehicleFitter(view.camera, view.plane, space)
        self._free = VehicleFitter(view.camera, None, space)
        self._people = BodyFitter(view.camera, view.plane, body)

    def rows(self, known: Sequence[KnownFrame]) -> list[dict[str, Any]]:
        """Errors of all that is large enough, by each way: plain values.

        Args:
            known: the frames with their masks, as many as the view has.
        """
        out: list[dict[str, Any]] = []
        for number, (placed, frame) in enumerate(zip(self._view.frames, known, strict=True)):
            large = [one for one in placed if one.size_px >= LEAST_PX]
            masks = {one.track: (rle_to_patch(one.seen), rle_to_patch(one.whole)) for one in frame.objects}
            farthest_first = [one.track for one in placed]
            cars = [
                self._seen_car(one, masks, farthest_first, self._rng(number, one))
                for one in large
                if one.category is Category.CAR and patch_area(masks[one.track][0])
            ]
            people = [one for one in large if one.category is Category.PERSON]
            out += self._of_cars(cars, number)
            out += self._of_people(people, number)
        return out

    def _rng(self, frame: int, one: PlacedObject) -> np.random.Generator:
        """Of an object by itself: what is left out changes nothing of the others."""
        return np.random.default_rng([*self._key, frame, one.track])

    def _seen_car(
        self,
        one: PlacedObject,
        masks: Mapping[int, tuple[MaskPatch, MaskPatch]],
        farthest_first: Sequence[int],
        rng: np.random.Generator,
    ) -> _SeenCar:
        camera = self._view.camera
        sharp = sharp_sigma_px(one.size_px)
        pixels, sigma, visible, there = _noisy(one, np.full(len(one.points), sharp), rng)
        nearer = farthest_first[farthest_first.index(one.track) + 1 :]
        modal, whole = (roughened(mask, camera, rng) for mask in masks[one.track])
        return _SeenCar(
            one,
            KeypointEvidence(pixels, np.where(there & visible, sigma, np.inf), visible),
            KeypointEvidence(pixels, np.where(there, sigma, np.inf), visible),
            outline_of(modal, camera, [masks[track][0] for track in nearer]),
            outline_of(whole, camera),
        )

    def _of_cars(self, cars: Sequence[_SeenCar], frame: int) -> list[dict[str, Any]]:
        if not cars:
            return []
        camera, plane, space = self._view.camera, self._view.plane, self._space
        seen, every = [one.seen for one in cars], [one.all for one in cars]
        coarse, coarse_whole = (
            fit_coarse(camera, plane, space, [OutlineSighting(outline, 0.0, None) for outline in outlines])
            for outlines in ([one.outline for one in cars], [one.whole for one in cars])
        )
        fits: dict[Way, Sequence[VehicleFit]] = {
            Way.SEEN: self._cars.fit_many(seen),
            Way.SEEN_FREE: self._free.fit_many(seen),
            Way.ALL: self._cars.fit_many(every),
            Way.GUIDED: [
                GuidedFitter(self._cars, guide_of(one.outline, rough)).fit(one.seen)
                for one, rough in zip(cars, coarse, strict=True)
            ],
            Way.MASK: coarse,
            Way.WHOLE_MASK: coarse_whole,
        }
        return [
            _row(one.truth, frame, int(one.seen.used.sum()))
            | {"ways": {way: _car_errors(one.truth, fits[way][place], space) for way in OF_CARS}}
            for place, one in enumerate(cars)
        ]

    def _of_people(self, people: Sequence[PlacedObject], frame: int) -> list[dict[str, Any]]:
        if not people:
            return []
        evidence = [_of_person(one, self._rng(frame, one)) for one in people]
        fits = {
            way: self._people.fit_many([one[place] for one in evidence])
            for place, way in enumerate(OF_PEOPLE)
        }
        return [
            _row(one, frame, int(evidence[place][0].used.sum()))
            | {"ways": {way: _person_errors(one, fits[way][place], self._body) for way in OF_PEOPLE}}
            for place, one in enumerate(people)
        ]


def _noisy(
    one: PlacedObject, sharp_px: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Its points with noise, the noise's deviation, which are seen, and which are within the picture."""
    visible = np.array([tag is KeypointTag.VISIBLE for tag in one.tags])
    within = np.array([tag is not KeypointTag.TRUNCATED for tag in one.tags])
    sigma = np.where(visible, sharp_px, HIDDEN_TIMES * sharp_px)
    return one.points + rng.normal(size=one.points.shape) * sigma[:, None], sigma, visible, within


def _of_person(one: PlacedObject, rng: np.random.Generator) -> tuple[BodyEvidence, BodyEvidence]:
    """By what is seen, and by all points; the box is that of what is seen, its edges half a pixel off."""
    sharp = sharp_sigmas_px(one.whole_box)
    pixels, sigma, visible, within = _noisy(one, sharp, rng)
    box = one.seen_box
    left, top, right, bottom = np.array([box.x, box.y, box.right, box.bottom]) + rng.normal(0, 0.5, 4)
    near = Box(left, top, max(right - left, 1.0), max(bottom - top, 1.0))
    seen, every = (
        BodyEvidence(pixels, used, np.where(used, sigma, np.inf), one.tags, near)
        for used in (within & visible, within)
    )
    return seen, every


def _row(one: PlacedObject, frame: int, seen: int) -> dict[str, Any]:
    return {
        "category": one.category.value,
        "frame": frame,
        "track": one.track,
        "hidden": round(one.hidden, 4),
        "size": round(one.size_px, 1),
        "seen": seen,
    }


def _car_errors(one: PlacedObject, fit: VehicleFit, space: CarShapeSpace) -> dict[str, Any] | None:
    """Rotation (radians), place and ADD (metres); None where nothing is said of the car."""
    if fit.verdict is FitVerdict.TOO_FEW_POINTS:
        return None
    turn, place = np.reshape(fit.rotation, (1, 3, 3)), np.array([fit.translation])
    points = space.keypoints(one.shape)[None]
    errors = (
        rotation_errors(turn, one.rotation[None]),
        place_errors(place, one.translation[None]),
        add_errors(turn, place, one.rotation[None], one.translation[None], points),
    )
    return _told(fit.verdict, zip(("turn", "place", "add"), errors, strict=True))


def _person_errors(one: PlacedObject, fit: BodyFit, body: NamedBody) -> dict[str, Any] | None:
    """Joints (metres, about the pelvis; after a similarity), share of joints within 15 cm, place (metres)."""
    if fit.verdict is FitVerdict.TOO_FEW_POINTS:
        return None
    assert one.joints is not None
    said, true = placed_body(fit, body.model).joints[None], one.joints[None]
    errors = (
        joint_errors(said, true),
        aligned_joint_errors(said, true),
        correct_joints(said, true, 0.15),
        place_errors(said[:, 0], true[:, 0]),
    )
    return _told(fit.verdict, zip(("joints", "aligned", "pck", "place"), errors, strict=True))


def _told(verdict: FitVerdict, errors: Any) -> dict[str, Any]:
    return {"verdict": verdict.value} | {name: round(float(value[0]), 5) for name, value in errors}
