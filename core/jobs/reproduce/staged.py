"""A street's unoccluded actors as a stock of pieces, in memory, and any recipe of them cast again together.

The composite is made of pictures, masks and footprints; the same actors at the same poses are then cast by
ray in one scene. What the two disagree in is what compositing gets wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.compositing.cut import cut_out
from core.compositing.sampling.footprints import (
    MM_PER_M,
    PERSON_RADIUS_MM,
    Footprint,
    disc_footprint,
    rectangle_footprint,
)
from core.compositing.sampling.splits import Lifetime, SplitSettings, split_by_time
from core.compositing.sampling.stock import Scene, Stock, StockPiece, frame_light
from core.fitting.vehicles.coarse import OutlineSighting, fit_coarse
from core.fitting.vehicles.outline import outline_of
from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import to_record
from core.geometry.masks import patch_area, patch_box, patch_to_rle, rle_to_patch
from core.geometry.poses import Pose, compose
from core.jobs.cut.places import Places
from core.records.detections import Category
from core.records.fits import FitVerdict
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import Rle
from core.records.occlusion import LabelOrigin
from core.records.recipes import Cutout, Piece, Recipe, Split
from core.shapes.space_file import default_space
from core.synthesis.street.body_view import BodyView, view_body
from core.synthesis.street.footprints import corners
from core.synthesis.street.mounts import far_mount
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Actor, Street, StreetCamera
from core.synthesis.street.truth import StreetFrame, StreetObject

Image = NDArray[np.uint8]

BACKGROUND_ID = 1
_LEAST_AREA_PX = 60
_EVERY = 5  # frames between two cuts of one track


@dataclass(frozen=True, slots=True)
class StagedPiece:
    """Where a piece comes from: an actor of a frame."""

    piece_id: int
    actor: Actor
    truth: StreetObject


class StagedSource:
    """Pieces, cut-outs and the background of a street, in memory (a `PieceSource`)."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        cutouts: Sequence[Cutout],
        background: Image,
        others: Mapping[int, Rle] | None = None,
    ) -> None:
        self._pieces = {one.id: one for one in pieces}
        self._others = dict(others or {})
        self._cutouts = dict(enumerate(cutouts, start=1))
        self._background = background

    def pieces(self, ids: Sequence[int]) -> Mapping[int, Piece]:
        """Pieces by their ids."""
        return {i: self._pieces[i] for i in ids if i in self._pieces}

    def cutouts(self, ids: Sequence[int]) -> Mapping[int, Cutout]:
        """Cut-outs by their ids."""
        return {i: self._cutouts[i] for i in ids if i in self._cutouts}

    def background(self, background_id: int) -> Image | None:
        """The street without what moves."""
        return self._background if background_id == BACKGROUND_ID else None

    def masks(self, ids: Sequence[int]) -> Mapping[int, Rle]:
        """Masks, which have the ids of their pieces, or others of their own."""
        own = {i: self._pieces[i].mask for i in ids if i in self._pieces}
        return own | {i: self._others[i] for i in ids if i in self._others}


class StagedStreet:
    """A street seen by one of its cameras, with everything in it that nothing covers cut out.

    Attributes:
        source, stock, scene: what a composer and samplers need.
        origins: piece id -> where it comes from.
        empty: the picture without what moves.
    """

    def __init__(
        self,
        settings: StreetSettings,
        *,
        corner: bool = False,
        measured: bool = False,
        ignoring: bool = False,
        watch: Callable[[StreetFrame], None] | None = None,
    ) -> None:
        """Casts it.

        Args:
            settings: of the street.
            corner: whether the camera is the one at a corner of the junction, that sees cars turn.
            measured: whether places and headings come from coarse fits of the masks and from their feet, as
                in a project that nobody has clicked in; else from the truth.
            ignoring: whether parked cars that something hides are ignored where they stand, as a project
                ignores them; else nothing is said of them.
            watch: sees each frame out of which objects are cut.
        """
        street = Street(settings)
        mount = street.default_mount()
        if corner:
            mount = far_mount(street.layout, settings.width, settings.height)
        self._camera = StreetCamera(street, mount)
        self.empty: Image = self._camera.stage([], 0).picture
        self.origins: dict[int, StagedPiece] = {}
        self._views: dict[int, BodyView] = {}
        self._rows: list[Piece] = []
        self._cutouts: list[Cutout] = []
        self._stocked: list[StockPiece] = []
        self._watch = watch
        standing = self._cut_standing(street)
        self._cut_moving(street)
        if measured:
            self._measure()
        others = self._unlabelled(settings) if ignoring else {}
        self.source = StagedSource(self._rows, self._cutouts, self.empty, others)
        self.stock = Stock(1, settings.width, settings.height, self._split())
        placed = {one.piece_id for one in self._stocked if one.footprint is not None}
        lost = [one for one in self._stocked if one.standing and one.footprint is None]
        self.scene = Scene(
            BACKGROUND_ID,
            None,
            standing=tuple(i for i in standing if i in placed),
            ignored=(*((one.mask_id, one.mask) for one in lost), *others.items()),
        )

    def cast(self, recipe: Recipe) -> StreetFrame:
        """A recipe's actors at their poses, in one scene."""
        actors = [self.origins[one.piece_id] for one in recipe.objects]
        return self._camera.stage([one.actor for one in actors if not one.actor.parked], 0)

    def alone(self, piece_id: int) -> BodyView:
        """A piece's actor cast alone: how far its surface is in each pixel."""
        if piece_id not in self._views:
            view = view_body(self.origins[piece_id].actor.placed, self._camera.mount)
            assert view is not None
            self._views[piece_id] = view
        return self._views[piece_id]

    def body(self, piece_id: int) -> NDArray[np.float64]:
        """(V, 3) an actor's vertices, street frame, metres."""
        placed = self.origins[piece_id].actor.placed
        return placed.to_street(placed.solid.vertices)

    def ground_plan(self, piece_id: int) -> NDArray[np.float64]:
        """(4, 2) corners of the rectangle that an actor covers of the road, street frame, metres."""
        placed = self.origins[piece_id].actor.placed
        low, high = placed.solid.low, placed.solid.high
        x, y = placed.translation[:2]
        heading = float(np.arctan2(placed.rotation[1, 0], placed.rotation[0, 0]))
        plans = corners([x], [y], [heading], [[low[0], high[0], low[1], high[1]]])
        return np.asarray(plans[0], dtype=np.float64)

    def _cut_standing(self, street: Street) -> tuple[int, ...]:
        """Parked cars that nothing covers stand in the background as objects."""
        parked = {actor.placed.number: actor for actor in street.parked}
        found = []
        for item in self._camera.stage([], 0).objects:
            if item.track_id in parked and patch_area(item.modal) >= _LEAST_AREA_PX and not item.occlusion:
                found.append(self._keep(parked[item.track_id], item, self.empty, 0.0, standing=True))
        return tuple(found)

    def _unlabelled(self, settings: StreetSettings) -> dict[int, Rle]:
        """Masks of what is parked and was not cut out: by numbers above those of the pieces."""
        cut = {one.track_id for one in self._rows}
        return {
            len(self._rows) + place: patch_to_rle(item.modal, settings.height, settings.width)
            for place, item in enumerate(self._camera.stage([], 0).objects, start=1)
            if item.track_id not in cut and patch_area(item.modal)
        }

    def _cut_moving(self, street: Street) -> None:
        for index in range(0, street.settings.frame_count, _EVERY):
            actors = {actor.placed.number: actor for actor in street.actors(index)}
            frame = self._camera.frame(index)
            if self._watch is not None:
                self._watch(frame)
            for item in frame.objects:
                clear = item.track_id in actors and not item.occlusion
                if clear and patch_area(item.modal) >= _LEAST_AREA_PX:
                    self._keep(actors[item.track_id], item, frame.picture, frame.time_s, standing=False)

    def _keep(
        self, actor: Actor, item: StreetObject, picture: Image, time_s: float, *, standing: bool
    ) -> int:
        height, width = picture.shape[:2]
        number = len(self._rows) + 1
        cut = cut_out(picture, self.empty, item.amodal)
        rle = patch_to_rle(item.amodal, height, width)
        self._cutouts.append(
            Cutout(
                number, number, number, BACKGROUND_ID, cut.x, cut.y, cut.w, cut.h, cut.pixels, cut.planes,
                cut.light, cut.background_light,
            )
        )  # fmt: skip
        self._rows.append(
            Piece(
                number, number, number, item.track_id, 1, item.category, None, None, time_s, standing,
                number, rle, None, _keypoints(item), None, None, None,
            )
        )  # fmt: skip
        box = patch_box(item.amodal)
        self._stocked.append(
            StockPiece(
                number,
                item.track_id,
                None,
                frame_light(cut.light, cut.background_light),
                time_s,
                (int(box.x), int(box.y), int(box.w), int(box.h)),
                number,
                rle,
                self._footprint(actor, item),
                None,
                standing,
            )
        )
        self.origins[number] = StagedPiece(number, actor, item)
        return number

    def _footprint(self, actor: Actor, item: StreetObject) -> Footprint:
        ground: Pose = compose(self._camera.mount.ground.frame().inverse(), item.pose)
        points = ground.apply(actor.placed.solid.vertices.astype(np.float64))[:, :2]
        if item.category is Category.PERSON:
            middle = ground.apply(np.zeros(3))
            return disc_footprint((float(middle[0]), float(middle[1])))
        ahead = ground.rotation[:, 0]
        pairs = [(float(x), float(y)) for x, y in points]
        return rectangle_footprint(pairs, float(np.arctan2(ahead[1], ahead[0])))

    def _measure(self) -> None:
        """Puts every object where a coarse fit or its feet say, and nowhere where they do not."""
        mount, space = self._camera.mount, default_space()
        record = to_record(result_of_import(ImportedCamera("street", mount.camera, None, mount.ground)))
        places = Places(record, mount.camera.width, mount.camera.height, space, PERSON_RADIUS_MM / MM_PER_M)
        masks = {one.piece_id: rle_to_patch(one.mask) for one in self._stocked}
        is_car = {i: origin.truth.category is Category.CAR for i, origin in self.origins.items()}
        cars = [one for one in self._stocked if is_car[one.piece_id]]
        fits = fit_coarse(
            mount.camera,
            mount.ground,
            space,
            [
                OutlineSighting(outline_of(masks[one.piece_id], mount.camera, ()), one.moment_s, one.track_id)
                for one in cars
            ],
        )
        found = {
            one.piece_id: places.of_car(fit, space.label) if fit.verdict is FitVerdict.GOOD else None
            for one, fit in zip(cars, fits, strict=True)
        }
        found |= {i: places.of_person(mask) for i, mask in masks.items() if not is_car[i]}
        self._stocked = [replace(one, footprint=found[one.piece_id]) for one in self._stocked]

    def _split(self) -> list[StockPiece]:
        """All for training: what is compared here is one composite with one cast."""
        seen: dict[int, list[float]] = {}
        for one in self._stocked:
            assert one.track_id is not None
            seen.setdefault(one.track_id, []).append(one.moment_s)
        lifetimes = [Lifetime(key, min(times), max(times)) for key, times in seen.items()]
        splits = split_by_time(lifetimes, SplitSettings((1, 0, 0)))
        return [_in_split(one, splits) for one in self._stocked]


def _in_split(one: StockPiece, splits: Mapping[int, Split]) -> StockPiece:
    assert one.track_id is not None
    return replace(one, split=splits.get(one.track_id))


def _keypoints(item: StreetObject) -> KeypointSet | None:
    """A car's twelve points as the truth has them in its own frame; people have none of these."""
    if item.category is not Category.CAR:
        return None
    points = tuple(
        PlacedPoint(float(x), float(y), tag, LabelOrigin.IMPORT)
        for (x, y), tag in zip(item.points.pixels, item.points.tags, strict=True)
    )
    return KeypointSet(Template.CAR, points)
