"""Where composites are drawn: the stock of one camera, its samplers and the composer, used by one thread.

What draws them is imported there, too: half a second in which the window would stand still.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.controllers.bodies import BodyShelf
from app.controllers.compose_drawing import Outlines, draw, hidden_percents, title_of
from app.controllers.compose_reads import ComposeReads, Ingredients
from app.controllers.compose_scene import ScenesFromAbove
from app.controllers.fits_scene import World
from app.controllers.fits_shop import Spaces
from app.states import scene as drawn_scenes
from app.states.compose import CompositeState
from core.compositing.edited import can_swap, swapped
from core.errors import CompositeError
from core.geometry.masks import patch_intersection_area
from core.records.recipes import Recipe, RecipeRow, Sampler, Split

if TYPE_CHECKING:
    from core.compositing.render import Composer, Composite
    from core.compositing.sampling.stock import Scene
    from core.compositing.sampling.walt2d import Walt2dSampler
    from core.compositing.sampling.walt3d import Walt3dSampler
    from core.jobs.compose.stock import CameraStock
    from core.jobs.composites import StoredPieces

SAME_OBJECTS = "WALT2D: the same objects in random order"

_KEPT = 4
_CACHE_BYTES = 96 * 2**20  # the window has little memory to spare
Change = Callable[["Rendered"], tuple[Recipe, int | None] | None]


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A recipe with everything that is drawn of it.

    Attributes:
        recipe: what it is made of. row: as it stands in the project, or None.
        named: id of the recipe by which it is called, its own or the one that it was made from; or None.
        percents: hidden share of each object that is shown, far to near.
        ingredients: what is known of its pieces.
        world: the calibrated camera, for pictures of this size.
        state, scene: to draw; nothing is selected in them.
        selected: the layer that a change was about, or None.
        covers_ignored: whether something lies over what stands in the background and has no place.
    """

    recipe: Recipe
    row: RecipeRow | None
    named: int | None
    percents: tuple[int, ...]
    ingredients: Ingredients
    world: World | None
    state: CompositeState
    scene: drawn_scenes.Scene
    selected: int | None = None
    covers_ignored: bool = False


class ComposeBench:
    """One camera's.

    Args:
        reads: of the project.
        camera_id: whose.
        sampler: how composites are drawn from a seed.
        bodies: the body models that are here; None stands for the program's own alone.

    Attributes:
        whole: whether seeds draw from all objects, because those for training alone are too few.
    """

    def __init__(
        self, reads: ComposeReads, camera_id: int, sampler: Sampler, bodies: BodyShelf | None = None
    ) -> None:
        self._reads, self._camera_id, self._sampler = reads, camera_id, sampler
        self._bodies = bodies or BodyShelf()
        self._stock: CameraStock | None = None
        self.whole = False
        self._drawn_by: Walt3dSampler | Walt2dSampler | None = None
        self._source: StoredPieces | None = None
        self._composer: Composer | None = None
        self._ingredients: OrderedDict[frozenset[int], Ingredients] = OrderedDict()
        self._from_above: ScenesFromAbove | None = None
        self._outlines = Outlines()
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
            found = self._keep(key, self._rendered(self._sampled(seed, background_id), None))
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
        self.current = self.held(recipe, index)
        return self.current

    def held(self, recipe: Recipe, index: int | None) -> Rendered:
        """What is shown, changed to another recipe, as while one of its layers is held."""
        assert self.current is not None
        # it is no longer the one that stands in the project
        return replace(self._rendered(recipe, None, self.current.named), selected=index)

    def swap_choices(self, rendered: Rendered, index: int) -> list[int]:
        """Pieces that may stand in a composite instead of a layer, the best first."""
        recipe = rendered.recipe
        candidates = self._reads.swap_candidates(recipe.objects[index].piece_id)
        found = [row.id for row in candidates if self._fits(row.id, recipe)]
        return can_swap(recipe, index, found, self._known([*_pieces(recipe), *found]).places)

    def swapped(self, rendered: Rendered, index: int, piece_id: int) -> tuple[Recipe, int]:
        """A composite's recipe with another piece instead of a layer's."""
        places = self._known([*_pieces(rendered.recipe), piece_id]).places
        return swapped(rendered.recipe, index, piece_id, places)

    def beside(self, recipe: Recipe) -> Rendered:
        """WALT2D's composite of the same objects.

        Raises:
            CompositeError: one of them is no longer in the stock.
        """
        from core.compositing.sampling.stock import Scene
        from core.compositing.sampling.walt2d import Walt2dSampler

        scene = self._scene(recipe.background_id) or Scene(recipe.background_id, None)
        other = Walt2dSampler(self._loaded().stock).same_objects(recipe, scene).recipe
        found = self._rendered(other, None)
        return replace(found, state=replace(found.state, title=SAME_OBJECTS))

    def close(self) -> None:
        """Lets go of the project's file."""
        if self._source is not None:
            self._source.close()

    # ---- details --------------------------------------------------------------------------------

    def _loaded(self) -> CameraStock:
        if self._stock is None:
            self._stock = self._reads.stock(self._camera_id)
        return self._stock

    def _sampled(self, seed: int, background_id: int | None) -> Recipe:
        """The recipe of a seed, for training.

        Little footage split into training, validation and test may leave too little for any: then it is drawn
        from all of it.
        """
        try:
            return self._sampled_on(self._scenes(background_id), seed)
        except CompositeError:
            if self.whole:
                raise
            before = self._stock, self._drawn_by
            self.whole, self._drawn_by = True, None
            self._stock = self._reads.stock(self._camera_id, whole=True)
            try:
                return self._sampled_on(self._scenes(background_id), seed)
            except CompositeError:
                self.whole, (self._stock, self._drawn_by) = False, before
                raise

    def _scenes(self, background_id: int | None) -> tuple[Scene, ...]:
        scenes = self._loaded().scenes
        if background_id is not None:
            scenes = tuple(one for one in scenes if one.background_id == background_id)
        if not scenes:
            raise CompositeError(
                "There is no background of the size of this camera's footage.", "Make the background again."
            )
        return scenes

    def _sampled_on(self, scenes: tuple[Scene, ...], seed: int) -> Recipe:
        """On the first background that has room for a composite, from the seed's own on."""
        if self._drawn_by is None:
            from core.jobs.compose.draw import sampler_of
            from core.jobs.composite_settings import ComposeSettings

            self._drawn_by = sampler_of(self._loaded(), ComposeSettings(sampler=self._sampler.value))
        problem: CompositeError | None = None
        for number in range(len(scenes)):
            scene = scenes[(seed + number) % len(scenes)]
            try:
                return self._drawn_by.recipe(seed, scene, Split.TRAIN).recipe
            except CompositeError as refused:
                problem = problem or refused
        assert problem is not None
        raise problem

    def _scene(self, background_id: int) -> Scene | None:
        return next((one for one in self._loaded().scenes if one.background_id == background_id), None)

    def _fits(self, piece_id: int, recipe: Recipe) -> bool:
        """Whether a piece is for the same split as a recipe, and of the hour of its background."""
        from core.compositing.sampling.stock import split_number

        stock, scene = self._loaded().stock, self._scene(recipe.background_id)
        index = stock.index_of(piece_id)
        if index is None or int(stock.splits[index]) != split_number(recipe.split):
            return False
        if recipe.sampler is not Sampler.WALT3D or scene is None or scene.hour is None:
            return True
        return int(stock.hours[index]) == scene.hour

    def _scenes_from_above(self) -> ScenesFromAbove:
        if self._from_above is None:
            self._from_above = ScenesFromAbove(Spaces(self._bodies).read().shop)
        return self._from_above

    def _known(self, piece_ids: Sequence[int]) -> Ingredients:
        """What is known of pieces; kept, because a layer that is held asks again and again."""
        key = frozenset(piece_ids)
        found = self._ingredients.get(key)
        if found is None:
            found = self._ingredients[key] = self._reads.ingredients(sorted(key))
            while len(self._ingredients) > _KEPT:
                self._ingredients.popitem(last=False)
        return found

    def _keep(self, key: tuple[str, int, int], found: Rendered) -> Rendered:
        self._ahead[key] = found
        while len(self._ahead) > _KEPT:
            self._ahead.popitem(last=False)
        return found

    def _rendered(self, recipe: Recipe, row: RecipeRow | None, named: int | None = None) -> Rendered:
        if row is not None:
            named = row.id if row.edited_from is None else row.edited_from
        if self._composer is None:
            from core.compositing.render import Composer

            self._source = self._reads.source()
            self._composer = Composer(self._source, _CACHE_BYTES)
        composite = self._composer.render(recipe)
        known = self._known(_pieces(recipe))
        height, width = composite.picture.shape[:2]
        if (width, height) not in self._worlds:
            self._worlds[width, height] = self._reads.world(self._camera_id, width, height)
        world = self._worlds[width, height]
        title = title_of(recipe, named)
        if self.whole and named is None:
            title += ", from all splits"
        return Rendered(
            recipe,
            row,
            named,
            hidden_percents(composite),
            known,
            world,
            draw(recipe, composite, known.rows, known.places, title, self._outlines),
            self._scenes_from_above().scene(world, recipe, composite.labels, known),
            covers_ignored=_covers_ignored(composite),
        )


def _pieces(recipe: Recipe) -> list[int]:
    return [one.piece_id for one in recipe.objects]


def _covers_ignored(composite: Composite) -> bool:
    return any(
        patch_intersection_area(label.amodal, patch)
        for label in composite.labels
        for patch in composite.ignored
    )
