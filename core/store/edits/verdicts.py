"""What a reviewer says of instances."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from core.errors import EditRefusedError
from core.records.history import Touched
from core.records.occlusion import Verdict
from core.store import tables
from core.store.connection import raw_of
from core.store.edits.evaluations import answer_requests
from core.store.edits.names import named
from core.store.history import History
from core.store.recorder import Recorder

_review, _instance = tables.review, tables.instance


class RejectReason(StrEnum):
    """Why an instance is of no use."""

    BAD_PICTURE = "bad picture"
    WRONG_DETECTION = "wrong detection"


def set_verdict(
    history: History,
    instance_ids: Sequence[int],
    verdict: Verdict | None,
    reason: RejectReason | str | None = None,
) -> Touched:
    """Say what instances are, in this annotator's name; None takes this annotator's verdict back.

    The verdict in force is the last that any annotator gave and did not take back.

    Args:
        history: whose edit it is.
        instance_ids: of which instances.
        verdict: what they are.
        reason: of a rejection, else None.

    Raises:
        EditRefusedError: one of the instances is not there.
    """
    ids = list(dict.fromkeys(instance_ids))
    names: list[str] = []
    why = None if reason is None or verdict is not Verdict.REJECTED else RejectReason(reason).value

    def action(recorder: Recorder) -> None:
        rows = recorder.rows(_instance, ids)
        missing = [i for i in ids if i not in rows]
        if missing:
            raise EditRefusedError(f"There is no instance {missing[0]}.", "Reload the list.")
        names.append(named(rows))
        if verdict is None:
            _take_back(recorder, ids)
        else:
            _give(recorder, ids, verdict, why)
            answer_requests(recorder, ids)

    return history.perform(lambda: _title(names[0], verdict, why), action)


def _title(what: str, verdict: Verdict | None, why: str | None) -> str:
    if verdict is None:
        return f"Clear the verdict of {what}"
    if verdict is Verdict.REJECTED:
        return f"Reject {what}: {why}" if why else f"Reject {what}"
    return f"Mark {what} as {verdict.value}"


def _give(recorder: Recorder, ids: Sequence[int], verdict: Verdict, reason: str | None) -> None:
    mine = _own_reviews(recorder, ids)
    rows = recorder.rows(_instance, ids)
    values = {"verdict": verdict.value, "reason": reason, "decided_at": recorder.now}
    settled = {
        i
        for i in ids
        if i in mine
        and mine[i][1:] == (verdict.value, reason)
        and rows[i]["verdict_annotator_id"] == recorder.annotator_id
    }
    new = [i for i in ids if i not in settled]
    recorder.update_many(_review, [(mine[i][0], values) for i in new if i in mine])
    recorder.insert_many(
        _review,
        [{"instance_id": i, "annotator_id": recorder.annotator_id, **values} for i in new if i not in mine],
    )
    in_force = {
        "verdict": verdict.value,
        "verdict_annotator_id": recorder.annotator_id,
        "verdict_at": recorder.now,
    }
    recorder.update_many(_instance, [(i, in_force) for i in new])


def _take_back(recorder: Recorder, ids: Sequence[int]) -> None:
    mine = _own_reviews(recorder, ids)
    recorder.delete_many(_review, [review_id for review_id, _, _ in mine.values()])
    left = _last_reviews(recorder, list(mine))
    empty = {"verdict": None, "verdict_annotator_id": None, "verdict_at": None}
    recorder.update_many(_instance, [(i, left.get(i, empty)) for i in mine])


def _own_reviews(recorder: Recorder, ids: Sequence[int]) -> dict[int, tuple[int, str, str | None]]:
    found: dict[int, tuple[int, str, str | None]] = {}
    for chunk in _chunks(ids):
        query = (
            "SELECT instance_id, id, verdict, reason FROM review "
            f"WHERE annotator_id = ? AND instance_id IN ({', '.join('?' * len(chunk))})"
        )
        rows = raw_of(recorder.connection).execute(query, (recorder.annotator_id, *chunk))
        found.update((instance_id, (review_id, said, why)) for instance_id, review_id, said, why in rows)
    return found


def _last_reviews(recorder: Recorder, ids: Sequence[int]) -> dict[int, dict[str, object]]:
    found: dict[int, dict[str, object]] = {}
    for chunk in _chunks(ids):
        query = (
            "SELECT instance_id, verdict, annotator_id, decided_at FROM review "
            f"WHERE instance_id IN ({', '.join('?' * len(chunk))}) ORDER BY decided_at, id"
        )
        for instance_id, said, annotator, at in raw_of(recorder.connection).execute(query, chunk):
            found[instance_id] = {"verdict": said, "verdict_annotator_id": annotator, "verdict_at": at}
    return found


def _chunks(ids: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(ids[start : start + 500]) for start in range(0, len(ids), 500)]
