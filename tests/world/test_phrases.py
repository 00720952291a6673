"""Phrases stand for what one step leads to, and make longer questions that mean what they say."""

from pathlib import Path
from random import Random

import pytest

from assets.world.graph import Graph
from assets.world.names import normalise
from assets.world.phrases import MOST_OTHERS, Composer, read_phrases
from assets.world.tables import TableError
from assets.world.templates import Template


@pytest.fixture(scope="module")
def composed(graph: Graph, templates: dict[str, list[Template]]) -> list[Template]:
    return Composer(graph, read_phrases(), templates["train"], Random(0)).compose()


def write(directory: Path, *lines: str) -> Path:
    (directory / "some.phrases.tsv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return directory


def test_phrases_are_many_and_no_text_of_dev(templates: dict[str, list[Template]]) -> None:
    dev = {normalise(template.text) for template in templates["dev"]}
    phrases = read_phrases()
    assert len(phrases) >= 1_000
    assert [phrase.text for phrase in phrases if normalise(phrase.text) in dev] == []


def test_a_phrase_takes_the_place_of_a_name(graph: Graph, templates: dict[str, list[Template]], tmp_path: Path) -> None:
    phrases = read_phrases(write(tmp_path, "Film:directed_by\tthe director of {a}"))
    made = Composer(graph, phrases, templates["train"], Random(0)).compose()
    born = [template for template in made if template.program == "Film:directed_by/place_of_birth"]
    texts = {
        t.text.replace("{a}", "the director of {a}") for t in templates["train"] if t.program == "Person:place_of_birth"
    }
    assert born
    assert {template.text for template in born} <= texts


def test_most_composed_programs_lead_somewhere(graph: Graph, composed: list[Template]) -> None:
    """Some classes meet but no two of their members do: such programs serve as questions without an answer."""
    branches = sorted({template.branches[0] for template in composed}, key=str)
    lead = [any(graph.walk(node, branch.path) for node in graph.members[branch.kind]) for branch in branches]
    assert sum(lead) > 0.7 * len(lead)


def test_composed_texts_are_long_questions_with_one_slot(composed: list[Template]) -> None:
    assert len(composed) > MOST_OTHERS
    for template in composed:
        assert template.shape in ("2-hop", "3-hop")
        assert template.text.count("{a}") == 1


DIRECTOR = "Film:directed_by\tthe director of {a}"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("Film:directed_by/spouse\tthe spouse of the director of {a}",), "1: a phrase has a program of one step"),
        ((DIRECTOR, DIRECTOR.replace("the", "The")), "2: this text stands twice"),
    ],
)
def test_a_bad_phrase_is_named(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(TableError, match=f"some.phrases.tsv:{message}"):
        read_phrases(write(tmp_path, *lines))
