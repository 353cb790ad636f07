"""The sign of each state that a run can be in: a shape of its own, and a colour."""

from __future__ import annotations

from app.states.training import RunLook, Tone

LOOK_SIGNS: dict[RunLook, tuple[str, str]] = {
    RunLook.WAITING: ("waiting", "text_soft"),
    RunLook.RUNNING: ("running", "accent"),
    RunLook.DONE: ("done", "ok"),
    RunLook.EARLY: ("early", "ok"),
    RunLook.STOPPED: ("cancelled", "warn"),
    RunLook.INTERRUPTED: ("warning", "warn"),
    RunLook.FAILED: ("error", "bad"),
}
"""look -> (file in resources/icons, colour of the theme)."""

TONE_SIGNS: dict[Tone, tuple[str, str, str]] = {
    Tone.QUIET: ("info", "text_soft", "well"),
    Tone.GOOD: ("done", "ok", "note"),
    Tone.DOUBTFUL: ("warning", "warn", "warning"),
    Tone.BAD: ("error", "bad", "error"),
}
"""tone -> (file in resources/icons, colour of the theme, role of the frame)."""
