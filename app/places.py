"""Where the window keeps its own files: settings, keys, recent projects, logs, the demo project."""

from __future__ import annotations

import os
from pathlib import Path

OVERRIDE = "AMODAL_CONFIG_DIR"


def config_folder() -> Path:
    """Settings, keys and recent projects. AMODAL_CONFIG_DIR replaces it, for tests."""
    given = os.environ.get(OVERRIDE)
    if given:
        return Path(given)
    from platformdirs import user_config_path

    return user_config_path("amodal-studio", appauthor=False)


def log_folder() -> Path:
    """The program's log and crash logs."""
    if os.environ.get(OVERRIDE):
        return config_folder() / "logs"
    from platformdirs import user_log_path

    return user_log_path("amodal-studio", appauthor=False)


def data_folder() -> Path:
    """What the program makes itself, such as the demo project."""
    if os.environ.get(OVERRIDE):
        return config_folder() / "data"
    from platformdirs import user_data_path

    return user_data_path("amodal-studio", appauthor=False)
