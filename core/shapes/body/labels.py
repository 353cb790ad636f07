"""Labels of body models, as fits have them: a name and what tells one body from another.

"SMPL_NEUTRAL 0123456789ab-ba9876543210": the hash of the skin and its shapes, then that of skeleton, weights
and the rest. Labels of before have the first alone, and name every body with that skin.
"""

from __future__ import annotations


def is_same_body(one: str, other: str) -> bool:
    """Whether two labels name one body: the hashes count, as files are called otherwise elsewhere."""
    ours, theirs = (label.split()[-1].split("-") if label.split() else [] for label in (one, other))
    told = min(len(ours), len(theirs))
    return told > 0 and ours[:told] == theirs[:told]
