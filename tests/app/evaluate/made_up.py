"""Evaluations for the Evaluate workspace's tests: made up, written by the store's own writers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import (
    Confusion,
    Curve,
    EvaluationState,
    Figure,
    ObjectResult,
    ObjectSaid,
    Outcome,
    PictureRow,
    Subject,
    Truth,
)
from core.records.finds import FoundInstance
from core.records.masks import MaskPatch, Rle
from core.records.media import FrameStamp, SourceKind, SourceTable
from core.records.occlusion import LabelOrigin
from core.records.runs import Purpose
from core.records.shapes import KeypointTag
from core.records.slices import (
    ALL,
    NOT_FOUND,
    NOTHING_THERE,
    UNKNOWN,
    By,
    Slice,
    distance_bin,
    hour_bin,
    occlusion_bin,
    size_bin,
)
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.writers.detections import write_detections
from core.store.writers.evaluations import (
    make_evaluation,
    update_evaluation,
    write_figures,
    write_pictures,
    write_results,
    write_said,
)
from core.store.writers.sources import add_source

WIDTH, HEIGHT = 640, 360
FRAMES = 6
EACH = 4  # objects in a frame
NOON = 1_700_049_600.0
_TAGS = (KeypointTag.VISIBLE, KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED)


def box_of(number: int) -> Box:
    """Where an object stands."""
    random = np.random.default_rng(number)
    w = float(random.integers(24, 120))
    x = float((number % EACH) * 155 + random.integers(0, 30))
    return Box(x, float(random.integers(90, 230)), w, round(w * 0.62))


def paint(pts: int) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB: a painted street with the frame's objects."""
    frame = pts // 40
    street = np.full((HEIGHT, WIDTH, 3), (126, 128, 131), np.uint8)
    street[:110] = (176, 190, 205)
    street[110:140] = (108, 122, 104)
    cv2.line(street, (0, 350), (WIDTH, 250), (222, 222, 214), 3)
    for number in range(frame * EACH, (frame + 1) * EACH):
        box = box_of(number)
        random = np.random.default_rng(100 + number)
        colour = tuple(int(value) for value in random.integers(40, 210, 3))
        x, y, w, h = (round(value) for value in (box.x, box.y, box.w, box.h))
        centre, axes = (x + w // 2, y + h // 2), (w // 2, h // 2)
        cv2.ellipse(street, centre, axes, 0, 0, 360, colour, -1)
        cv2.ellipse(street, centre, (w // 3, h // 4), 0, 180, 360, (60, 72, 84), -1)
    return street


def make_project(folder: Path, *, masked: bool = True) -> Path:
    """A project with one camera, six frames and four objects in each."""
    path = folder / "street.amodal"
    with Project.create(path) as project:
        camera_id = add_camera(History(project, "Ann"), "Gate", 3600.0).rows["camera"][0]
        stamps = tuple(
            FrameStamp(40 * n, 0.04 * n, NOON + 0.04 * n, n.to_bytes(16, "big"), n == 0)
            for n in range(FRAMES)
        )
        table = SourceTable(
            kind=SourceKind.VIDEO,
            path=folder / "street.mp4",
            width=WIDTH,
            height=HEIGHT,
            time_base=Fraction(1, 1000),
            content_hash=b"street".ljust(16, b"."),
            byte_size=1000,
            frames=stamps,
        )
        (folder / "street.mp4").write_bytes(b"a video, as far as the store can tell")
        with project.bulk() as bulk:
            source_id = add_source(project, bulk, camera_id, table, [range(FRAMES)])
            with project.read() as connection:
                frame_ids = [frame.id for frame in frames_of(connection, source_id)]
            for place, frame_id in enumerate(frame_ids):
                found = [
                    FoundInstance(box_of(number), Category.CAR, 0.9)
                    for number in range(place * EACH, (place + 1) * EACH)
                ]
                bulk.run(
                    lambda c, frame_id=frame_id, found=found: write_detections(
                        c, frame_id, found, detector="motion", origin=LabelOrigin.HEURISTIC
                    )
                )
    return path


def add_evaluation(
    project: Project,
    name: str = "Night",
    *,
    skill: float = 0.7,
    truth_key: str = "0123456789abcdef",
    state: EvaluationState = EvaluationState.DONE,
    subject: Subject = Subject.RUN,
    truth: Truth = Truth.REVIEWED,
    purpose: Purpose | None = Purpose.DETECTOR,
    job_id: int | None = None,
    settings: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    seed: int = 3,
    repeats: int = 1,
) -> int:
    """An evaluation as its job would have written it, of the objects of `make_project`.

    Args:
        skill: 0 to 1, how much of them is found, and how well.
        repeats: how often each object is counted, for long lists.
    """
    with project.read() as connection:
        frames = list(frames_of(connection, 1))
        ids = list(_instances(connection))
    rows = [_result(number, skill, seed, repeats, ids) for number in range(FRAMES * EACH * repeats)]
    extra = _extra(len(rows))
    rows.append(extra)
    with project.bulk() as bulk:
        evaluation_id = bulk.run(
            lambda c: make_evaluation(
                c,
                name,
                subject,
                truth,
                job_id=job_id,
                settings={"what": "run", "seed": seed, **(settings or {})},
                seed=seed,
                purpose=purpose,
            )
        )
        if state is EvaluationState.DONE:
            figures = _figures(rows)
            bulk.run(lambda c: write_figures(c, evaluation_id, figures, _curves(skill), _confusions(rows)))
            places = [
                PictureRow(place, row.id, None, "", 1, 13, WIDTH, HEIGHT) for place, row in enumerate(frames)
            ]
            bulk.run(lambda c: write_pictures(c, evaluation_id, places))
            bulk.run(lambda c: write_results(c, evaluation_id, rows))
            said = [(row.number, _said(row, seed)) for row in rows]
            bulk.run(lambda c: write_said(c, evaluation_id, said))
        done = state is EvaluationState.DONE
        bulk.run(
            lambda c: update_evaluation(
                c,
                evaluation_id,
                state=state,
                objects=len(rows) if done else 0,
                pictures=FRAMES if done else 0,
                truth_key=truth_key if done else "",
                data=data or {"side": "test"},
                versions={"amodal-studio": "made up"},
                started_at=NOON,
                finished_at=None if state is EvaluationState.RUNNING else NOON + 40.0,
            )
        )
    return evaluation_id


def _instances(connection: Any) -> list[int]:
    from core.store.queries import instances
    from core.store.queries.frames import frames_of

    return [row.id for frame in frames_of(connection, 1) for row in instances.of_frame(connection, frame.id)]


def _result(number: int, skill: float, seed: int, repeats: int, ids: Sequence[int]) -> ObjectResult:
    thing = number // repeats
    random = np.random.default_rng((seed, number))
    occlusion = None if thing % 12 == 11 else min(0.99, thing % 10 / 10 + 0.03)
    hidden = occlusion or 0.0
    found = random.random() < skill + 0.25 - 0.5 * hidden
    iou = (
        float(np.clip(random.normal(0.55 + 0.4 * skill - 0.45 * hidden, 0.06), 0.5, 0.98)) if found else None
    )
    category = Category.PERSON if thing % 7 == 6 else Category.CAR
    return ObjectResult(
        number=number,
        picture=thing // EACH,
        instance_id=ids[thing],
        place=None,
        category=category,
        said=(Category.TRUCK if thing % 9 == 4 else category) if found else None,
        outcome=Outcome.FOUND if found else Outcome.MISSED,
        badness=1.0 if iou is None else 1.0 - iou,
        score=float(random.uniform(0.5, 0.99)) if found else None,
        box=box_of(thing),
        occlusion=occlusion,
        distance_m=8.0 + 3.1 * thing,
        hour=13,
        box_iou=iou,
        mask_iou=None if iou is None else iou - 0.02,
        hidden_iou=None if iou is None else max(iou - 0.2, 0.0),
        points_right=3 if found else 0,
        points_placed=4,
    )


def _extra(number: int) -> ObjectResult:
    """A find where nothing is."""
    return ObjectResult(
        number=number,
        picture=0,
        instance_id=None,
        place=None,
        category=Category.CAR,
        said=Category.CAR,
        outcome=Outcome.EXTRA,
        badness=0.62,
        score=0.62,
        box=Box(420.0, 60.0, 60.0, 40.0),
        hour=13,
    )


def _said(row: ObjectResult, seed: int) -> ObjectSaid:
    random = np.random.default_rng((seed, row.number, 7))
    truth = _ellipse(row.box)
    seen = _ellipse(row.box, cut=row.occlusion or 0.0)
    points = tuple(
        (row.box.x + row.box.w * (0.2 + 0.2 * n), row.box.y + row.box.h * 0.6, _TAGS[n % 3]) for n in range(4)
    )
    if row.outcome is Outcome.EXTRA:
        return ObjectSaid(box=row.box, whole=truth, modal=truth)
    if row.outcome is Outcome.MISSED:
        return ObjectSaid(true_whole=truth, true_modal=seen, true_points=points)
    off = random.normal(0, 0.08 * row.box.w, 2)
    moved = Box(max(row.box.x + off[0], 1.0), row.box.y + off[1], row.box.w * 1.06, row.box.h * 0.96)
    told = tuple((x + off[0], y + off[1], tag) for x, y, tag in points[:3])
    return ObjectSaid(
        box=moved,
        whole=_ellipse(moved),
        modal=_ellipse(moved, cut=row.occlusion or 0.0),
        true_whole=truth,
        true_modal=seen,
        points=(*told, None),
        true_points=points,
    )


def _ellipse(box: Box, cut: float = 0.0) -> Rle:
    bits = np.zeros((HEIGHT, WIDTH), np.uint8)
    centre = (round(box.x + box.w / 2), round(box.y + box.h / 2))
    cv2.ellipse(bits, centre, (round(box.w / 2), round(box.h / 2)), 0, 0, 360, 1, -1)
    if cut:
        bits[:, round(box.right - cut * box.w) :] = 0
    return patch_to_rle(MaskPatch(0, 0, bits.astype(bool)), HEIGHT, WIDTH)


def _figures(rows: Sequence[ObjectResult]) -> list[Figure]:
    """Shares and means of the rows, so that bars and lists agree; the intervals are made up."""
    there = [row for row in rows if row.outcome is not Outcome.EXTRA]
    slices: dict[Slice, list[ObjectResult]] = {ALL: list(there)}
    for row in there:
        for by, bin in (
            (By.OCCLUSION, occlusion_bin(row.occlusion)),
            (By.DISTANCE, distance_bin(row.distance_m)),
            (By.SIZE, size_bin(row.size_px)),
            (By.HOUR, hour_bin(row.hour)),
        ):
            slices.setdefault(Slice(by, bin), []).append(row)
    found: list[Figure] = []
    for one, members in slices.items():
        right = [row for row in members if row.outcome is Outcome.FOUND]
        found.append(_figure("recall", one, len(right) / len(members), len(members)))
        if right:
            for name in ("box_iou", "mask_iou", "hidden_iou"):
                found.append(
                    _figure(name, one, float(np.mean([getattr(row, name) for row in right])), len(right))
                )
    found.append(Figure("extra", ALL, (len(rows) - len(there)) / FRAMES, None, None, FRAMES))
    return found


def _figure(name: str, one: Slice, value: float, count: int) -> Figure:
    reach = 0.3 / count**0.5
    if count < 2 or one.bin == UNKNOWN:
        return Figure(name, one, value, None, None, count)
    return Figure(name, one, value, max(value - reach, 0.0), min(value + reach, 1.0), count)


def _curves(skill: float) -> list[Curve]:
    x = tuple(float(value) for value in np.linspace(0, 1, 41))
    y = tuple(float(np.clip(1 - value ** (1 + 4 * skill), 0, 1)) for value in x)
    alphas = tuple(float(value) for value in np.linspace(0.02, 0.2, 10))
    right = tuple(min(1.0, skill * (0.4 + 4 * value)) for value in alphas)
    some = Slice(By.OCCLUSION, 3)
    return [Curve("precision_recall.box", ALL, x, y), *(Curve("pck", s, alphas, right) for s in (ALL, some))]


def _confusions(rows: Sequence[ObjectResult]) -> list[Confusion]:
    words = ("car", "person", "truck")
    truth, said = (*words, NOTHING_THERE), (*words, NOT_FOUND)
    counts = [[0] * len(said) for _ in truth]
    for row in rows:
        if row.outcome is Outcome.EXTRA:
            counts[-1][said.index(row.category.value)] += 1
        else:
            told = NOT_FOUND if row.said is None else row.said.value
            counts[truth.index(row.category.value)][said.index(told)] += 1
    return [Confusion("category", ALL, truth, said, tuple(tuple(line) for line in counts))]
