"""What of an evaluated object is seen in 3D: its fit, what a network said, or plain words why nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.states.results import SaidKey
from core.records.evaluations import EvaluationRow, ObjectResult, ObjectSaid, PictureRow, Subject, Truth
from core.records.fits import FitRow

ON_A_STREET = "It stands on a drawn street, not in the project: there is nothing of it in 3D."
NO_OBJECT = "It is no object of the project: there is nothing of it in 3D."
NO_CALIBRATION = "Its camera has no calibration, so there is nothing of it in 3D: calibrate it in Sources."
NO_FIT = "It has no fit yet: the job Fit in 3D makes one, or its keypoints do."
NO_FIT_NOTHING_SAID = (
    "Nothing was said of it in 3D, and it has no fit yet: the job Fit in 3D makes one, or its keypoints do."
)
NOTHING_SAID = "Nothing was said of it in 3D: this is its fit alone."
STANDS_ELSEWHERE = "Its composite does not have it where this fit does, so what was said there is not drawn."

_SAME_PLACE_M = 0.05


@dataclass(frozen=True, slots=True)
class WayTo3D:
    """Where an evaluated object is to be seen in 3D.

    Attributes:
        instance_id: of the project; None where there is nothing to see.
        beside_truth: whether its fit is to be seen beside the truth.
        said: names what a network said of it, to be drawn; or None.
        words: why there is nothing, or nothing that was said; or "".
    """

    instance_id: int | None = None
    beside_truth: bool = False
    said: SaidKey | None = None
    words: str = ""


def way_to_3d(
    evaluation: EvaluationRow,
    row: ObjectResult,
    told: ObjectSaid,
    picture: PictureRow | None,
    fit: FitRow | None,
    *,
    calibrated: bool,
) -> WayTo3D:
    """The way to an object in 3D.

    Args:
        evaluation: that it is of.
        row, told, picture: how it came out, what was said of it, and where.
        fit: that it has in the project. calibrated: whether its camera there is.
    """
    instance_id = row.instance_id
    if instance_id is None:
        return WayTo3D(words=ON_A_STREET if evaluation.truth is Truth.STREET else NO_OBJECT)
    if not calibrated:
        return WayTo3D(words=NO_CALIBRATION)
    of_network = evaluation.subject in (Subject.RUN, Subject.PREDICTIONS)
    said = told.car if of_network else None
    drawn = said is not None and _stands_in_frame(picture, told, fit)
    if fit is None and not drawn:
        return WayTo3D(words=NO_FIT_NOTHING_SAID if of_network and said is None else NO_FIT)
    if drawn:
        return WayTo3D(instance_id, said=SaidKey(evaluation.id, row.number))
    if of_network:
        return WayTo3D(instance_id, words=NOTHING_SAID if said is None else STANDS_ELSEWHERE)
    return WayTo3D(instance_id, beside_truth=True)


def _stands_in_frame(picture: PictureRow | None, said: ObjectSaid, fit: FitRow | None) -> bool:
    """Whether a picture has an object where its own frame has it; a composite may have moved it."""
    if picture is None or picture.recipe_id is None:
        return picture is not None and picture.frame_id is not None
    if fit is None or said.true_car is None:
        return False
    away = np.subtract(said.true_car.translation, fit.fit.translation)
    return float(np.linalg.norm(away)) < _SAME_PLACE_M
