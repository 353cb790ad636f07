"""The motion detector: finds painted objects whatever light, noise and leaves do, and nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.errors import DetectionError
from core.geometry.masks import full_to_patch, patch_iou
from core.mining.detectors.motion import MotionDetector
from core.mining.detectors.settings import LookFor, MotionSettings
from core.records.detections import Category, Detection, DetectorFrame
from tests.mining.detectors.street import Street


def detect(street: Street, **settings: object) -> list[Detection]:
    detector = MotionDetector(MotionSettings(**settings))
    return detector.detect([DetectorFrame(street.image, street.background)])[0]


def found(truth: np.ndarray, detections: list[Detection]) -> tuple[Detection, float]:
    """The detection that fits a true mask best, and their IoU."""
    patch = full_to_patch(truth)
    best = max(detections, key=lambda one: patch_iou(one.mask, patch))
    return best, patch_iou(best.mask, patch)


def test_an_empty_street_is_empty():
    street = Street()
    street.noisy(4)
    assert detect(street) == []


def test_cars_and_people_are_found_outlined_and_told_apart():
    street = Street()
    car = street.car(60, 150, 150, 80)
    small = street.car(400, 90, 44, 24, body=(230, 230, 235))
    person = street.person(320, 160, 36, 92)
    street.noisy(3)
    detections = detect(street)
    assert len(detections) == 3
    for truth, category, least in ((car, "car", 0.9), (small, "car", 0.75), (person, "person", 0.8)):
        one, iou = found(truth, detections)
        assert one.category == category
        assert iou > least
        assert one.score > 0.9
    assert [one.score for one in detections] == sorted((one.score for one in detections), reverse=True)


@pytest.mark.parametrize(("gain", "offset"), [(0.6, 0.0), (1.35, 0.0), (0.8, 25.0), (1.15, -20.0)])
def test_exposure_changes_are_no_motion(gain, offset):
    street = Street()
    car = street.car(200, 140, 120, 64)
    street.exposed(gain, offset)
    street.noisy(3)
    detections = detect(street)
    assert len(detections) == 1
    assert found(car, detections)[1] > 0.85


def test_sensor_noise_and_hard_compression_are_no_motion():
    street = Street()
    car = street.car(200, 140, 120, 64)
    street.noisy(9)
    street.compressed(35)
    detections = detect(street)
    assert len(detections) == 1
    assert found(car, detections)[1] > 0.85


def test_a_soft_shadow_is_no_object_and_belongs_to_none():
    street = Street()
    car = street.car(200, 140, 120, 64)
    shade = street.shadow([(190, 195), (330, 195), (430, 240), (270, 240)])
    alone = street.shadow([(480, 120), (600, 120), (600, 200), (480, 200)])
    street.noisy(2)
    detections = detect(street)
    assert len(detections) == 1
    one, iou = found(car, detections)
    assert iou > 0.75
    darkened = np.zeros_like(shade)
    h, w = one.mask.bits.shape
    darkened[one.mask.y : one.mask.y + h, one.mask.x : one.mask.x + w] = one.mask.bits
    assert (darkened & shade & ~car).sum() < 0.25 * shade.sum()
    assert not (darkened & alone).any()
    assert len(detect(street, remove_shadows=False)) > 1  # the shadows are there to be seen


def test_a_cloud_over_half_of_the_street_is_no_object():
    street = Street()
    car = street.car(420, 200, 120, 64)
    street.shadow([(0, 0), (300, 0), (260, 360), (0, 360)], strength=0.7, blur=25.0)
    street.noisy(2)
    detections = detect(street)
    assert found(car, detections)[1] > 0.8
    assert len(detections) == 1


def test_touching_objects_are_split():
    street = Street()
    first = street.car(150, 150, 110, 60)
    second = street.car(255, 128, 96, 52, body=(220, 220, 60))
    detections = detect(street)
    assert len(detections) == 2
    assert found(first, detections)[1] > 0.7
    assert found(second, detections)[1] > 0.7
    assert len(detect(street, split_touching=False)) == 1


def test_two_people_side_by_side_are_split_and_one_keeps_both_legs():
    street = Street()
    left = street.person(200, 120, 44, 120)
    right = street.person(236, 124, 44, 120, coat=(150, 40, 40))
    alone = street.person(420, 120, 44, 120)
    detections = detect(street, look_for=LookFor.PEOPLE)
    assert len(detections) == 3
    assert {one.category for one in detections} == {Category.PERSON}
    for truth, least in ((left & ~right, 0.6), (right, 0.6), (alone, 0.8)):
        assert found(truth, detections)[1] > least


def test_holes_are_filled():
    """A car with a door of exactly the street's colour is one whole object."""
    street = Street()
    car = street.car(200, 130, 160, 90)
    street.image[165:195, 255:300] = street.background[165:195, 255:300]
    detections = detect(street)
    assert len(detections) == 1
    assert found(car, detections)[1] > 0.88


def test_what_is_gone_from_the_background_scores_low():
    """A parked car in the background that has left since is no object in the frame."""
    street = Street()
    street.car(200, 140, 120, 64)
    ghost = DetectorFrame(street.background, street.image)
    present = DetectorFrame(street.image, street.background)
    detector = MotionDetector(MotionSettings(min_score=0.0))
    gone, there = detector.detect([ghost, present])
    assert there[0].score > 0.9
    assert all(one.score < 0.3 for one in gone)


def test_swaying_leaves_are_no_objects():
    rng = np.random.default_rng(7)
    street = Street()
    leaves = cv2.GaussianBlur(rng.uniform(0, 255, (120, 640, 3)).astype(np.float32), (0, 0), 1.0)
    leaves = np.clip((leaves - 128) * 2.5 + 70, 0, 255).astype(np.uint8)
    street.background[:120] = leaves
    street.image[:120] = np.roll(leaves, (1, 1), axis=(0, 1))
    car = street.car(200, 180, 120, 64)
    detections = detect(street)
    assert found(car, detections)[1] > 0.85
    assert len(detections) == 1


def test_small_things_are_left_out():
    street = Street()
    street.car(200, 140, 40, 22)
    assert len(detect(street, min_size_px=30)) == 1
    assert detect(street, min_size_px=60) == []


def test_masks_lie_right_in_large_pictures():
    """At 1080p blobs are found in a picture a third as large; outlines must still be exact."""
    street = Street(width=1920, height=1080)
    car = street.car(701, 503, 331, 173)
    person = street.person(1503, 401, 61, 163)
    street.noisy(3)
    detections = detect(street)
    assert len(detections) == 2
    for truth in (car, person):
        one, iou = found(truth, detections)
        assert iou > 0.9
        patch = full_to_patch(truth)
        assert abs(one.box.x - patch.x) <= 3
        assert abs(one.box.y - patch.y) <= 3
        assert abs(one.box.w - patch.bits.shape[1]) <= 5
        assert abs(one.box.h - patch.bits.shape[0]) <= 5


@pytest.mark.parametrize("place", [(-60, 150), (560, 150), (250, -30), (250, 325)])
def test_objects_cut_by_the_border_stay_inside_the_picture(place):
    street = Street()
    car = street.car(*place, 140, 76)
    one, iou = found(car, detect(street))
    assert iou > 0.85
    assert one.box.x >= 0
    assert one.box.y >= 0
    assert one.box.right <= street.width
    assert one.box.bottom <= street.height


def test_a_calibrated_camera_tells_kinds_by_their_size_on_the_ground():
    """The same blob is a far bus stop sign's size away or a person's, as the metres per pixel say."""
    street = Street()
    street.person(320, 160, 36, 92)
    frame = DetectorFrame(street.image, street.background)
    small = MotionDetector(ground_size=lambda _x, _y: 1.8 / 92)
    large = MotionDetector(ground_size=lambda _x, _y: 4.2 / 92)
    above_horizon = MotionDetector(ground_size=lambda _x, _y: None)
    assert small.detect([frame])[0][0].category == Category.PERSON
    assert large.detect([frame])[0][0].category == Category.CAR
    assert above_horizon.detect([frame])[0][0].category == Category.PERSON


def test_frames_do_not_influence_each_other():
    first, second = Street(seed=1), Street(seed=2)
    first.car(60, 150, 150, 80)
    second.person(320, 160, 36, 92)
    frames = [DetectorFrame(one.image, one.background) for one in (first, second)]
    together = MotionDetector().detect([*frames, frames[0]])
    alone = [MotionDetector().detect([frame])[0] for frame in frames]
    for a, b in zip(together, [*alone, alone[0]], strict=True):
        assert [(one.box, one.score, one.category) for one in a] == [
            (one.box, one.score, one.category) for one in b
        ]


def test_a_frame_without_background_says_what_to_do():
    street = Street()
    with pytest.raises(DetectionError, match="background"):
        MotionDetector().detect([DetectorFrame(street.image)])
    with pytest.raises(DetectionError, match="640x360"):
        MotionDetector().detect([DetectorFrame(street.image, np.zeros((90, 160, 3), dtype=np.uint8))])


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (20, 20)])
def test_odd_pictures_do_no_harm(size):
    background = np.full((*size, 3), 90, dtype=np.uint8)
    rng = np.random.default_rng(3)
    image = rng.integers(0, 255, (*size, 3), dtype=np.uint8)
    for look_for in LookFor:
        for one in MotionDetector(MotionSettings(look_for=look_for)).detect(
            [DetectorFrame(image, background)]
        )[0]:
            assert one.box.right <= size[1]
            assert one.box.bottom <= size[0]


@pytest.mark.real_data
def test_real_clips_hold_a_plausible_number_of_objects(real_data):
    """Against a median of frames spread over the clip; the numbers are what one counts by eye."""
    import av

    for name, least, most in (("plaza/plaza.mp4", 3, 12), ("highway/highway.avi", 1, 9)):
        with av.open(str(real_data / name)) as clip:
            frames = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)][::16]
        background = np.median(np.stack(frames), axis=0).astype(np.uint8)
        detector = MotionDetector()
        counts = [
            sum(one.score > 0.5 for one in detector.detect([DetectorFrame(frame, background)])[0])
            for frame in frames
        ]
        assert least <= np.median(counts) <= most
