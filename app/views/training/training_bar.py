"""What can be done with the runs that are drawn, as buttons with keys; below, what was just done."""

from __future__ import annotations

from app.views.action_bar import ActionBar

_WISHES = (
    ("training.mark", "Compare"),
    ("training.again", "Train again"),
    ("training.evaluate", "Measure…"),
    ("training.loop", "Loop"),
    ("training.layout", "Layout"),
)
_TOGGLES = (("training.log_scale", "Log scale"), ("training.smooth", "Smoothed"))


class TrainingBar(ActionBar):
    """One button for each thing to do; how curves are drawn stays pressed."""

    def __init__(self) -> None:
        super().__init__()
        for action_id, title in _WISHES:
            self.add_wish(action_id, title)
        for action_id, title in _TOGGLES:
            self.add_wish(action_id, title).setCheckable(True)

    def show_toggles(self, *, log: bool, smooth: bool) -> None:
        """Presses the buttons of how curves are drawn."""
        self.buttons["training.log_scale"].setChecked(log)
        self.buttons["training.smooth"].setChecked(smooth)
