"""Findings about the machine and the installed packages."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import sys
from importlib import metadata

from core.jobs.doctor.finding import Finding
from core.jobs.doctor.networks import network_findings

DECODERS = ("h264", "hevc", "mpeg4", "mjpeg", "vp9", "av1")
_LITTLE_DISK_BYTES = 2 * 2**30


def machine_findings() -> list[Finding]:
    """Python, torch and what it sees, codecs, database, disk and conflicts between packages."""
    return [_python(), *network_findings(), _codecs(), _sqlite(), _disk(), *_conflicts()]


def _python() -> Finding:
    version = platform.python_version()
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("bad", "Python", f"{version}; use 3.11, 3.12 or 3.13.")
    return Finding("ok", "Python", f"{version} on {platform.platform()}")


def _codecs() -> Finding:
    import av

    missing = [name for name in DECODERS if not _has_codec(name, "r")]
    if missing:
        return Finding(
            "bad", "Codecs", f"PyAV {av.__version__} cannot decode {', '.join(missing)}; reinstall av."
        )
    if not _has_codec("libx264", "w"):
        return Finding(
            "note", "Codecs", f"PyAV {av.__version__} has no H.264 encoder; recording will not work."
        )
    return Finding(
        "ok", "Codecs", f"PyAV {av.__version__} decodes {', '.join(DECODERS)}; H.264 encoder there"
    )


def _has_codec(name: str, mode: str) -> bool:
    from av.codec import Codec

    try:
        Codec(name, mode)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < (3, 35):
        return Finding("bad", "SQLite", f"{version}; 3.35 or newer is needed: use a newer Python build.")
    return Finding("ok", "SQLite", version)


def _disk() -> Finding:
    free = shutil.disk_usage(".").free
    text = f"{free / 2**30:.1f} GiB free here"
    return Finding("bad" if free < _LITTLE_DISK_BYTES else "ok", "Disk", text)


def _conflicts() -> list[Finding]:
    found = []
    installed = {(dist.metadata["Name"] or "").lower() for dist in metadata.distributions()}
    opencv = sorted(name for name in installed if name.startswith("opencv"))
    if len(opencv) > 1:
        found.append(
            Finding(
                "bad", "Conflict", f"{' and '.join(opencv)} overwrite each other: keep opencv-python alone."
            )
        )
    bindings = sorted(name for name in installed if name in ("pyqt5", "pyqt6", "pyside2"))
    if bindings:
        found.append(
            Finding("note", "Conflict", f"{', '.join(bindings)} beside PySide6; this program uses PySide6.")
        )
    if "pyside6-essentials" in installed and sys.version_info[:2] == (3, 11):
        version = metadata.version("pyside6-essentials")
        if tuple(int(part) for part in version.split(".")[:2]) >= (6, 12):
            found.append(
                Finding("bad", "Conflict", f"PySide6 {version} crashes on Python 3.11: install < 6.12.")
            )
    return found or [Finding("ok", "Conflicts", "none between the installed packages")]
