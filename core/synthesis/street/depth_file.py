"""Depth of every frame of a fixed camera in one small npz: the still depth, and where a frame differs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class DepthLog:
    """Collects the depth of frames, in order."""

    def __init__(self, still: Floats) -> None:
        """`still` (H, W) is the depth without anything that moves, inf for the sky."""
        self._still = still
        self._pixels: list[NDArray[np.int32]] = []
        self._values: list[Floats] = []

    def add(self, depth: Floats) -> None:
        """The next frame's (H, W) depth."""
        pixels = np.flatnonzero((depth != self._still).ravel())
        self._pixels.append(pixels.astype(np.int32))
        self._values.append(depth.ravel()[pixels])

    def save(self, path: Path) -> None:
        """Writes `still` (H, W), `ends` (N,), and `pixels` and `values` of all frames one after the other."""
        ends = np.cumsum([len(pixels) for pixels in self._pixels]).astype(np.int64)
        none = np.zeros(0)
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                still=self._still,
                ends=ends,
                pixels=np.concatenate([*self._pixels, none]).astype(np.int32),
                values=np.concatenate([*self._values, none]).astype(np.float32),
            )


class DepthFile:
    """Reads what a `DepthLog` has saved."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as arrays:
            self._still = arrays["still"]
            self._ends, self._pixels, self._values = arrays["ends"], arrays["pixels"], arrays["values"]

    def __len__(self) -> int:
        return len(self._ends)

    def frame(self, index: int) -> Floats:
        """(H, W) depth of a frame, metres along the camera's axis; inf for the sky."""
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} frames, none is number {index}")
        begin = int(self._ends[index - 1]) if index else 0
        chosen = slice(begin, int(self._ends[index]))
        depth = np.array(self._still)
        depth.ravel()[self._pixels[chosen]] = self._values[chosen]
        return depth
