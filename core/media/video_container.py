"""Opening video files safely: known formats only, local files only, and plain sentences when it fails.

A file's name says nothing about its content: a playlist renamed to .mp4 could open other files or
addresses, so only formats that hold their own pictures are let in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import av.error

from core.errors import FootageMissingError, MediaError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

MAX_PIXELS: Final = 100_000_000  # a picture larger than this is a damaged header, not a camera
_FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,live_flv,asf,h264,hevc,"
    "mjpeg,mxf,ogg,ivf,obu,dv,wtv,nut,rm,dhav"
)
# These carry no presentation times of their own; what libav reports for them is a guess.
_FORMATS_WITHOUT_TIMES: Final = frozenset({"avi", "h264", "hevc", "m4v", "mpegvideo", "mjpeg", "obu", "dv"})
_WAY_OUT_READ: Final = "Check that it plays elsewhere; if it was cut off while copying, copy it again."


def open_video(path: Path) -> InputContainer:
    """Open a video file; the caller closes it.

    Raises:
        FootageMissingError: there is no file.
        MediaError: the file is empty, unreadable, or no video.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise FootageMissingError(
            f"The video {path} is not there.", "Connect its disk, or say where it has moved to."
        ) from error
    except OSError as error:
        raise MediaError(
            f"The video {path} cannot be read: {error.strerror or error}.", "Check who may read it."
        ) from error
    if size == 0:
        raise MediaError(f"The video {path.name} is empty.", "Copy or record it again.")
    try:
        return av.open(
            str(path.absolute()),
            container_options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise MediaError(f"The video {path} cannot be read.", "Check who may read it.") from error
        raise MediaError(
            f"{path.name} is not a video that can be read, or its beginning or end is missing.",
            _WAY_OUT_READ,
        ) from error


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The file's video, set to decode on several threads and to refuse absurd picture sizes.

    Raises:
        MediaError: the file has no video, none that this machine can decode, or too large a one.
    """
    streams = [
        stream
        for stream in container.streams.video
        if not int(stream.disposition) & int(av.stream.Disposition.attached_pic)
    ]
    if not streams:
        raise MediaError(f"{path.name} has no video in it.", "Choose a file with a video track.")
    stream = streams[0]
    codec = stream.codec_context
    if codec is None:
        raise MediaError(
            f"The video codec of {path.name} is not known here.",
            "Convert it, for example with: ffmpeg -i IN -c:v libx264 OUT.mp4",
        )
    if codec.width * codec.height > MAX_PIXELS:
        raise MediaError(
            f"{path.name} claims pictures of {codec.width} x {codec.height} pixels.",
            "The file is probably damaged; pictures of up to 100 million pixels can be read.",
        )
    codec.options = {"max_pixels": str(MAX_PIXELS)}
    codec.thread_type = "AUTO"
    return stream


@contextmanager
def opened_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A video file, open for as long as the block runs.

    Raises:
        FootageMissingError, MediaError: as `open_video` and `video_stream`.
    """
    with open_video(path) as container:
        yield container, video_stream(container, path)


def tells_times(container: InputContainer, stream: VideoStream) -> bool:
    """Whether the presentation times of this file's packets can be believed.

    AVI and bare streams store an order of decoding only. Codecs whose frames all stand alone are
    decoded in the order they are shown, so for them that is enough.
    """
    formats = set(container.format.name.split(","))
    return not formats & _FORMATS_WITHOUT_TIMES or stream.codec_context.codec.intra_only
