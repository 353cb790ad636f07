"""Published weights: where they lie on this machine, and fetching them once, with a check of their hash.

A file's name carries the first hex digits of its SHA-256 after the last dash, as torchvision's do
(`maskrcnn_resnet50_fpn_v2_coco-73cbd019.pth`). A fetch that broke off is carried on from where it was.
"""

from __future__ import annotations

import hashlib
import os
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from core.errors import DetectorUnavailableError, DiskFullError
from core.mining.detectors.protocol import Progress

DETECTORS_SETTINGS = "the detector's settings"
_CHUNK_BYTES = 1 << 18
_TIMEOUT_S = 20.0
_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file of published weights.

    Attributes:
        url: where it is fetched from; its last part is the file's name, with the hash after the last dash.
        megabytes: about how large it is.
    """

    url: str
    megabytes: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def hash_start(self) -> str:
        """The first hex digits of the file's SHA-256.

        Raises:
            ValueError: the name carries none.
        """
        found = re.search(r"-([0-9a-f]{8,64})\.", self.name)
        if found is None:
            raise ValueError(f"{self.name} carries no hash")
        return found.group(1)


# torchvision's MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1; a test compares it with torchvision's own record
MASK_RCNN_V2 = WeightsFile(
    "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_v2_coco-73cbd019.pth", megabytes=177
)
# torchvision's KeypointRCNN_ResNet50_FPN_Weights.COCO_V1, likewise
KEYPOINT_RCNN = WeightsFile(
    "https://download.pytorch.org/models/keypointrcnn_resnet50_fpn_coco-fc266e95.pth", megabytes=226
)


def cache_folder() -> Path:
    """Where torch keeps fetched weights: $TORCH_HOME/hub/checkpoints, by default below ~/.cache/torch."""
    default = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch"
    home = Path(os.environ.get("TORCH_HOME", default)).expanduser()
    return home / "hub" / "checkpoints"


def is_cached(weights: WeightsFile, folder: Path | None = None) -> bool:
    """Whether the file lies on this machine (its hash is checked when it is fetched, not here)."""
    return ((folder or cache_folder()) / weights.name).is_file()


def fetch(
    weights: WeightsFile,
    folder: Path | None = None,
    progress: Progress | None = None,
    named_in: str = DETECTORS_SETTINGS,
) -> Path:
    """The file on this machine, fetched if it is not there yet.

    Args:
        weights: which.
        folder: where to keep it; by default `cache_folder()`.
        progress: called with the share that is here (0 to 1) and a few words.
        named_in: where a person may name a file instead, as errors call it.

    Raises:
        DetectorUnavailableError: the server cannot be reached, or what it sent is not the file.
        DiskFullError: the disk has no room for it.
    """
    home = folder or cache_folder()
    target = home / weights.name
    if target.is_file():
        return target
    partial = target.with_name(target.name + ".part")
    try:
        home.mkdir(parents=True, exist_ok=True)
        _download(weights, partial, progress or _silent)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as problem:
        raise DetectorUnavailableError(
            f"The weights {weights.name} cannot be fetched: {_reason(problem)}.",
            f"Connect this machine to the network, or fetch {weights.url} elsewhere "
            f"and name the file in {named_in}.",
        ) from problem
    except OSError as problem:
        raise DiskFullError(
            f"The weights {weights.name} cannot be written to {home}: {problem.strerror}.",
            f"Make room there, or name a weights file that lies elsewhere in {named_in}.",
        ) from problem
    if not _file_hash(partial).startswith(weights.hash_start):
        partial.unlink(missing_ok=True)
        raise DetectorUnavailableError(
            f"What came as {weights.name} is not the published file: its hash differs.",
            f"Try again, or fetch {weights.url} elsewhere and name the file in {named_in}.",
        )
    partial.replace(target)
    return target


def _download(weights: WeightsFile, partial: Path, progress: Progress) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(weights.url, headers={"User-Agent": "amodal-studio"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response: HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as problem:
        if have and problem.code == _RANGE_NOT_SATISFIABLE:  # all of it is here; the hash will tell
            return
        raise
    with response:
        if response.status != _PARTIAL_CONTENT:  # the server sends all of it from the start
            have = 0
        total = have + int(response.headers.get("Content-Length") or 0)
        with partial.open("ab" if have else "wb") as out:
            while chunk := response.read(_CHUNK_BYTES):
                out.write(chunk)
                have += len(chunk)
                progress(have / total if total else 0.0, f"fetching weights, {have / 1e6:.0f} MB")
    if have < total:
        raise ConnectionError("the connection broke off")


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(problem: BaseException) -> str:
    reason = getattr(problem, "reason", None) or problem
    return str(reason).rstrip(".") or type(problem).__name__


def _silent(_share: float, _message: str) -> None:
    """Nobody is watching."""
