"""The fitted car or person of the Keypoints workspace as a scene, a moment behind the live fit."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.fits_people import BodyShop
from app.controllers.fits_scene import CarShop, World, points_of, world_of
from app.controllers.keypoint_fit import FitAnswer, Fitting
from app.controllers.keypoint_fittings import AnyFitting
from app.controllers.keypoint_hand import ObjectInHand
from app.controllers.keypoint_person_fit import PersonFitting
from app.controllers.keypoint_reads import OpenObject
from app.controllers.review_session import Worker
from app.states.scene import Scene
from core.records.fits import FitRow
from core.records.keypoints import KeypointSet

_BEHIND_MS = 50  # at most 20 scenes a second, and none within the event that moves a point


class KeypointScene(QObject):
    """Makes the scene anew after the fit has changed, where somebody looks at it.

    Signals:
        changed(Scene): draw this; a scene without objects where nothing is fitted.
    """

    changed = Signal(object)

    def __init__(self, hand: ObjectInHand, worker: Worker) -> None:
        super().__init__()
        self._hand, self._worker = hand, worker
        self._watched = False
        self._fitting: AnyFitting | None = None
        self._world: World | None = None
        self._shop = CarShop({})
        self._bodies: BodyShop | None = None
        self._ordered = ""  # the label of the space or the body whose shop is being made
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_BEHIND_MS)
        self._idle = QTimer(self)  # of no time: Qt lets what is waiting go first, such as another move
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self._tell)
        self._soon.timeout.connect(self._idle.start)
        hand.changed.connect(self._on_changed)

    def watch(self, watched: bool) -> None:
        """Says whether the scene is looked at."""
        self._watched = watched
        if watched:
            self._on_changed()
        else:
            self._soon.stop()
            self._idle.stop()

    def close(self) -> None:
        """Stops the timers."""
        self.watch(False)

    def _on_changed(self) -> None:
        if self._watched and not (self._soon.isActive() or self._idle.isActive()):
            self._soon.start()

    def _tell(self) -> None:
        hand = self._hand
        self.changed.emit(
            Scene() if hand.object is None else self._scene(hand.object, hand.points, hand.answer)
        )

    def _scene(self, one: OpenObject, points: KeypointSet, answer: FitAnswer) -> Scene:
        fit, fitter = answer.fit, one.fitting.fitter
        if fit is None or fitter is None or not answer.ghosts:
            return Scene()
        if self._world is None or self._fitting is not one.fitting:
            self._fitting, self._world = one.fitting, world_of(fitter.camera, fitter.plane)
        # where left and right are exchanged, what was placed belongs to other points
        placed = None if fit.swapped else points
        if isinstance(one.fitting, Fitting):
            return self._scene_of_car(self._world, one, one.fitting, answer, placed)
        return self._scene_of_person(self._world, one, one.fitting, answer, placed)

    def _scene_of_car(
        self, world: World, car: OpenObject, fitting: Fitting, answer: FitAnswer, placed: KeypointSet | None
    ) -> Scene:
        label = fitting.shape_space
        assert fitting.fitter is not None
        space = fitting.fitter.space
        if label not in self._shop.spaces:
            self._order(label, lambda: CarShop({label: space}).ready())
            return Scene()
        row = _row(car, answer)
        track = {car.id: car.context.instance.track_id}
        return Scene(
            on_ground=world.plane is not None,
            objects=tuple(self._shop.cars(world, [row], {car.id: car.name}, track)),
            points=points_of(world, row, space, placed),
            selected=car.id,
        )

    def _scene_of_person(
        self,
        world: World,
        person: OpenObject,
        fitting: PersonFitting,
        answer: FitAnswer,
        placed: KeypointSet | None,
    ) -> Scene:
        assert fitting.fitter is not None
        if answer.carried:
            return Scene()  # points alone are no body
        body = fitting.fitter.body
        if self._bodies is None or self._bodies.find(body.label) is None:
            self._order(body.label, lambda: BodyShop.of(body))
            return Scene()
        track = person.context.instance.track_id
        return self._bodies.scene(world, _row(person, answer), person.name, track, placed)

    def _order(self, label: str, make: Callable[[], CarShop | BodyShop]) -> None:
        """Has the shop made for a space or a body model; the scene comes with it."""
        if label == self._ordered:
            return
        self._ordered = label

        def arrived(shop: CarShop | BodyShop) -> None:
            if isinstance(shop, CarShop):
                self._shop = shop
            else:
                self._bodies = shop
            self._on_changed()

        self._worker.in_background(make, arrived, tag="keypoints shop")


def _row(one: OpenObject, answer: FitAnswer) -> FitRow:
    """The live fit as if it stood in the project."""
    assert answer.fit is not None
    return FitRow(
        id=0,
        instance_id=one.id,
        version=0,
        fit=answer.fit,
        keypoint_set_id=None,
        mask_id=None,
        calibration_id=one.fitting.calibration_id,
        shape_space=one.fitting.shape_space,
        review=None,
        review_reason=None,
        reviewer=None,
        annotator=None,
        created_at=0.0,
        in_force=True,
        stale=False,
    )
