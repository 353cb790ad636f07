"""Joins the Review workspace's controller and views by signals, and answers its actions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.composition.keys import first_keys
from app.controllers.review import ReviewController
from app.states.review_queue import CROP_ROLE
from app.views.review.category_button import call_action
from app.views.review.review_view import ReviewView
from app.workspace import Workspace
from core.records.detections import Category
from core.records.occlusion import Verdict
from core.store.edits.verdicts import RejectReason

if TYPE_CHECKING:
    from app.session import ProjectSession


def build_review(session: ProjectSession) -> Workspace:
    """The Review workspace on a session."""
    controller = ReviewController(session)
    view = ReviewView(controller.model, lambda ids: controller.model.ids.rows_of(ids))
    view.queue.grid.set_cell_width(int(session.preferences.get("crop_size", 132)))
    _join(controller, view)
    handlers = _handlers(controller, view)
    for wanted in (view.verdicts.wanted, view.reasons.action_wanted):
        wanted.connect(lambda action_id: handlers[action_id]())

    def shown() -> None:
        keys = first_keys()
        view.verdicts.show_keys(keys)
        view.reasons.show_keys(keys)
        controller.on_shown()
        view.queue.view.setFocus()

    return Workspace(
        id="review",
        title="Review",
        icon="review",
        widget=view,
        handlers=handlers,
        checked={
            "review.table": lambda: view.queue.shows_table,
            "review.follow": lambda: view.frame.follows,
            "review.masks": lambda: view.frame.layer("masks"),
            "review.boxes": lambda: view.frame.layer("boxes"),
            "review.names": lambda: view.frame.layer("captions"),
            "review.trail": lambda: view.frame.layer("trail"),
            "review.asked": lambda: controller.filter.filter.asked,
        },
        show_instances=controller.show_instances,
        message_place=view.frame.canvas,
        on_shown=shown,
        on_hidden=controller.on_hidden,
        on_touched=controller.on_touched,
        on_outside_change=controller.on_outside_change,
        close=controller.close,
    )


def _join(controller: ReviewController, view: ReviewView) -> None:
    """Connects what the controller tells to what draws it, and what a person wants to what does it."""
    controller.filter_changed.connect(view.filters.show_state)
    controller.filter_changed.connect(lambda state: view.queue.show_count(state.count_text))
    controller.selection_changed.connect(view.queue.show_selection)
    controller.panel_changed.connect(view.reasons.show_state)
    controller.empty_changed.connect(view.queue.show_empty)
    controller.fresh_changed.connect(view.queue.show_fresh)
    controller.said.connect(view.verdicts.say)
    controller.lookout.frames.changed.connect(view.frame.show_state)
    controller.lookout.timeline.changed.connect(view.timeline.show_state)

    view.filters.changed.connect(controller.set_filter)
    view.queue.selected.connect(controller.choose)
    view.queue.activated.connect(view.frame.zoom_to_selected)
    view.queue.refresh_wanted.connect(controller.refresh)
    view.frame.home_wanted.connect(controller.lookout.go_home)
    view.frame.instance_clicked.connect(controller.click)
    view.reasons.occluder_clicked.connect(controller.lookout.frames.point_out)
    view.timeline.sought.connect(controller.lookout.seek)

    def show_crop(*_: object) -> None:
        row = None if controller.current is None else controller.model.ids.row_of(controller.current)
        image = None if row is None else controller.model.index(row, 0).data(CROP_ROLE)
        view.reasons.show_crop(image)

    controller.panel_changed.connect(show_crop)
    controller.model.dataChanged.connect(show_crop)


def _handlers(controller: ReviewController, view: ReviewView) -> dict[str, Callable[[], None]]:
    """Action id -> what it does."""
    frame, canvas = view.frame, view.frame.canvas
    wrong, bad = RejectReason.WRONG_DETECTION, RejectReason.BAD_PICTURE
    return {
        "review.unoccluded": lambda: controller.mark(Verdict.UNOCCLUDED),
        "review.occluded": lambda: controller.mark(Verdict.OCCLUDED),
        "review.wrong_detection": lambda: controller.mark(Verdict.REJECTED, wrong),
        "review.bad_picture": lambda: controller.mark(Verdict.REJECTED, bad),
        "review.clear": lambda: controller.mark(None),
        **{call_action(category): partial(controller.call, category) for category in Category},
        "review.track_unoccluded": lambda: controller.mark_track(Verdict.UNOCCLUDED),
        "review.track_occluded": lambda: controller.mark_track(Verdict.OCCLUDED),
        "review.track_wrong_detection": lambda: controller.mark_track(Verdict.REJECTED, wrong),
        "review.next": lambda: controller.step_queue(1),
        "review.previous": lambda: controller.step_queue(-1),
        "review.next_in_track": lambda: controller.step_track(1),
        "review.previous_in_track": lambda: controller.step_track(-1),
        "review.select_all": lambda: view.queue.view.selectAll(),
        "review.select_track": controller.select_track,
        "review.only_track": controller.toggle_track_filter,
        "review.next_frame": lambda: controller.lookout.step_frame(1),
        "review.previous_frame": lambda: controller.lookout.step_frame(-1),
        "review.home": controller.lookout.go_home,
        "review.occluder": controller.lookout.point_out_occluder,
        "review.asked": controller.toggle_asked,
        "review.refresh": controller.refresh,
        "review.table": view.queue.toggle_table,
        "review.follow": frame.toggle_follow,
        "review.fit": frame.fit,
        "review.actual_size": canvas.show_actual_size,
        "review.zoom_in": lambda: canvas.zoom_by(1.25),
        "review.zoom_out": lambda: canvas.zoom_by(0.8),
        "review.masks": lambda: frame.toggle_layer("masks"),
        "review.boxes": lambda: frame.toggle_layer("boxes"),
        "review.names": lambda: frame.toggle_layer("captions"),
        "review.trail": lambda: frame.toggle_layer("trail"),
        "review.gamma_up": lambda: frame.change_gamma(True),
        "review.gamma_down": lambda: frame.change_gamma(False),
        "review.contrast_up": lambda: frame.change_contrast(True),
        "review.contrast_down": lambda: frame.change_contrast(False),
        "review.tone_reset": frame.reset_tone,
    }
