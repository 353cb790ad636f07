"""A server on this machine that has a file of weights, as the ones that are published are had."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch

from core.mining.detectors.weights import WeightsFile


@contextmanager
def served_weights(folder: Path, tensors: dict[str, Any], name: str = "resnet18") -> Iterator[WeightsFile]:
    """Serves a file of torch.save under a name with its hash, for the time of the block.

    Args:
        folder: an empty one, where the file lies.
    """
    folder.mkdir()
    torch.save(tensors, folder / "plain.pth")
    digest = hashlib.sha256((folder / "plain.pth").read_bytes()).hexdigest()[:8]
    (folder / "plain.pth").rename(folder / f"{name}-{digest}.pth")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield WeightsFile(f"http://127.0.0.1:{server.server_address[1]}/{name}-{digest}.pth", megabytes=45)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
