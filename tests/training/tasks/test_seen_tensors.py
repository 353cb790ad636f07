"""Objects of pictures travel between processes to the bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.networks.amodal_rcnn.settings import POINTS
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.seen import Car3D, Person3D, SeenObject
from core.records.shapes import KeypointTag
from core.training.tasks.seen_tensors import packed, unpacked
from core.training.validating import _packed, _unpacked

numbers = st.floats(-1e4, 1e4)
masks = st.none() | st.builds(
    MaskPatch,
    st.integers(0, 4000),
    st.integers(0, 4000),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).flatmap(lambda form: arrays(np.bool_, form)),
)
places = arrays(np.float64, (POINTS, 2), elements=numbers | st.just(np.nan), fill=st.just(np.nan))
solids = (
    st.none()
    | st.builds(
        Car3D, *(arrays(np.float64, form, elements=numbers, fill=st.just(0.0)) for form in ((3, 3), 3, 5))
    )
    | st.builds(
        Person3D,
        *(arrays(np.float64, form, elements=numbers, fill=st.just(0.0)) for form in ((24, 3, 3), 3, 10)),
    )
)
objects = st.builds(
    SeenObject,
    st.sampled_from(list(Category)),
    st.floats(0, 1),
    st.builds(Box, numbers, numbers, st.floats(0, 1e4), st.floats(0, 1e4)),
    masks,
    masks,
    places,
    arrays(np.float64, (POINTS,), elements=st.floats(0, 1), fill=st.just(0.0)),
    st.tuples(*[st.sampled_from(list(KeypointTag))] * POINTS),
    solids,
)


def same_mask(one: MaskPatch | None, other: MaskPatch | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.x, one.y) == (other.x, other.y) and np.array_equal(one.bits, other.bits)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(objects, max_size=3), max_size=3))
def test_they_come_back_as_they_were(pictures: list[list[SeenObject]]) -> None:
    carried = list(_unpacked(_packed([packed(one, "said.") for one in pictures])))
    assert len(carried) == len(pictures)
    for given_ones, tensors in zip(pictures, carried, strict=True):
        back = unpacked(tensors, "said.")
        assert len(back) == len(given_ones)
        for ours, theirs in zip(back, given_ones, strict=True):
            assert (ours.category, ours.score, ours.box) == (theirs.category, theirs.score, theirs.box)
            assert ours.tags == theirs.tags
            assert np.array_equal(ours.places, theirs.places, equal_nan=True)
            assert np.array_equal(ours.sure, theirs.sure)
            assert same_mask(ours.whole, theirs.whole)
            assert same_mask(ours.modal, theirs.modal)
            assert type(ours.solid) is type(theirs.solid)
            for name in () if ours.solid is None else ours.solid.__slots__:
                assert np.array_equal(getattr(ours.solid, name), getattr(theirs.solid, name))
