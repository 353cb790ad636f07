"""What is composed: the camera, the set or a seed of one's own, and the background."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QIntValidator, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.states.compose import ComposeHead
from app.views.filter_chips import ChoiceChip
from app.views.icons import TextButton
from app.views.text import label

LARGEST_SEED = 2**31 - 1


class _SeedValidator(QIntValidator):
    """Takes whole numbers; a larger one than there is becomes the largest."""

    def fixup(self, text: str) -> str:
        """Qt's: asked at Enter for a number that does not fit."""
        return str(LARGEST_SEED) if text.isdecimal() else text


class SeedField(QLineEdit):
    """A whole number; Enter takes it, Escape gives the old one back.

    Signals:
        taken(int): a seed.
        left(): the person is done with the field.
    """

    taken = Signal(int)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._seed: int | None = None
        self.setValidator(_SeedValidator(0, LARGEST_SEED, self))
        self.setFixedWidth(112)
        self.setAccessibleName("Seed")
        self.setToolTip("The same seed draws the same composite from the same objects, on any machine.")
        self.returnPressed.connect(self._on_return)

    def show_seed(self, seed: int | None) -> None:
        """Shows another seed, unless one is being typed."""
        if seed != self._seed or not self.hasFocus():
            self._seed = seed
            self.setText("" if seed is None else str(seed))

    def event(self, event: QEvent) -> bool:
        """Qt's: Escape is the field's own while it is in the field."""
        asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if asked and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's: Escape gives the old one back."""
        if event.key() == Qt.Key.Key_Escape:
            self.setText("" if self._seed is None else str(self._seed))
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _on_return(self) -> None:
        self._seed = int(self.text())
        self.taken.emit(self._seed)
        self.left.emit()


class HeadBar(QWidget):
    """Draws a ComposeHead.

    Signals:
        camera_chosen(object), set_chosen(object), background_chosen(object): a value of its choices.
        seed_taken(int): a seed was typed.
        seed_left(): the person is done with the seed.
        batch_wanted(): a batch is to be made.
    """

    camera_chosen = Signal(object)
    set_chosen = Signal(object)
    background_chosen = Signal(object)
    seed_taken = Signal(int)
    seed_left = Signal()
    batch_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 10, 5)
        row.setSpacing(6)
        self.cameras = ChoiceChip("Camera", ())
        self.sets = ChoiceChip("Shows", ())
        self.backgrounds = ChoiceChip("Background", ())
        for chip, chosen in (
            (self.cameras, self.camera_chosen),
            (self.sets, self.set_chosen),
            (self.backgrounds, self.background_chosen),
        ):
            chip.chosen.connect(chosen)
            row.addWidget(chip)
        self.seed = SeedField()
        self._seed_title, self._place = label("Seed", "soft"), label("", "soft")
        row.addSpacing(6)
        for part in (self._seed_title, self.seed, self._place):
            row.addWidget(part)
        self.batch = TextButton("Make a set…", "plain", "compose")
        self.batch.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.batch.clicked.connect(self.batch_wanted)
        row.addWidget(self.batch)
        row.addStretch(1)
        self.setFixedHeight(42)
        self.seed.taken.connect(self.seed_taken)
        self.seed.left.connect(self.seed_left)

    def show_state(self, state: ComposeHead) -> None:
        """Draws what is shown and what else can be."""
        self.cameras.set_choices(state.cameras)
        self.cameras.show_value(state.camera_id, narrows=False)
        self.cameras.setVisible(len(state.cameras) > 1)
        self.sets.set_choices(state.sets)
        self.sets.show_value(state.set_id, narrows=state.set_id is not None)
        self.backgrounds.set_choices(state.backgrounds)
        self.backgrounds.show_value(state.background_id, narrows=state.background_id is not None)
        self.backgrounds.setVisible(len(state.backgrounds) > 2 and state.set_id is None)
        self.seed.show_seed(state.seed)
        for part in (self._seed_title, self.seed):
            part.setVisible(state.set_id is None)  # seeds of a set are numbers that nobody would type
        words = [state.place] if state.place else []
        if state.edited:
            words.append("changed by hand")
        self._place.setText(",  ".join(words))

    @property
    def place_text(self) -> str:
        """Which of a set is shown, as shown."""
        return self._place.text()
