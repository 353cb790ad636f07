"""Keypoints as a person places them: each gesture adds a version and puts it in force."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.errors import EditRefusedError
from core.records.history import Touched
from core.records.keypoints import KeypointSet
from core.records.occlusion import LabelOrigin
from core.store import tables
from core.store.connection import raw_of
from core.store.edits.names import named
from core.store.history import History
from core.store.keypoint_columns import certainty_of, from_columns, to_columns
from core.store.recorder import Recorder

_keypoint_set, _instance = tables.keypoint_set, tables.instance
_CHUNK = 500


def save_keypoints(history: History, instance_id: int, keypoints: KeypointSet, title: str) -> Touched:
    """Add a version of an object's keypoints and put it in force; the earlier ones stay in its history.

    Args:
        history: whose edit it is.
        instance_id: whose keypoints.
        keypoints: all of them as they are now, not only what has changed.
        title: for people, such as "Place the left front wheel of car 412".

    Raises:
        EditRefusedError: there is no such instance.
        ValueError: the set is no set of its template.
    """
    return save_keypoints_many(history, [(instance_id, keypoints)], title)


def save_keypoints_many(
    history: History, keypoints: Sequence[tuple[int, KeypointSet]], title: str | Callable[[], str]
) -> Touched:
    """As `save_keypoints`, of many objects in one edit: what is carried along a track.

    Sets that a person has saved so already are left out.

    Raises:
        EditRefusedError: one of the instances is not there.
        ValueError: a set is no set of its template.
    """
    sets = to_save(keypoints)
    return history.perform(title, lambda recorder: put_keypoints(recorder, sets))


def to_save(keypoints: Sequence[tuple[int, KeypointSet]]) -> dict[int, dict[str, Any]]:
    """Instance id -> its set's columns, for `put_keypoints`; made before the lock is taken.

    Raises:
        ValueError: a set is no set of its template.
    """
    return {instance_id: to_columns(one) for instance_id, one in keypoints}


def put_keypoints(recorder: Recorder, sets: Mapping[int, dict[str, Any]]) -> None:
    """What `save_keypoints_many` does, as a part of an edit.

    Raises:
        EditRefusedError: one of the instances is not there.
    """
    rows = recorder.rows(_instance, list(sets))
    missing = [i for i in sets if i not in rows]
    if missing:
        raise EditRefusedError(f"There is no instance {missing[0]}.", "Reload the list.")
    in_force = recorder.rows(
        _keypoint_set,
        [row["keypoint_set_id"] for row in rows.values() if row["keypoint_set_id"] is not None],
    )
    fresh = [i for i in sets if not _is_so(in_force.get(rows[i]["keypoint_set_id"]), sets[i])]
    versions = _newest_versions(recorder, fresh)
    ids = recorder.insert_many(
        _keypoint_set,
        [
            {
                "instance_id": i,
                "version": versions.get(i, 0) + 1,
                **sets[i],
                "origin": LabelOrigin.HUMAN.value,
                "annotator_id": recorder.annotator_id,
                "created_at": recorder.now,
            }
            for i in fresh
        ],
    )
    recorder.update_many(
        _instance,
        [
            (
                i,
                {"keypoint_set_id": set_id, "points_placed": sets[i]["placed"], "keypoint_certainty": None},
            )
            for i, set_id in zip(fresh, ids, strict=True)
        ],
    )


def use_keypoints(history: History, keypoint_set_id: int) -> Touched:
    """Put an earlier version of an object's keypoints in force again.

    Raises:
        EditRefusedError: it is not there any more.
    """
    names: list[str] = []

    def action(recorder: Recorder) -> None:
        row = recorder.rows(_keypoint_set, [keypoint_set_id]).get(keypoint_set_id)
        if row is None:
            raise EditRefusedError("Those keypoints are no longer there.", "Choose another version.")
        names.append(named(recorder.rows(_instance, [row["instance_id"]])))
        keypoints = from_columns(row["template"], json.loads(row["points"]))
        recorder.update(
            _instance,
            row["instance_id"],
            {
                "keypoint_set_id": keypoint_set_id,
                "points_placed": row["placed"],
                "keypoint_certainty": certainty_of(keypoints, LabelOrigin(row["origin"])),
            },
        )

    return history.perform(lambda: f"Use earlier keypoints of {names[0]}", action)


def _is_so(row: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Whether a person has said just this. A machine's points that a person confirms become a version."""
    return (
        row is not None
        and row["origin"] == LabelOrigin.HUMAN.value
        and all(row[name] == value for name, value in wanted.items())
    )


def _newest_versions(recorder: Recorder, ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = tuple(ids[start : start + _CHUNK])
        found.update(
            raw_of(recorder.connection).execute(
                "SELECT instance_id, max(version) FROM keypoint_set"
                f" WHERE instance_id IN ({', '.join('?' * len(chunk))}) GROUP BY instance_id",
                chunk,
            )
        )
    return found
