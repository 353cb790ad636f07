"""Points and fits that a person accepts together: of one car, or of many along a track, as one edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import EditRefusedError
from core.records.fits import FitMadeFrom, VehicleFit
from core.records.history import Touched
from core.records.keypoints import KeypointSet
from core.store import tables
from core.store.edits.fits import put_fits
from core.store.edits.keypoint_gestures import LOOK_AGAIN, as_seen, points_of, row_in_force, who_placed
from core.store.edits.keypoints import put_keypoints, to_save
from core.store.history import History
from core.store.recorder import Recorder


@dataclass(frozen=True, slots=True)
class AcceptedCar:
    """What is kept of one car.

    Attributes:
        instance_id: whose.
        keypoints: all its points as they are now, or None where they stay as they are stored.
        fit: to those points, or None where none is kept.
        calibration_id, shape_space: what the fit rests on.
        mask_id: the mask that it rests on besides, or None.
        before: the points that all this was worked out from, as they are stored; None where the caller saw to
            it. Where others stand there by now, its points are refused, and a fit alone is left out.
    """

    instance_id: int
    keypoints: KeypointSet | None
    fit: VehicleFit | None
    calibration_id: int | None
    shape_space: str
    mask_id: int | None = None
    before: KeypointSet | None = None


def accept_cars(
    history: History,
    cars: Sequence[AcceptedCar],
    title: str | Callable[[int], str],
    seen: Mapping[int, int | None] | None = None,
) -> Touched:
    """Adds versions of the cars' points and fits and puts them in force; each fit names the points beside it.

    Args:
        history: whose edit it is.
        cars: what is kept.
        title: for people, or what makes it of the number of cars that are kept.
        seen: instance id -> the id of the keypoints that a car was worked out from, where that took its
            time; a car that has others by now is left out, for somebody has placed them meanwhile.

    Raises:
        EditRefusedError: one of the instances is not there, or has other points than were accepted.
        ValueError: a set is no set of its template.
    """
    sets = to_save([(car.instance_id, car.keypoints) for car in cars if car.keypoints is not None])
    count = 0

    def action(recorder: Recorder) -> None:
        nonlocal count
        rows = recorder.rows(tables.instance, list(seen or ()))
        late = {i for i, set_id in (seen or {}).items() if i in rows and rows[i]["keypoint_set_id"] != set_id}
        late |= {car.instance_id for car in cars if _is_late(recorder, car)}
        kept = [car for car in cars if car.instance_id not in late]
        count = len(kept)
        put_keypoints(recorder, {i: columns for i, columns in sets.items() if i not in late})
        rows = recorder.rows(tables.instance, [car.instance_id for car in kept])
        put_fits(
            recorder,
            [
                (
                    car.instance_id,
                    car.fit,
                    FitMadeFrom(
                        rows.get(car.instance_id, {}).get("keypoint_set_id"),
                        car.mask_id,
                        car.calibration_id,
                        car.shape_space,
                    ),
                )
                for car in kept
                if car.fit is not None
            ],
        )

    return history.perform(title if isinstance(title, str) else lambda: title(count), action)


def _is_late(recorder: Recorder, car: AcceptedCar) -> bool:
    """Whether a fit alone is of points that have changed.

    Raises:
        EditRefusedError: so are points, which would take the place of others.
    """
    if car.before is None or not recorder.rows(tables.instance, [car.instance_id]):
        return False
    row = row_in_force(recorder, car.instance_id)
    if as_seen(points_of(row, car.before), car.before):
        return False
    if car.keypoints is not None:
        who = who_placed(recorder, row)
        raise EditRefusedError(
            f"{who} has changed points of this object meanwhile: they were not accepted.", LOOK_AGAIN
        )
    return True
