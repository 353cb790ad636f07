"""From a rendered recipe to what the Compose workspace draws of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import hypot
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.controllers.review_overlay import canvas_box
from app.states.compose import CompositeState, Layer, Missing
from app.states.keypoints import CardTone, DrawnPoint, FitCard
from core.compositing.edited import Places, foot_of
from core.compositing.labels import hidden_percent
from core.geometry.masks import patch_area
from core.geometry.outlines import outline_segments
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin
from core.records.recipes import ObjectLabel, PieceRow, Recipe, RecipeObject, Sampler
from core.records.shapes import KeypointTag

if TYPE_CHECKING:
    from core.compositing.render import Composite

SAMPLER_NAMES = {Sampler.WALT3D: "WALT3D", Sampler.WALT2D: "WALT2D"}
TAG_WORDS = {
    KeypointTag.VISIBLE: "visible",
    KeypointTag.SELF_OCCLUDED: "self-occluded",
    KeypointTag.OTHER_OCCLUDED: "other-occluded",
    KeypointTag.TRUNCATED: "truncated",
}
_MM = 1000.0
_KEPT = 256


class Outlines:
    """Borders of masks, kept as long as the mask of an object is the same."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[MaskPatch, NDArray[np.float64]]] = OrderedDict()

    def of(self, piece_id: int, mask: MaskPatch) -> NDArray[np.float64]:
        """The border of a piece's mask (see core.geometry.outlines)."""
        found = self._kept.get(piece_id)
        if found is None or found[0] is not mask:
            found = self._kept[piece_id] = mask, outline_segments(mask)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found[1]


def draw(
    recipe: Recipe,
    composite: Composite,
    rows: Mapping[int, PieceRow],
    places: Places,
    title: str,
    outlines: Outlines,
) -> CompositeState:
    """A rendered recipe as it is drawn.

    Args:
        rows: of its pieces, by id.
        places: of its pieces.
        outlines: of masks that were drawn lately.
    """
    names = {row.instance_id: called(row) for row in rows.values()}
    hiders = [names.get(label.instance_id, "") for label in composite.labels]
    colours = colours_of(recipe)
    height, width = composite.picture.shape[:2]
    layers: list[Layer] = []
    labels = iter(composite.labels)
    for key, one in enumerate(recipe.objects):
        label = next(labels) if one.shown else None
        if one.piece_id in rows:
            layer = _layer(key, one, label, rows[one.piece_id], places, names, hiders, outlines)
            layers.insert(0, replace(layer, colour=colours[one.piece_id]))
    flat = recipe.sampler is Sampler.WALT2D
    return CompositeState(composite.picture, width, height, title, tuple(layers), flat=flat)


def called(row: PieceRow) -> str:
    """What a piece is called, such as "car 33": by its instance."""
    return f"{row.category.value} {row.instance_id}"


def colours_of(recipe: Recipe) -> dict[int, int]:
    """Piece id -> number of its colour: far from each other in one composite, and the same in any order."""
    return {piece_id: rank for rank, piece_id in enumerate(sorted({one.piece_id for one in recipe.objects}))}


def title_of(recipe: Recipe, named: int | None = None) -> str:
    """What is shown, such as "WALT3D, seed 12: 9 objects"; out of a set, by the recipe's id."""
    count = sum(one.shown for one in recipe.objects)
    objects = "1 object" if count == 1 else f"{count} objects"
    which = f"seed {recipe.seed}" if named is None else f"composite {named}"
    return f"{SAMPLER_NAMES[recipe.sampler]}, {which}: {objects}"


def card_of(layer: Layer | None, flat: Missing) -> FitCard:
    """What is said of the selected layer; without one, why there is no geometry, where there is none."""
    if layer is None and flat.title:
        return FitCard(CardTone.DOUBTFUL, flat.title, flat.text, flat.action, flat.action_text)
    if layer is None:
        return FitCard(CardTone.QUIET, "No layer selected", "Click an object, or a row above.")
    facts: list[tuple[str, str]] = []
    if layer.distance_m is not None:
        facts.append(("Distance", f"{layer.distance_m:.1f} m" + (", moved" if layer.moved else "")))
    tags = [point.tag for point in layer.points if point is not None]
    counts = [f"{tags.count(tag)} {word}" for tag, word in TAG_WORDS.items() if tag in tags]
    if counts:
        facts.append(("Points", ", ".join(counts)))
    if not layer.shown:
        return FitCard(
            CardTone.QUIET, layer.name, "Switched off: neither drawn nor labelled.", facts=tuple(facts)
        )
    if layer.stale:
        text = "Stale: its mask, points, fit or calibration has changed since it was cut."
        return FitCard(CardTone.DOUBTFUL, layer.name, text, "compose.cut", "Cut again…", tuple(facts))
    text = "Nothing hides it."
    if layer.hidden_percent:
        by = f", by {' and '.join(layer.hidden_by)}" if layer.hidden_by else ""
        text = f"{layer.hidden_percent} % hidden{by}."
    if layer.standing:
        text += " It stands in the background, and stays there."
    return FitCard(CardTone.QUIET, layer.name, text, facts=tuple(facts))


def hidden_percents(composite: Composite) -> tuple[int, ...]:
    """Hidden share of each object that is shown, far to near, as recipes keep it."""
    return tuple(_hidden(label) for label in composite.labels)


def _hidden(label: ObjectLabel) -> int:
    whole = patch_area(label.amodal)
    return hidden_percent(whole - patch_area(label.modal), whole)


def _layer(
    key: int,
    one: RecipeObject,
    label: ObjectLabel | None,
    row: PieceRow,
    places: Places,
    names: Mapping[int, str],
    hiders: Sequence[str],
    outlines: Outlines,
) -> Layer:
    foot = foot_of(one, places)
    distance = None
    if foot is not None:
        count = len(foot.corners)
        distance = hypot(*(sum(corner[axis] for corner in foot.corners) / count / _MM for axis in (0, 1)))
    plain = Layer(
        key=key,
        piece_id=one.piece_id,
        instance_id=row.instance_id,
        name=called(row),
        shown=one.shown,
        standing=row.standing,
        moved=not one.move.stays,
        stale=row.stale,
        distance_m=distance,
    )
    if label is None:
        return plain
    return replace(
        plain,
        hidden_percent=_hidden(label),
        hidden_by=tuple(hiders[index] for index, _ in label.hidden_by),
        box=canvas_box(label.amodal_box),
        amodal=label.amodal,
        modal=label.modal,
        outline=outlines.of(one.piece_id, label.amodal),
        points=_points(label, names),
    )


def _points(label: ObjectLabel, names: Mapping[int, str]) -> tuple[DrawnPoint | None, ...]:
    if label.keypoints is None:
        return ()
    return tuple(
        None
        if point is None
        else DrawnPoint(
            point.x,
            point.y,
            point.tag,
            point.origin is not LabelOrigin.FIT,
            hider="" if point.hider is None else names.get(point.hider, ""),
        )
        for point in label.keypoints.points
    )
