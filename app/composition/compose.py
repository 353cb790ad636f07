"""Joins the Compose workspace's controller and views by signals, and answers its actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.composition.keys import first_keys
from app.controllers.compose import ComposeController
from app.views.compose.compose_view import ComposeView
from app.workspace import Workspace

if TYPE_CHECKING:
    from app.session import ProjectSession

_STEP_M, _FAR_M = 0.5, 3.0
RunDialog = Callable[[str, dict[str, Any] | None], None]


def build_compose(
    session: ProjectSession,
    run_dialog: RunDialog,
    go_to: Callable[[str], None],
    calibrate: Callable[[int], None],
    seed: Callable[[], int] | None = None,
) -> Workspace:
    """The Compose workspace on a session.

    Args:
        run_dialog: asks for the settings of a kind of job, with some given, and starts it.
        go_to: brings another workspace to the front by its id.
        calibrate: goes to where a camera is calibrated, by its id.
        seed: gives the seeds to shuffle to; by chance without it.
    """
    controller = ComposeController(session, seed=seed)
    view = ComposeView(use_opengl=bool(session.preferences.get("use_opengl", True)))
    handlers = _handlers(controller, view, run_dialog, go_to, calibrate)
    _join(controller, view)
    for wanted in (view.bar.wanted, view.missing.wanted, view.card.wanted):
        wanted.connect(lambda action_id: handlers[action_id]())
    view.head.batch_wanted.connect(handlers["compose.batch"])

    def shown() -> None:
        view.bar.show_keys(first_keys())
        controller.on_shown()
        view.canvas.setFocus()

    def close() -> None:
        controller.close()
        view.viewport.release()

    item = view.pair.main.item
    return Workspace(
        id="compose",
        title="Compose",
        icon="compose",
        widget=view,
        handlers=handlers,
        checked={
            "compose.amodal": lambda: item.shown.amodal,
            "compose.modal": lambda: item.shown.modal,
            "compose.points": lambda: item.shown.points,
            "compose.beside": lambda: view.pair.both_shown,
            "compose.above": lambda: view.above_shown,
        },
        message_place=view.canvas,
        on_shown=shown,
        on_hidden=controller.on_hidden,
        on_touched=controller.on_touched,
        on_job_changed=controller.on_job_changed,
        close=close,
    )


def _join(controller: ComposeController, view: ComposeView) -> None:
    """Connects what the controller tells to what draws it, and what a person wants to what does it."""
    browser, main, other = controller.browser, view.pair.main, view.pair.other
    browser.head_changed.connect(view.show_head)
    browser.missing_changed.connect(view.show_missing)
    browser.chart_changed.connect(view.show_chart)
    controller.changed.connect(view.show_states)
    controller.slid.connect(main.item.show_slide)
    controller.scene_changed.connect(view.show_scene)
    controller.card_changed.connect(view.card.show_card)
    controller.said.connect(view.bar.say)

    view.head.camera_chosen.connect(browser.choose_camera)
    view.head.set_chosen.connect(browser.choose_set)
    view.head.background_chosen.connect(browser.choose_background)
    view.head.seed_taken.connect(browser.go_to_seed)
    view.head.seed_left.connect(view.canvas.setFocus)
    main.item.picked.connect(controller.select)
    main.item.dragged.connect(controller.drag)
    main.item.dropped.connect(controller.drop)
    other.item.picked.connect(lambda key: _select_there(controller, view, key))
    view.layers.chosen.connect(controller.select)
    view.layers.switched.connect(controller.switch)
    view.layers.activated.connect(main.zoom_to)
    view.viewport.car_clicked.connect(lambda instance_id, _: controller.select_instance(instance_id))
    view.viewport.nothing_clicked.connect(lambda: controller.select(None))


def _select_there(controller: ComposeController, view: ComposeView, key: int | None) -> None:
    """Selects the object that was clicked in WALT2D's composite."""
    layers = view.pair.other.item.state.layers
    found = next((layer for layer in layers if layer.key == key), None)
    if found is None:
        controller.select(None)
    else:
        controller.select_instance(found.instance_id)


def _handlers(
    controller: ComposeController,
    view: ComposeView,
    run_dialog: RunDialog,
    go_to: Callable[[str], None],
    calibrate: Callable[[int], None],
) -> dict[str, Callable[[], None]]:
    """Action id -> what it does."""
    browser, canvas = controller.browser, view.canvas

    def of_camera(kind: str) -> Callable[[], None]:
        return lambda: run_dialog(kind, {"camera": browser.camera_name})

    def export() -> None:
        shown = browser.shown_set
        run_dialog("export-composites", {} if shown is None else {"set": shown.name})

    def go_to_calibration() -> None:
        if browser.camera_id is not None:
            calibrate(browser.camera_id)

    def beside() -> None:
        view.toggle_beside()
        controller.want_other(view.pair.both_shown)

    def seed() -> None:
        view.head.seed.setFocus()
        view.head.seed.selectAll()

    def fit() -> None:
        canvas.fit()
        view.viewport.show_all()

    def zoom() -> None:
        view.pair.main.zoom_to(controller.selected)
        view.viewport.show_selected()

    return {
        "compose.shuffle": browser.shuffle,
        "compose.next": lambda: controller.step(1),
        "compose.previous": lambda: controller.step(-1),
        "compose.seed": seed,
        "compose.batch": of_camera("compose"),
        "compose.up": lambda: controller.step_layer(-1),
        "compose.down": lambda: controller.step_layer(1),
        "compose.switch": lambda: controller.switch(),
        "compose.all_on": controller.all_on,
        "compose.swap": lambda: controller.swap(1),
        "compose.swap_back": lambda: controller.swap(-1),
        "compose.farther": lambda: controller.nudge(_STEP_M),
        "compose.nearer": lambda: controller.nudge(-_STEP_M),
        "compose.farther_far": lambda: controller.nudge(_FAR_M),
        "compose.nearer_far": lambda: controller.nudge(-_FAR_M),
        "compose.back": controller.put_back,
        "compose.let_go": controller.let_go,
        "compose.remove": controller.remove,
        "compose.remove_set": controller.remove_set,
        "compose.amodal": lambda: view.toggle("amodal"),
        "compose.modal": lambda: view.toggle("modal"),
        "compose.points": lambda: view.toggle("points"),
        "compose.beside": beside,
        "compose.above": view.toggle_above,
        "compose.zoom": zoom,
        "compose.fit": fit,
        "compose.zoom_in": lambda: canvas.zoom_by(1.25),
        "compose.zoom_out": lambda: canvas.zoom_by(0.8),
        "compose.refresh": controller.refresh,
        "compose.cut": of_camera("cut"),
        "compose.calibrate": go_to_calibration,
        "compose.background": of_camera("background"),
        "compose.mine": lambda: go_to("sources"),
        "project.fit": of_camera("fit"),
        "project.export_composites": export,
    }
