"""What a detector that learns in 3D is given beside its pictures, and which fits teach it nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import BodyModelError
from core.shapes.body.placed import NamedBody, named_body
from core.shapes.body.skeleton import COUNT
from core.shapes.space_file import default_space
from core.store.project import Project
from core.store.queries.pieces import fits_by_space

if TYPE_CHECKING:
    from core.jobs.train.settings import TrainSettings
    from core.training.tasks.people import PeopleIn3D


def people_in_3d(settings: TrainSettings) -> PeopleIn3D:
    """The body and the real poses that settings name.

    Raises:
        BodyModelError: the body's file cannot be used, or is of SMPL-X.
        MotionFileError: there are no real poses where they are said to be.
    """
    from core.shapes.body.motion_file import read_motions
    from core.training.tasks.people import MOST_POSES, PeopleIn3D

    body = named_body(None if settings.body is None else settings.body.expanduser())
    if len(body.model.parents) != COUNT:
        raise BodyModelError(
            f"{body.name} is a body of {len(body.model.parents)} joints; the network tells SMPL's {COUNT}.",
            "Choose SMPL's own body, or none, to train with the stand-in.",
        )
    motions = None if settings.motions is None else read_motions(settings.motions, MOST_POSES)
    return PeopleIn3D(body, motions)


def strangers(project: Project, body: NamedBody) -> Sequence[str]:
    """One sentence each for the cut-outs whose fits are of another shape space or body, if there are any."""
    space = default_space().label
    with project.read() as connection:
        counted = fits_by_space(connection)
    of_cars = [row for row in counted if not row.of_people and row.label.split()[-1:] != space.split()[-1:]]
    of_people = [row for row in counted if row.of_people and not body.is_meant_by(row.label)]
    lines = []
    for rows, what, network in (
        (of_cars, "cars", "the default shape space"),
        (of_people, "people", f"the body {body.name}"),
    ):
        if rows:
            names = ", ".join(sorted({row.label.rsplit(" ", 1)[0] for row in rows}))
            lines.append(
                f"{sum(row.count for row in rows)} cut-outs of {what} have fits made with {names}: the "
                f"network tells {network}, so these fits teach nothing in 3D. Fit anew with that to use them."
            )
    return lines
