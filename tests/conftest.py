"""Fixtures that every floor's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# a busy machine is slow, and slow is not wrong
settings.register_profile("amodal", deadline=None, derandomize=True)
settings.load_profile("amodal")

_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real footage beside the checkout; skips, saying so, where it is absent."""
    if not (_SHARED_DATA / "README.md").exists():
        pytest.skip("the real footage in ../shared/data is absent here")
    return _SHARED_DATA
