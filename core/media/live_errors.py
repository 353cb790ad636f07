"""What went wrong with a stream, in plain words."""

from __future__ import annotations

import errno
import socket
from contextlib import closing

import av.error

from core.errors import StreamError
from core.media.live_address import LiveAddress

_PROBE_S = 2.0
# what the system says of a host that cannot be reached, or that hangs up without a word
_UNREACHED = (
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.ECONNRESET,
    errno.ECONNABORTED,
    errno.EPIPE,
    errno.EADDRNOTAVAIL,
)
_CHECK = "Check the address, and that the camera is on and in this network."


def look_up(address: LiveAddress) -> None:
    """Check that the host's name leads somewhere: the decoder's own message does not say so.

    Raises:
        StreamError: it does not.
    """
    if address.host is None:
        return
    try:
        socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise StreamError(f"No machine named “{address.host}” can be found.", _CHECK) from error


def unanswered(address: LiveAddress, seconds: float) -> StreamError:
    """The camera took too long to answer."""
    return StreamError(f"{address.shown} did not answer within {seconds:.0f} seconds.", _CHECK)


def mute(address: LiveAddress) -> StreamError:
    """The camera cannot be reached, or hangs up before it says anything."""
    return StreamError(f"{address.shown} does not answer.", _CHECK)


def no_camera(address: LiveAddress) -> StreamError:
    """Somebody answers, but does not speak RTSP: another machine, or what stands between it and us."""
    return StreamError(
        f"Something answers at {address.host}, port {address.port}, but not as a camera does.", _CHECK
    )


def ask_again(address: LiveAddress) -> StreamError | None:
    """Why there is no video at an address, as far as its first bytes tell; waits two seconds at most.

    The decoder has the same errors for a machine that says nothing, for one that is no camera and for one
    that sends no video. Asked for nothing in particular, and without the user name and the password.
    """
    scheme = address.url.partition(":")[0].lower()
    if address.host is None or scheme in ("https", "rtsps"):
        return None  # the other side waits for a handshake, which the decoder has tried
    asked = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" if scheme == "rtsp" else b"HEAD / HTTP/1.0\r\n\r\n"
    try:
        with closing(socket.create_connection((address.host, address.port or 0), _PROBE_S)) as talk:
            talk.settimeout(_PROBE_S)
            talk.sendall(asked)
            said = talk.recv(5)
    except OSError:
        return mute(address)
    if not said:
        return mute(address)
    return no_camera(address) if scheme == "rtsp" and not b"RTSP/".startswith(said) else None


def stalled(address: LiveAddress, seconds: float) -> StreamError:
    """Pictures stopped coming although nobody hung up."""
    return StreamError(
        f"{address.shown} has sent no picture for {seconds:.0f} seconds.",
        "Check the camera and the network; the stream is tried again.",
    )


def ended(address: LiveAddress) -> StreamError:
    """The other side hung up."""
    return StreamError(
        f"{address.shown} ended the stream.", "Check that the camera still runs; the stream is tried again."
    )


def without_video(address: LiveAddress) -> StreamError:
    """There is a stream, but no pictures in it."""
    return StreamError(f"{address.shown} sends no video.", "Try another address of the same camera.")


def in_plain_words(error: Exception, address: LiveAddress, open_timeout_s: float) -> StreamError:
    """What the decoder's error means for a person."""
    if isinstance(error, av.error.ConnectionRefusedError):
        where = f"{address.host}, port {address.port}" if address.host else address.shown
        return StreamError(f"Nothing answers at {where}.", _CHECK)
    if isinstance(error, av.error.HTTPNotFoundError):
        return StreamError(
            f"The camera answers, but has no stream at {address.shown}.",
            "Look the exact address up in the camera's manual or its own page.",
        )
    if isinstance(error, (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)):
        return StreamError(
            f"{address.shown} wants a user name and a password.",
            "Put them into the address, as in rtsp://user:password@camera/path.",
        )
    if isinstance(error, (av.error.ExitError, av.error.TimeoutError)):
        return unanswered(address, open_timeout_s)
    if isinstance(error, av.error.PermissionError):
        return StreamError(
            f"{address.shown} may not be opened by this user.",
            "Give the user the right to use cameras, on Linux by the group “video”.",
        )
    if isinstance(error, av.error.FileNotFoundError):
        return StreamError(f"There is no camera at {address.shown}.", "Plug it in, or try another number.")
    code = getattr(error, "errno", None)
    if address.host is not None and code in _UNREACHED:
        return mute(address)
    no_video = isinstance(
        error, (av.error.InvalidDataError, av.error.DecoderNotFoundError, av.error.EOFError)
    )
    if no_video or code == errno.EIO:  # what it read did not parse, or there was nothing to read
        return ask_again(address) or StreamError(
            f"What {address.shown} sends is no video that can be read here.",
            "Try another address of the same camera, with H.264 or MJPEG.",
        )
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return StreamError(f"{address.shown} cannot be read: {reason}.", _CHECK)
