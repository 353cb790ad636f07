"""The motion detector and the tracking of what it finds, in milliseconds a frame.

Peers, on the same frames in the same process: decoding them to RGB with PyAV, and OpenCV's MOG2, a
background subtractor that gives a plane of pixels only: no objects, no masks, no kinds.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

CLIP = Path(__file__).resolve().parents[2] / "shared" / "data" / "suburb" / "suburb.mp4"
TARGET_MS = 3.0
MOST_FRAMES = 400


def main() -> dict[str, Any]:
    """Prints and gives milliseconds a frame of decoding, detecting and tracking."""
    if not CLIP.exists():
        return {"skipped": "the real footage in ../shared/data is absent here"}
    import av
    import cv2
    import numpy as np

    from core.mining.detectors.registry import create_detector
    from core.mining.tracking import track_sequence
    from core.records.detections import DetectorFrame

    cv2.setNumThreads(1)  # small pictures: handing work to threads costs more than it gives
    frames, started = [], time.perf_counter()
    with av.open(str(CLIP)) as clip:
        fps = float(clip.streams.video[0].average_rate or 24)
        clip.streams.video[0].thread_type = "AUTO"
        for frame in clip.decode(video=0):
            frames.append(frame.to_ndarray(format="rgb24"))
    decode_ms = 1e3 * (time.perf_counter() - started) / len(frames)
    background = np.median(np.stack(frames[::12]), axis=0).astype(np.uint8)
    frames = frames[:: max(1, len(frames) // MOST_FRAMES)][:MOST_FRAMES]

    detector = create_detector("motion")
    detector.detect([DetectorFrame(frames[0], background)])
    started = time.perf_counter()
    found = [detector.detect([DetectorFrame(frame, background)])[0] for frame in frames]
    detect_ms = 1e3 * (time.perf_counter() - started) / len(frames)

    track_sequence(found[:2], fps, across_kinds=True)  # pays for the import
    started = time.perf_counter()
    track_sequence(found, fps, across_kinds=True)
    track_ms = 1e3 * (time.perf_counter() - started) / len(frames)

    subtractor = cv2.createBackgroundSubtractorMOG2()
    started = time.perf_counter()
    for frame in frames:
        subtractor.apply(frame)
    peer_ms = 1e3 * (time.perf_counter() - started) / len(frames)

    results = {
        "frames": len(frames),
        "objects_per_frame": sum(map(len, found)) / len(frames),
        "decode_ms": decode_ms,
        "detect_ms": detect_ms,
        "track_ms": track_ms,
        "mog2_ms": peer_ms,
        "detect_over_decode": detect_ms / decode_ms,
    }
    print(
        f"suburb.mp4, in ms a frame: decoding {decode_ms:.2f}, detecting {detect_ms:.2f} "
        f"(target {TARGET_MS}), tracking {track_ms:.2f}, MOG2 {peer_ms:.2f}; "
        f"{results['objects_per_frame']:.1f} objects a frame"
    )
    return results


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
