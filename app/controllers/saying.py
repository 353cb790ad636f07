"""How a workspace's line says what was just done: the same words everywhere."""

from __future__ import annotations

from core.records.history import Touched


def done(touched: Touched) -> str:
    """An edit was made."""
    return f"Done: {touched.title}."


def undid(touched: Touched) -> str:
    """An edit was taken back."""
    return f"Undid: {touched.title}."


def did_again(touched: Touched) -> str:
    """An edit that was taken back was made again."""
    return f"Did again: {touched.title}."
