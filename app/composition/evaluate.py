"""Joins the Evaluate workspace's controllers and views by signals, and answers its actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from app.composition.kept_handlers import kept_handlers
from app.composition.keys import first_keys
from app.composition.pages import open_page
from app.controllers.evaluate import EvaluateController
from app.controllers.evaluate_draft import EvaluateDraft
from app.controllers.evaluate_in_3d import WayTo3D
from app.controllers.evaluate_reads import EvaluateReads
from app.states.evaluation import EvaluateHead
from app.states.results import SaidKey
from app.views.evaluate.evaluate_view import EvaluateView
from app.workspace import Workspace
from core.records.jobs import JobRow, JobState

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession

RunDialog = Callable[[str, dict[str, Any], str], None]
ShowIn = Callable[[str, Sequence[int]], None]
ShowSaid = Callable[[int, SaidKey | None, str], None]
Handlers = dict[str, Callable[[], None]]
_REPORT = "Writes figures with intervals, charts, settings and seeds as one HTML file, and as a PDF."


def build_evaluate(
    session: ProjectSession,
    jobs: JobsController,
    go_to: Callable[[str], None],
    show_in: ShowIn,
    show_said: ShowSaid,
    show_log: Callable[[int], None],
    run_dialog: RunDialog,
    show_asked: Callable[[], None],
) -> Workspace:
    """The Evaluate workspace on a session.

    Args:
        jobs: starts, stops and resumes evaluations.
        go_to: brings another workspace to the front by its id.
        show_in: brings one to the front and selects instances in it.
        show_said: shows an instance in 3D with what was said of it, or tells words where that is None.
        show_log: shows the log of a job by its id.
        run_dialog: asks for the settings of a kind of job, with some given, and starts it.
        show_asked: goes to what the review queue is asked for.
    """
    reads = EvaluateReads(session.project)
    controller, draft = EvaluateController(session, jobs, reads), EvaluateDraft(session, jobs, reads)
    view = EvaluateView(controller.objects.feed.model)
    handlers: Handlers = {
        **_handlers(controller, draft, view, go_to, show_log),
        **_object_handlers(controller, view, show_in, show_said),
        "evaluate.report": lambda: _report(controller, run_dialog, session),
        "evaluate.open_report": lambda: _open_report(controller, session),
        "evaluate.review": show_asked,
    }
    _join(controller, draft, view)
    for wanted in (view.bar.wanted, view.panel.wanted, view.draft.wanted):
        wanted.connect(lambda action_id: handlers[action_id]())

    def shown() -> None:
        view.show_keys(first_keys())
        controller.on_shown()
        draft.show(controller.drafting, can_leave=bool(view.evaluations.items))
        view.setFocus()

    def hidden() -> None:
        view.panel.take_notes()
        controller.on_hidden()
        draft.show(False, can_leave=True)

    def job_changed(row: JobRow) -> None:
        controller.on_job_changed(row)
        draft.on_job_changed(row)

    def prepare_run(run_id: int) -> None:
        controller.draft(True)
        draft.take_run(run_id)
        view.draft.show_values(draft.state)

    return Workspace(
        id="evaluate",
        title="Evaluate",
        icon="evaluate",
        widget=view,
        handlers=handlers,
        checked={
            "evaluate.show_hidden": lambda: controller.hidden_shown,
            "evaluate.follow": lambda: view.object.follows,
            "evaluate.truth": lambda: view.object.shown("truth"),
            "evaluate.said": lambda: view.object.shown("said"),
        },
        on_shown=shown,
        on_hidden=hidden,
        on_touched=controller.on_touched,
        on_job_changed=job_changed,
        on_outside_change=controller.on_outside_change,
        prepare_run=prepare_run,
        close=controller.close,
    )


def _join(controller: EvaluateController, draft: EvaluateDraft, view: EvaluateView) -> None:
    """Connects what the controllers tell to what draws it, and what a person wants to what does it."""
    showing, objects = controller.showing, controller.objects

    def show_head(head: EvaluateHead) -> None:
        view.show_head(head)
        draft.show(head.drafting, can_leave=bool(view.evaluations.items))

    def take_settings(settings: object) -> None:
        draft.take_settings(settings)  # type: ignore[arg-type]
        view.draft.show_values(draft.state)

    controller.list_changed.connect(view.show_list)
    controller.head_changed.connect(show_head)
    controller.facts_changed.connect(view.show_facts)
    controller.again_wanted.connect(take_settings)
    controller.said.connect(view.bar.say)
    showing.chart_changed.connect(view.show_chart)
    showing.table_changed.connect(view.show_table)
    showing.confusion_changed.connect(view.show_confusion)
    showing.curves_changed.connect(view.show_curves)
    showing.below_changed.connect(view.show_below)
    objects.head_changed.connect(view.objects.show_head)
    objects.first_wanted.connect(view.objects.select_first)
    objects.desk.changed.connect(view.object.show_state)
    draft.changed.connect(view.show_draft)
    draft.started.connect(controller.watch)

    view.evaluations.chosen.connect(controller.select)
    view.evaluations.marked.connect(controller.mark)
    view.evaluations.activated.connect(controller.select)
    view.new_wanted.connect(lambda: controller.draft(True))
    view.hidden_wanted.connect(controller.toggle_hidden)
    view.bars.figure_chosen.connect(showing.choose_figure)
    view.bars.by_chosen.connect(showing.choose_by)
    view.bars.bar_chosen.connect(showing.choose_bar)
    view.bars.cleared.connect(showing.clear_choice)
    view.figures.chosen.connect(showing.choose_figure)
    view.confusion.cell_chosen.connect(showing.choose_cell)
    view.confusion.name_chosen.connect(showing.choose_confusion)
    view.confusion.left.connect(view.setFocus)
    view.below_chosen.connect(showing.choose_below)
    view.objects.selected.connect(objects.select)
    view.objects.outcome_chosen.connect(objects.choose_outcome)
    view.objects.activated.connect(view.object.zoom)
    view.objects.cleared.connect(showing.clear_choice)
    view.panel.notes_taken.connect(controller.deeds.write_notes)
    view.panel.name_taken.connect(controller.deeds.rename)
    view.panel.left.connect(view.setFocus)
    view.draft.what_chosen.connect(draft.choose_what)
    view.draft.values_taken.connect(draft.set_values)
    view.draft.refused.connect(draft.show_problem)


def _handlers(
    controller: EvaluateController,
    draft: EvaluateDraft,
    view: EvaluateView,
    go_to: Callable[[str], None],
    show_log: Callable[[int], None],
) -> Handlers:
    """Action id -> what it does with evaluations and their numbers."""
    showing = controller.showing

    def new() -> None:
        controller.draft(True)

    def start() -> None:
        if not controller.drafting:
            new()  # one looks at what would be measured before it is
        elif view.draft.take():
            draft.start()

    def step(step: int) -> None:
        if controller.drafting:
            draft.step_what(step)
        else:
            controller.step(step)

    return {
        **kept_handlers("evaluate", controller, controller.deeds, view.panel, show_log),
        "evaluate.new": new,
        "evaluate.start": start,
        "evaluate.below": lambda: step(1),
        "evaluate.above": lambda: step(-1),
        "evaluate.back": controller.back,
        "evaluate.next_figure": lambda: showing.step_figure(1),
        "evaluate.previous_figure": lambda: showing.step_figure(-1),
        "evaluate.next_by": lambda: showing.step_by(1),
        "evaluate.previous_by": lambda: showing.step_by(-1),
        "evaluate.right": lambda: showing.step_bar(1),
        "evaluate.left": lambda: showing.step_bar(-1),
        "evaluate.next_page": showing.step_below,
        "evaluate.confusion": view.go_to_confusion,
        "evaluate.layout": view.next_layout,
        "evaluate.train": lambda: go_to("training"),
    }


def _object_handlers(
    controller: EvaluateController, view: EvaluateView, show_in: ShowIn, show_said: ShowSaid
) -> Handlers:
    """Action id -> what it does with the objects that are listed."""
    objects = controller.objects

    def see(place: str) -> None:
        instance_id = objects.current_instance
        if instance_id is not None:
            show_in(place, [instance_id])

    def see_in_3d(way: WayTo3D) -> None:
        if way.beside_truth and way.instance_id is not None:
            show_in("fits", [way.instance_id])
        elif way.instance_id is not None:
            show_said(way.instance_id, way.said, way.words)

    objects.fit_wanted.connect(see_in_3d)

    def step(step: int) -> None:
        if not controller.drafting:
            view.objects.step(step)

    return {
        "evaluate.down": lambda: step(1),
        "evaluate.up": lambda: step(-1),
        "evaluate.select_all": view.objects.select_all,
        "evaluate.outcome": objects.step_outcome,
        "evaluate.send": objects.send,
        "evaluate.send_all": objects.send_all,
        "evaluate.fits": objects.see_fit,
        "evaluate.in_review": lambda: see("review"),
        "evaluate.in_keypoints": lambda: see("keypoints"),
        "evaluate.follow": view.object.toggle_follow,
        "evaluate.fit": view.object.fit,
        "evaluate.zoom_in": lambda: view.object.canvas.zoom_by(1.25),
        "evaluate.zoom_out": lambda: view.object.canvas.zoom_by(0.8),
        "evaluate.truth": lambda: view.object.toggle("truth"),
        "evaluate.said": lambda: view.object.toggle("said"),
    }


def _open_report(controller: EvaluateController, session: ProjectSession) -> None:
    """Opens the report that was written last."""
    jobs = [row for row in session.jobs() if row.kind == "report" and row.state is JobState.DONE]
    if not jobs:
        controller.said.emit("No report was written from this project yet.")
        return
    controller.said.emit(open_page(str(jobs[0].result.get("file", ""))) or "It is open beside this window.")


def _report(controller: EvaluateController, run_dialog: RunDialog, session: ProjectSession) -> None:
    """Asks where a report on what is shown is to be written."""
    ids = controller.report_ids()
    if ids:
        path = session.project.path.absolute()
        values = {
            "evaluations": ", ".join(str(one) for one in ids),
            "out": str(path.with_name(f"{path.stem} report.html")),
            "pdf": True,
        }
        run_dialog("report", values, _REPORT)
