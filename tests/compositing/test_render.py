"""Composites whose every pixel and label is known."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from core.compositing.render import Composer
from core.errors import CompositeError
from core.geometry.ground_plane import GroundPlane
from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import Template
from core.records.masks import Rle
from core.records.recipes import COMPOSER_VERSION, RecipeObject
from core.records.shapes import KeypointTag
from tests.compositing.painted import PaintedPieces, moved, plain, points, recipe, standing_fit
from tests.placed_people import person_at

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def three_boxes() -> PaintedPieces:
    """A far red box, a green one that covers half of it, and a near blue one over a part of both."""
    source = PaintedPieces(plain(40, 20, (50, 50, 50)))
    source.box(1, 2, 2, 10, 8, RED)
    source.box(2, 7, 2, 10, 8, GREEN)
    source.box(3, 5, 6, 4, 8, BLUE)
    return source


def test_objects_are_drawn_far_to_near():
    picture = Composer(three_boxes()).picture(recipe(1, 2, 3))
    expected = plain(40, 20, (50, 50, 50))
    expected[2:10, 2:12] = RED
    expected[2:10, 7:17] = GREEN
    expected[6:14, 5:9] = BLUE
    np.testing.assert_array_equal(picture, expected)


def test_labels_say_what_is_seen_and_what_hides_the_rest():
    far, middle, near = Composer(three_boxes()).labels(recipe(1, 2, 3))
    assert [one.depth_rank for one in (far, middle, near)] == [2, 1, 0]
    assert far.amodal_box == Box(2, 2, 10, 8)
    # of 80 pixels, green takes columns 7 to 11 of all rows, blue 5 to 8 of rows 6 to 9
    assert far.hidden_by == ((2, 4 * 4), (1, 5 * 8 - 2 * 4))
    assert far.occlusion_permille == 1000 * (16 + 32) // 80
    assert far.modal_box == Box(2, 2, 5, 8)
    assert np.count_nonzero(far.modal.bits) == 32
    assert middle.hidden_by == ((2, 8),)
    assert middle.occlusion_permille == 100
    assert near.hidden_by == ()
    assert near.occlusion_permille == 0
    assert near.modal_box == near.amodal_box == Box(5, 6, 4, 8)
    assert far.instance_id == 101


def test_an_object_that_is_hidden_whole_has_no_modal_box():
    source = three_boxes()
    source.box(4, 1, 1, 20, 15, BLUE)
    label = Composer(source).labels(recipe(1, 4))[0]
    assert label.occlusion_permille == 1000
    assert label.modal_box is None
    assert not label.modal.bits.any()


@pytest.mark.parametrize("template", list(Template))
def test_points_under_a_nearer_object_are_hidden_by_it(template):
    source = three_boxes()
    visible, own, other = (
        KeypointTag.VISIBLE,
        KeypointTag.SELF_OCCLUDED,
        KeypointTag.OTHER_OCCLUDED,
    )
    source.box(
        1, 2, 2, 10, 8, RED,
        keypoints=points(
            (3.0, 3.0, visible),  # red
            (10.4, 3.0, visible),  # under green
            (6.6, 7.0, visible),  # rounds to 7: under blue over green
            (10.0, 3.0, own),  # under green, but its own body hides it anyway
            (3.0, 4.0, other),  # something that is not here hid it
            (-0.6, 3.0, visible),  # outside
            None,
            (4.4, 7.0, visible),  # rounds to 4: beside blue
            template=template,
        ),
    )  # fmt: skip
    far = Composer(source).labels(recipe(1, 2, 3))[0]
    assert far.keypoints is not None
    assert far.keypoints.template is template
    found = [None if one is None else (one.tag, one.hider) for one in far.keypoints.points[:8]]
    assert found == [
        (visible, None),
        (other, 102),
        (other, 103),
        (own, None),
        (other, None),
        (KeypointTag.TRUNCATED, None),
        None,
        (visible, None),
    ]


def test_a_layer_that_is_switched_off_is_neither_drawn_nor_labelled():
    composer = Composer(three_boxes())
    without = composer.render(recipe(1, RecipeObject(2, shown=False), 3))
    assert [one.piece_id for one in without.labels] == [1, 3]
    np.testing.assert_array_equal(without.picture, composer.picture(recipe(1, 3)))
    assert without.ignored == ()


def test_what_stands_in_the_background_is_drawn_with_the_backgrounds_pixels():
    source = PaintedPieces(plain(40, 20, (50, 50, 50)))
    source.backgrounds[1][4:10, 4:10] = (7, 8, 9)  # what stands there, in today's light
    source.box(1, 4, 4, 6, 6, RED, standing=True)
    source.box(2, 2, 2, 6, 6, GREEN)
    composer = Composer(source)
    behind = composer.render(recipe(2, 1))
    assert behind.picture[4, 4].tolist() == [7, 8, 9]
    assert behind.picture[2, 2].tolist() == list(GREEN)
    assert behind.labels[0].hidden_by == ((1, 16),)
    before = composer.render(recipe(1, 2))
    assert before.picture[4, 4].tolist() == list(GREEN)
    assert before.labels[0].occlusion_permille == round(1000 * 16 / 36)


def test_what_stands_there_and_is_switched_off_is_ignored_and_not_road():
    source = PaintedPieces(plain(40, 20, (50, 50, 50)))
    source.box(1, 4, 4, 6, 6, RED, standing=True)
    source.box(9, 20, 4, 3, 3, RED)
    found = Composer(source).render(recipe(RecipeObject(1, shown=False), ignored=(9,)))
    assert [(one.x, one.y, one.bits.shape) for one in found.ignored] == [(20, 4, (3, 3)), (4, 4, (6, 6))]
    assert found.labels == ()


def test_shadows_fall_on_the_ground_and_not_on_what_stands_in_front_of_it():
    source = PaintedPieces(plain(40, 20, (100, 100, 100)))
    source.box(1, 2, 2, 10, 8, RED)
    alpha, shade = np.zeros((8, 12), np.uint8), np.full((8, 12), 255, np.uint8)
    alpha[0:4, 4:8] = 255
    shade[4:6, :] = 51  # a fifth of the light
    source.paint(2, 4, 6, np.full((8, 12, 3), 250, np.uint8), alpha, shade=shade)
    picture = Composer(source).picture(recipe(1, 2))
    assert picture[10, 13].tolist() == [20, 20, 20]  # the ground in the shadow
    assert picture[8, 3].tolist() == list(RED)  # the far car, though it is where no shadow is anyway
    source.box(3, 2, 2, 10, 10, RED)  # one that covers the place of the shadow
    assert Composer(source).picture(recipe(3, 2))[10, 5].tolist() == list(RED)


def test_where_two_shadows_meet_the_deeper_one_counts():
    source = PaintedPieces(plain(40, 20, (100, 100, 100)))
    nothing = np.zeros((4, 4), np.uint8)
    nothing[0, 0] = 255
    for piece_id, light in ((1, 102), (2, 153)):
        shade = np.full((4, 4), light, np.uint8)
        source.paint(piece_id, 4 + piece_id, 4, np.zeros((4, 4, 3), np.uint8), nothing, shade=shade)
    for order in ((1, 2), (2, 1)):
        picture = Composer(source).picture(recipe(*order))
        assert picture[6, 5:10, 0].tolist() == [40, 40, 40, 40, 60]


def test_an_object_takes_the_light_of_the_background():
    source = PaintedPieces(plain(60, 30, (90, 60, 30)))
    ring = np.zeros((10, 10), np.uint8)
    ring[:4] = 255  # 40 pixels, of 60, 60, 60 in the object's frame
    alpha = np.zeros((10, 10), np.uint8)
    alpha[5:9, 2:8] = 255
    colour = np.full((10, 10, 3), 100, np.uint8)
    source.paint(1, 3, 3, colour, alpha, ring=ring, light=(2400, 2400, 2400, 40))
    assert Composer(source).picture(recipe(1))[9, 6].tolist() == [150, 100, 50]


def soft_pieces(seed: int) -> PaintedPieces:
    """Pieces with soft edges, shadows and light, all random."""
    rng = np.random.default_rng(seed)
    source = PaintedPieces(rng.integers(0, 256, (24, 36, 3), dtype=np.uint8))
    for piece_id in range(1, 6):
        h, w = rng.integers(4, 12, 2)
        x, y = rng.integers(0, 36 - w), rng.integers(0, 24 - h)
        alpha = rng.choice(np.array([0, 17, 128, 200, 255], np.uint8), (h, w))
        alpha[0, 0] = 255
        shade = rng.integers(100, 256, (h, w), dtype=np.uint8)
        ring = rng.choice(np.array([0, 255], np.uint8), (h, w))
        light = (*(int(one) for one in rng.integers(2000, 9000, 3)), int((ring > 0).sum()))
        source.paint(
            piece_id, int(x), int(y), rng.integers(0, 256, (h, w, 3), dtype=np.uint8), alpha,
            shade=shade, ring=ring, light=light,
        )  # fmt: skip
    return source


def by_plain_numbers(source: PaintedPieces, order: tuple[int, ...]) -> list[list[list[int]]]:
    """A composite by Python's own whole numbers, pixel by pixel: the same rules, nothing else shared."""
    import cv2

    def planes(data: bytes) -> list[list[list[int]]]:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].tolist()

    ground = source.backgrounds[1].tolist()
    height, width = len(ground), len(ground[0])
    light = [[255] * width for _ in range(height)]
    for one in order:
        cut = source.cut[one]
        for row, line in enumerate(planes(cut.planes)):
            for column, (_, shade, _) in enumerate(line):
                place = light[cut.y + row]
                place[cut.x + column] = min(place[cut.x + column], shade)
    canvas = [
        [[(2 * value * light[r][c] + 255) // 510 for value in ground[r][c]] for c in range(width)]
        for r in range(height)
    ]
    for one in order:
        cut = source.cut[one]
        colours, shares = planes(cut.pixels), planes(cut.planes)
        compared = [(r, c) for r in range(cut.h) for c in range(cut.w) if shares[r][c][2]]
        gains = [256, 256, 256]
        if len(compared) >= 32:
            for k in range(3):
                there = sum(ground[cut.y + r][cut.x + c][k] for r, c in compared)
                gains[k] = min(max((2 * there * 256 + cut.light[k]) // (2 * cut.light[k]), 128), 512)
        for r in range(cut.h):
            for c in range(cut.w):
                alpha = shares[r][c][0]
                below = canvas[cut.y + r][cut.x + c]
                for k in range(3):
                    above = min((colours[r][c][k] * gains[k] + 128) // 256, 255)
                    below[k] = (2 * (alpha * above + (255 - alpha) * below[k]) + 255) // 510
    return canvas


@pytest.mark.parametrize("seed", range(4))
def test_plain_whole_numbers_give_the_same_bytes(seed):
    source = soft_pieces(seed)
    order = (3, 1, 5, 2, 4)
    assert Composer(source).picture(recipe(*order)).tolist() == by_plain_numbers(source, order)


def test_what_was_rendered_before_changes_nothing():
    source = soft_pieces(9)
    orders = list(itertools.islice(itertools.permutations((1, 2, 3, 4, 5)), 0, 120, 17))
    fresh = [Composer(source).picture(recipe(*order)).tobytes() for order in orders]
    used = Composer(source)
    small = Composer(source, cache_bytes=2000)
    for composer in (used, small):
        again = [composer.picture(recipe(*order)).tobytes() for order in reversed(orders)]
        assert again[::-1] == fresh


def test_memory_does_not_grow_with_what_is_rendered():
    source = PaintedPieces(plain(64, 48, (9, 9, 9)))
    rng = np.random.default_rng(0)
    for piece_id in range(200):
        colour = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
        source.paint(piece_id, piece_id % 40, piece_id % 24, colour, np.full((20, 20), 255, np.uint8))
    composer = Composer(source, cache_bytes=100_000)
    for piece_id in range(200):
        composer.render(recipe(piece_id, (piece_id + 7) % 200))
        assert composer.held_bytes <= 100_000
    assert source.cutouts_read > 200  # some had to be read again


def test_cutouts_are_read_once_while_they_are_kept():
    source = three_boxes()
    composer = Composer(source)
    for _ in range(3):
        composer.render(recipe(1, 2, 3))
    assert source.cutouts_read == 3


def test_labels_need_no_pixels():
    source = three_boxes()
    source.cut.clear()
    assert len(Composer(source).labels(recipe(1, 2, 3))) == 3


def test_one_piece_may_come_twice_as_in_walt():
    far, near = Composer(three_boxes()).labels(recipe(1, 1))
    assert far.occlusion_permille == 1000
    assert near.occlusion_permille == 0


def test_a_dragged_object_takes_its_mask_points_and_pose_along():
    source = PaintedPieces(plain(60, 40, (50, 50, 50)))
    keypoints = points((12.0, 11.0, KeypointTag.VISIBLE))
    source.box(1, 10, 10, 8, 6, RED, keypoints=keypoints, fit=standing_fit(20.0, 5.0))
    composite = Composer(source).render(recipe(moved(1, 1.0, 20.0, 5.0, reach=1.5)))
    assert composite.picture[15, 30].tolist() == list(RED)
    assert composite.picture[10, 10].tolist() == [50, 50, 50]
    label = composite.labels[0]
    assert label.amodal_box == Box(30, 15, 8, 6)
    assert label.keypoints is not None
    assert (label.keypoints.points[0].x, label.keypoints.points[0].y) == (32.0, 16.0)
    assert label.fit is not None
    assert label.fit.translation == pytest.approx((0.0, 5.0, 30.0))
    assert label.fit.place_m == (30.0, 0.0)


def test_a_dragged_person_takes_the_body_along_and_needs_the_ground_for_it():
    ground = GroundPlane(np.array([0.0, -1.0, 0.0]), 5.0)
    body = person_at(ground, (20.0, 0.0))
    for up in (tuple(ground.normal), None):
        source = PaintedPieces(plain(60, 40, (50, 50, 50)))
        source.box(1, 10, 10, 8, 6, RED, category=Category.PERSON, fit=body, up=up)
        [label] = Composer(source).render(recipe(moved(1, 1.0, 20.0, 5.0, reach=1.5))).labels
        if up is None:
            assert label.fit is None
        else:
            assert label.fit is not None
            assert label.fit.place_m == (30.0, 0.0)
            # as high above the ground as it was
            assert label.fit.translation[1] == pytest.approx(body.translation[1])
        # where it was cut out, the ground is not asked for
        [label] = Composer(source).render(recipe(1)).labels
        assert label.fit == body


def damage_mask(source: PaintedPieces, piece_id: int) -> None:
    source.by_id[piece_id] = dataclasses.replace(source.by_id[piece_id], mask=Rle(20, 40, b"7"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda source: source.by_id.pop(2), "Piece 2"),
        (lambda source: source.cut.pop(2), "Piece 2"),
        (lambda source: source.backgrounds.clear(), "Background 1"),
        (lambda source: source.rles.pop(3), "Mask 3"),
        (lambda source: damage_mask(source, 2), "Mask 2 of this composite is damaged"),
        (lambda source: source.rles.update({3: Rle(20, 40, b"7")}), "Mask 3 of this composite is damaged"),
        (lambda source: source.backgrounds.update({1: plain(12, 20, (0, 0, 0))}), "another size"),
    ],
)
def test_what_is_missing_is_said(change, words):
    source = three_boxes()
    change(source)
    with pytest.raises(CompositeError, match=words):
        Composer(source).render(recipe(1, 2, ignored=(3,)))


def test_a_recipe_of_another_composer_is_refused():
    other = dataclasses.replace(recipe(1), composer_version=COMPOSER_VERSION + 1)
    for ask in (Composer.render, Composer.picture, Composer.labels):
        with pytest.raises(CompositeError, match="version"):
            ask(Composer(three_boxes()), other)


def test_what_stands_in_the_background_cannot_be_dragged():
    source = PaintedPieces(plain(40, 20, (50, 50, 50)))
    source.box(1, 4, 4, 6, 6, RED, standing=True)
    for ask in (Composer.render, Composer.picture, Composer.labels):
        with pytest.raises(CompositeError, match="stands in the background"):
            ask(Composer(source), recipe(moved(1, 1.0, 3.0, 0.0)))
