"""A process that fits people for the window while their points are placed; it ends when the window does."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

from core.errors import AmodalError, BodyFileChangedError
from core.jobs.fit.people.live import LiveAnswer, LivePeople, LivePerson
from core.jobs.fit.people.live_wire import LiveRequest, answer_line, request_of
from core.shapes.body.placed import NamedBody, named_body
from core.shapes.space_file import default_space
from core.store.project import Project
from core.store.queries.car_context import car_context

_NICE = 5  # where there are few processors, the window's own drawing goes first


class LiveFits:
    """Answers requests; knows the person that was asked for last.

    Args:
        project: open; it is only read.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._bodies: dict[str, NamedBody] = {}  # by path, as they were read last
        self._people = LivePeople(self._find, cache(default_space))
        self._shown: tuple[tuple[int, int, str, str], LivePerson | None] | None = None

    def answer(self, request: LiveRequest) -> LiveAnswer | None:
        """What follows from the points; None where the person cannot be fitted.

        Raises:
            BodyFileChangedError: the body model's file is not the one that the window has read.
            AmodalError: calibration or body model cannot be used.
        """
        key = (request.instance_id, request.turn, request.body, request.label)
        if self._shown is None or self._shown[0] != key:
            with self._project.read() as connection:
                context = car_context(connection, request.instance_id)
                body = self._body(request.body, request.label)
                person = None if context is None else self._people.person(connection, context, body)
            self._shown = key, person
        person = self._shown[1]
        return None if person is None else person.answer(request.points)

    def _body(self, path: str, label: str) -> NamedBody:
        """The body of a label, read again where the file was another when it was read last."""
        body = self._bodies.get(path)
        if body is None or not body.is_meant_by(label):
            body = self._bodies[path] = named_body(Path(path) if path else None)
        if not body.is_meant_by(label):
            raise BodyFileChangedError(
                f"The body model {Path(path).name} is another file than when it was read.",
                "Open File > Settings… and keep them: then it is read again.",
            )
        return body

    def _find(self, label: str) -> NamedBody | None:
        if "" not in self._bodies:
            self._bodies[""] = named_body()
        return next((body for body in self._bodies.values() if body.is_meant_by(label)), None)


def serve(project: Project, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Answers each line with a line, until the pipe ends. A bug ends the process, whole and loud."""
    fits = LiveFits(project)
    for line in incoming:
        answer: LiveAnswer | BodyFileChangedError | None
        try:
            answer = fits.answer(request_of(line))
        except BodyFileChangedError as changed:
            answer = changed
        except AmodalError:
            answer = None  # the window reads the same, and says so
        outgoing.write(answer_line(answer))
        outgoing.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve a window over standard input and output until it closes them.

    Args:
        argv: the project's path.
    """
    [path] = sys.argv[1:] if argv is None else argv
    # Ctrl+C in the terminal is meant for the window, which then closes the pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICE)
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not end up among the answers
    with suppress(BrokenPipeError), Project.open(Path(path), read_only=True) as project:
        serve(project, sys.stdin.buffer, outgoing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
