"""The embedded clip: a street that the program draws itself, as a video file with its exact truth."""

from __future__ import annotations

import errno
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from av.video.stream import VideoStream

from core.errors import DiskFullError, MediaError
from core.synthesis.street_scene import SceneSettings, StreetScene
from core.synthesis.truth import DemoTruth, FrameTruth

TINY = SceneSettings(width=160, height=96, fps=12, seconds=2.0, seed=0)
"""A clip that renders in about half a second, for tests."""

_QUALITY = "20"  # x264's constant rate factor
_KEYFRAME_EVERY = 50


def render_demo_clip(
    out: Path,
    seconds: float = 20.0,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> DemoTruth:
    """Renders the demo clip, 640x360 at 25 frames a second, to an H.264 file.

    Args:
        out: the .mp4 file to write; replaced only once the clip is complete.
        seconds: its length.
        seed: who drives and walks by; the same seed gives the same pictures.
        progress: is told the share that is done, 0 to 1.

    Returns:
        where everything is in each frame, and what hides it.

    Raises:
        MediaError: the file cannot be written.
        DiskFullError: the disk has no room left.
    """
    return render_clip(out, SceneSettings(seconds=seconds, seed=seed), progress)


def render_clip(
    out: Path, settings: SceneSettings, progress: Callable[[float], None] | None = None
) -> DemoTruth:
    """Renders a clip of any size and length; see `render_demo_clip`."""
    scene = StreetScene(settings)
    unfinished = out.with_name(out.name + ".part")
    try:
        frames = _encode(unfinished, scene, progress)
        unfinished.replace(out)
    except OSError as problem:
        unfinished.unlink(missing_ok=True)
        if problem.errno == errno.ENOSPC:
            raise DiskFullError(
                f"The disk is full: {out} cannot be written.", "Free some space."
            ) from problem
        raise MediaError(f"{out} cannot be written.", "Choose a folder that you may write to.") from problem
    return DemoTruth(
        width=settings.width,
        height=settings.height,
        fps=settings.fps,
        seed=settings.seed,
        view=scene.view.truth(),
        frames=frames,
    )


def _encode(
    path: Path, scene: StreetScene, progress: Callable[[float], None] | None
) -> tuple[FrameTruth, ...]:
    settings = scene.settings
    truths: list[FrameTruth] = []
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=settings.fps)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = settings.width, settings.height, "yuv420p"
        stream.options = {"crf": _QUALITY, "preset": "veryfast", "g": str(_KEYFRAME_EVERY)}
        stream.codec_context.time_base = Fraction(1, settings.fps)
        for index, (image, truth) in enumerate(scene.frames()):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
            truths.append(truth)
            if progress is not None:
                progress((index + 1) / settings.frame_count)
        container.mux(stream.encode(None))
    return tuple(truths)
