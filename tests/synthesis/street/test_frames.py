"""Masks, depth, boxes, tags and poses of a tiny street agree with each other."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry.masks import patch_area, patch_to_full
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.shapes.space_file import default_space
from core.synthesis.street.footprints import corners, overlap
from core.synthesis.street.street import Street
from core.synthesis.street.truth import CoverKind
from tests.synthesis.street.conftest import TINY


def full(patch):
    return patch_to_full(patch, TINY.height, TINY.width)


def test_there_is_something_to_see(frames):
    moving = [sum(not item.parked for item in frame.objects) for frame in frames]
    assert min(moving) >= 4
    assert any(0.1 < item.occlusion < 0.9 for frame in frames for item in frame.objects)
    for frame in frames:
        assert frame.picture.shape == (TINY.height, TINY.width, 3)
        assert frame.picture.dtype == np.uint8
        assert 40 < frame.picture.mean() < 200
        assert frame.picture.std() > 15


def test_equal_settings_give_equal_pictures_and_truth(frames):
    again = list(Street(TINY).frames())
    for one, other in zip(frames, again, strict=True):
        np.testing.assert_array_equal(one.picture, other.picture)
        np.testing.assert_array_equal(one.depth, other.depth)
        assert [item.track_id for item in one.objects] == [item.track_id for item in other.objects]
        for first, second in zip(one.objects, other.objects, strict=True):
            np.testing.assert_array_equal(first.modal.bits, second.modal.bits)
            np.testing.assert_array_equal(first.points.pixels, second.points.pixels)
            assert first.points.tags == second.points.tags
            assert first.covers == second.covers


def test_frames_can_be_made_in_any_order(camera, frames):
    np.testing.assert_array_equal(camera.frame(7).picture, frames[7].picture)


def test_actors_of_different_frames_can_be_staged_together(street, camera, frames):
    early, late = street.actors(0), street.actors(11)
    first = {actor.placed.number: actor for actor in early}
    # a car of frame 0 beside everything of frame 11 but itself, where nothing then covers it
    clear = [item for item in frames[0].objects if not item.parked and item.occlusion == 0]
    assert clear
    for item in clear:
        rest = [actor for actor in late if actor.placed.number != item.track_id]
        staged = camera.stage([*rest, first[item.track_id]], 11)
        again = next(one for one in staged.objects if one.track_id == item.track_id)
        np.testing.assert_array_equal(full(again.amodal), full(item.amodal))
        others = {one.track_id for one in staged.objects if not one.parked} - {item.track_id}
        assert others <= {actor.placed.number for actor in rest}
        assert len(others) >= 2


def test_modal_masks_are_disjoint_and_inside_amodal_ones(frames):
    for frame in frames:
        taken = np.zeros((TINY.height, TINY.width), dtype=int)
        for item in frame.objects:
            modal, amodal = full(item.modal), full(item.amodal)
            assert not (modal & ~amodal).any()
            taken += modal
        assert taken.max() <= 1


def test_what_an_amodal_mask_has_over_the_modal_one_is_covered_by_something_nearer(frames, camera):
    for frame in frames:
        still = camera.still.view.depth
        for item in frame.objects:
            hidden = full(item.amodal) & ~full(item.modal)
            # no car is longer than 7 m: its own surface lies within that of its frame's origin
            assert (frame.depth[hidden] < item.pose.translation[2] + 7.0).all()
            others = sum(
                (full(other.modal) for other in frame.objects if other is not item), np.zeros_like(hidden)
            )
            by_still = hidden & ~others.astype(bool)
            np.testing.assert_allclose(frame.depth[by_still], still[by_still], rtol=1e-6)


def test_occlusion_is_the_share_that_is_not_seen(frames):
    for frame in frames:
        for item in frame.objects:
            assert sum(cover.share for cover in item.covers) == pytest.approx(item.occlusion)
            border = sum(cover.share for cover in item.covers if cover.kind is CoverKind.BORDER)
            amodal, modal = patch_area(item.amodal), patch_area(item.modal)
            # the whole extent has amodal / (1 - border) pixels
            assert 1 - item.occlusion == pytest.approx(modal / amodal * (1 - border), abs=1e-9)
            assert (item.box is None) == (modal == 0)


def test_covers_name_tracks_that_are_nearer(frames):
    for frame in frames:
        places = {item.track_id: item for item in frame.objects}
        for item in frame.objects:
            for cover in item.covers:
                if cover.track_id is not None and cover.share > 0.05:
                    assert places[cover.track_id].distance_m < item.distance_m + 3.0


def test_masks_lie_in_the_amodal_box_and_fill_it(frames):
    for frame in frames:
        for item in frame.objects:
            box, patch = item.amodal_box, item.amodal
            height, width = patch.bits.shape
            assert patch.x >= box.x - 0.5  # a pixel whose centre is just inside
            assert patch.y >= box.y - 0.5
            assert patch.x + width <= box.x + box.w + 0.5
            assert patch.y + height <= box.y + box.h + 0.5
            inside = box.x > 0 and box.y > 0 and box.x + box.w < TINY.width and box.y + box.h < TINY.height
            if inside and min(box.w, box.h) > 8:
                # a corner may be thinner than a pixel
                assert width > box.w - 3.5
                assert height > box.h - 3.5


def test_keypoints_project_where_they_say(frames, camera):
    space = default_space()
    for frame in frames:
        for item in frame.objects:
            if item.category is Category.CAR:
                local = space.keypoints(item.shape)
                np.testing.assert_allclose(item.pose.apply(local), item.points.space, atol=1e-9)
                np.testing.assert_allclose(
                    camera.mount.camera.project(item.points.space), item.points.pixels, atol=1e-9
                )


def test_tags_agree_with_the_depth_picture(frames):
    """Where the picture's surface is clearly nearer than a point, it is hidden; where not, it is seen."""
    checked = dict.fromkeys(KeypointTag, 0)
    for frame in frames:
        for item in frame.objects:
            if item.category is not Category.CAR:
                continue
            own = full(item.modal)
            for space, pixel, tag in zip(
                item.points.space, item.points.pixels, item.points.tags, strict=True
            ):
                x, y = np.rint(pixel).astype(int)
                if not (1 <= x < TINY.width - 1 and 1 <= y < TINY.height - 1):
                    continue
                around = frame.depth[y - 1 : y + 2, x - 1 : x + 2]
                mine = own[y - 1 : y + 2, x - 1 : x + 2]
                if tag is KeypointTag.VISIBLE:
                    assert around.max() > space[2] - 0.6
                elif tag is KeypointTag.OTHER_OCCLUDED:
                    assert not mine.all()
                    assert around.min() < space[2]
                elif tag is KeypointTag.SELF_OCCLUDED:
                    assert around.min() < space[2]
                if mine.all() and around.max() < space[2] - 0.6:
                    assert tag is KeypointTag.SELF_OCCLUDED
                checked[tag] += 1
    assert min(checked[tag] for tag in (KeypointTag.VISIBLE, KeypointTag.SELF_OCCLUDED)) > 50
    assert checked[KeypointTag.OTHER_OCCLUDED] > 10


def test_truncated_means_outside_and_wins(frames):
    seen = 0
    for frame in frames:
        for item in frame.objects:
            x, y = item.points.pixels.T
            outside = (x < -0.5) | (y < -0.5) | (x > TINY.width - 0.5) | (y > TINY.height - 0.5)
            tags = np.array([tag is KeypointTag.TRUNCATED for tag in item.points.tags])
            np.testing.assert_array_equal(outside, tags)
            seen += int(tags.sum())
    assert seen > 5


def test_hiders_fit_the_tags(frames):
    for frame in frames:
        for item in frame.objects:
            for tag, hider in zip(item.points.tags, item.points.hiders, strict=True):
                if tag is KeypointTag.VISIBLE:
                    assert hider is None
                if tag is KeypointTag.OTHER_OCCLUDED:
                    assert hider is not None
                    assert hider.track_id != item.track_id
                    assert (hider.track_id is None) != (hider.thing is None)
                if tag is KeypointTag.SELF_OCCLUDED:
                    assert hider is not None


def test_wheels_stand_on_the_road(frames, camera):
    ground = camera.mount.ground
    for frame in frames:
        for item in frame.objects:
            if item.category is Category.CAR:
                assert ground.normal @ item.pose.translation + ground.height == pytest.approx(0, abs=1e-9)
                heights = item.points.space[:4] @ ground.normal + ground.height
                assert np.all((heights > 0.2) & (heights < 0.5))


def test_two_cameras_agree_in_space(frames, far_frames, camera, far_camera):
    shared = 0
    for one, other in zip(frames, far_frames, strict=True):
        theirs = {item.track_id: item for item in other.objects}
        for item in one.objects:
            if item.track_id in theirs:
                there = theirs[item.track_id]
                first = camera.mount.pose.inverse().apply(item.points.space)
                second = far_camera.mount.pose.inverse().apply(there.points.space)
                np.testing.assert_allclose(first, second, atol=1e-9)
                np.testing.assert_array_equal(item.shape, there.shape)
                shared += 1
    assert shared > 10


def test_parked_and_driving_cars_do_not_intersect(street):
    for index in range(TINY.frame_count):
        plans = []
        for actor in [*street.parked, *street.actors(index)]:
            if actor.category is Category.CAR:
                low, high = actor.placed.solid.low, actor.placed.solid.high
                turn = np.arctan2(actor.placed.rotation[1, 0], actor.placed.rotation[0, 0])
                x, y = actor.placed.translation[:2]
                plans.append(corners([x], [y], [turn], [(low[0], high[0], low[1], high[1])])[0])
        shapes = np.array(plans)
        one, other = np.triu_indices(len(shapes), 1)
        assert not overlap(shapes[one], shapes[other]).any()


def test_people_are_as_high_as_people_and_stand_on_their_feet(frames, camera):
    ground, seen = camera.mount.ground, 0
    for frame in frames:
        for item in frame.objects:
            if item.category is Category.PERSON:
                heights = item.points.space @ ground.normal + ground.height
                assert heights.shape == (24,)
                assert -0.01 < heights.min() < 0.35
                assert 1.2 < heights.max() < 2.2
                assert item.body_pose is not None
                assert item.body_pose.shape == (24, 3)
                seen += 1
    assert seen > 10


def test_people_have_cocos_points_where_their_joints_are(frames, camera):
    """Twelve of the 17 are joints; the others lie in the head, and their tags are of all kinds."""
    found = set()
    for frame in frames:
        for item in frame.objects:
            if item.category is Category.CAR:
                assert item.person_keypoints is None
                continue
            said = item.person_keypoints
            assert said.space.shape == (17, 3)
            # SMPL's numbers of shoulders, elbows, wrists, hips, knees and ankles
            joints = item.points.space[[16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8]]
            np.testing.assert_allclose(said.space[5:], joints, atol=1e-9)
            away = np.linalg.norm(said.space[:5] - item.points.space[15], axis=1)
            assert (away < 0.25).all()
            np.testing.assert_allclose(camera.mount.camera.project(said.space), said.pixels, atol=1e-9)
            found |= set(said.tags)
    assert found >= {KeypointTag.VISIBLE, KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED}


def test_feet_on_the_ground_do_not_slide(street):
    """Between two frames the lower foot of a walker stays within a few centimetres of its place."""
    moved = []
    for before, after in zip(range(TINY.frame_count - 1), range(1, TINY.frame_count), strict=True):
        later = {actor.placed.number: actor for actor in street.actors(after)}
        for actor in street.actors(before):
            if actor.category is Category.PERSON and actor.placed.number in later:
                ankles = [a.placed.to_street(a.points[[7, 8]]) for a in (actor, later[actor.placed.number])]
                low = ankles[0][:, 2] + ankles[1][:, 2]
                moved.append(np.linalg.norm((ankles[1] - ankles[0])[low.argmin(), :2]))
    # at 5 frames a second a walker gets 27 cm further; the stride is rounded to 8 cm
    assert np.median(moved) < 0.12
