"""Random edits of two annotators, with undo, redo, restarts and a machine at work, against a simple model.

The model is a flat document of cells. An edit is the difference between two documents; undo puts the old
cells back where the new ones still stand, and is refused where they do not.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from core.errors import EditRefusedError
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.fits import FitMadeFrom, FitReview
from core.records.history import Touched
from core.records.keypoints import KeypointSet
from core.records.occlusion import LabelOrigin, OcclusionDecision, OcclusionLabel, Verdict
from core.store import tables
from core.store.edits.cameras import add_camera, remove_camera, rename_camera
from core.store.edits.categories import set_category
from core.store.edits.fits import review_fits, save_fit, use_fit
from core.store.edits.keypoints import save_keypoints_many, use_keypoints
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.writers.decisions import write_decisions
from core.store.writers.detections import write_detections
from core.store.writers.fits import FoundFit, write_fits
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from tests.store.doing_cars import fit_of, points

Cell = tuple[Any, ...]
Document = dict[Cell, Any]
PEOPLE = ("Ann", "Bob")
INSTANCES = 4


def some(placed: int) -> KeypointSet:
    """A car with so many points placed; the same number is always the same set."""
    return points(*((float(n), 1.0) for n in range(placed)))


@dataclass
class Stack:
    done: list[tuple[str, Document, Document]] = field(default_factory=list)
    undone: list[tuple[str, Document, Document]] = field(default_factory=list)


class EditMachine(RuleBasedStateMachine):
    @initialize()
    def make(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.project = Project.create(self.folder / "m.amodal")
        with self.project.write() as c:
            c.exec_driver_sql("INSERT INTO camera (name, created_at) VALUES ('First', 0)")
            c.exec_driver_sql(
                "INSERT INTO source (camera_id, kind, relative_path, absolute_path, content_hash, byte_size,"
                " width, height, time_base_num, time_base_den, frame_count, duration_s, warnings, added_at)"
                " VALUES (1, 'video', '', '', x'00', 1, 64, 64, 1, 25, 1, 0, '[]', 0)"
            )
            c.exec_driver_sql(
                "INSERT INTO sequence (source_id, ordinal, first_pts, last_pts, frame_count)"
                " VALUES (1, 0, 0, 0, 1)"
            )
            c.exec_driver_sql(
                "INSERT INTO frame (source_id, sequence_id, pts, time_s, content_hash, keyframe)"
                " VALUES (1, 1, 0, 0, x'00', 1)"
            )
            found = [FoundInstance(Box(20.0 * n, 0, 10, 10), Category.CAR, 0.5) for n in range(INSTANCES)]
            self.ids = write_detections(c, 1, found, detector="d", origin=LabelOrigin.NETWORK)
        self.document: Document = {("camera", 1): "First"}
        self.document |= {("category", i): Category.CAR.value for i in self.ids}
        self.machine: dict[int, str | None] = dict.fromkeys(self.ids)
        self.stacks = {name: Stack() for name in PEOPLE}
        self.clock = 0

    def teardown(self) -> None:
        if hasattr(self, "project"):
            self.project.close()
            shutil.rmtree(self.folder)

    def history(self, who: str) -> History:
        return History(self.project, who)

    def note(self, who: str, touched: Touched, after: Document) -> None:
        keys = self.document.keys() | after.keys()
        changed = [key for key in keys if self.document.get(key) != after.get(key)]
        assert bool(changed) == bool(touched.edit_id)
        if changed:
            old = {key: self.document.get(key) for key in changed}
            new = {key: after.get(key) for key in changed}
            self.stacks[who].done.append((touched.title, old, new))
            self.stacks[who].undone.clear()
            self.document = after

    @rule(
        who=st.sampled_from(PEOPLE),
        which=st.sets(st.integers(0, INSTANCES - 1), min_size=1),
        verdict=st.sampled_from([*Verdict, None]),
    )
    def review(self, who: str, which: set[int], verdict: Verdict | None) -> None:
        ids = [self.ids[n] for n in sorted(which)]
        self.clock += 1
        after = dict(self.document)
        for i in ids:
            key = ("review", i, who)
            in_force = self.document.get(("in force", i))
            if verdict is None:
                if key in after and after[key] is not None:
                    after[key] = None
                    left = [
                        (value[1], value[0], name)
                        for name in PEOPLE
                        if (value := after.get(("review", i, name))) is not None
                    ]
                    after[("in force", i)] = (max(left)[1], max(left)[2], max(left)[0]) if left else None
            elif after.get(key) is None or after[key][0] != verdict.value or in_force[1] != who:
                after[key] = (verdict.value, self.clock)
                after[("in force", i)] = (verdict.value, who, self.clock)
        self.note(who, set_verdict(self.history(who), ids, verdict), after)

    @rule(
        who=st.sampled_from(PEOPLE),
        n=st.integers(0, INSTANCES - 1),
        category=st.sampled_from(list(Category)[:3]),
    )
    def recategorize(self, who: str, n: int, category: Category) -> None:
        i = self.ids[n]
        touched = set_category(self.history(who), [i], category)
        after = dict(self.document)
        if after[("category", i)] != category.value:
            after[("category", i)] = category.value
            after[("category by", i)] = who
        self.note(who, touched, after)

    @rule(who=st.sampled_from(PEOPLE), name=st.sampled_from("ABC"))
    def new_camera(self, who: str, name: str) -> None:
        names = [value for key, value in self.document.items() if key[0] == "camera"]
        try:
            touched = add_camera(self.history(who), name)
        except EditRefusedError:
            assert name in names
            return
        assert name not in names
        self.note(who, touched, {**self.document, ("camera", touched.rows["camera"][0]): name})

    @rule(who=st.sampled_from(PEOPLE), name=st.sampled_from("ABC"), pick=st.integers(0, 5))
    def rename(self, who: str, name: str, pick: int) -> None:
        here = sorted(key for key, value in self.document.items() if key[0] == "camera" and value is not None)
        key = here[pick % len(here)]
        taken = [k for k, value in self.document.items() if k[0] == "camera" and value == name and k != key]
        try:
            touched = rename_camera(self.history(who), key[1], name)
        except EditRefusedError:
            assert taken
            return
        assert not taken
        self.note(who, touched, {**self.document, key: name})

    @rule(who=st.sampled_from(PEOPLE), pick=st.integers(0, 5))
    def drop_camera(self, who: str, pick: int) -> None:
        here = sorted(
            key
            for key, value in self.document.items()
            if key[0] == "camera" and value is not None and key[1] != 1
        )
        if here:
            key = here[pick % len(here)]
            self.note(who, remove_camera(self.history(who), key[1]), {**self.document, key: None})

    @rule(
        who=st.sampled_from(PEOPLE),
        which=st.sets(st.integers(0, INSTANCES - 1), min_size=1),
        placed=st.integers(0, 2),
    )
    def place_points(self, who: str, which: set[int], placed: int) -> None:
        ids = [self.ids[n] for n in sorted(which)]
        touched = save_keypoints_many(self.history(who), [(i, some(placed)) for i in ids], "Place points")
        new = iter(touched.rows.get("keypoint_set", ()))
        after = dict(self.document)
        for i in ids:
            _, before, by = self.set_in_force(i)
            if before != placed or by is None:  # a person who says what a machine said makes it a person's
                self.add_set(after, i, next(new), placed, who)
        assert next(new, None) is None
        self.note(who, touched, after)

    @rule(who=st.sampled_from(PEOPLE), pick=st.integers(0, 9))
    def use_earlier_points(self, who: str, pick: int) -> None:
        here = sorted(key for key, value in self.document.items() if key[0] == "set" and value is not None)
        if here:
            key = here[pick % len(here)]
            after = {**self.document, ("keypoints", self.document[key][0]): key[1]}
            self.note(who, use_keypoints(self.history(who), key[1]), after)

    @rule(who=st.sampled_from(PEOPLE), n=st.integers(0, INSTANCES - 1), rms=st.sampled_from([1.0, 2.0]))
    def fit(self, who: str, n: int, rms: float) -> None:
        i = self.ids[n]
        used = self.document.get(("keypoints", i))
        touched = save_fit(self.history(who), i, fit_of(rms), FitMadeFrom(used, None, None, "s"))
        after = dict(self.document)
        [fit_id] = touched.rows["fit"][:1]
        self.add_fit(after, i, fit_id, rms, who)
        self.note(who, touched, after)

    @rule(who=st.sampled_from(PEOPLE), pick=st.integers(0, 9))
    def use_earlier_fit(self, who: str, pick: int) -> None:
        here = sorted(key for key, value in self.document.items() if key[0] == "fit" and value is not None)
        if here:
            key = here[pick % len(here)]
            after = {**self.document, ("fit in force", self.document[key][0]): key[1]}
            self.note(who, use_fit(self.history(who), key[1]), after)

    @rule(
        who=st.sampled_from(PEOPLE),
        pick=st.integers(0, 9),
        review=st.sampled_from([*FitReview, None]),
    )
    def judge(self, who: str, pick: int, review: FitReview | None) -> None:
        here = sorted(key for key, value in self.document.items() if key[0] == "fit" and value is not None)
        if here:
            key = here[pick % len(here)]
            self.clock += 1
            row = self.document[key]
            said = None if review is None else (review.value, who, self.clock)
            after = dict(self.document)
            if (row[-1] and row[-1][0]) != (said and said[0]):
                after[key] = (*row[:-1], said)
            self.note(who, review_fits(self.history(who), [key[1]], review), after)

    @rule(n=st.integers(0, INSTANCES - 1), placed=st.integers(0, 2))
    def network_places_points(self, n: int, placed: int) -> None:
        i = self.ids[n]
        with self.project.bulk() as bulk:
            written = bulk.run(
                lambda c: write_keypoints(c, [FoundKeypoints(i, some(placed))], origin=LabelOrigin.NETWORK)
            )
        _, before, by = self.set_in_force(i)
        assert bool(written) == (by is None and before != placed)
        if written:
            with self.project.read() as c:
                [set_id] = c.execute(
                    select(tables.instance.c.keypoint_set_id).where(tables.instance.c.id == i)
                ).scalars()
            self.add_set(self.document, i, set_id, placed, None)

    @rule(n=st.integers(0, INSTANCES - 1))
    def job_fits(self, n: int) -> None:
        i = self.ids[n]
        used = self.document.get(("keypoints", i))
        found = FoundFit(i, fit_of(3.0), FitMadeFrom(used, None, None, "s"))
        with self.project.bulk() as bulk:
            written = bulk.run(lambda c: write_fits(c, [found]))
        row = self.document.get(("fit", self.document.get(("fit in force", i))))
        persons = row is not None and (row[3] is not None or row[4] is not None)
        assert bool(written) == (not persons or row[2] != used)
        if written:
            with self.project.read() as c:
                [fit_id] = c.execute(
                    select(tables.instance.c.fit_id).where(tables.instance.c.id == i)
                ).scalars()
            self.add_fit(self.document, i, fit_id, 3.0, None)

    def set_in_force(self, i: int) -> tuple[Any, ...]:
        """The keypoints of an instance: id, points placed, and who placed them."""
        set_id = self.document.get(("keypoints", i))
        return (None, None, None) if set_id is None else (set_id, *self.document[("set", set_id)][1:])

    def add_set(self, document: Document, i: int, set_id: int, placed: int, who: str | None) -> None:
        document[("set", set_id)] = (i, placed, who)
        document[("set version", i, self.next_version("set version", i))] = set_id
        document[("keypoints", i)] = set_id

    def add_fit(self, document: Document, i: int, fit_id: int, rms: float, who: str | None) -> None:
        document[("fit", fit_id)] = (i, rms, self.document.get(("keypoints", i)), who, None)
        document[("fit version", i, self.next_version("fit version", i))] = fit_id
        document[("fit in force", i)] = fit_id

    def next_version(self, kind: str, i: int) -> int:
        here = [k[2] for k, value in self.document.items() if k[:2] == (kind, i) and value is not None]
        return max(here, default=0) + 1

    @rule(who=st.sampled_from(PEOPLE))
    def undo(self, who: str) -> None:
        stack = self.stacks[who]
        self.move(who, stack.done, stack.undone, back=True)

    @rule(who=st.sampled_from(PEOPLE))
    def redo(self, who: str) -> None:
        stack = self.stacks[who]
        self.move(who, stack.undone, stack.done, back=False)

    def move(self, who: str, source: list[Any], target: list[Any], *, back: bool) -> None:
        possible = False
        if source:
            _, old, new = source[-1]
            expected, wanted = (new, old) if back else (old, new)
            after = {**self.document, **wanted}
            names = [v for k, v in after.items() if k[0] == "camera" and v is not None]
            possible = all(self.document.get(k) == v for k, v in expected.items())
            possible = possible and len(names) == len(set(names))
        history = self.history(who)
        try:
            touched = history.undo() if back else history.redo()
        except EditRefusedError:
            assert not possible
            return
        assert possible
        assert touched.title == source[-1][0]
        self.document = after
        target.append(source.pop())

    @rule(
        n=st.integers(0, INSTANCES - 1), label=st.sampled_from(list(OcclusionLabel)), margin=st.floats(-1, 1)
    )
    def machine_decides(self, n: int, label: OcclusionLabel, margin: float) -> None:
        with self.project.bulk() as bulk:
            bulk.run(lambda c: write_decisions(c, [OcclusionDecision(self.ids[n], label, margin, ())]))
        self.machine[self.ids[n]] = label.value

    @rule()
    def restart(self) -> None:
        self.project.close()
        self.project = Project.open(self.project.path)

    @invariant()
    def the_store_is_the_document(self) -> None:
        if not hasattr(self, "project"):
            return
        wanted = {key: value for key, value in self.document.items() if value is not None}
        with self.project.read() as c:
            people = {row.id: row.name for row in c.execute(select(tables.annotator))}
            have: Document = {("camera", r.id): r.name for r in c.execute(select(tables.camera))}
            for r in c.execute(select(tables.review)):
                have[("review", r.instance_id, people[r.annotator_id])] = r.verdict
            for r in c.execute(select(tables.instance)):
                have[("category", r.id)] = r.category
                if r.category_annotator_id is not None:
                    have[("category by", r.id)] = people[r.category_annotator_id]
                if r.verdict is not None:
                    have[("in force", r.id)] = (r.verdict, people[r.verdict_annotator_id])
                if r.keypoint_set_id is not None:
                    have[("keypoints", r.id)] = r.keypoint_set_id
                if r.fit_id is not None:
                    have[("fit in force", r.id)] = r.fit_id
                assert r.points_placed == (self.set_in_force(r.id)[1] or 0)
                verdict = r.verdict
                label = self.machine[r.id] if verdict is None else None if verdict == "rejected" else verdict
                assert r.label == label
            for r in c.execute(select(tables.keypoint_set)):
                have[("set", r.id)] = (r.instance_id, r.placed, people.get(r.annotator_id))
                have[("set version", r.instance_id, r.version)] = r.id
            for r in c.execute(select(tables.fit)):
                said = None if r.review is None else (r.review, people[r.reviewer_id])
                used = r.keypoint_set_id
                have[("fit", r.id)] = (r.instance_id, r.rms_px, used, people.get(r.annotator_id), said)
                have[("fit version", r.instance_id, r.version)] = r.id
                assert r.in_force == (self.document.get(("fit in force", r.instance_id)) == r.id)
        for key, value in wanted.items():
            if key[0] == "fit":
                wanted[key] = (*value[:4], value[4] and value[4][:2])
            if key[0] == "review":
                wanted[key] = value[0]
            if key[0] == "in force":
                wanted[key] = value[:2]
        assert have == wanted

    @invariant()
    def the_titles_are_right(self) -> None:
        if not hasattr(self, "project"):
            return
        for who, stack in self.stacks.items():
            history = self.history(who)
            assert history.undo_title() == (stack.done[-1][0] if stack.done else None)
            assert history.redo_title() == (stack.undone[-1][0] if stack.undone else None)


EditMachine.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
# a thousand steps, each with a look at all rows: on a machine that is busy otherwise that takes minutes
TestEdits = pytest.mark.timeout(1200)(EditMachine.TestCase)
