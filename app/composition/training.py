"""Joins the Train workspace's controllers and views by signals, and answers its actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.composition.kept_handlers import kept_handlers
from app.composition.keys import first_keys
from app.controllers.training import TrainingController
from app.controllers.training_draft import TrainingDraft
from app.controllers.training_reads import TrainingReads
from app.states.training import Head
from app.views.training.training_view import TrainingView
from app.workspace import Workspace
from core.records.history import Touched
from core.records.jobs import JobRow

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession


RunDialog = Callable[[str, dict[str, Any], str], None]


def build_training(
    session: ProjectSession,
    jobs: JobsController,
    go_to: Callable[[str], None],
    show_log: Callable[[int], None],
    run_dialog: RunDialog,
    evaluate_run: Callable[[int], None],
) -> Workspace:
    """The Train workspace on a session.

    Args:
        jobs: starts, stops and resumes trainings.
        go_to: brings another workspace to the front by its id.
        show_log: shows the log of a job by its id.
        run_dialog: asks for the settings of a kind of job, with some given, and starts it.
        evaluate_run: prepares the evaluation of a run, by its id.
    """
    reads = TrainingReads(session.project)
    controller, draft = TrainingController(session, jobs, reads), TrainingDraft(session, jobs, reads)
    view = TrainingView()
    handlers = _handlers(controller, draft, view, go_to, show_log)
    handlers["training.loop"] = lambda: run_dialog("loop", {}, "")
    _join(controller, draft, view)
    controller.deeds.label_wanted.connect(run_dialog)
    controller.deeds.evaluation_wanted.connect(evaluate_run)
    for wanted in (view.bar.wanted, view.panel.wanted, view.draft.wanted):
        wanted.connect(lambda action_id: handlers[action_id]())

    def shown() -> None:
        view.show_keys(first_keys())
        controller.on_shown()
        view.setFocus()

    def hidden() -> None:
        view.panel.take_notes()
        controller.on_hidden()
        draft.show(False, can_leave=True)

    def touched(news: Touched) -> None:
        controller.on_touched(news)
        draft.on_touched(news)

    def job_changed(row: JobRow) -> None:
        controller.on_job_changed(row)
        draft.on_job_changed(row)

    def outside_change() -> None:
        controller.on_outside_change()
        draft.on_outside_change()

    def close() -> None:
        controller.close()
        draft.close()

    return Workspace(
        id="training",
        title="Train",
        icon="train",
        widget=view,
        handlers=handlers,
        checked={
            "training.log_scale": lambda: controller.log,
            "training.smooth": lambda: controller.smooth,
            "training.show_hidden": lambda: controller.hidden_shown,
        },
        on_shown=shown,
        on_hidden=hidden,
        on_touched=touched,
        on_job_changed=job_changed,
        on_outside_change=outside_change,
        close=close,
    )


def _join(controller: TrainingController, draft: TrainingDraft, view: TrainingView) -> None:
    """Connects what the controllers tell to what draws it, and what a person wants to what does it."""

    def show_head(head: Head) -> None:
        view.show_head(head)
        draft.show(head.drafting, can_leave=bool(view.runs.items))

    def take_settings(settings: object) -> None:
        draft.take_settings(settings)  # type: ignore[arg-type]
        view.draft.show_values(draft.state)

    controller.list_changed.connect(view.show_list)
    controller.head_changed.connect(show_head)
    controller.charts_changed.connect(view.show_charts)
    controller.gallery_changed.connect(view.show_gallery)
    controller.facts_changed.connect(view.show_facts)
    controller.comparison_changed.connect(view.show_comparison)
    controller.again_wanted.connect(take_settings)
    controller.said.connect(view.bar.say)
    draft.changed.connect(view.show_draft)
    draft.started.connect(controller.watch)

    view.runs.chosen.connect(controller.select)
    view.runs.marked.connect(controller.mark)
    view.runs.activated.connect(controller.select)
    view.purpose_chosen.connect(controller.show_purpose)
    view.new_wanted.connect(lambda: controller.draft(True))
    view.hidden_wanted.connect(controller.toggle_hidden)
    view.charts.group_wanted.connect(controller.toggle_group)
    view.panel.notes_taken.connect(controller.deeds.write_notes)
    view.panel.name_taken.connect(controller.deeds.rename)
    view.panel.left.connect(view.setFocus)
    view.draft.purpose_chosen.connect(draft.choose_purpose)
    view.draft.device_chosen.connect(draft.choose_device)
    view.draft.variant_chosen.connect(lambda variant: draft.set_values({"variant": variant}))
    view.draft.values_taken.connect(draft.set_values)
    view.draft.refused.connect(draft.show_problem)


def _handlers(
    controller: TrainingController,
    draft: TrainingDraft,
    view: TrainingView,
    go_to: Callable[[str], None],
    show_log: Callable[[int], None],
) -> dict[str, Callable[[], None]]:
    """Action id -> what it does."""

    def new() -> None:
        controller.draft(True)

    def start() -> None:
        if controller.drafting:
            draft.start()
        else:
            new()  # one looks at what would be trained before it is

    def estimate() -> None:
        if controller.drafting:
            draft.estimate()
        else:
            new()

    def step(step: int) -> None:
        if controller.drafting:
            draft.step_purpose(step)
        else:
            controller.step(step)

    return {
        **kept_handlers("training", controller, controller.deeds, view.panel, show_log),
        "training.new": new,
        "training.start": start,
        "training.estimate": estimate,
        "training.down": lambda: step(1),
        "training.up": lambda: step(-1),
        "training.clear_marks": controller.clear_marks,
        "training.use": controller.deeds.use,
        "training.label": controller.deeds.label,
        "training.use_none": controller.deeds.use_none,
        "training.evaluate": controller.deeds.evaluate,
        "training.log_scale": controller.toggle_log,
        "training.smooth": controller.toggle_smooth,
        "training.layout": view.next_layout,
        "training.review": lambda: go_to("review"),
        "training.keypoints": lambda: go_to("keypoints"),
        "training.compose": lambda: go_to("compose"),
        "training.allow_fetch": draft.allow_fetch,
    }
