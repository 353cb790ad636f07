"""Fetching weights: from a real server on this machine, whatever it does."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.errors import DetectorUnavailableError, DiskFullError
from core.mining.detectors.weights import MASK_RCNN_V2, WeightsFile, fetch, is_cached

CONTENT = bytes(range(256)) * 4000  # a megabyte, in several pieces
HASH = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT under any name.

    Attributes:
        ranges: the Range header of each request, or "".
        breaks_after: how many bytes of one answer are sent before the connection breaks, or None.
        resumes: whether it honours Range.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str] = []
        self.breaks_after: int | None = None
        self.resumes = True

    def weights(self, name: str = f"net-{HASH[:8]}.pth") -> WeightsFile:
        return WeightsFile(f"http://127.0.0.1:{self.server_port}/models/{name}", megabytes=1)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.server.ranges.append(asked)
        first = int(asked.removeprefix("bytes=").split("-")[0]) if asked and self.server.resumes else 0
        if first >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(CONTENT) - first))
        self.end_headers()
        end = len(CONTENT) if self.server.breaks_after is None else first + self.server.breaks_after
        self.wfile.write(CONTENT[first:end])

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    serving = Server()
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join()


def test_fetches_once_and_tells_how_far_it_is(server: Server, tmp_path: Path):
    heard: list[float] = []
    weights = server.weights()
    assert not is_cached(weights, tmp_path)
    path = fetch(weights, tmp_path, lambda share, message: heard.append(share))
    assert path.read_bytes() == CONTENT
    assert is_cached(weights, tmp_path)
    assert heard == sorted(heard)
    assert len(heard) > 1
    assert heard[-1] == 1.0
    fetch(weights, tmp_path)
    assert len(server.ranges) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [weights.name]


def test_carries_on_where_it_broke_off(server: Server, tmp_path: Path):
    server.breaks_after = 600_000
    with pytest.raises(DetectorUnavailableError, match="cannot be fetched"):
        fetch(server.weights(), tmp_path)
    assert not is_cached(server.weights(), tmp_path)
    server.breaks_after = None
    assert fetch(server.weights(), tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=600000-"]


def test_starts_again_where_a_server_cannot_carry_on(server: Server, tmp_path: Path):
    server.breaks_after = 600_000
    with pytest.raises(DetectorUnavailableError):
        fetch(server.weights(), tmp_path)
    server.breaks_after, server.resumes = None, False
    assert fetch(server.weights(), tmp_path).read_bytes() == CONTENT


def test_a_file_that_was_whole_before_the_last_crash_is_taken(server: Server, tmp_path: Path):
    weights = server.weights()
    (tmp_path / (weights.name + ".part")).write_bytes(CONTENT)
    assert fetch(weights, tmp_path).read_bytes() == CONTENT


def test_another_file_than_the_published_one_is_refused_and_thrown_away(server: Server, tmp_path: Path):
    with pytest.raises(DetectorUnavailableError, match="hash differs"):
        fetch(server.weights("net-0123abcd.pth"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_it_says_so_and_what_to_do(tmp_path: Path):
    nobody = WeightsFile("http://127.0.0.1:9/net-0123abcd.pth", megabytes=1)
    with pytest.raises(DetectorUnavailableError) as caught:
        fetch(nobody, tmp_path)
    assert "net-0123abcd.pth" in caught.value.problem
    assert nobody.url in caught.value.way_out
    assert "name the file in the detector's settings" in caught.value.way_out


def test_a_folder_that_cannot_be_written_is_said_plainly(server: Server, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiskFullError, match="cannot be written"):
        fetch(server.weights(), tmp_path / "file" / "folder")


def test_the_published_name_carries_its_hash():
    assert MASK_RCNN_V2.hash_start == "73cbd019"
    with pytest.raises(ValueError):
        _ = WeightsFile("http://here/plain.pth", 1).hash_start
