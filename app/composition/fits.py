"""Joins the 3D workspace's controller and views by signals, and answers its actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog

from app.composition.keys import first_keys
from app.controllers.fits import FitsController
from app.states.fits import REJECT_REASONS
from app.states.scene import Look
from app.views.fits.fits_view import FitsView
from app.workspace import Workspace
from core.records.fits import FitReview

if TYPE_CHECKING:
    from app.session import ProjectSession


def build_fits(session: ProjectSession, show_in: Callable[[str, Sequence[int]], None]) -> Workspace:
    """The 3D workspace on a session.

    Args:
        show_in: goes to another workspace, by its id, and selects instances there.
    """
    controller = FitsController(session)
    use_opengl = bool(session.preferences.get("use_opengl", True))
    view = FitsView(controller.model, controller.model.row_of, use_opengl=use_opengl)
    _join(controller, view, show_in)
    handlers = _handlers(controller, view)
    view.actions_bar.wanted.connect(lambda action_id: handlers[action_id]())

    def shown() -> None:
        view.actions_bar.show_keys(first_keys())
        controller.on_shown()
        view.table.table.setFocus()

    def close() -> None:
        controller.close()
        view.viewport.release()

    layer = partial(_layer, view)
    return Workspace(
        id="fits",
        title="3D",
        icon="fits",
        widget=view,
        handlers=handlers,
        checked={
            "fits.from_camera": lambda: view.viewport.look is Look.CAMERA,
            "fits.from_above": lambda: view.viewport.look is Look.ABOVE,
            "fits.free": lambda: view.viewport.look is Look.FREE,
            "fits.cars": lambda: layer("cars"),
            "fits.grid": lambda: layer("grid"),
            "fits.points": lambda: layer("points"),
            "fits.skeleton": lambda: layer("skeleton"),
            "fits.trails": lambda: layer("trails"),
            "fits.ellipses": lambda: layer("ellipses"),
        },
        show_instances=controller.show_instances,
        show_said=controller.show_said,
        message_place=view.canvas,
        on_shown=shown,
        on_hidden=controller.on_hidden,
        on_touched=controller.on_touched,
        on_outside_change=controller.on_outside_change,
        close=close,
    )


def _layer(view: FitsView, name: str) -> bool:
    return bool(getattr(view.viewport.layers, name))


def _join(controller: FitsController, view: FitsView, show_in: Callable[[str, Sequence[int]], None]) -> None:
    """Connects what the controller tells to what draws it, and what a person wants to what does it."""
    controller.list_changed.connect(view.filters.show_state)
    controller.list_changed.connect(view.table.show_state)
    controller.selection_changed.connect(view.table.show_selection)
    controller.empty_changed.connect(view.table.show_empty)
    controller.panel_changed.connect(view.panel.show_state)
    controller.note_changed.connect(view.show_note)
    controller.said.connect(view.actions_bar.say)
    controller.desk.changed.connect(view.show_state)
    controller.fix_wanted.connect(lambda instance_id: show_in("keypoints", [instance_id]))

    view.filters.changed.connect(controller.set_filter)
    view.table.selected.connect(controller.select_fit)
    view.table.activated.connect(view.show_selected)
    view.table.sort_wanted.connect(controller.sort_by)
    view.car_clicked.connect(lambda instance_id, _: controller.select_car(instance_id))
    view.panel.compare_wanted.connect(controller.compare)
    view.panel.use_wanted.connect(controller.use_compared)


def _reject_in_words(controller: FitsController, view: FitsView) -> None:
    """Asks why, and rejects the selected fit for it."""
    if controller.fit_id is None:
        controller.review(FitReview.REJECTED)  # says that nothing is selected
        return
    dialog = QInputDialog(view)
    dialog.setWindowTitle("Reject the fit")
    dialog.setLabelText("What is wrong with it?")
    dialog.setOkButtonText("Reject")
    dialog.textValueSelected.connect(lambda words: controller.review(FitReview.REJECTED, words))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _handlers(controller: FitsController, view: FitsView) -> dict[str, Callable[[], None]]:
    """Action id -> what it does."""
    rejections: dict[str, Callable[[], None]] = {
        action_id: partial(controller.review, FitReview.REJECTED, reason)
        for action_id, reason in REJECT_REASONS.items()
    }
    return {
        "fits.accept": lambda: controller.review(FitReview.ACCEPTED),
        **rejections,
        "fits.reject_words": lambda: _reject_in_words(controller, view),
        "fits.clear": lambda: controller.review(None),
        "fits.fix": controller.fix,
        "fits.next": lambda: controller.step(1),
        "fits.previous": lambda: controller.step(-1),
        "fits.next_in_track": lambda: controller.step_track(1),
        "fits.previous_in_track": lambda: controller.step_track(-1),
        "fits.only_track": controller.toggle_track_filter,
        "fits.refresh": controller.refresh,
        "fits.compare": controller.compare_next,
        "fits.use": controller.use_compared,
        "fits.from_camera": lambda: view.set_look(Look.CAMERA),
        "fits.from_above": lambda: view.set_look(Look.ABOVE),
        "fits.free": lambda: view.set_look(Look.FREE),
        "fits.zoom": view.show_selected,
        "fits.fit": view.show_all,
        "fits.zoom_in": lambda: view.zoom_by(1.25),
        "fits.zoom_out": lambda: view.zoom_by(0.8),
        "fits.turn_left": lambda: view.viewport.turn_by(-30.0, 0.0),
        "fits.turn_right": lambda: view.viewport.turn_by(30.0, 0.0),
        "fits.turn_up": lambda: view.viewport.turn_by(0.0, 20.0),
        "fits.turn_down": lambda: view.viewport.turn_by(0.0, -20.0),
        "fits.denser": lambda: view.change_opacity(True),
        "fits.fainter": lambda: view.change_opacity(False),
        "fits.colour": view.next_colour,
        "fits.layout": view.next_layout,
        "fits.cars": lambda: view.toggle_layer("cars"),
        "fits.grid": lambda: view.toggle_layer("grid"),
        "fits.points": lambda: view.toggle_layer("points"),
        "fits.skeleton": lambda: view.toggle_layer("skeleton"),
        "fits.trails": lambda: view.toggle_layer("trails"),
        "fits.ellipses": lambda: view.toggle_layer("ellipses"),
    }
