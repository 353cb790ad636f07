"""Which faces are skin, hair, shirt, trousers or shoes, for any body of SMPL's form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shapes.body.model import BodyModel
from core.shapes.body.skeleton import Joint

IndexArray = NDArray[np.int32]

_REGION_OF: dict[Joint, str] = {
    Joint.PELVIS: "trousers",
    Joint.LEFT_HIP: "trousers",
    Joint.RIGHT_HIP: "trousers",
    Joint.LEFT_KNEE: "trousers",
    Joint.RIGHT_KNEE: "trousers",
    Joint.LEFT_ANKLE: "shoes",
    Joint.RIGHT_ANKLE: "shoes",
    Joint.LEFT_FOOT: "shoes",
    Joint.RIGHT_FOOT: "shoes",
    Joint.NECK: "skin",
    Joint.HEAD: "skin",
    Joint.LEFT_WRIST: "skin",
    Joint.RIGHT_WRIST: "skin",
    Joint.LEFT_ELBOW: "sleeves",
    Joint.RIGHT_ELBOW: "sleeves",
}
_BODY = tuple(Joint)[:22]
"""The joints that SMPL and SMPL-X have in common; those after them are of hands and face."""
REGIONS = ("skin", "hair", "shirt", "sleeves", "trousers", "shoes")
"""Forearms are sleeves, so that a shirt may be short."""


def clothing_regions(model: BodyModel) -> dict[str, IndexArray]:
    """Region -> (n,) face indices; every face belongs to one region."""
    owner = model.weights[model.faces].sum(axis=1).argmax(axis=1)
    names = np.full(len(model.parents), "skin", dtype=object)  # SMPL-X's jaw, eyes and fingers, too
    names[: len(_BODY)] = [_REGION_OF.get(joint, "shirt") for joint in _BODY]
    region = names[owner]
    region[_is_hair(model) & (owner == Joint.HEAD)] = "hair"
    return {name: np.flatnonzero(region == name).astype(np.int32) for name in REGIONS}


def _is_hair(model: BodyModel) -> NDArray[np.bool_]:
    """Faces above a line from the forehead down to the nape."""
    head = model.template[model.weights[:, Joint.HEAD] > 0.5]
    low, high = head.min(axis=0), head.max(axis=0)
    places = (model.template[model.faces].mean(axis=1) - low) / (high - low)
    return np.asarray(places[:, 1] > 0.50 + 0.42 * places[:, 2])
