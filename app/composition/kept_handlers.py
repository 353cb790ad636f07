"""What actions do with a run and with an evaluation alike, in the workspaces that list them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.controllers.kept_deeds import KeptDeeds
from app.controllers.kept_works import KeptWorks
from app.views.noted_panel import NotedPanel


def kept_handlers(
    section: str,
    controller: KeptWorks[Any],
    deeds: KeptDeeds[Any],
    panel: NotedPanel,
    show_log: Callable[[int], None],
) -> dict[str, Callable[[], None]]:
    """Action id -> what it does.

    Args:
        section: the workspace's, which its actions' ids begin with.
        panel: in which the selected one has its name and notes.
        show_log: shows the log of a job, by its id.
    """

    def log() -> None:
        job_id = controller.job_id
        if job_id is None:
            controller.said.emit("It has no job, and so no log.")
        else:
            show_log(job_id)

    return {
        f"{section}.mark": lambda: controller.mark(),
        f"{section}.stop": deeds.stop,
        f"{section}.resume": deeds.resume,
        f"{section}.again": controller.again,
        f"{section}.notes": panel.edit_notes,
        f"{section}.rename": panel.edit_name,
        f"{section}.hide": deeds.hide,
        f"{section}.show_hidden": controller.toggle_hidden,
        f"{section}.log": log,
        f"{section}.refresh": controller.refresh,
    }
