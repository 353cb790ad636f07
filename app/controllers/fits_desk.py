"""What both views of the 3D workspace show: a frame's pixels, its objects and its fits, swapped together."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.controllers.bodies import BodyShelf
from app.controllers.fits_reads import FitReads, FitSubject
from app.controllers.fits_scene import World, is_drawable, scene_of, trail_of, world_of
from app.controllers.fits_shop import FitShop, Spaces
from app.controllers.fits_truth import NO_VERSIONS, SAID_ID, TRUTH_ID, told_version
from app.controllers.fits_wires import WireForms, build_wires
from app.controllers.kept import Kept
from app.controllers.review_frame import frame_title
from app.controllers.review_overlay import build_overlay, canvas_box, caption
from app.controllers.review_session import Frames
from app.states.fits import FitViewState
from app.states.overlay import Overlay, OverlayRole
from app.states.results import SaidKey
from app.states.scene import Scene, SceneCamera, SceneObject, ScenePoints, SceneRole
from app.states.wires import Wires
from core.errors import AmodalError
from core.records.evaluations import Pose3D
from core.records.fits import BodyFit, FitRow
from core.records.keypoints import KeypointSet
from core.records.media import DecodedFrame
from core.records.project import FrameRow

_KEPT = 12
_Key = tuple[int, int | None, SaidKey | None]  # the object, what it is compared with, and what was said
NO_CALIBRATION = (
    "This camera has no calibration, so there is no 3D here.\n"
    "Calibrate it in Sources; the list and the picture work without."
)
NO_GROUND = "This camera has no ground plane: all stands where it is seen, without a road."


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A subject with all that is drawn of it, but for the pixels.

    Attributes:
        subject: what was read.
        world: None where the camera has no calibration, or one that is none.
        objects: of the frame, and the compared version. note: what is missing, in words, or "".
        compared: the other version that is drawn, or None.
        missing_space: whether the selected one's shape space or body model is not here.
        stature: how tall people of the selected one's body model are, and how much that differs, metres.
    """

    subject: FitSubject
    world: World | None
    objects: tuple[SceneObject, ...]
    scene: Scene
    wires: Wires
    note: str = ""
    compared: FitRow | None = None
    missing_space: bool = False
    stature: tuple[float, float] | None = None


class FitDesk(QObject):
    """Holds the frame that is shown with its fits.

    Signals:
        changed(FitViewState): draw this.
        prepared(object): what is known of the subject, a Prepared, or None where nothing is shown.
    """

    changed = Signal(object)
    prepared = Signal(object)

    def __init__(self, session: Frames, reads: FitReads, bodies: BodyShelf | None = None) -> None:
        super().__init__()
        self._session, self._reads = session, reads
        self._spaces = Spaces(bodies or BodyShelf())
        self.state = FitViewState()
        self.now: Prepared | None = None
        self._wanted: int | None = None
        self._compared: int | None = None
        self._said: SaidKey | None = None
        self._kept: Kept[_Key, Prepared] = Kept(_KEPT)
        self._pixels: NDArray[np.uint8] | None = None
        self._pixels_of: int | None = None
        self._error = ""

    @property
    def spaces(self) -> Spaces:
        """The shape spaces and body models that are here."""
        return self._spaces

    def show(self, instance_id: int | None, compared: int | None = None, said: SaidKey | None = None) -> None:
        """Shows an object in its frame, with another version of its fit beside its own, or nothing.

        Args:
            compared: id of the other version; `TRUTH_ID` for the truth, where that is known, `SAID_ID` for
                what was said.
            said: what that is.
        """
        self._wanted, self._compared, self._said = instance_id, compared, said
        if instance_id is None:
            self.now = None
            self._pixels = self._pixels_of = None
            self.state = FitViewState()
            self.changed.emit(self.state)
            self.prepared.emit(None)
            return
        key = instance_id, compared, said if compared == SAID_ID else None
        kept = self._kept.get(key)
        if kept is not None:
            self._take(kept)
            return
        turn = self._kept.turn

        def arrived(found: Prepared | None) -> None:
            if (self._wanted, self._compared, self._said) != (instance_id, compared, said):
                return
            if found is None:
                self.show(None)
                return
            self._kept.keep(key, found, turn)
            self._take(found)

        self._session.in_background(lambda: self._prepare(*key), arrived, tag="fits subject")

    def refresh(self) -> None:
        """Reads what is shown again, after an edit."""
        self._kept.clear()
        self.show(self._wanted, self._compared, self._said)

    def forget(self) -> None:
        """Drops what is kept."""
        self._kept.clear()

    def prepare(self, instance_ids: Sequence[int]) -> None:
        """Reads what comes next, so that it is there when it is wanted."""
        turn = self._kept.turn
        for slot, instance_id in enumerate(instance_ids):
            key = (instance_id, None, None)
            known = self._kept.get(key)
            if known is not None:
                self._decode_ahead(known.subject.contents.frame, slot)
                continue

            def arrived(found: Prepared | None, key: _Key = key, slot: int = slot) -> None:
                if found is not None:
                    self._kept.keep(key, found, turn)
                    self._decode_ahead(found.subject.contents.frame, slot)

            self._session.in_background(
                lambda instance_id=instance_id: self._prepare(instance_id, None, None),  # type: ignore[misc]
                arrived,
                tag=f"fits ahead {slot}",
            )

    # ---- on a reading thread --------------------------------------------------------------------

    def _prepare(self, instance_id: int, compared: int | None, said: SaidKey | None) -> Prepared | None:
        subject = self._reads.subject(instance_id)
        if subject is None:
            return None
        spaces = self._spaces.read()
        if compared in NO_VERSIONS:
            pose = subject.truth if said is None else self._reads.said_pose(said)
            other = None if pose is None else self._told_version(subject, pose, compared, spaces)
        else:
            other = None if compared is None else self._reads.fit(compared)
        return prepare(subject, other, spaces.shop)

    @staticmethod
    def _told_version(subject: FitSubject, pose: Pose3D, compared: int, spaces: Spaces) -> FitRow | None:
        """The truth of a subject, or what was said of it; the program's own space and body tell it."""
        from core.geometry.calibration.result import from_record

        row = subject.fits.get(subject.instance.id)
        if row is None and compared == TRUTH_ID:
            return None
        if row is not None and bool(pose.pose) is not isinstance(row.fit, BodyFit):
            return None
        plane = None
        with suppress(AmodalError):  # what is wrong with the calibration is said where all is drawn
            plane = None if subject.calibration is None else from_record(subject.calibration.record)[1]
        body = spaces.bodies.own() if pose.pose else None
        return told_version(subject.instance.id, pose, plane, spaces.own, body, compared)

    # ---- details --------------------------------------------------------------------------------

    def _decode_ahead(self, frame: FrameRow, slot: int) -> None:
        self._session.request_frame(
            frame.source_id, frame.pts, lambda _: None, lambda _: None, f"fits ahead {slot}"
        )

    def _take(self, found: Prepared) -> None:
        self.now = found
        self.prepared.emit(found)
        frame = found.subject.contents.frame
        if self._pixels_of == frame.id:
            self._draw()
            return

        def decoded(answer: DecodedFrame) -> None:
            if self.now is not None and self.now.subject.contents.frame.id == frame.id:
                self._take_pixels(frame.id, answer.image, "")

        def failed(problem: AmodalError) -> None:
            if self.now is not None and self.now.subject.contents.frame.id == frame.id:
                self._take_pixels(frame.id, None, f"{problem.problem}\n{problem.way_out}")

        self._session.request_frame(frame.source_id, frame.pts, decoded, failed, "fits view")

    def _take_pixels(self, frame_id: int, image: NDArray[np.uint8] | None, error: str) -> None:
        self._pixels, self._pixels_of, self._error = image, frame_id, error
        self._draw()

    def _draw(self) -> None:
        found = self.now
        if found is None:
            return
        contents, image = found.subject.contents, self._pixels
        width, height = (contents.source.width, contents.source.height)
        if image is not None:
            height, width = image.shape[:2]
        scene = found.scene
        if scene.camera is not None and image is not None:
            scene = replace(scene, camera=_with_picture(scene, image))
        self.state = FitViewState(
            frame_id=contents.frame.id,
            image=image,
            width=width,
            height=height,
            title=frame_title(contents),
            error=self._error,
            overlay=_overlay(found.subject),
            wires=found.wires,
            scene=scene,
            focus=_focus(found),
        )
        self.changed.emit(self.state)


def prepare(subject: FitSubject, compared: FitRow | None, shop: FitShop) -> Prepared:
    """All that is drawn of an object and its frame, but for the pixels; in words where it cannot be."""
    from core.geometry.calibration.result import from_record

    if subject.calibration is None:
        return Prepared(subject, None, (), Scene(note=NO_CALIBRATION), Wires(), NO_CALIBRATION)
    try:
        world = world_of(*from_record(subject.calibration.record))
    except AmodalError as problem:
        note = f"{problem.problem}\n{problem.way_out}"
        return Prepared(subject, None, (), Scene(note=note), Wires(), note)
    rows = list(subject.fits.values())
    captions = {one.id: caption(one) for one in subject.contents.instances}
    tracks = {one.id: one.track_id for one in subject.contents.instances}
    others = [] if compared is None else [compared]
    placed = shop.people.placed([*rows, *others])
    objects = shop.objects(world, rows, placed, captions, tracks)
    role = SceneRole.SAID if compared is not None and compared.id == SAID_ID else SceneRole.COMPARED
    objects += shop.objects(world, others, placed, captions, tracks, role)
    row = subject.fits.get(subject.instance.id)
    points, keypoints, person = ScenePoints(), None, None
    if row is not None:
        keypoints, person = _placed(subject, row), placed.get(row.id)
        points = shop.points(world, row, placed, keypoints)
    trails = [
        trail_of(world, track_id, [one.fit for one in fits])
        for track_id, fits in subject.trails.items()
        if len(fits) > 1
    ]
    note = "" if world.plane is not None else NO_GROUND
    scene = scene_of(world, None, objects, trails, points, subject.instance.id, note)
    size = subject.contents.source.width, subject.contents.source.height
    forms = WireForms({one.id: one for one in [*rows, *others]}, shop.cars, placed)
    wires = build_wires(world, size, objects, forms, points, keypoints, subject.instance.id)
    return Prepared(
        subject,
        world,
        tuple(objects),
        scene,
        wires,
        note,
        compared,
        row is not None and not shop.knows(row, placed),
        None if person is None else shop.people.stature_of(person.body),
    )


def _placed(subject: FitSubject, row: FitRow) -> KeypointSet | None:
    """The keypoints that a fit's residuals speak of: those in force, where it was made from them."""
    keypoints = subject.keypoints
    return None if keypoints is None or row.fit.is_coarse else keypoints.keypoints


def _focus(found: Prepared) -> tuple[float, float, float, float]:
    """Where the selected object is in the picture: what is seen of it, and where its fit says that it is."""
    left, top, right, bottom = canvas_box(found.subject.instance.box)
    for wire in found.wires.objects:
        if wire.object.instance_id == found.subject.instance.id:
            for line in wire.outlines:
                left, top = min(left, float(line[:, 0].min())), min(top, float(line[:, 1].min()))
                right, bottom = max(right, float(line[:, 0].max())), max(bottom, float(line[:, 1].max()))
    return left, top, right, bottom


def _overlay(subject: FitSubject) -> Overlay:
    """The frame's objects for the canvas; the selected one is lifted out where no fit shows which it is."""
    drawn, chosen = build_overlay(subject.contents, None), subject.instance.id
    fit = subject.fits.get(chosen)
    if fit is not None and subject.calibration is not None and is_drawable(fit.fit):
        return drawn
    return Overlay(
        tuple(replace(one, role=OverlayRole.SELECTED) if one.id == chosen else one for one in drawn.instances)
    )


def _with_picture(scene: Scene, image: NDArray[np.uint8]) -> SceneCamera:
    """The scene's camera with a picture of the size that it says; a picture of another size scales it."""
    camera = scene.camera
    assert camera is not None
    height, width = image.shape[:2]
    if (width, height) == (camera.width, camera.height):
        return replace(camera, picture=image)
    scale = np.diag([width / camera.width, height / camera.height, 1.0])
    matrix = scale @ camera.matrix
    # the picture's corner, half a pixel before the first centre, stays where it is
    matrix[:2, 2] += 0.5 * (np.diag(scale)[:2] - 1)
    return replace(camera, width=width, height=height, matrix=matrix, picture=image)
