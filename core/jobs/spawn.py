"""How this program starts itself again as a child process, from a checkout, a wheel or a frozen build."""

from __future__ import annotations

import sys
from pathlib import Path

PROGRAM_FOLDER = Path(__file__).resolve().parents[2]
"""Where children of a checkout or a wheel find the program's packages."""

SERVERS = {
    "decode-server": "core.media.decode_child",
    "live-server": "core.media.live_child",
    "find-server": "core.jobs.mine.find_child",
    "cars-server": "core.jobs.render_cars_child",
    "people-server": "core.jobs.fit.people.live_child",
}
"""Children that serve the window, a job or the shell: command-line name -> module with a main(arguments).

They start without the shell, whose settings models would cost them most of a second.
"""


def program_command(*arguments: str) -> list[str]:
    """The command line that runs this program with the given arguments: a shell command or a server."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    name, *rest = arguments
    if name in SERVERS:
        return [sys.executable, "-m", SERVERS[name], *rest]
    return [sys.executable, "-m", "core.cli", *arguments]


def run_command(project_path: Path, job_id: int, asked_at: float) -> list[str]:
    """The command line of a process that runs a job, unless that was stopped since it was asked for.

    Args:
        asked_at: when that was, Unix seconds.
    """
    place = str(project_path.resolve())
    return program_command("job", "run", place, str(job_id), "--quiet", "--asked-at", repr(asked_at))
