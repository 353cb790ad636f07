"""What people placed and said by eye on public footage: it comes with the program, the footage does not."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def hand_labels(name: str) -> dict[str, Any]:
    """A file of hand-made labels as it is; each says in its "about" how it was made.

    Args:
        name: car_keypoints, people_keypoints or occlusion_labels.
    """
    path = resources.files("resources") / "hand_labels" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
