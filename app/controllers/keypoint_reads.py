"""Everything that the Keypoints workspace reads of the store, in calls that any thread may make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.controllers.keypoint_fittings import AnyFitting, Fittings
from app.controllers.keypoint_looks import look_of
from app.controllers.keypoint_points import none_placed
from app.controllers.review_feed import Key
from app.states.review_marks import mark_of
from app.states.review_queue import QueueItem
from app.states.review_timeline import time_text
from core.records.detections import Category
from core.records.keypoints import KeypointFilter, KeypointRow, KeypointSet, Template
from core.records.project import CameraRow, InstanceRow, SourceRow
from core.store.keypoint_columns import certainty_of
from core.store.project import Project
from core.store.queries import cameras, instances, keypoint_queue, sources
from core.store.queries.car_context import CarContext, car_context
from core.store.queries.keypoints import keypoints_in_force

if TYPE_CHECKING:
    from app.controllers.bodies import BodyShelf
    from app.controllers.keypoint_person_fit import PersonFits
    from app.states.keypoint_look import TemplateLook

_RANK = 1_000  # a queue's key is one number: the label's rank, then how many points are placed
_LOOKED_AT = 500  # objects whose tracks are read at once


@dataclass(frozen=True, slots=True, eq=False)
class OpenObject:
    """One car or person with all that is needed to annotate it.

    Attributes:
        context: the object and what stands around it.
        source, camera: the footage that it is in.
        fitting: what fits it.
        names: id -> name of each object of the frame, such as "car 33".
    """

    context: CarContext
    source: SourceRow
    camera: CameraRow | None
    fitting: AnyFitting
    names: dict[int, str]

    @property
    def id(self) -> int:
        """The instance's."""
        return self.context.instance.id

    @property
    def name(self) -> str:
        """Such as "car 412"."""
        return called(self.context.instance)

    @property
    def look(self) -> TemplateLook:
        """Which points it has."""
        return look_of(self.context.instance.category)

    @property
    def size_px(self) -> float:
        """L of its box."""
        return max(self.context.instance.box.w, self.context.instance.box.h)

    @property
    def foreign(self) -> KeypointRow | None:
        """Points in force that are of another template: from when it was called something else."""
        row = self.context.keypoints
        return None if row is None or row.keypoints.template is self.look.template else row


class KeypointReads:
    """Reads one project.

    Args:
        bodies: the body models that are here.
        fits: where people are fitted.
    """

    def __init__(self, project: Project, bodies: BodyShelf, fits: PersonFits) -> None:
        self._project = project
        self._fittings = Fittings(bodies, fits)
        self._names: dict[int, str] = {}

    # ---- the queue ------------------------------------------------------------------------------

    def page(self, conditions: KeypointFilter, after: Key | None, limit: int) -> list[Key]:
        """The next (key, id) of the queue: unoccluded first, among them those with the fewest points.

        Of proposals the least certain first.
        """
        start: tuple[int, float, int] | None = None
        if after is not None and conditions.proposed:
            start = (0, after[0], after[1])
        elif after is not None:
            start = (*divmod(round(after[0]), _RANK), after[1])
        with self._project.read() as connection:
            keys = keypoint_queue.page_keys(connection, conditions, start, limit)
        return [(float(key.rank * _RANK + key.placed), key.id) for key in keys]

    def count(self, conditions: KeypointFilter) -> int:
        """How many objects meet the conditions."""
        with self._project.read() as connection:
            return keypoint_queue.count(connection, conditions)

    def members(self, conditions: KeypointFilter, instance_ids: Sequence[int]) -> list[Key]:
        """Those of some ids that meet the conditions, with their keys."""
        with self._project.read() as connection:
            found = keypoint_queue.matches(connection, conditions, instance_ids)
            keys = [
                keypoint_queue.key_of(connection, instance_id, proposed=conditions.proposed)
                for instance_id in sorted(found)
            ]
        return [(float(key.rank * _RANK + key.placed), key.id) for key in keys if key is not None]

    def items(self, instance_ids: Sequence[int]) -> list[QueueItem]:
        """What the queue's rows of some ids show."""
        with self._project.read() as connection:
            rows = instances.by_ids(connection, instance_ids)
            placed = keypoints_in_force(connection, instance_ids)
        return [self._item(row, placed.get(row.id)) for row in rows]

    def crops(self, instance_ids: Sequence[int]) -> dict[int, bytes]:
        """The compressed crops of some ids."""
        with self._project.read() as connection:
            return instances.crops(connection, instance_ids)

    def any_objects(self, categories: tuple[Category, ...]) -> bool:
        """Whether there is any object to annotate."""
        conditions = KeypointFilter(categories=categories, include_thinned=True)
        with self._project.read() as connection:
            return bool(keypoint_queue.page_keys(connection, conditions, None, 1))

    def other_track(self, instance_id: int, ids: Sequence[int]) -> int | None:
        """The first of some objects that is on another track than one, or on none; None where all are on its.

        Nearly always among the first, but a queue may hold thousands of views of one object.
        """
        with self._project.read() as connection:
            own = instances.track_ids(connection, [instance_id]).get(instance_id)
            for start in range(0, len(ids), _LOOKED_AT):
                part = list(ids[start : start + _LOOKED_AT])
                tracks = instances.track_ids(connection, part)
                for other in part:
                    if other != instance_id and (own is None or tracks.get(other) != own):
                        return other
        return None

    # ---- one object -----------------------------------------------------------------------------

    def keypoints(self, instance_id: int) -> KeypointRow | None:
        """An object's keypoints in force. One row: quick enough for the main thread."""
        with self._project.read() as connection:
            return keypoints_in_force(connection, [instance_id]).get(instance_id)

    def keypoints_of(self, instance_ids: Sequence[int]) -> dict[int, KeypointRow]:
        """The keypoints in force of a few objects that have some; quick enough, too."""
        with self._project.read() as connection:
            return keypoints_in_force(connection, instance_ids)

    def object(self, instance_id: int) -> OpenObject | None:
        """An object with all that is needed to annotate it; None where it is gone."""
        with self._project.read() as connection:
            context = car_context(connection, instance_id)
            if context is None:
                return None
            source = sources.source_by_id(
                connection, self._project, context.instance.source_id, counted=False
            )
            camera = cameras.camera_by_id(connection, context.camera_id)
            fitting = self._fittings.of(connection, context)
        if source is None:
            return None
        names = {other.instance.id: called(other.instance) for other in context.others}
        return OpenObject(context, source, camera, fitting, names)

    def _item(self, row: InstanceRow, placed: KeypointRow | None) -> QueueItem:
        template = Template.of(row.category) or Template.CAR
        told = placed is not None and placed.keypoints.template is template
        count, whole = placed.keypoints.placed if placed is not None and told else 0, template.size
        words, note = f"{count} of {whole} points at {time_text(row.time_s)}", f"{count}/{whole}"
        sure = certainty_of(placed.keypoints, placed.origin) if placed is not None and told else None
        if placed is not None and sure is not None:
            words += f", {proposed_by(placed)}"
            note = f"{sure:.0%}"
        return QueueItem(
            id=row.id,
            track_id=row.track_id,
            category=row.category.value,
            score=row.score,
            time_s=row.time_s,
            width_px=row.box.w,
            height_px=row.box.h,
            mark=mark_of(row),
            margin=None,
            source=self._source_name(row.source_id),
            verdict="",
            annotator="",
            reason=words,
            progress=count / whole,
            note=note if count else "",
        )

    def _source_name(self, source_id: int) -> str:
        if source_id not in self._names:
            with self._project.read() as connection:
                source = sources.source_by_id(connection, self._project, source_id, counted=False)
            self._names[source_id] = "" if source is None else source.name
        return self._names[source_id]


def points_in_force(row: KeypointRow | None, look: TemplateLook) -> KeypointSet:
    """What is stored; none placed where that is of another template, from when it was called otherwise."""
    if row is None or row.keypoints.template is not look.template:
        return none_placed(look)
    return row.keypoints


def proposed_by(row: KeypointRow) -> str:
    """What proposes an object's points, and how sure it is of them on average; "" where nothing does."""
    sure = certainty_of(row.keypoints, row.origin)
    if sure is None:
        return ""
    by = " and ".join(model.title for model in row.models) or "a network"
    return f"proposed by {by}, {sure:.0%} sure"


def called(row: InstanceRow) -> str:
    """What an instance is called, such as "car 412"."""
    return f"{row.category.value} {row.id}"
