"""The name a person logs in with, which stands for the annotator where none was named."""

from __future__ import annotations

import getpass

NOBODY = "annotator"


def login_name() -> str:
    """The login name, or "annotator" for a user that the machine has no name for, as in some containers."""
    try:
        return getpass.getuser().strip() or NOBODY
    except (KeyError, OSError):
        return NOBODY
