"""Where composites are drawn: the stock of one camera, its samplers and the composer, used by one thread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.controllers.compose_drawing import draw, hidden_percents, title_of
from app.controllers.compose_reads import ComposeReads, Ingredients
from app.controllers.compose_scene import scene_from_above
from app.controllers.fits_desk import Spaces
from app.controllers.fits_scene import World
from app.states.compose import CompositeState
from app.states.scene import Scene
from core.compositing.edited import can_swap, swapped
from core.records.recipes import Recipe, RecipeRow, Sampler

if TYPE_CHECKING:
    from core.jobs.composites import CameraStock

    from core.compositing.render import Composer, Composite

_KEPT = 4
Change = Callable[["Rendered"], tuple[Recipe, int | None] | None]


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A recipe with everything that is drawn of it.

    Attributes:
        recipe: what it is made of. row: as it stands in the project, or None.
        percents: hidden share of each object that is shown, far to near.
        ingredients: what is known of its pieces.
        world: the calibrated camera, for pictures of this size.
        state, scene: to draw; nothing is selected in them.
        selected: the layer that a change was about, or None.
        covers_ignored: whether something lies over what stands in the background and has no place.
    """

    recipe: Recipe
    row: RecipeRow | None
    percents: tuple[int, ...]
    ingredients: Ingredients
    world: World | None
    state: CompositeState
    scene: Scene
    selected: int | None = None
    covers_ignored: bool = False


class ComposeBench:
    """One camera's.

    Args:
        reads: of the project.
        camera_id: whose.
        sampler: how composites are drawn from a seed.
    """

    def __init__(self, reads: ComposeReads, camera_id: int, sampler: Sampler) -> None:
        self._reads, self._camera_id, self._sampler = reads, camera_id, sampler
        self._stock: CameraStock | None = None
        self._composer: Composer | None = None
        self._spaces = Spaces()
        self._worlds: dict[tuple[int, int], World | None] = {}
        self._ahead: OrderedDict[tuple[str, int, int], Rendered] = OrderedDict()
        self.current: Rendered | None = None

    # ---- what is shown --------------------------------------------------------------------------

    def draw(self, seed: int, background_id: int | None) -> Rendered:
        """The composite of a seed, drawn here.

        Args:
            background_id: on which; None takes one of the camera's by the seed.

        Raises:
            CompositeError: there is too little to draw from.
        """
        self.current = self.draw_ahead(seed, background_id)
        return self.current

    def draw_ahead(self, seed: int, background_id: int | None) -> Rendered:
        """The same, before anybody looks at it."""
        key = ("seed", seed, background_id or 0)
        found = self._ahead.get(key)
        if found is None:
            sampled = self._loaded().sample(self._sampler, seed, background_id)
            found = self._keep(key, self._rendered(sampled.recipe, None))
        return found

    def fetch(self, recipe_id: int) -> Rendered | None:
        """A composite of the project; None where it is gone.

        Raises:
            CompositeError: something that it is made of is missing.
        """
        found = self.fetch_ahead(recipe_id)
        if found is not None:
            self.current = found
        return found

    def fetch_ahead(self, recipe_id: int) -> Rendered | None:
        """The same, before anybody looks at it."""
        key = ("recipe", recipe_id, 0)
        found = self._ahead.get(key)
        if found is None:
            rows = self._reads.recipes([recipe_id])
            if not rows:
                return None
            found = self._keep(key, self._rendered(rows[0].recipe, rows[0]))
        return found

    def show(self, rendered: Rendered) -> Rendered:
        """Goes back to a composite that was there before."""
        self.current = rendered
        return rendered

    # ---- changes --------------------------------------------------------------------------------

    def change(self, change: Change) -> Rendered | None:
        """What is shown, changed; None where the change leaves it as it is.

        Args:
            change: gives the changed recipe, and the layer in it that it was about.

        Raises:
            CompositeError: it cannot be changed like that.
        """
        assert self.current is not None
        found = change(self.current)
        if found is None or found[0] == self.current.recipe:
            return None
        recipe, index = found
        # it is no longer the one that stands in the project
        self.current = replace(self._rendered(recipe, None), selected=index)
        return self.current

    def held(self, recipe: Recipe, index: int) -> Rendered:
        """A recipe while one of its layers is held; what is shown stays what it was."""
        return replace(self._rendered(recipe, None), selected=index)

    def swap_choices(self, rendered: Rendered, index: int) -> list[int]:
        """Pieces that may stand in a composite instead of a layer, the best first."""
        recipe = rendered.recipe
        candidates = self._reads.swap_candidates(recipe.objects[index].piece_id)
        allowed = self._loaded().fitting(recipe, [row.id for row in candidates])
        known = self._reads.ingredients([*(one.piece_id for one in recipe.objects), *allowed])
        return can_swap(recipe, index, allowed, known.places)

    def swapped(self, rendered: Rendered, index: int, piece_id: int) -> tuple[Recipe, int]:
        """A composite's recipe with another piece instead of a layer's."""
        ids = [*(one.piece_id for one in rendered.recipe.objects), piece_id]
        return swapped(rendered.recipe, index, piece_id, self._reads.ingredients(ids).places)

    def beside(self, recipe: Recipe) -> Rendered:
        """WALT2D's composite of the same objects.

        Raises:
            CompositeError: one of them is no longer in the stock.
        """
        return self._rendered(self._loaded().same_objects(recipe).recipe, None)

    # ---- details --------------------------------------------------------------------------------

    def _loaded(self) -> CameraStock:
        if self._stock is None:
            self._stock = self._reads.stock(self._camera_id)
        return self._stock

    def _keep(self, key: tuple[str, int, int], found: Rendered) -> Rendered:
        self._ahead[key] = found
        while len(self._ahead) > _KEPT:
            self._ahead.popitem(last=False)
        return found

    def _rendered(self, recipe: Recipe, row: RecipeRow | None) -> Rendered:
        if self._composer is None:
            self._composer = self._reads.composer()
        composite = self._composer.render(recipe)
        known = self._reads.ingredients([one.piece_id for one in recipe.objects])
        height, width = composite.picture.shape[:2]
        if (width, height) not in self._worlds:
            self._worlds[width, height] = self._reads.world(self._camera_id, width, height)
        world = self._worlds[width, height]
        title = title_of(recipe, None if row is None else row.id)
        return Rendered(
            recipe,
            row,
            hidden_percents(composite),
            known,
            world,
            draw(recipe, composite, known.rows, known.places, title),
            scene_from_above(
                world,
                recipe,
                composite.labels,
                known.rows,
                known.fits,
                known.places,
                self._spaces.read().shop,
                None,
            ),
            covers_ignored=_covers_ignored(composite),
        )


def _covers_ignored(composite: Composite) -> bool:
    from core.geometry.masks import patch_intersection_area

    return any(
        patch_intersection_area(label.amodal, patch)
        for label in composite.labels
        for patch in composite.ignored
    )
