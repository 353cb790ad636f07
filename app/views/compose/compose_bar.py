"""What can be done with a composite, as buttons with their keys; below, what was just done."""

from __future__ import annotations

from app.views.action_bar import ActionBar
from app.views.canvas.composite_item import Shown

_WISHES = (
    ("compose.shuffle", "Shuffle"),
    ("compose.previous", "Previous"),
    ("compose.next", "Next"),
    ("compose.switch", "Off / on"),
    ("compose.swap", "Swap"),
    ("compose.back", "Put back"),
)
_TOGGLES = (
    ("compose.amodal", "Amodal"),
    ("compose.modal", "Modal"),
    ("compose.points", "Keypoints"),
    ("compose.beside", "WALT2D beside"),
    ("compose.above", "From above"),
)


class ComposeBar(ActionBar):
    """One button for each thing to do; what is drawn stays pressed."""

    def __init__(self) -> None:
        super().__init__()
        for action_id, title in _WISHES:
            self.add_wish(action_id, title)
        for action_id, title in _TOGGLES:
            self.add_wish(action_id, title).setCheckable(True)

    def show_toggles(self, shown: Shown, *, beside: bool, above: bool) -> None:
        """Presses the buttons of what is drawn."""
        for action_id, on in (
            ("compose.amodal", shown.amodal),
            ("compose.modal", shown.modal),
            ("compose.points", shown.points),
            ("compose.beside", beside),
            ("compose.above", above),
        ):
            self.buttons[action_id].setChecked(on)
