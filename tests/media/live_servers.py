"""Servers on loopback for the tests of live sources: VLC's RTSP over UDP, and small ones over TCP."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.media.live import LiveStream, LiveTimeouts

WIDTH, HEIGHT, FPS = 160, 120, 15
BITS = 10
LOOPBACK = "127.0.0.1"


def numbered_picture(number: int) -> NDArray[np.uint8]:
    """A picture that carries its number in ten black or white squares, and some colour."""
    image = np.full((HEIGHT, WIDTH, 3), (90, 120, 60), np.uint8)
    for bit in range(BITS):
        image[40:80, 16 * bit : 16 * (bit + 1)] = 235 if number >> bit & 1 else 20
    return image


def number_of(image: NDArray[np.uint8]) -> int:
    """The number that a picture carries, whatever its size."""
    height, width, _ = image.shape
    row = image[height // 2].mean(axis=1)
    return sum(1 << bit for bit in range(BITS) if row[int((bit + 0.5) * width / BITS)] > 128)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def encode_numbered(count: int, first: int = 0) -> list[bytes]:
    """Numbered pictures as H.264 access units (Annex B), each GOP of five pictures with its headers."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, FPS), Fraction(FPS)
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "5", "bf": "0"}
    units: list[bytes] = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(numbered_picture((first + number) % (1 << BITS)), format="rgb24")
        frame.pts = number
        units += [bytes(packet) for packet in codec.encode(frame)]
    return units + [bytes(packet) for packet in codec.encode(None)]


class VlcRtspServer:
    """A film in a loop over RTSP by VLC, as rtsp://127.0.0.1:PORT/live. VLC serves over UDP alone."""

    def __init__(self, folder: Path, port: int, seconds: int = 20) -> None:
        self._vlc = shutil.which("vlc")
        if self._vlc is None:
            pytest.skip("VLC is absent here (Debian packages vlc-bin and vlc-plugin-base)")
        self._home = folder / "vlc-home"
        self._film = folder / "film.mp4"
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._home.mkdir(exist_ok=True)
        self._write_film(seconds)

    @property
    def address(self) -> str:
        return f"rtsp://{LOOPBACK}:{self._port}/live"

    def start(self) -> None:
        """Start VLC and wait until it answers."""
        chain = f"#rtp{{sdp=rtsp://{LOOPBACK}:{self._port}/live}}"
        command = [str(self._vlc), "--intf", "dummy", "--no-audio", "--loop", "--sout-keep"]
        command += ["--no-dbus", "--sout", chain, str(self._film)]
        account = {}
        if os.geteuid() == 0:  # VLC refuses to run as root
            for path in (self._home, self._film):
                path.chmod(0o777)
            for folder in self._film.parents:
                if folder.owner() == "root" and not folder.stat().st_mode & 0o001:
                    folder.chmod(folder.stat().st_mode | 0o011)
            account = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        self._process = subprocess.Popen(
            command,
            env={"HOME": str(self._home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            **account,
        )
        wait_for_port(self._port)
        self._wait_until_it_describes()

    def _wait_until_it_describes(self, seconds: float = 15.0) -> None:
        """VLC listens a moment before it has its film, and says "5XX" meanwhile."""
        question = f"DESCRIBE {self.address} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n".encode()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection((LOOPBACK, self._port), timeout=2) as asking:
                asking.sendall(question)
                if asking.recv(64).startswith(b"RTSP/1.0 200"):
                    return
            time.sleep(0.05)
        raise AssertionError("VLC listens and does not serve its film")

    def kill(self) -> None:
        """End VLC without a farewell."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _write_film(self, seconds: int) -> None:
        with av.open(str(self._film), "w") as container:
            stream = container.add_stream("libx264", rate=FPS)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.codec_context.options = {"g": "5", "bf": "0", "preset": "ultrafast"}
            for number in range(seconds * FPS):
                frame = av.VideoFrame.from_ndarray(numbered_picture(number), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


def wait_for_port(port: int, seconds: float = 15.0) -> None:
    """Wait until something listens."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


class TcpRtspServer:
    """RTSP with RTP interleaved in the TCP connection (RFC 2326, 10.12; H.264 by RFC 6184), counting up.

    Attributes:
        quiet: while set, it stays connected and sends nothing.
    """

    def __init__(self, port: int = 0) -> None:
        self.quiet = threading.Event()
        self.transports: list[str] = []
        self._units = encode_numbered(300)
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                server._serve(self)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server((LOOPBACK, port), Handler)
        self._closing = threading.Event()
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> TcpRtspServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"rtsp://{LOOPBACK}:{self.port}/live"

    def close(self) -> None:
        """Hang up on everyone and stop listening."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        self._connections.append(handler.connection)
        try:
            while line := handler.rfile.readline():
                method = line.split(b" ", 1)[0].decode()
                headers = {}
                while (field := handler.rfile.readline().strip()) != b"":
                    name, _, value = field.decode().partition(":")
                    headers[name.lower()] = value.strip()
                self._answer(handler, method, headers)
                if method == "PLAY":
                    self._play(handler)
                    return
        except OSError:
            return

    def _answer(
        self, handler: socketserver.StreamRequestHandler, method: str, headers: dict[str, str]
    ) -> None:
        lines, body = ["RTSP/1.0 200 OK", f"CSeq: {headers['cseq']}"], b""
        if method == "OPTIONS":
            lines.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            body = self._description()
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP":
            self.transports.append(headers["transport"])
            if "interleaved" in headers["transport"]:
                lines += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1"]
            else:
                lines[0] = "RTSP/1.0 461 Unsupported transport"
        elif method == "PLAY":
            lines.append("Session: 1")
        handler.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)

    def _description(self) -> bytes:
        headers = [nal for nal in split_units(self._units[0]) if nal[0] & 31 in (7, 8)]
        sets = ",".join(base64.b64encode(nal).decode() for nal in headers)
        return (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
            "a=rtpmap:96 H264/90000\r\n"
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\na=control:track1\r\n"
        ).encode()

    def _play(self, handler: socketserver.StreamRequestHandler) -> None:
        sequence, begin = 0, time.monotonic()
        for number in range(10**6):
            due = begin + number / FPS
            if self._closing.wait(max(0.0, due - time.monotonic())):
                return
            if self.quiet.is_set():
                continue
            nals = split_units(self._units[number % len(self._units)])
            for place, nal in enumerate(nals):
                last = place == len(nals) - 1
                for payload, ends in pack_nal(nal):
                    marker = 0x80 if last and ends else 0
                    stamp = number * 90_000 // FPS
                    rtp = struct.pack(">BBHII", 0x80, 96 | marker, sequence & 0xFFFF, stamp, 7) + payload
                    handler.wfile.write(b"$\0" + struct.pack(">H", len(rtp)) + rtp)
                    sequence += 1


def split_units(access_unit: bytes) -> list[bytes]:
    """The NAL units of an Annex B access unit, without their start codes."""
    return [part.rstrip(b"\0") for part in access_unit.split(b"\0\0\1") if part.strip(b"\0")]


def pack_nal(nal: bytes, limit: int = 1300) -> Iterator[tuple[bytes, bool]]:
    """RTP payloads of a NAL unit (RFC 6184, 5.6 and 5.8), and whether each is its last."""
    if len(nal) <= limit:
        yield nal, True
        return
    body = nal[1:]
    for start in range(0, len(body), limit):
        ends = start + limit >= len(body)
        flags = (0x80 if start == 0 else 0) | (0x40 if ends else 0)
        yield bytes([nal[0] & 0xE0 | 28, flags | nal[0] & 31]) + body[start : start + limit], ends


@contextmanager
def mjpeg_server(fps: float = 20.0, after: int | None = None) -> Iterator[str]:
    """HTTP MJPEG on loopback, counting up; hangs up after so many pictures. Gives its base address.

    `/live` is the stream, `/text` is no video, `/secret` wants a password.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/secret":
                self.send_error(401)
            elif self.path == "/text":
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<html>no film here</html>" * 100)
            elif self.path == "/live":
                self._stream()
            else:
                self.send_error(404)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=part")
            self.end_headers()
            number = 0
            try:
                while after is None or number < after:
                    _, jpeg = cv2.imencode(".jpg", numbered_picture(number % (1 << BITS))[:, :, ::-1])
                    head = f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    self.wfile.write(head.encode() + jpeg.tobytes() + b"\r\n")
                    number += 1
                    if stop.wait(1 / fps):
                        return
            except OSError:
                return

        def log_message(self, format: str, *args: object) -> None:
            return

    stop = threading.Event()
    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://{LOOPBACK}:{server.server_address[1]}"
    finally:
        stop.set()
        server.shutdown()
        server.server_close()


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(8)
        yield int(listener.getsockname()[1])


def open_live(
    address: str,
    timeouts: LiveTimeouts | None = None,
    *,
    depth: int = 16,
    should_stop: Callable[[], bool] = lambda: False,
) -> LiveStream:
    """A stream whose source has answered, or raises why it does not."""
    stream = LiveStream(address, timeouts, depth=depth)
    try:
        while not stream.opened and not should_stop():
            assert stream.next_frame(0.0) is None
            time.sleep(0.01)
    except BaseException:
        stream.close()
        raise
    return stream
