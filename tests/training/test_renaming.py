"""Renaming: other names of the same kind, with the same programs."""

from random import Random

import pytest

from kgqa.graph.store import KnowledgeGraph
from kgqa.training.lookout import Lookout
from kgqa.training.renaming import Renamer
from tests import kingdom
from tests.training.test_lookout import asked, graph, lookout

__all__ = ["graph", "lookout"]


@pytest.fixture
def renamer(lookout: Lookout) -> Renamer:
    return Renamer(lookout.space, lookout.reader.index)


def test_another_state_is_asked_about_and_programs_start_from_it(lookout: Lookout, renamer: Renamer) -> None:
    (first, *_) = lookout.explain(asked("count"))
    assert first is not None
    others = {renamer.renamed(first, Random(seed)).question for seed in range(20)}
    assert len(others) > 5
    assert all(text.startswith("how many cities are in ") for text in others)
    other = renamer.renamed(first, Random(3))
    for program in other.programs:
        for step in program:
            if step.op == "named":
                name = other.question[step.start : step.end]
                assert step.entities == (lookout.catalog.entity(kingdom.iri(name)),)


def test_the_same_generator_gives_the_same_question(lookout: Lookout, renamer: Renamer) -> None:
    (first, *_) = lookout.explain(asked("sum"))
    assert first is not None
    assert renamer.renamed(first, Random(1)) == renamer.renamed(first, Random(1))


def test_what_names_nothing_stays(lookout: Lookout, renamer: Renamer, graph: KnowledgeGraph) -> None:
    (first, *_) = lookout.explain(asked("threshold"))
    assert first is not None
    assert renamer.renamed(first, Random(0)) is first
