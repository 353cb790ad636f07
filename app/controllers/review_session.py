"""What the Review workspace asks of a session: reads off the main thread, and decoded frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from core.errors import AmodalError
from core.records.media import DecodedFrame


class Worker(Protocol):
    """Runs reads off the main thread; app.session.ProjectSession does."""

    def in_background(
        self,
        work: Callable[[], Any],
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[BaseException], None] | None = None,
        tag: str = "",
    ) -> object:
        """Runs work on a thread and on_done on the main thread; a tag's newer call drops the older."""
        ...


class Frames(Worker, Protocol):
    """Decodes frames as well."""

    def request_frame(
        self,
        source_id: int,
        pts: int,
        on_frame: Callable[[DecodedFrame], None],
        on_error: Callable[[AmodalError], None],
        tag: str = "view",
    ) -> None:
        """Asks for a frame; the newest request of a tag wins."""
        ...
