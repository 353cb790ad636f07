"""Writes a street as one camera sees it: a video with the truth beside it, or COCO with depth."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.errors import DiskFullError, MediaError
from core.synthesis.street.car_pictures import CarPicture, compressed
from core.synthesis.street.coco_rows import CocoRows
from core.synthesis.street.depth_file import DepthLog
from core.synthesis.street.street import StreetCamera
from core.synthesis.street.truth_rows import frame_row, header

Progress = Callable[[float], None]

_QUALITY = "20"  # x264's constant rate factor
_KEYFRAME_EVERY = 50
# One seed gives the same packets in every run, for frames are known by them. x264 cuts pictures into a slice
# for each processor where it is not told how many; and its macroblock tree (version 165, AVX-512, B-frames)
# comes out in one of two ways for the same pictures. Without it the demo's clip is 22 % larger.
_REPEATABLE = {"threads": "1", "x264-params": "mbtree=0"}


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """What was written: the video, the truth as JSON, and the depth of all frames as npz, or None."""

    video: Path
    truth: Path
    depth: Path | None

    @classmethod
    def of(cls, video: Path, *, depth: bool = True) -> ClipFiles:
        """The files that belong to a video of that name."""
        return cls(
            video, video.with_suffix(".truth.json"), video.with_suffix(".depth.npz") if depth else None
        )

    def unfinished(self) -> ClipFiles:
        """What the same files are called until they are whole."""
        video, truth, *depth = (path.with_name(path.name + ".part") for path in self)
        return ClipFiles(video, truth, depth[0] if depth else None)

    def __iter__(self) -> Iterator[Path]:
        return iter(path for path in (self.video, self.truth, self.depth) if path is not None)


def write_clip(
    camera: StreetCamera, out: Path, progress: Progress | None = None, *, depth: bool = True
) -> ClipFiles:
    """Renders all frames into a video, with NAME.truth.json and NAME.depth.npz beside it.

    Args:
        out: the .mp4 file; each file is replaced only once it is complete.
        progress: is told the share that is done, 0 to 1.
        depth: whether to write it; it is by far the largest of the files.

    Raises:
        MediaError: a file cannot be written.
        DiskFullError: the disk has no room left.
    """
    files = ClipFiles.of(out, depth=depth)
    parts = files.unfinished()
    with _plain_errors(out):
        try:
            _write_parts(camera, parts, progress)
            for part, whole in zip(parts, files, strict=True):
                part.replace(whole)
        finally:
            for part in parts:
                part.unlink(missing_ok=True)
    return files


def write_coco(camera: StreetCamera, folder: Path, progress: Progress | None = None) -> Path:
    """Renders all frames as folder/images/NNNNNN.jpg with folder/annotations.json in COCO's format.

    The depth of all frames goes to folder/depth.npz (see `DepthLog`).

    Returns:
        the JSON file.

    Raises:
        MediaError, DiskFullError: as `write_clip`.
    """
    settings = camera.street.settings
    rows, depth = CocoRows(header(settings, camera.mount)), DepthLog(camera.still.view.depth)
    with _plain_errors(folder):
        images = folder / "images"
        images.mkdir(parents=True, exist_ok=True)
        for index in range(settings.frame_count):
            frame = camera.frame(index)
            name = f"{index:06d}.jpg"
            (images / name).write_bytes(compressed(frame.picture))
            rows.add_picture(name, frame.picture.shape[1], frame.picture.shape[0], frame.objects)
            depth.add(frame.depth)
            _tell(progress, index + 1, settings.frame_count)
        part = folder / "depth.npz.new"
        depth.save(part)
        part.replace(folder / "depth.npz")
        return _save_json(folder / "annotations.json", rows.document())


def write_cars(
    pictures: Iterable[CarPicture], count: int, folder: Path, progress: Progress | None = None
) -> Path:
    """Writes single cars as folder/images/NNNNNN.jpg with folder/annotations.json in COCO's format.

    Each picture has a camera of its own, in its row under "amodal".

    Args:
        count: how many pictures there are.

    Returns:
        the JSON file.

    Raises:
        MediaError, DiskFullError: as `write_clip`.
    """
    rows = CocoRows({})
    with _plain_errors(folder):
        images = folder / "images"
        images.mkdir(parents=True, exist_ok=True)
        for index, picture in enumerate(pictures):
            name = f"{index:06d}.jpg"
            (images / name).write_bytes(picture.jpeg)
            rows.add_rows(name, picture.width, picture.height, [picture.annotation], picture.camera)
            _tell(progress, index + 1, count)
        return _save_json(folder / "annotations.json", rows.document())


def _write_parts(camera: StreetCamera, parts: ClipFiles, progress: Progress | None) -> None:
    import av
    from av.video.stream import VideoStream

    settings, picture = camera.street.settings, camera.mount.camera
    if picture.width % 2 or picture.height % 2:
        raise MediaError(
            f"A video of {picture.width}x{picture.height} pixels cannot be written.",
            "Choose an even width and height.",
        )
    rate = Fraction(settings.fps).limit_denominator(1000)
    log = None if parts.depth is None else DepthLog(camera.still.view.depth)
    rows = []
    with av.open(str(parts.video), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "yuv420p"
        stream.options = {"crf": _QUALITY, "preset": "veryfast", "g": str(_KEYFRAME_EVERY), **_REPEATABLE}
        stream.codec_context.time_base = 1 / rate
        for index in range(settings.frame_count):
            frame = camera.frame(index)
            image = av.VideoFrame.from_ndarray(frame.picture, format="rgb24")
            image.pts = index
            container.mux(stream.encode(image))
            if log is not None:
                log.add(frame.depth)
            rows.append(frame_row(frame))
            _tell(progress, index + 1, settings.frame_count)
        container.mux(stream.encode(None))
    if log is not None and parts.depth is not None:
        log.save(parts.depth)
    _save_json(parts.truth, {**header(settings, camera.mount), "pictures": rows})


def _save_json(path: Path, document: dict[str, Any]) -> Path:
    part = path.with_name(path.name + ".new")
    part.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
    return part.replace(path)


def _tell(progress: Progress | None, done: int, count: int) -> None:
    if progress is not None:
        progress(done / count)


@contextmanager
def _plain_errors(out: Path) -> Iterator[None]:
    """Says in a plain sentence what the system refuses."""
    try:
        yield
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            raise DiskFullError(
                f"The disk is full: {out} cannot be written.", "Free some space."
            ) from problem
        raise MediaError(f"{out} cannot be written.", "Choose a folder that you may write to.") from problem
