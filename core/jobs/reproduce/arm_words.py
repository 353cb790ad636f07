"""What kinds of labels are called in tables, and what the paper says of one over another."""

from __future__ import annotations

from core.jobs.reproduce.arms import Arm

ARM_TITLES = {
    Arm.MODAL: "what is seen",
    Arm.WALT2D: "WALT2D's composites",
    Arm.WALT2D_SAME: "WALT2D's of the same objects as WALT3D's",
    Arm.WALT3D: "WALT3D's composites",
}
ARM_CLAIMS = (
    ("WALT3D's composites beat labels of what is seen", Arm.WALT3D, Arm.MODAL),
    ("WALT3D's composites beat WALT2D's at equal data", Arm.WALT3D, Arm.WALT2D),
    ("WALT3D's beat WALT2D's of the same objects", Arm.WALT3D, Arm.WALT2D_SAME),
)
"""What is said, of which kind over which."""
