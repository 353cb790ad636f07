"""The reach of masks: of shapes that are known, and where their edges are not their own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fitting.vehicles.outline import DIRECTIONS, outline_of
from core.geometry.cameras import pinhole
from core.geometry.masks import empty_patch, full_to_patch
from core.records.masks import MaskPatch

CAMERA = pinhole(400, 300, 500.0)


def disc(x: float, y: float, radius: float) -> MaskPatch:
    rows, columns = np.mgrid[:300, :400]
    return full_to_patch(np.hypot(columns - x, rows - y) <= radius)


@given(x=st.floats(120, 280), y=st.floats(100, 200), radius=st.floats(10, 60))
def test_a_disc_reaches_its_radius_everywhere(x: float, y: float, radius: float) -> None:
    outline = outline_of(disc(x, y, radius), CAMERA)
    reach = outline.supports_px - DIRECTIONS @ np.array([x, y])
    # its edge lies within a pixel of the outermost centre inside
    np.testing.assert_allclose(reach, radius, atol=0.8)
    assert outline.free.all()
    assert outline.size_px == pytest.approx(2 * radius, abs=1.5)
    assert outline.contact_px == pytest.approx([x, y + radius], abs=1.0)


def test_holes_and_dents_do_not_matter() -> None:
    whole = disc(200, 150, 40)
    holed = MaskPatch(whole.x, whole.y, whole.bits.copy())
    holed.bits[20:60, 20:60] = False
    np.testing.assert_array_equal(
        outline_of(holed, CAMERA).supports_px, outline_of(whole, CAMERA).supports_px
    )


def test_what_the_border_cuts_is_not_the_cars_own() -> None:
    outline = outline_of(disc(10, 150, 40), CAMERA)
    leftwards = DIRECTIONS[:, 0] < -0.01
    assert not outline.free[leftwards].any()
    assert outline.free[DIRECTIONS[:, 0] > 0.5].all()


def test_what_another_object_hides_is_not_the_cars_own() -> None:
    bits = np.zeros((300, 400), dtype=np.bool_)
    bits[100:200, 100:200] = True
    car = full_to_patch(bits)
    hider = np.zeros((300, 400), dtype=np.bool_)
    hider[90:220, 200:260] = True
    outline = outline_of(car, CAMERA, [full_to_patch(hider)])
    assert not outline.free[0]  # to the right
    assert outline.free[8]  # to the left
    assert outline_of(car, CAMERA).free.all()


def test_a_lens_is_undone() -> None:
    bent = pinhole(400, 300, 500.0, distortion=(-0.2, 0.0, 0.0, 0.0))
    mask = disc(330, 220, 30)
    edge = outline_of(mask, bent).supports_px
    straight = outline_of(mask, CAMERA).supports_px
    # barrel distortion pulls pixels inwards: undone, the far corner lies further out
    assert edge[2] > straight[2] + 1.0


def test_an_empty_mask_reaches_nowhere() -> None:
    outline = outline_of(empty_patch(), CAMERA)
    assert not outline.free.any()
    assert outline.size_px == 0.0
    assert np.isnan(outline.contact_px).all()
