"""The fitted car of the Keypoints workspace as a scene of its own, a moment behind the live fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.fits_scene import CarShop, World, points_of, world_of
from app.controllers.keypoint_fit import FitAnswer, Fitting
from app.controllers.keypoint_hand import CarInHand
from app.controllers.keypoint_reads import OpenCar
from app.controllers.review_session import Worker
from app.states.scene import Scene
from core.records.fits import FitRow
from core.records.keypoints import KeypointSet

if TYPE_CHECKING:
    from core.shapes.space import CarShapeSpace

_BEHIND_MS = 50  # at most 20 scenes a second, and none within the event that moves a point


class KeypointScene(QObject):
    """Makes the scene anew after the fit has changed, where somebody looks at it.

    Signals:
        changed(Scene): draw this; a scene without cars where nothing is fitted.
    """

    changed = Signal(object)

    def __init__(self, hand: CarInHand, worker: Worker) -> None:
        super().__init__()
        self._hand, self._worker = hand, worker
        self._watched = False
        self._fitting: Fitting | None = None
        self._world: World | None = None
        self._shop = CarShop({})
        self._ordered = ""  # the label of the space whose shop is being made
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
        self.changed.emit(Scene() if hand.car is None else self._scene(hand.car, hand.points, hand.answer))

    def _scene(self, car: OpenCar, points: KeypointSet, answer: FitAnswer) -> Scene:
        fit, fitter = answer.fit, car.fitting.fitter
        if fit is None or fitter is None or not answer.ghosts:
            return Scene()
        if car.fitting.shape_space not in self._shop.spaces:
            self._order(car.fitting.shape_space, fitter.space)
            return Scene()
        if self._world is None or self._fitting is not car.fitting:
            self._fitting, self._world = car.fitting, world_of(fitter.camera, fitter.plane)
        row = _row(car, answer)
        track = {car.id: car.context.instance.track_id}
        cars = self._shop.cars(self._world, [row], {car.id: car.name}, track)
        # where left and right are exchanged, what was placed belongs to other points of the car
        placed = None if fit.swapped else points
        return Scene(
            on_ground=self._world.plane is not None,
            cars=tuple(cars),
            points=points_of(self._world, row, fitter.space, placed),
            selected=car.id,
        )

    def _order(self, label: str, space: CarShapeSpace) -> None:
        """Has the shop made for a space; the scene comes with it."""
        if label == self._ordered:
            return
        self._ordered = label

        def arrived(shop: CarShop) -> None:
            self._shop = shop
            self._on_changed()

        self._worker.in_background(lambda: CarShop({label: space}).ready(), arrived, tag="keypoints shop")


def _row(car: OpenCar, answer: FitAnswer) -> FitRow:
    """The live fit as if it stood in the project."""
    assert answer.fit is not None
    return FitRow(
        id=0,
        instance_id=car.id,
        version=0,
        fit=answer.fit,
        keypoint_set_id=None,
        mask_id=None,
        calibration_id=car.fitting.calibration_id,
        shape_space=car.fitting.shape_space,
        review=None,
        review_reason=None,
        reviewer=None,
        annotator=None,
        created_at=0.0,
        in_force=True,
        stale=False,
    )
