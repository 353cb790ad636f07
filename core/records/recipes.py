"""Composites: what they are made of, and what is known of each object in them once they are rendered.

A recipe names pieces by id, far to near. A piece is a cut-out (an object's pixels) with the versions of
keypoints, fit and calibration that describe it, so that a recipe is a few whole numbers. All that decides a
pixel or a label is a whole number, here and in the cut-outs: the same bytes come out on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import Fit
from core.records.keypoints import KeypointSet
from core.records.masks import MaskPatch, Rle

COMPOSER_VERSION = 1
"""Changes whenever the same recipe would render to other bytes; a recipe names the one it was made with."""

ONE_Q16 = 65536
"""1 as a fixed-point number with 16 binary places."""


class Sampler(StrEnum):
    """How the objects of a composite are chosen and ordered."""

    WALT3D = "walt3d"  # apart on the ground, far to near, their own places
    WALT2D = "walt2d"  # as WALT published it: random order, no geometry


class Split(StrEnum):
    """Which part of the data a composite is for; no track is in two of them."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Cutout:
    """An object's pixels as they are pasted: one version of an instance's.

    Attributes:
        instance_id, mask_id, frame_id: of what, by which mask, out of which frame.
        background_id: the background that shadow and light were told from, or None where there was none.
        x, y, w, h: its place in the picture with its margin, whole pixels, inside the picture.
        pixels: PNG, RGB: the frame's own pixels, black where they are not the object's nor next to it.
        planes: PNG, three channels of the same size: how much of each pixel is the object's (0 to 255,
            feathered at the mask's edge); how much light its contact shadow leaves to what is below (255: no
            shadow); 255 where light is compared (clear ground around the object), else 0.
        light: sums over the compared pixels of the frame's red, green and blue, and how many there were.
        background_light: the background's sums over the same pixels, or zeros where there was none: how much
            brighter than its background the frame was.
    """

    instance_id: int
    mask_id: int
    frame_id: int
    background_id: int | None
    x: int
    y: int
    w: int
    h: int
    pixels: bytes
    planes: bytes
    light: tuple[int, int, int, int]
    background_light: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A cut-out with the versions that describe it: what recipes name. Never changed once it is written.

    Attributes:
        id, cutout_id, instance_id: which.
        track_id: of the instance when the piece was made, or None.
        camera_id, category: of the instance.
        hour: of the day at the camera, or None where the capture time is not known.
        captured_at, time_s: of the frame.
        standing: whether the object stands still in the background: it is drawn with the background's own
            pixels, where it is nearer than what is pasted.
        mask: amodal, of the whole picture.
        keypoints, keypoint_set_id: or None.
        fit, fit_id, calibration_id: or None.
        up: the ground's unit normal by that calibration, camera frame, towards the camera; or None.
        shape_space: name and hash of what the fit was made with, or None.
    """

    id: int
    cutout_id: int
    instance_id: int
    track_id: int | None
    camera_id: int
    category: Category
    hour: int | None
    captured_at: float | None
    time_s: float
    standing: bool
    mask_id: int
    mask: Rle
    keypoint_set_id: int | None
    keypoints: KeypointSet | None
    fit_id: int | None
    fit: Fit | None
    calibration_id: int | None
    up: tuple[float, float, float] | None = None
    shape_space: str | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """How a piece is drawn away from its own place, when a person dragged it along its line of sight.

    A pixel p of the frame goes to p * scale + d, pixels with the first pixel's centre at (0, 0), all in
    fixed-point numbers with 16 binary places.

    Attributes:
        scale_q16: of the picture: below one further away.
        dx_q16, dy_q16: pixels.
        reach_q16: distance on the ground from the point below the camera, as a share of what it was.
    """

    scale_q16: int = ONE_Q16
    dx_q16: int = 0
    dy_q16: int = 0
    reach_q16: int = ONE_Q16

    @property
    def stays(self) -> bool:
        """Whether it leaves the piece where it is."""
        return self == Move()


@dataclass(frozen=True, slots=True)
class RecipeObject:
    """One object of a composite.

    Attributes:
        piece_id: which piece.
        shown: False where a person switched the layer off: it is neither drawn nor labelled.
        move: where to.
    """

    piece_id: int
    shown: bool = True
    move: Move = Move()


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a composite is made of. It renders to the same picture and labels anywhere.

    Attributes:
        camera_id, background_id: of the composite.
        sampler, split, seed: how it came to be.
        composer_version: see COMPOSER_VERSION.
        objects: far to near: each is drawn over all before it.
        ignored: ids of the masks of what stands in the background and cannot be ordered by depth: it gets no
            label, but is not taken for road either.
    """

    camera_id: int
    background_id: int
    sampler: Sampler
    split: Split
    seed: int
    composer_version: int
    objects: tuple[RecipeObject, ...]
    ignored: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ObjectLabel:
    """All that is known of one object in a rendered composite.

    Attributes:
        piece_id, instance_id, category: which.
        depth_rank: 0 for the nearest.
        amodal, modal: its whole mask, and the part that is seen; of the size of the picture or smaller.
        amodal_box, modal_box: around each; modal_box is None where nothing is seen.
        occlusion_permille: hidden share of the amodal mask's pixels, rounded half up, 0 to 1000.
        hidden_by: (index in the composite's labels, pixels) for each object that hides a part of it, nearest
            first: a pixel counts for the nearest object over it.
        keypoints: with the tags that they have in the composite; a point's `hider` is the instance that hides
            it. None where the piece has none.
        fit: pose and shape, where the object now stands; None where the piece has none.
        shape_space: name and hash of the shape space or body model that the fit was made with, or None.
    """

    piece_id: int
    instance_id: int
    category: Category
    depth_rank: int
    amodal: MaskPatch
    modal: MaskPatch
    amodal_box: Box
    modal_box: Box | None
    occlusion_permille: int
    hidden_by: tuple[tuple[int, int], ...]
    keypoints: KeypointSet | None
    fit: Fit | None
    shape_space: str | None = None


@dataclass(frozen=True, slots=True)
class RecipeRow:
    """A recipe as it stands in a project.

    Attributes:
        id: which.
        recipe: what it is made of.
        name: of the set that it belongs to, which one batch of the job made.
        occlusion_percent: of each object that is shown, far to near: for histograms without rendering.
        edited_from: the recipe that a person made it from, or None.
        annotator: whose edit made it, or None for a job.
        stale: whether a mask, keypoint set, fit or calibration in force is newer than the one that it uses.
        created_at: when, seconds UTC epoch.
    """

    id: int
    recipe: Recipe
    name: str
    occlusion_percent: tuple[int, ...]
    edited_from: int | None
    annotator: str | None
    stale: bool
    created_at: float


@dataclass(frozen=True, slots=True)
class RecipeSetRow:
    """A set of recipes: what one batch of the job made, and what people made from it.

    Attributes:
        id, name: which.
        wanted: the wanted distribution of occlusion: shares of ten bins of ten percent, the last with the
            100, whole numbers, as parts of their sum; None where it is taken as it comes.
        counts: how many recipes, by (camera id, split).
        edited: how many of them a person made from another.
        job_id: of the job that made it, or None where it holds only what people kept.
        hidden: whether a person took it off the lists.
        created_at: when, seconds UTC epoch.
    """

    id: int
    name: str
    wanted: tuple[int, ...] | None
    counts: Mapping[tuple[int, Split], int]
    edited: int
    job_id: int | None
    hidden: bool
    created_at: float

    @property
    def total(self) -> int:
        """How many recipes it holds."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class PieceRow:
    """A piece as it is listed: its pixels, mask, keypoints and fit are fetched apart.

    Attributes:
        id, cutout_id, instance_id, track_id, camera_id, category, hour, captured_at, time_s, standing: as of
            the piece.
        box: of its mask, whole pixels.
        area: of its mask, pixels.
        footprint: its corners on the ground, (x forward, y left) of the point below the camera, whole
            millimetres; None where its place is not known.
        light_q8: how bright its frame was against its background, with 8 binary places.
        has_keypoints, has_fit: whether it carries them.
        stale: whether something newer is known of its object.
    """

    id: int
    cutout_id: int
    instance_id: int
    track_id: int | None
    camera_id: int
    category: Category
    hour: int | None
    captured_at: float | None
    time_s: float
    standing: bool
    box: Box
    area: int
    footprint: tuple[tuple[int, int], ...] | None
    light_q8: int
    has_keypoints: bool
    has_fit: bool
    stale: bool


@dataclass(frozen=True, slots=True)
class PieceCounts:
    """What there is to compose from at a camera.

    Attributes:
        ready: pieces that are up to date.
        placed: those of them whose place on the ground is known, as WALT3D needs it.
        standing: those of them that stand in the background.
        stale: pieces that are not up to date: they are left out until they are cut anew.
    """

    ready: int
    placed: int
    standing: int
    stale: int
