"""Pictures of the drawn streets that evaluations measure by, to be shown: without torch."""

from __future__ import annotations

import re
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.jobs.train import drawn

FOLDER = "test-streets"
"""Where they lie, in the folder of all that is drawn on this machine."""

_NAME = re.compile(r"test-[0-9]{3}-[0-9]-[0-9]{4}\.npz")
_WAY_OUT = "Evaluate by the drawn street once more: it is drawn anew."


def drawn_picture(name: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a drawn picture by the name that `PictureRow` has.

    Raises:
        EvaluationError: it is not on this machine, damaged, or no such name.
    """
    if _NAME.fullmatch(name) is None:
        raise EvaluationError(f"{name[:80]} is no name of a drawn picture.", _WAY_OUT)
    try:
        with np.load(drawn.synthetic_folder() / FOLDER / name, allow_pickle=False) as kept:
            decoded = cv2.imdecode(np.asarray(kept["jpeg"], dtype=np.uint8), cv2.IMREAD_COLOR)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        decoded = None
    if decoded is None:
        raise EvaluationError(f"The drawn picture {name} is not on this machine.", _WAY_OUT)
    return np.ascontiguousarray(decoded[..., ::-1], dtype=np.uint8)
