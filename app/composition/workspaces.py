"""The workspaces of an open project, left to right as the data runs, and the ways from one to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.composition.when_shown import when_shown
from app.controllers.jobs import JobsController
from app.session import ProjectSession
from app.states.results import SaidKey
from app.workspace import Workspace


def build_workspaces(
    session: ProjectSession,
    jobs: JobsController,
    go_to: Callable[[str], None],
    show_in: Callable[[str, Sequence[int]], None],
    show_said: Callable[[int, SaidKey | None, str], None],
    run_dialog: Callable[..., None],
    show_log: Callable[[int], None],
    show_asked: Callable[[], None],
    evaluate_run: Callable[[int], None],
) -> list[Workspace]:
    """The workspaces there are, left to right as the data runs."""
    from app.composition.sources import build_sources

    def review() -> Workspace:
        from app.composition.review import build_review

        return build_review(session)

    def keypoints() -> Workspace:
        from app.composition.keypoints import build_keypoints

        return build_keypoints(session, calibrate)

    def fits() -> Workspace:
        from app.composition.fits import build_fits

        return build_fits(session, show_in)

    def compose() -> Workspace:
        from app.composition.compose import build_compose

        return build_compose(session, run_dialog, go_to, calibrate_camera)

    def training() -> Workspace:
        from app.composition.training import build_training

        return build_training(session, jobs, go_to, show_log, run_dialog, evaluate_run)

    def evaluate() -> Workspace:
        from app.composition.evaluate import build_evaluate

        return build_evaluate(session, jobs, go_to, show_in, show_said, show_log, run_dialog, show_asked)

    sources = build_sources(session, jobs, go_to)

    def calibrate(camera_id: int, source_id: int) -> None:
        go_to("sources")
        if sources.show_calibration is not None:
            sources.show_calibration(camera_id, source_id)

    def calibrate_camera(camera_id: int) -> None:
        def found(source_id: int | None) -> None:
            if source_id is None:
                go_to("sources")
            else:
                calibrate(camera_id, source_id)

        session.in_background(lambda: first_source(session, camera_id), found, tag="source to calibrate")

    return [
        sources,
        when_shown("review", "Review", "review", review),
        when_shown("keypoints", "Keypoints", "keypoints", keypoints),
        when_shown("fits", "3D", "fits", fits),
        when_shown("compose", "Compose", "compose", compose),
        when_shown("training", "Train", "train", training),
        when_shown("evaluate", "Evaluate", "evaluate", evaluate),
    ]


def first_source(session: ProjectSession, camera_id: int) -> int | None:
    """The first source of a camera, or None where it has none."""
    from core.store.queries.sources import list_sources

    with session.project.read() as connection:
        rows = list_sources(connection, session.project, camera_id, counted=False)
    return rows[0].id if rows else None
