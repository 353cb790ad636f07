"""The declaration of the actions, the keys that a person chooses, and the page made from both."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions import ActionBook, load_actions
from app.actions_doc import page
from app.settings import load_form

DECLARATION = """
[[action]]
id = "a.anywhere"
title = "Anywhere"
help = "Works everywhere."
keys = ["Ctrl+K"]

[[action]]
id = "one.mark"
title = "Mark"
help = "Works in one."
workspace = "one"
keys = ["A"]

[[action]]
id = "two.mark"
title = "Mark"
help = "Works in two."
workspace = "two"
keys = ["A"]

[[action]]
id = "two.remove"
title = "Remove"
help = "Takes something away."
workspace = "two"
deletes = true
"""


@pytest.fixture
def book() -> ActionBook:
    return ActionBook(load_actions(DECLARATION))


def test_the_declared_actions_are_sound():
    actions = load_actions()
    assert len({action.id for action in actions}) == len(actions)
    assert all(action.help.endswith(".") for action in actions)
    assert {"file.open", "edit.undo", "help.palette", "review.unoccluded"} <= {a.id for a in actions}


def test_no_action_that_takes_something_away_has_a_key():
    assert [action.id for action in load_actions() if action.deletes and action.keys] == []
    with pytest.raises(ValueError, match="deletes"):
        load_actions(DECLARATION + 'keys = ["Delete"]')


def test_two_workspaces_may_share_a_key_but_not_a_place(book: ActionBook):
    assert book.conflict("one.mark", "A") is None
    assert book.conflict("one.mark", "Ctrl+K").id == "a.anywhere"
    assert book.conflict("a.anywhere", "A") is not None


def test_a_taken_key_is_refused_and_nothing_changes(book: ActionBook):
    with pytest.raises(ValueError, match="Anywhere"):
        book.choose("one.mark", ["Ctrl+K"])
    assert book.keys("one.mark") == ("A",)


def test_chosen_keys_are_kept_only_where_they_differ(book: ActionBook):
    book.choose("one.mark", ["B", "1"])
    assert book.chosen_keys == {"one.mark": ["B", "1"]}
    again = ActionBook(load_actions(DECLARATION), book.chosen_keys)
    assert again.keys("one.mark") == ("B", "1")
    again.reset("one.mark")
    assert again.chosen_keys == {}


def test_a_key_for_a_deletion_is_refused_in_the_editor_and_in_the_file(book: ActionBook):
    with pytest.raises(ValueError, match="takes something away"):
        book.choose("two.remove", ["Del"])
    forged = ActionBook(load_actions(DECLARATION), {"two.remove": ["Del"], "gone.action": ["X"]})
    assert forged.keys("two.remove") == ()


def test_damaged_keys_in_the_file_are_left_aside():
    forged = ActionBook(load_actions(DECLARATION), {"one.mark": 7, "two.mark": [1, 2], "a.anywhere": ["A"]})
    assert forged.keys("one.mark") == ("A",)
    assert forged.keys("two.mark") == ("A",)
    assert forged.keys("a.anywhere") == ("Ctrl+K",), "it would take the key of both others"


def test_keys_that_two_actions_swapped_are_read_again():
    text = DECLARATION.replace('workspace = "two"\nkeys = ["A"]', 'workspace = "one"\nkeys = ["B"]')
    swapped = ActionBook(load_actions(text), {"one.mark": ["B"], "two.mark": ["A"]})
    assert (swapped.keys("one.mark"), swapped.keys("two.mark")) == (("B",), ("A",))


def test_the_page_of_keys_is_up_to_date():
    kept = Path(__file__).resolve().parents[2] / "docs" / "keys.md"
    assert kept.read_text(encoding="utf-8") == page(load_actions(), load_form()), (
        "run: python -m app.actions_doc > docs/keys.md"
    )
