"""A short clip of a small simulated street with its truth, for every test that needs footage of traffic."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from core.synthesis.street.clip_writer import ClipFiles, write_clip
from core.synthesis.street.layout import plan_layout
from core.synthesis.street.mounts import Mount, kerb_mount
from core.synthesis.street.settings import StreetSettings, Weather
from core.synthesis.street.street import Street, StreetCamera

# its lights are green, so the cars drive; in the sun grey cars differ from the road as they do elsewhere
SETTINGS = StreetSettings(
    width=320,
    height=180,
    fps=12.0,
    frame_count=72,
    seed=12,
    cars=6,
    parked=4,
    people=3,
    weather=Weather.CLEAR,
)


@dataclass(frozen=True, slots=True, eq=False)
class StreetClip:
    """A rendered clip.

    Attributes:
        path: of the video; many tests share it and leave it as it is.
        frames: the truth's row of each frame, as in the .truth.json beside it.
        mount: the camera.
    """

    path: Path
    frames: list[dict[str, Any]]
    mount: Mount


def render(folder: Path) -> StreetClip:
    """Renders 6 seconds, 320x180, in a process of its own: open3d stays out of those with windows."""
    command = [sys.executable, "-m", "tests.street_clip", str(folder)]
    subprocess.run(command, cwd=Path(__file__).resolve().parents[1], check=True)
    return known(folder)


def known(folder: Path) -> StreetClip:
    """What `render` has left in a folder."""
    mount = kerb_mount(plan_layout(SETTINGS.seed), SETTINGS.width, SETTINGS.height)
    files = ClipFiles.of(folder / "street.mp4", depth=False)
    return StreetClip(files.video, json.loads(files.truth.read_text())["pictures"], mount)


def cut(clip: Path, out: Path, first: int, count: int) -> None:
    """Writes some frames of a clip as a video of their own."""
    with av.open(str(clip)) as container, av.open(str(out), "w") as target:
        rate = container.streams.video[0].average_rate
        stream = target.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = SETTINGS.width, SETTINGS.height, "yuv420p"
        for number, decoded in enumerate(container.decode(video=0)):
            if first <= number < first + count:
                frame = av.VideoFrame.from_ndarray(decoded.to_ndarray(format="rgb24"), format="rgb24")
                frame.pts = number - first
                target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


def _render_here(folder: Path) -> None:
    street = Street(SETTINGS)
    mount = kerb_mount(street.layout, SETTINGS.width, SETTINGS.height)
    write_clip(StreetCamera(street, mount), folder / "street.mp4", depth=False)


if __name__ == "__main__":
    _render_here(Path(sys.argv[1]))
