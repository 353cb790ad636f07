"""Rebuilds resources/car_shapes/default.npz from the procedural family."""

from __future__ import annotations

from pathlib import Path

from core.shapes.procedural.default import build_default_space
from core.shapes.space_file import save_space

TARGET = Path(__file__).resolve().parents[1] / "resources" / "car_shapes" / "default.npz"


def main() -> None:
    """Builds the space, writes it, and says what it holds."""
    space = build_default_space()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    save_space(space, TARGET)
    assert space.mesh is not None
    print(f"{TARGET.name}: {space.name}, {TARGET.stat().st_size / 1e6:.2f} MB")
    print(f"{space.components} components explain {space.explained.sum():.1%} of the keypoints' variance")
    print("sigmas, metres:", " ".join(f"{sigma:.3f}" for sigma in space.sigmas))
    print(f"mesh: {len(space.mesh.mean)} vertices, {len(space.mesh.faces)} faces")


if __name__ == "__main__":
    main()
