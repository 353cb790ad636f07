"""Composites that an evaluation measured by are drawn as Compose draws them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.controllers.evaluate_reads import EvaluateReads
from core.compositing.render import Composer
from core.errors import CompositeError, EvaluationError
from core.jobs.composites import StoredPieces
from core.store.project import Project
from core.store.queries.recipes import recipe_page, recipe_sets
from tests.app.compose import yards
from tests.jobs.doing import do_job

WHOLE = {"validation_percent": 0, "test_percent": 0}


def test_a_composite_is_drawn_as_it_was_made(tmp_path: Path) -> None:
    path = yards.make(tmp_path)
    do_job(path, "compose", count=1, name="All", least=2, most=3, seed=5, **WHOLE)
    with Project.open(path, read_only=True) as project:
        with project.read() as connection:
            [row] = recipe_page(connection, recipe_sets(connection)[0].id)
        source = StoredPieces(path)
        expected = Composer(source).render(row.recipe).picture
        source.close()
        reads = EvaluateReads(project)
        drawn = reads.composite(row.id)
        assert np.array_equal(drawn, expected)
        assert drawn.std() > 5
        with pytest.raises(CompositeError, match="is gone"):
            reads.composite(row.id + 1)
        with pytest.raises(EvaluationError, match="no name of a drawn picture"):
            reads.street("../../secret.npz")
        reads.close()
