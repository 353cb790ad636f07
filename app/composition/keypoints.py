"""Joins the Keypoints workspace's controller and views by signals, and answers its actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from app.composition.keys import first_keys
from app.controllers.keypoint_scene import KeypointScene
from app.controllers.keypoints import KeypointsController
from app.kept_json import read_json, write_json
from app.places import config_folder
from app.views.keypoints.keypoints_view import KeypointsView
from app.views.viewport.imports import import_drawing
from app.workspace import Workspace
from core.records.keypoints import Template
from core.records.shapes import KeypointTag

if TYPE_CHECKING:
    from app.session import ProjectSession

_TAGS = {
    "visible": KeypointTag.VISIBLE,
    "self_occluded": KeypointTag.SELF_OCCLUDED,
    "other_occluded": KeypointTag.OTHER_OCCLUDED,
    "truncated": KeypointTag.TRUNCATED,
}
_OF_REST = ("self_occluded", "other_occluded", "truncated")
_WAYS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0)}
_STEPS = {"": 1.0, "_little": 0.25, "_far": 10.0}
_PROJECTS_KEPT = 50


def build_keypoints(session: ProjectSession, calibrate: Callable[[int, int], None]) -> Workspace:
    """The Keypoints workspace on a session.

    Args:
        calibrate: goes to where a camera is calibrated, by its id and that of a source of it.
    """
    controller = KeypointsController(session)
    scene = KeypointScene(controller.hand, session)
    view = KeypointsView(
        controller.queue.model,
        lambda ids: controller.queue.model.ids.rows_of(ids),
        use_opengl=bool(session.preferences.get("use_opengl", True)),
    )
    view.inset.switch(bool(session.preferences.get("keypoints_inset", True)))
    view.queue.grid.set_cell_width(int(session.preferences.get("crop_size", 132)))
    left_at = LeftAt(str(session.project.path.absolute()))
    _join(controller, view)
    controller.queue.show_template(left_at.template)
    scene.changed.connect(view.inset.show_scene)
    view.inset.watched.connect(scene.watch)
    view.inset.wanted.connect(partial(_import_drawing, session, view.inset.begin))

    def switch_inset() -> None:
        view.inset.switch(not view.inset.switched_on)
        session.preferred.emit("keypoints_inset", view.inset.switched_on)

    handlers = _handlers(controller, view, calibrate) | {"keypoints.viewport": switch_inset}
    view.queue.proposed_wanted.connect(handlers["keypoints.proposed"])
    for wanted in (view.card.wanted, view.tags.wanted):
        wanted.connect(lambda action_id: handlers[action_id]())

    def keep(template: Template, instance_id: int) -> None:
        left_at.keep(template, instance_id)
        # at once: a window that dies opens at the same object, too
        session.in_background(left_at.write, tag="keypoints left at")

    controller.template_at.connect(keep)
    controller.news.connect(session.news)

    def shown() -> None:
        view.tags.show_keys(first_keys())
        controller.on_shown(left_at.instance_ids)
        view.pane.canvas.setFocus()

    def show_instances(ids: Sequence[int]) -> None:
        controller.show_instance(ids[0])

    def close() -> None:
        left_at.write()
        scene.close()
        view.inset.release()
        controller.close()

    item = view.pane.item
    return Workspace(
        id="keypoints",
        title="Keypoints",
        icon="keypoints",
        widget=view,
        handlers=handlers,
        checked={
            "keypoints.all": lambda: controller.queue.shows_all,
            "keypoints.proposed": lambda: controller.queue.shows_proposed,
            "keypoints.people": lambda: controller.queue.template is Template.PERSON,
            "keypoints.hide": lambda: item.hidden,
            "keypoints.outline": lambda: item.outlined,
            "keypoints.skeleton": lambda: item.joined,
            "keypoints.loupe": lambda: view.pane.loupe_shown,
            "keypoints.viewport": lambda: view.inset.switched_on,
        },
        show_instances=show_instances,
        message_place=view.pane.canvas,
        on_shown=shown,
        on_hidden=controller.on_hidden,
        on_touched=controller.on_touched,
        on_outside_change=controller.on_outside_change,
        close=close,
    )


def _import_drawing(session: ProjectSession, begin: Callable[[], None]) -> None:
    """Imports what draws in 3D beside the window; what cannot be imported is told where it is drawn."""
    session.in_background(import_drawing, lambda _: begin(), lambda _: begin(), tag="keypoints drawing")


class LeftAt:
    """Which objects of a project were shown last, and of which kind, kept among the user's own files.

    Args:
        project: its path.

    Attributes:
        template: whether cars or people were shown.
        instance_ids: which one of each.
    """

    def __init__(self, project: str) -> None:
        self._project = project
        self._path = config_folder() / "keypoints.json"
        found = read_json(self._path, {}).get(project)
        if isinstance(found, int):  # as it was kept when there were cars only
            found = {Template.CAR.value: found}
        known = found if isinstance(found, dict) else {}
        self.template = Template.PERSON if known.get("shown") == Template.PERSON.value else Template.CAR
        self.instance_ids: dict[Template, int] = {
            one: known[one.value] for one in Template if isinstance(known.get(one.value), int)
        }

    def keep(self, template: Template, instance_id: int) -> None:
        """Remembers an object."""
        self.template = template
        self.instance_ids[template] = instance_id

    def write(self) -> None:
        """Keeps it until the next start; a folder that cannot be written costs no more than that."""
        if not self.instance_ids:
            return
        known = read_json(self._path, {})
        known.pop(self._project, None)
        ids = {one.value: instance_id for one, instance_id in self.instance_ids.items()}
        known[self._project] = {"shown": self.template.value, **ids}
        try:
            write_json(self._path, dict(list(known.items())[-_PROJECTS_KEPT:]))
        except OSError:
            return


def _join(controller: KeypointsController, view: KeypointsView) -> None:
    """Connects what the controller tells to what draws it, and what a person wants to what does it."""
    hand, queue, item = controller.hand, controller.queue, view.pane.item
    hand.changed.connect(view.show_state)
    hand.opened.connect(view.pane.open_state)
    controller.selected.connect(view.queue.show_current)
    controller.said.connect(view.tags.say)
    controller.frames.changed.connect(view.pane.show_frame)
    queue.count_changed.connect(view.queue.show_count)
    queue.empty_changed.connect(view.queue.show_empty)
    queue.rows_changed.connect(view.queue.show_rows)
    queue.template_changed.connect(view.queue.show_template)

    def place(x: float, y: float) -> None:
        tag = view.click_tag
        view.choose_tag(KeypointTag.VISIBLE)
        hand.place(tag, x, y)

    def choose_tag(tag: KeypointTag) -> None:
        """The tag of the current point where that is placed, else of the next click."""
        state = hand.state
        if state.instance_id is not None and state.points[state.current] is not None:
            hand.tag(tag)
        else:
            view.choose_tag(tag)

    def show_all(whole: bool) -> None:
        queue.show_all(whole)
        view.queue.show_all(whole)

    item.placed.connect(place)
    item.picked.connect(hand.select_point)
    item.dragged.connect(hand.drag)
    item.dropped.connect(hand.settle)
    view.tags.tag_chosen.connect(choose_tag)
    view.points.chosen.connect(hand.select_point)
    view.queue.chosen.connect(controller.show_instance)
    view.queue.all_wanted.connect(show_all)
    view.queue.template_wanted.connect(controller.show_template)


def _handlers(
    controller: KeypointsController, view: KeypointsView, calibrate: Callable[[int, int], None]
) -> dict[str, Callable[[], None]]:
    """Action id -> what it does."""
    hand, pane, item, canvas = controller.hand, view.pane, view.pane.item, view.pane.canvas

    def place(tag: KeypointTag) -> None:
        cursor = item.cursor_place()
        if cursor is None:
            controller.said.emit("Hold the cursor over the point in the picture, then press the key.")
        else:
            hand.place(tag, *cursor)

    def show_all() -> None:
        controller.queue.show_all(not controller.queue.shows_all)
        view.queue.show_all(controller.queue.shows_all)

    def show_proposed() -> None:
        controller.show_proposed(not controller.queue.shows_proposed)
        view.queue.show_proposed(controller.queue.shows_proposed)

    def switch_template() -> None:
        people = controller.queue.template is Template.PERSON
        controller.show_template(Template.CAR if people else Template.PERSON)

    def go_to_calibration() -> None:
        one = hand.object
        if one is not None:
            calibrate(one.context.camera_id, one.source.id)

    nudges = {
        f"keypoints.nudge_{way}{size}": partial(hand.nudge, step * dx, step * dy)
        for way, (dx, dy) in _WAYS.items()
        for size, step in _STEPS.items()
    }
    return {
        **{f"keypoints.{name}": partial(place, tag) for name, tag in _TAGS.items()},
        **{f"keypoints.tag_{name}": partial(hand.tag, tag) for name, tag in _TAGS.items()},
        **{
            f"keypoints.rest_{name}": partial(hand.tag_rest, tag)
            for name, tag in _TAGS.items()
            if name in _OF_REST
        },
        **nudges,
        "keypoints.accept": controller.accept,
        "keypoints.skip": hand.skip,
        "keypoints.back": lambda: hand.step_point(-1),
        "keypoints.next_point": lambda: hand.step_point(1),
        "keypoints.previous_point": lambda: hand.step_point(-1),
        "keypoints.clear": hand.clear_point,
        "keypoints.exchange": hand.exchange,
        "keypoints.let_go": hand.let_go,
        "keypoints.next": lambda: controller.step_queue(1),
        "keypoints.previous": lambda: controller.step_queue(-1),
        "keypoints.next_other": lambda: controller.step_other(1),
        "keypoints.previous_other": lambda: controller.step_other(-1),
        "keypoints.next_in_track": lambda: controller.step_track(1),
        "keypoints.previous_in_track": lambda: controller.step_track(-1),
        "keypoints.fill_track": controller.fill_track,
        "keypoints.all": show_all,
        "keypoints.proposed": show_proposed,
        "keypoints.people": switch_template,
        "keypoints.refresh": controller.queue.refresh,
        "keypoints.calibrate": go_to_calibration,
        "keypoints.zoom": pane.zoom_to_object,
        "keypoints.fit": canvas.fit,
        "keypoints.zoom_in": lambda: canvas.zoom_by(1.25),
        "keypoints.zoom_out": lambda: canvas.zoom_by(0.8),
        "keypoints.hide": lambda: item.hide_all(not item.hidden),
        "keypoints.outline": lambda: item.show_outline(not item.outlined),
        "keypoints.skeleton": lambda: item.show_skeleton(not item.joined),
        "keypoints.loupe": pane.toggle_loupe,
        "keypoints.gamma_up": lambda: pane.change_gamma(True),
        "keypoints.gamma_down": lambda: pane.change_gamma(False),
        "keypoints.contrast_up": lambda: pane.change_contrast(True),
        "keypoints.contrast_down": lambda: pane.change_contrast(False),
        "keypoints.tone_reset": pane.reset_tone,
    }
