"""What the 3D viewport shows, as plain arrays: the camera with its picture, and what stands before it.

World: metres, z up. Where the ground is known it is the ground's own frame (x ahead of the camera, y to its
left, z = 0 on the road, origin straight below the camera); else the camera is the origin and looks along x.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.records.fits import FitReview, FitVerdict
from core.records.shapes import KeypointTag

Floats = NDArray[np.float32]
Array = NDArray[np.float64]
Faces = NDArray[np.int32]


def _nothing() -> Array:
    return np.zeros((0, 3))


@dataclass(frozen=True, slots=True, eq=False)
class SceneCamera:
    """The camera and the picture that it took.

    Attributes:
        width, height: of the picture, pixels; the centre of the top left one is (0, 0).
        matrix: (3, 3) intrinsics, pixels.
        rotation, translation: (3, 3) and (3,) from the world to the camera (x right, y down, z forward).
        rays: (r, c, 3) directions in the camera frame through a regular grid over the picture, corner to
            corner; 2 x 2 without distortion. Not a number where a pixel has no direction.
        picture: (H, W, 3) uint8 RGB, or None.
    """

    width: int
    height: int
    matrix: Array
    rotation: Array
    translation: Array
    rays: Array
    picture: NDArray[np.uint8] | None = None

    @property
    def centre(self) -> Array:
        """(3,) where the camera is in the world."""
        centre: Array = -self.rotation.T @ self.translation
        return centre


class SceneRole(StrEnum):
    """Why an object stands in the scene."""

    FRAME = "frame"  # in the frame that is shown
    COMPARED = "compared"  # the other version of the selected object
    SAID = "said"  # where a network said that the selected object is
    ELSEWHERE = "elsewhere"  # of another frame of the same camera


@dataclass(frozen=True, slots=True, eq=False)
class SceneForm:
    """How cars of one shape space, or people of one body model, are built: the finest level first.

    Attributes:
        faces: for each level (F, 3) indices into its corners, counter-clockwise from outside.
        materials: for each level (S,) what each corner looks like, see core.shapes.drawable.Material.
    """

    faces: tuple[Faces, ...]
    materials: tuple[NDArray[np.uint8], ...]


@dataclass(frozen=True, slots=True, eq=False)
class SceneObject:
    """One fit in the world: a car or a person.

    Attributes:
        instance_id, fit_id: whose, and which version.
        form: what it shares with others.
        levels: for each level of the form (S, 6) positions and normals.
        centre: (3,) the middle of its body. length_m: of the body's box, corner to corner.
        footprint: (4, 3) corners on the road, the front ones first: left front, right front, right back,
            left back.
        contacts: (n, 3) where its wheels, or the feet that stand, touch the road.
        ellipse: (n, 3) one standard deviation of its place, a closed line on the road; (0, 3) where unknown.
        verdict, review: what the fit and a person say of it.
        error: root mean square of its residuals over the noise assumed; None where it rests on no points.
        track_id: or None; where colours tell objects apart, the number of its own.
        coarse, stale: from an outline only; made from something older than what is in force.
        caption: a short text, such as "car 33".
        role: why it is here.
        boxed: whether a box stands for a mesh that is not known.
        bones: (n, 2, 3) a person's bones, from joint to joint; (0, 2, 3) for cars and boxes.
        person: whether it is one.
    """

    instance_id: int
    fit_id: int
    form: SceneForm
    levels: tuple[Floats, ...]
    centre: Array
    length_m: float
    footprint: Array
    contacts: Array
    ellipse: Array
    verdict: FitVerdict
    review: FitReview | None
    error: float | None
    track_id: int | None
    coarse: bool
    stale: bool
    caption: str
    role: SceneRole = SceneRole.FRAME
    boxed: bool = False
    bones: Array = field(default_factory=lambda: np.zeros((0, 2, 3)))
    person: bool = False

    @property
    def beside(self) -> bool:
        """Whether it is drawn beside the selected object alone: nobody can select it."""
        return self.role in (SceneRole.COMPARED, SceneRole.SAID)


@dataclass(frozen=True, slots=True, eq=False)
class SceneTrail:
    """Where a track's fits stand, in the order of time.

    Attributes:
        track_id: whose.
        points: (n, 3) on the road.
    """

    track_id: int
    points: Array


@dataclass(frozen=True, slots=True, eq=False)
class ScenePoints:
    """The keypoints of the selected object.

    Attributes:
        fitted: (n, 3) where the fit puts them.
        placed: (n, 3) where they were placed in the picture, at the depth of the fitted ones.
        tags: of each.
        outliers: which of them disagree with the fit.
    """

    fitted: Array = field(default_factory=_nothing)
    placed: Array = field(default_factory=_nothing)
    tags: tuple[KeypointTag, ...] = ()
    outliers: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything that the viewport draws.

    Attributes:
        camera: None before any.
        on_ground: whether the world is the ground's frame.
        objects: in no order.
        trails: of their tracks.
        points: of the selected one.
        selected: its instance id, or None.
        note: what is missing, in words, or "".
    """

    camera: SceneCamera | None = None
    on_ground: bool = False
    objects: tuple[SceneObject, ...] = ()
    trails: tuple[SceneTrail, ...] = ()
    points: ScenePoints = field(default_factory=ScenePoints)
    selected: int | None = None
    note: str = ""

    @property
    def bones(self) -> Array:
        """(n, 2, 3) the selected person's; none where no person is selected."""
        bones = [one.bones for one in self.objects if one.instance_id == self.selected and not one.beside]
        return bones[0] if bones else np.zeros((0, 2, 3))


class Look(StrEnum):
    """From where one looks."""

    CAMERA = "camera"
    ABOVE = "above"
    FREE = "free"


class ColourBy(StrEnum):
    """What the objects' colours say."""

    ERROR = "error"
    VERDICT = "verdict"
    TRACK = "track"
    OBJECT = "object"  # as elsewhere in the workspace: no legend is needed
