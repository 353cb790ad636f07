"""Moments of a camera on one clock, also where nothing says when its footage was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from core.store.project import Project
from core.store.queries.sources import list_sources

_APART_S = 1.0


@dataclass(frozen=True, slots=True)
class CameraClock:
    """The clock of one camera.

    Attributes:
        begins: source id -> when it begins where nothing says when it was taken, seconds.
    """

    begins: Mapping[int, float]

    def moment(self, source_id: int, time_s: float, captured_at: float | None) -> float:
        """When a frame was taken, seconds; one that does not say so follows the sources before."""
        return captured_at if captured_at is not None else self.begins[source_id] + time_s


def camera_clock(connection: Connection, project: Project, camera_id: int) -> CameraClock:
    """The clock of a camera, over its sources that are not hidden."""
    begins: dict[int, float] = {}
    start_s = 0.0
    for source in list_sources(connection, project, camera_id, counted=False):
        begins[source.id] = start_s
        start_s += source.duration_s + _APART_S
    return CameraClock(begins)
