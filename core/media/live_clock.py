"""When a picture of a live stream was taken."""

from __future__ import annotations

_JUMP_S = 2.0  # a stream whose clock is off by more has started afresh
_DRIFT = 2e-4  # a camera's clock may run this much faster than ours, share
_SMALLEST_STEP_S = 1e-4


class CaptureClock:
    """Turns a camera's presentation times into seconds UTC epoch.

    Pictures arrive late by what the network and the buffers add, never early. So the camera's clock is tied
    to ours by the picture that came with the least delay; the regular steps of the camera's own clock are
    kept, and the jitter of the network is not.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._tied_at = 0.0
        self._last: float | None = None

    def date(self, presentation_s: float | None, arrived_at: float) -> float:
        """Seconds UTC epoch of a picture; always later than that of the picture before.

        Args:
            presentation_s: on the camera's clock; None where there is none.
            arrived_at: when its data arrived, seconds UTC epoch.
        """
        captured_at = arrived_at
        if presentation_s is not None:
            offset = arrived_at - presentation_s
            allowed = 0.0 if self._offset is None else self._offset + _DRIFT * (arrived_at - self._tied_at)
            if self._offset is None or offset < allowed or offset > allowed + _JUMP_S:
                self._offset, self._tied_at = offset, arrived_at
                allowed = offset
            captured_at = presentation_s + allowed
        if self._last is not None:
            captured_at = max(captured_at, self._last + _SMALLEST_STEP_S)
        self._last = captured_at
        return captured_at
