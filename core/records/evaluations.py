"""Evaluations: what was measured by what, its figures with intervals, and how each object came out.

An evaluation compares what a network, a file, mining or a person says with a truth. Its figures are numbers
over a slice (all, or one bar: a bin of occlusion, of distance...); its object results are the rows behind a
bar, worst first. Slices are numbered, so that the store keeps and indexes whole numbers;
`core.records.slices` names them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle
from core.records.runs import Purpose
from core.records.shapes import KeypointTag
from core.records.slices import By, Slice


class Subject(StrEnum):
    """What is evaluated."""

    RUN = "run"  # the network of a run of this project
    PREDICTIONS = "predictions"  # a file of another program: COCO's results, or MOT's text
    MINING = "mining"  # the machine's labels that stand in the project
    FITS = "fits"  # where cars and people stand in 3D, as their fits in force say
    ANNOTATORS = "annotators"  # what one person says, by what another says


class Truth(StrEnum):
    """By what it is measured."""

    REVIEWED = "reviewed"  # frames that people reviewed, of the test side
    COMPOSITES = "composites"  # of the test side: all is known of them
    STREET = "street"  # drawn streets that no training sees: all is known exactly
    LABELS = "labels"  # what people said of single objects, of the test side: verdicts or keypoints
    TRACKS = "tracks"  # of the project, as mining followed them: agreement rather than truth
    ANNOTATOR = "annotator"  # what another person said of the same objects
    SIMULATION = "simulation"  # the file of true 3D that stands beside footage of a simulated street


class EvaluationState(StrEnum):
    """How far an evaluation is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by a person or a crash: its job goes on where it was
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """One evaluation as it stands in a project.

    Attributes:
        id, name: which, and what people call it.
        subject, truth: what was measured by what.
        purpose: what the evaluated network is for; None where no network is evaluated.
        run_id: of a run, else None.
        file: name of the file of predictions, without its folder; "" else.
        job_id: of the job that measures, or None for one that came with a file.
        settings: of the job, as plain JSON values.
        data: what it was measured by, as plain JSON values for people: counts of pictures and objects, the
            set of composites, how the sides were parted, what was left out and why.
        truth_key: a digest of the truth's pictures and objects. Two evaluations with the same key were
            measured by the same objects and can be compared number by number; others cannot.
        seed: of the intervals and of all else that is drawn.
        versions: of the program and the libraries that counted.
        state: how far it is.
        pictures, objects: how many there are, and how many object results.
        notes: of people.
        hidden: whether a person took it off the lists.
        started_at, finished_at: seconds UTC epoch, or None.
    """

    id: int
    name: str
    subject: Subject
    truth: Truth
    purpose: Purpose | None
    run_id: int | None
    file: str
    job_id: int | None
    settings: dict[str, Any]
    data: dict[str, Any]
    truth_key: str
    seed: int
    versions: dict[str, str]
    state: EvaluationState
    pictures: int
    objects: int
    notes: str
    hidden: bool
    started_at: float | None
    finished_at: float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of an evaluation.

    Attributes:
        name: see `core.records.figures.FIGURES` for its title, unit and which way is better.
        slice: over which objects.
        value: finite.
        low, high: ends of the interval at 95 %, by drawing pictures (or tracks) anew; None where there are
            too few to draw from, or the figure is a plain count.
        count: over how many objects, points or tracks it is.
    """

    name: str
    slice: Slice
    value: float
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve of an evaluation: precision over recall, PCK over alpha.

    Attributes:
        name: "precision_recall.box", "precision_recall.label", "pck"; `figures.CURVES` has its axes' titles.
        slice: over which objects.
        x, y: its points, x rising.
    """

    name: str
    slice: Slice
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often what is `truth` was said to be `said`.

    Attributes:
        name: "category", "tag" or "label".
        slice: over which objects.
        truth, said: the words of rows and columns. Of categories, the last row is "nothing there", the last
            column "not found".
        counts: for each row, for each column.
    """

    name: str
    slice: Slice
    truth: tuple[str, ...]
    said: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class Outcome(StrEnum):
    """How an object came out."""

    FOUND = "found"  # matched; its numbers say how well
    MISSED = "missed"  # it is there, and nothing was said of it
    EXTRA = "extra"  # something was said, and nothing is there
    RIGHT = "right"  # of a label: as the truth has it
    WRONG = "wrong"  # of a label: otherwise


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture of an evaluation.

    Attributes:
        place: its number in the evaluation, from 0.
        frame_id, recipe_id: of the project where it is one of those, else None.
        name: of a drawn picture's file or a file's image, for people; "" else.
        camera_id: of the project, or None.
        hour: local, 0 to 23, or None.
        width, height: pixels.
    """

    place: int
    frame_id: int | None
    recipe_id: int | None
    name: str
    camera_id: int | None
    hour: int | None
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ObjectResult:
    """How one object came out: a thin row, to list and to sort. What was said of it is an `ObjectSaid`.

    Attributes:
        number: of the object in its evaluation, from 0; with the evaluation's id it names the row.
        picture: place of its picture (`PictureRow`).
        instance_id: of the project: the object itself, or in a composite the object that was cut out. None
            where the project knows none: it cannot be sent to the review queue then.
        place: in the composite or drawn picture, far to near; None in frames.
        category: what it is; of an extra find, what it was said to be.
        said: what it was said to be; None where nothing was said.
        outcome: see there.
        badness: 0 to 1, 1 the worst: how objects are sorted. A miss is 1, an extra find its score, a find
            1 - IoU of the whole mask (of the box without masks), a label how sure the wrong one was, a car
            with points alone the share that is wrong, a fit e / (e + 1 m) of how far e it is off as a whole.
        score: of what was said; None where nothing was.
        box: where it is on pixel edges, whole; of an extra find where it was said to be.
        occlusion: hidden share, 0 to 1, or None.
        distance_m: from the camera, or None.
        hour: local, 0 to 23, or None.
        box_iou, mask_iou: of what was matched. hidden_iou: over the part that is not seen; 0 of a miss,
            and None where no masks of the whole are said.
        points_right, points_placed: within alpha of its size, of those that are labelled; of fits in 3D.
        tags_right, tags_told: likewise of tags.
        rotation_rad, place_m: angle and distance between fit or truth and what was said.
        tags: bits of `slices.POINT_TAGS` that its labelled points have (1 the first, 2 the second...);
            wrong_tags: of those tags of which at least one point is wrong.
        tag_pairs: bits of what tags were taken for: 4 x the true one's place + the said one's.
        detail: a few words; of a label the true one and what was said, "unoccluded > occluded"; of a fit
            what there is no number for, "ADD 0.53 m, joints 48 mm, heading 4.1°"; or "".
    """

    number: int
    picture: int
    instance_id: int | None
    place: int | None
    category: Category
    said: Category | None
    outcome: Outcome
    badness: float
    score: float | None
    box: Box
    occlusion: float | None = None
    distance_m: float | None = None
    hour: int | None = None
    box_iou: float | None = None
    mask_iou: float | None = None
    hidden_iou: float | None = None
    points_right: int | None = None
    points_placed: int | None = None
    tags_right: int | None = None
    tags_told: int | None = None
    rotation_rad: float | None = None
    place_m: float | None = None
    tags: int = 0
    wrong_tags: int = 0
    tag_pairs: int = 0
    detail: str = ""

    @property
    def size_px(self) -> float:
        """L of its box."""
        return self.box.size


@dataclass(frozen=True, slots=True)
class ObjectSaid:
    """What was said of one object, to be drawn over it; fetched one at a time.

    Attributes:
        box: whole, or None where nothing was said.
        whole, modal: masks, or None.
        true_whole, true_modal: masks of the truth, or None where the project has them itself.
        points: of the category's template: (x, y, tag) in pixels whose first centre is (0, 0), None where no
            point was said. true_points: likewise of the truth.
        car: where a car stands that was said, or None. true_car: likewise of the truth; where fits are
            evaluated, of a person as well.
    """

    box: Box | None = None
    whole: Rle | None = None
    modal: Rle | None = None
    true_whole: Rle | None = None
    true_modal: Rle | None = None
    points: tuple[tuple[float, float, KeypointTag] | None, ...] = ()
    true_points: tuple[tuple[float, float, KeypointTag] | None, ...] = ()
    car: Pose3D | None = None
    true_car: Pose3D | None = None


@dataclass(frozen=True, slots=True)
class Pose3D:
    """Where a car or a person stands.

    Attributes:
        rotation, translation: 9 numbers, row by row, and 3, metres: from its frame, which is that of fits, to
            the camera's.
        shape: coefficients.
        pose: of a person three numbers for each joint but the root, as fits have them; of a car none.
    """

    rotation: tuple[float, ...]
    translation: tuple[float, ...]
    shape: tuple[float, ...]
    pose: tuple[float, ...] = ()


class Having(StrEnum):
    """What an object must have to be counted in a figure."""

    BOX = "box_iou"
    MASK = "mask_iou"
    HIDDEN = "hidden_iou"
    WHOLE = "true_whole"  # a whole mask in the truth
    SEEN = "true_modal"  # a mask in the truth of what is seen
    PLACED = "points_placed"  # a point that is placed in the truth; in a bar of a tag, one with that tag
    COMPARED = "points_compared"  # points, if none of them counts
    TAGS = "tags_told"  # a tag that was told; in a bar of a tag, of a point with that tag
    ROTATION = "rotation_rad"
    PLACE = "place_m"
    ADD = "add"  # of fits
    HEADING = "heading"
    JOINTS = "joints"
    LABEL = "label"
    IS_UNOCCLUDED = "is_unoccluded"
    SAID_UNOCCLUDED = "said_unoccluded"


@dataclass(frozen=True, slots=True)
class Counts:
    """Which objects a figure counts: those that a bar of it leads to.

    Attributes:
        outcomes, categories: only these; empty: all.
        having: what they must have, or None.
    """

    outcomes: tuple[Outcome, ...] = ()
    having: Having | None = None
    categories: tuple[Category, ...] = ()


def label_words(truth: str, said: str) -> str:
    """How an object's detail tells a label: the true one, then what was said."""
    return f"{truth} > {said}"


class Order(StrEnum):
    """By what object results are sorted, the worst first; those without that number come last."""

    BADNESS = "badness"
    BOX = "box_iou"
    MASK = "mask_iou"
    HIDDEN = "hidden_iou"
    POINTS = "points"
    TAGS = "tags"
    ROTATION = "rotation_rad"
    PLACE = "place_m"
    ADD = "add"  # of fits of cars: as badness, which rises with it
    HEADING = "heading"  # of fits, as their details tell it
    JOINTS = "joints"  # of fits of people, likewise


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """Which objects of an evaluation.

    Attributes:
        slices: of the bars that were clicked: an object is shown that is in all of them.
        outcomes: only these; empty: all.
        confused: (name of a confusion, row, column) of a cell that was clicked, or None.
        order: by what they are sorted.
        counts: only what the figure counts whose bar was clicked.
    """

    slices: tuple[Slice, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    confused: tuple[str, str, str] | None = None
    order: Order = Order.BADNESS
    counts: Counts = Counts()


@dataclass(frozen=True, slots=True)
class ResultKey:
    """A place in the order, for the page after it: what it is sorted by, and the number of the object."""

    value: float
    number: int


@dataclass(frozen=True, slots=True)
class EvaluationNumbers:
    """All that the figures of an evaluation say, for tables and charts.

    Attributes:
        evaluation: whose.
        figures, curves, confusions: all of them, by name and slice.
    """

    evaluation: EvaluationRow
    figures: tuple[Figure, ...] = ()
    curves: tuple[Curve, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    by_name: dict[tuple[str, Slice], Figure] = field(default_factory=dict)

    def figure(self, name: str, by: By = By.ALL, bin: int = 0) -> Figure | None:
        """One of the figures, or None."""
        return self.by_name.get((name, Slice(by, bin)))
