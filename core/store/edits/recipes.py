"""Recipes as a person keeps and removes them; sets as a person hides them."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import EditRefusedError
from core.records.history import Touched
from core.records.recipes import Recipe
from core.store import tables
from core.store.connection import raw_of
from core.store.history import History
from core.store.recipe_columns import to_columns
from core.store.recorder import Recorder

_set, _recipe = tables.recipe_set, tables.recipe


def save_recipe(
    history: History,
    recipe: Recipe,
    occlusion_percent: Sequence[int],
    set_name: str,
    *,
    edited_from: int | None = None,
    instead_of: int | None = None,
    title: str = "",
) -> Touched:
    """Keep a recipe that a person made as a new row; the one that it was made from stays as it is.

    Args:
        history: whose edit it is.
        recipe: what the composite is made of.
        occlusion_percent: of each object that is shown, far to near.
        set_name: of the set that it goes to; made where there is none of that name, shown where it is hidden.
        edited_from: the recipe that it was made from, if it stands in the project.
        instead_of: an earlier state of the same composite that a person made: it is taken out, so that a set
            holds what people ended with, and the new row is made from what it was made from.
        title: of the edit, for people; "" says where it is kept.

    Returns:
        What it touched: the new recipe's id is in rows["recipe"].

    Raises:
        EditRefusedError: the set has no name, or what it names is no longer there.
        ValueError: its numbers do not fit: a bug of whoever made it.
    """
    name = set_name.strip()
    if not name:
        raise EditRefusedError("The set needs a name.", "Give one.")
    columns = to_columns(recipe, occlusion_percent)

    def action(recorder: Recorder) -> None:
        made_from = edited_from
        if instead_of is not None:
            made_from = _take_out(recorder, instead_of)
        elif made_from is not None and made_from not in recorder.rows(_recipe, [made_from]):
            raise EditRefusedError(f"Composite {made_from} is no longer there.", "Reload the list.")
        _check_pieces(recorder, recipe)
        recorder.insert(
            _recipe,
            {
                "set_id": _set_called(recorder, name),
                **columns,
                "edited_from": made_from,
                "annotator_id": recorder.annotator_id,
                "created_at": recorder.now,
            },
        )

    what = "a composite" if edited_from is None else f"a change of composite {edited_from}"
    return history.perform(title or f"Keep {what} in {name}", action)


def remove_recipes(history: History, recipe_ids: Sequence[int]) -> Touched:
    """Take recipes out of their sets; undo brings them back.

    Raises:
        EditRefusedError: one of them is not there.
    """
    ids = list(dict.fromkeys(recipe_ids))

    def action(recorder: Recorder) -> None:
        rows = recorder.rows(_recipe, ids)
        missing = [i for i in ids if i not in rows]
        if missing:
            raise EditRefusedError(f"Composite {missing[0]} is no longer there.", "Reload the list.")
        recorder.delete_many(_recipe, ids)

    what = f"composite {ids[0]}" if len(ids) == 1 else f"{len(ids)} composites"
    return history.perform(f"Remove {what}", action)


def hide_set(history: History, set_id: int) -> Touched:
    """Take a set off the lists; nothing is lost, undo brings it back.

    Raises:
        EditRefusedError: there is no such set.
    """
    return _set_hidden(history, set_id, True)


def show_set(history: History, set_id: int) -> Touched:
    """Bring a hidden set back.

    Raises:
        EditRefusedError: there is no such set.
    """
    return _set_hidden(history, set_id, False)


def _set_hidden(history: History, set_id: int, hidden: bool) -> Touched:
    names: list[str] = []

    def action(recorder: Recorder) -> None:
        row = recorder.rows(_set, [set_id]).get(set_id)
        if row is None:
            raise EditRefusedError("That set is no longer there.", "Reload the list.")
        names.append(row["name"])
        recorder.update(_set, set_id, {"hidden": int(hidden)})

    return history.perform(lambda: f"{'Hide' if hidden else 'Show'} the set {names[0]}", action)


def _take_out(recorder: Recorder, recipe_id: int) -> int | None:
    """Deletes a recipe that a person made; gives the one that it was made from."""
    row = recorder.rows(_recipe, [recipe_id]).get(recipe_id)
    if row is None:
        raise EditRefusedError(f"Composite {recipe_id} is no longer there.", "Reload the list.")
    if row["annotator_id"] is None:
        raise EditRefusedError(f"Composite {recipe_id} was made by a job.", "Keep the change beside it.")
    recorder.delete(_recipe, recipe_id)
    made_from: int | None = row["edited_from"]
    return made_from


def _set_called(recorder: Recorder, name: str) -> int:
    query = "SELECT id, hidden FROM recipe_set WHERE name = ?"
    row = raw_of(recorder.connection).execute(query, (name,)).fetchone()
    if row is not None:
        if row[1]:  # what is kept now must be found again
            recorder.update(_set, int(row[0]), {"hidden": 0})
        return int(row[0])
    return recorder.insert(_set, {"name": name, "hidden": 0, "created_at": recorder.now})


def _check_pieces(recorder: Recorder, recipe: Recipe) -> None:
    wanted = {one.piece_id for one in recipe.objects}
    present = recorder.rows(tables.piece, sorted(wanted))
    strange = [i for i in wanted if i not in present or present[i]["camera_id"] != recipe.camera_id]
    if strange:
        raise EditRefusedError(
            f"Piece {min(strange)} is none of this camera's.", "Choose one of the same camera."
        )
