"""What must be so before a QApplication exists, and the QApplication itself."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

# OpenCV points these at its own, older Qt when it is imported; a child inherits them
_FOREIGN = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


def clean_environment() -> None:
    """Forgets another library's Qt."""
    for name in _FOREIGN:
        os.environ.pop(name, None)


def keep_out_cuda() -> None:
    """Makes `import cuda.bindings` fail in this process, as if they were not installed.

    pyqtgraph tries them for one widget that the window does not use; where torch brought them along they
    cost a tenth of a second and look for the driver. All that computes on a GPU runs in other processes.
    """
    sys.modules.setdefault("cuda.bindings", None)  # type: ignore[arg-type]


def make_application(arguments: list[str] | None = None) -> QApplication:
    """The one QApplication, named and in the Fusion style that the themes are made for."""
    clean_environment()
    from PySide6.QtWidgets import QApplication

    application = QApplication(arguments if arguments is not None else sys.argv[:1])
    application.setApplicationName("amodal-studio")
    application.setApplicationDisplayName("Amodal Studio")
    application.setDesktopFileName("amodal-studio")
    application.setStyle("Fusion")
    return application
