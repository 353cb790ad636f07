"""`amodal`: the window without arguments or with a project file, else the shell."""

from __future__ import annotations

import sys
from pathlib import Path

from core.jobs.servers import run_server
from core.jobs.spawn import SERVERS


def main(arguments: list[str] | None = None) -> int:
    """Runs the window or the shell; gives the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given:
        from app.start_up import run_window

        return run_window()
    if given[0] in SERVERS:
        return run_server(given[0], given[1:])
    if given[0] == "tour":
        from app.tour import main as tour

        return tour(given[1:])
    words = given[1:] if given[0] == "open" else given
    if len(words) == 1 and (words[0].endswith(".amodal") or (given[0] == "open" and words[0][0] != "-")):
        from app.start_up import run_window

        return run_window(Path(words[0]))
    from core.cli import main as shell

    return shell(given)


if __name__ == "__main__":
    sys.exit(main())
