"""How far two annotators agree on the instances that both reviewed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.records.occlusion import Verdict
from core.store import tables
from core.store.annotators import find_annotator

_review = tables.review


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two annotators compared.

    Attributes:
        counts: (first's verdict, second's verdict) -> instances.
        differing: ids of the instances on which they differ, ascending.
        share: of the common instances, how many they agree on; None where there are none.
        kappa: Cohen's kappa: 1 perfect, 0 as by chance; None where it is undefined.
    """

    counts: dict[tuple[Verdict, Verdict], int]
    differing: tuple[int, ...]
    share: float | None
    kappa: float | None


def agreement(connection: Connection, first: str, second: str) -> Agreement:
    """Compare two annotators by name; one who never edited shares no instances with anyone.

    Cohen's kappa is (p_o - p_e) / (1 - p_e) with the observed agreement p_o and that expected by chance,
    p_e, from each annotator's own frequencies (Cohen 1960).
    """
    a, b = _review.alias("a"), _review.alias("b")
    query = (
        select(a.c.instance_id, a.c.verdict, b.c.verdict)
        .join(b, b.c.instance_id == a.c.instance_id)
        .where(
            a.c.annotator_id == find_annotator(connection, first),
            b.c.annotator_id == find_annotator(connection, second),
        )
        .order_by(a.c.instance_id)
    )
    pairs = [(int(i), Verdict(x), Verdict(y)) for i, x, y in connection.execute(query)]
    counts = Counter((x, y) for _, x, y in pairs)
    differing = tuple(i for i, x, y in pairs if x != y)
    total = len(pairs)
    if not total:
        return Agreement({}, (), None, None)
    observed = 1 - len(differing) / total
    first_counts = Counter(x for _, x, _ in pairs)
    second_counts = Counter(y for _, _, y in pairs)
    chance = sum(first_counts[v] * second_counts[v] for v in Verdict) / total**2
    kappa = None if chance == 1 else (observed - chance) / (1 - chance)
    return Agreement(dict(counts), differing, observed, kappa)
