"""The addresses of live sources: what a person types, and what the decoder is told to open."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit, urlunsplit

from core.errors import StreamError

_USB = re.compile(r"usb:(\d{1,3})$", re.IGNORECASE)
_NETWORK_SCHEMES = ("rtsp", "rtsps", "http", "https")
_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_USER_AGENT = "AmodalStudio"
# nothing that a stream says may make the decoder read a file of this machine
_PROTOCOLS = "rtsp,rtp,udp,tcp,http,https,httpproxy,tls,srtp,crypto"
_HOW = "Write it as rtsp://…, http://… or usb:0."


@dataclass(frozen=True, slots=True)
class LiveAddress:
    """A live source, ready to be opened.

    Attributes:
        shown: the address for people, without user name and password.
        url: what is opened.
        format: the demuxer to use, or None to recognise it.
        options: for the decoder.
        host, port: whom to talk to; None for a camera on this machine.
        own_clock: whether presentation times come from the camera's own clock (else pictures are dated by
            their arrival).
    """

    shown: str
    url: str
    format: str | None
    options: tuple[tuple[str, str], ...]
    host: str | None
    port: int | None
    own_clock: bool


def parse_address(address: str, *, read_timeout_s: float, platform: str = sys.platform) -> LiveAddress:
    """Read an address as a person types it: rtsp://…, http(s)://…, or usb:N for the N-th camera here.

    Raises:
        StreamError: it is none of these.
    """
    text = address.strip()
    usb = _USB.match(text)
    if usb:
        return _usb(int(usb.group(1)), platform)
    parts, port = _split(text)
    scheme = parts.scheme.lower()
    patience_us = str(int(read_timeout_s * 1e6))
    options = {"protocol_whitelist": _PROTOCOLS, "fflags": "nobuffer", "analyzeduration": "1000000"}
    options |= {"timeout": patience_us, "user_agent": _USER_AGENT}
    if scheme.startswith("rtsp"):
        # TCP passes firewalls and loses nothing; UDP is tried where the camera refuses it
        options |= {"rtsp_flags": "prefer_tcp", "allowed_media_types": "video"}
    return LiveAddress(
        shown=redact(text),
        url=text,
        format=None,
        options=tuple(options.items()),
        host=parts.hostname,
        port=port or _DEFAULT_PORTS[scheme],
        own_clock=scheme.startswith("rtsp"),
    )


def check_address(address: str) -> None:
    """Check that an address is well formed, without touching any camera or network.

    Raises:
        StreamError: it is not.
    """
    text = address.strip()
    if not _USB.match(text):
        _split(text)


def redact(address: str) -> str:
    """The address without user name and password, fit for a message or a log."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return re.sub(r"//[^/@]*@", "//", address)
    if "@" not in parts.netloc:
        return address
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _split(text: str) -> tuple[SplitResult, int | None]:
    """The parts of a network address, and its port if it names one."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise StreamError(f"“{redact(text)}” is no address of a stream.", _HOW) from error
    if parts.scheme.lower() not in _NETWORK_SCHEMES or not parts.hostname:
        raise StreamError(f"“{redact(text)}” is no address of a stream.", _HOW)
    return parts, port


def _usb(index: int, platform: str) -> LiveAddress:
    shown = f"usb:{index}"
    if platform.startswith("linux"):
        device = f"/dev/video{index}"
        if not Path(device).exists():
            raise StreamError(f"There is no camera {index} on this machine.", _usb_way_out())
        # without blocking, a camera that hangs can be noticed
        return _local(shown, device, "v4l2", {"fflags": "nonblock+nobuffer"})
    if platform == "darwin":
        return _local(shown, f"{index}:none", "avfoundation", {"framerate": "30"})
    return _local(shown, f"video={_dshow_name(index)}", "dshow", {"rtbufsize": "64M"})


def _local(shown: str, url: str, format_name: str, options: dict[str, str]) -> LiveAddress:
    return LiveAddress(shown, url, format_name, tuple(options.items()), None, None, own_clock=False)


def _dshow_name(index: int) -> str:
    """Windows knows cameras by name alone."""
    import av

    devices = [d for d in av.enumerate_input_devices("dshow") if "video" in (d.media_types or ["video"])]
    if index >= len(devices):
        raise StreamError(f"There is no camera {index} on this machine.", _usb_way_out())
    return str(devices[index].name)


def _usb_way_out() -> str:
    return "Plug the camera in, or try another number."
