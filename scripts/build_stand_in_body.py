"""Rebuilds resources/bodies/stand_in.npz."""

from __future__ import annotations

from pathlib import Path

from core.shapes.body.model_file import save_body
from core.shapes.body.stand_in import build_stand_in

TARGET = Path(__file__).resolve().parents[1] / "resources" / "bodies" / "stand_in.npz"


def main() -> None:
    """Builds the body, writes it, and says how large it is."""
    body = build_stand_in()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    save_body(body, TARGET)
    print(
        f"{TARGET.name}: {len(body.template)} vertices, {len(body.faces)} faces, "
        f"{TARGET.stat().st_size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
