"""What the detector learns from composites and reviewed frames, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.compositing.render import Composite  # noqa: E402
from core.evaluation.keypoints import TAGS  # noqa: E402
from core.geometry.masks import full_to_patch, patch_to_rle  # noqa: E402
from core.networks.amodal_rcnn.settings import POINTS, points_of  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.keypoints import KeypointSet, PlacedPoint, Template  # noqa: E402
from core.records.masks import MaskPatch  # noqa: E402
from core.records.recipes import ObjectLabel  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.training.composites import sample_of  # noqa: E402
from core.training.data.detection import of_composite, on_edges  # noqa: E402
from core.training.data.real import RealFrame, RealObject, ReviewedFrames, of_frame  # noqa: E402

HEIGHT, WIDTH = 60, 100
BOTH = (Category.PERSON, Category.CAR)
EVERY_TAG = (
    KeypointTag.VISIBLE,
    KeypointTag.SELF_OCCLUDED,
    KeypointTag.OTHER_OCCLUDED,
    KeypointTag.TRUNCATED,
)


def patch(left: int, top: int, right: int, bottom: int) -> MaskPatch:
    return MaskPatch(left, top, np.ones((bottom - top, right - left), dtype=np.bool_))


def box(mask: MaskPatch) -> Box:
    h, w = mask.bits.shape
    return Box(float(mask.x), float(mask.y), float(w), float(h))


def points(template: Template) -> KeypointSet:
    """A point of each tag, and the rest not placed."""
    placed = [PlacedPoint(10.0 + number, 20.0, tag) for number, tag in enumerate(EVERY_TAG)]
    return KeypointSet(template, (*placed, *[None] * (template.size - len(placed))))


def label(category: Category, whole: MaskPatch, modal: MaskPatch, occlusion: int, rank: int) -> ObjectLabel:
    template = Template.of(category)
    return ObjectLabel(
        piece_id=rank + 1,
        instance_id=rank + 1,
        category=category,
        amodal=whole,
        modal=modal,
        amodal_box=box(whole),
        modal_box=box(modal) if modal.bits.size else None,
        occlusion_permille=occlusion,
        depth_rank=rank,
        hidden_by=(),
        keypoints=None if template is None else points(template),
        fit=None,
    )


def composite() -> Composite:
    """A car half hidden, a person, a bus that nobody looks for, a car all hidden, and something parked."""
    nothing = MaskPatch(0, 0, np.zeros((0, 0), dtype=np.bool_))
    labels = (
        label(Category.CAR, patch(10, 10, 50, 40), patch(10, 10, 30, 40), 500, 3),
        label(Category.BUS, patch(60, 5, 95, 30), patch(60, 5, 95, 30), 0, 2),
        label(Category.CAR, patch(62, 20, 70, 28), nothing, 1000, 1),
        label(Category.PERSON, patch(70, 30, 80, 58), patch(70, 30, 80, 58), 0, 0),
    )
    picture = np.full((HEIGHT, WIDTH, 3), 51, np.uint8)
    return Composite(picture, labels, (patch(0, 0, 8, 6), nothing))


def test_a_composite_is_told_as_the_network_takes_it() -> None:
    image, target = of_composite(sample_of(composite(), 0), BOTH)
    assert image[0, 0, 0].item() == pytest.approx(0.2)
    assert target["labels"].tolist() == [2, 1]
    assert target["boxes"].tolist() == [[10.0, 10.0, 50.0, 40.0], [70.0, 30.0, 80.0, 58.0]]
    assert [int(mask.sum()) for mask in target["masks"]] == [1200, 280]
    assert [int(mask.sum()) for mask in target["modal_masks"]] == [600, 280]
    # what is parked, the bus, and the car of which nothing is seen
    assert target["ignored_boxes"].tolist() == [
        [0.0, 0.0, 8.0, 6.0],
        [60.0, 5.0, 95.0, 30.0],
        [62.0, 20.0, 70.0, 28.0],
    ]
    assert not target["intrinsics"].any()


def test_points_of_both_templates_stand_in_one_row() -> None:
    _, target = of_composite(sample_of(composite(), 0), BOTH)
    for row, template in ((0, Template.CAR), (1, Template.PERSON)):
        own = points_of(template)
        tags = target["point_tags"][row]
        assert [TAGS[number] for number in tags[own][:4]] == list(EVERY_TAG)
        assert (tags[own][4:] == -1).all()
        other = [place for place in range(POINTS) if not own.start <= place < own.stop]
        assert (tags[other] == -1).all()
        placed = target["keypoints"][row, own]
        assert placed[0].tolist() == [10.5, 20.5, 2.0]  # from a pixel's centre to its edges
        assert placed[:4, 2].tolist() == [2.0, 1.0, 1.0, 0.0]


def test_a_camera_is_moved_to_pixel_edges() -> None:
    matrix = np.array([[100.0, 0.0, 49.5], [0.0, 90.0, 29.5], [0.0, 0.0, 1.0]])
    _, target = of_composite(sample_of(composite(), 0), BOTH, matrix)
    # the first pixel's centre is (0, 0), and (0.5, 0.5) on edges
    assert target["intrinsics"].tolist() == [[100.0, 0.0, 50.0], [0.0, 90.0, 30.0], [0.0, 0.0, 1.0]]
    assert not on_edges(None).any()
    assert not target["distortion"].any()
    _, bent = of_composite(sample_of(composite(), 0), BOTH, matrix, (-0.3, 0.1, 0.01, 0.02))
    assert bent["distortion"][:4].tolist() == pytest.approx([-0.3, 0.1, 0.01, 0.02])
    assert bent["distortion"].shape == (14,)


class Frames:
    """A supply of frames that are at hand."""

    def __init__(self, *frames: RealFrame) -> None:
        self.frames = frames

    def __len__(self) -> int:
        return len(self.frames)

    def frame(self, index: int) -> RealFrame:
        return self.frames[index]


def frame() -> RealFrame:
    full = np.zeros((HEIGHT, WIDTH), np.bool_)
    full[12:30, 20:60] = True
    return RealFrame(
        np.full((HEIGHT, WIDTH, 3), 255, np.uint8),
        (
            RealObject(
                Category.CAR,
                Box(20.0, 12.0, 40.0, 18.0),
                patch_to_rle(full_to_patch(full), HEIGHT, WIDTH),
                points(Template.CAR),
            ),
            RealObject(Category.TRUCK, Box(0.0, 0.0, 10.0, 10.0), None, None),
            RealObject(Category.PERSON, Box(80.0, 10.0, 8.0, 30.0), None, None),
        ),
        (Box(60.0, 12.0, 30.0, 20.0), Box(90.0, 50.0, 20.0, 20.0)),
    )


def test_in_a_frame_only_what_is_reviewed_teaches() -> None:
    image, target = of_frame(frame(), (Category.CAR, Category.PERSON))
    assert image.max() == 1
    assert target["labels"].tolist() == [1, 2]
    assert target["boxes"][0].tolist() == [20.0, 12.0, 60.0, 30.0]
    # nothing hides it: all of it is seen
    assert torch.equal(target["masks"], target["modal_masks"])
    assert [int(mask.sum()) for mask in target["masks"]] == [720, 0]
    # what else stands there, within the picture, and what is not looked for
    assert target["ignored_boxes"].tolist() == [
        [60.0, 12.0, 90.0, 32.0],
        [90.0, 50.0, 100.0, 60.0],
        [0.0, 0.0, 10.0, 10.0],
    ]
    assert [TAGS[number] for number in target["point_tags"][0, :4]] == list(EVERY_TAG)
    assert not target["has_fit"].any()


def test_frames_are_a_data_set() -> None:
    data = ReviewedFrames(Frames(frame(), frame()), (Category.CAR,))
    assert len(data) == 2
    assert data[1][1]["labels"].tolist() == [1]
    with pytest.raises(IndexError):
        data[2]


def test_a_frame_with_nothing_in_it_is_background() -> None:
    empty = RealFrame(np.zeros((HEIGHT, WIDTH, 3), np.uint8), (), ())
    _, target = of_frame(empty, BOTH)
    assert target["boxes"].shape == (0, 4)
    assert target["masks"].shape == (0, HEIGHT, WIDTH)
    assert target["keypoints"].shape == (0, POINTS, 3)
