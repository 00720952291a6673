"""Looking up entities and facts, compared with the triples of the tests' graph read in a plain loop."""

from pathlib import Path

import pytest

from kgqa.chat import lookup
from kgqa.chat.assistant import Assistant
from kgqa.errors import UnknownEntityError
from kgqa.reasoning.pretrained import from_pretrained
from tests import cinema

FINCH = "Dora Finch"


@pytest.fixture(scope="module")
def assistant(trained_model: Path) -> Assistant:
    return Assistant(from_pretrained(trained_model))


def identity(assistant: Assistant, label: str) -> str:
    return next(found.id for found in lookup.entities(assistant, label).entities if found.label == label)


def labels(page: lookup.FactPage) -> list[tuple[str, str, str]]:
    return [(fact.subject.label, fact.relation.label, fact.object.label) for fact in page.facts]


def stated(name: str, subject: bool, object_: bool) -> list[tuple[str, str, str]]:
    return sorted({row for row in cinema.triples() if (subject and row[0] == name) or (object_ and row[2] == name)})


@pytest.mark.parametrize("name", ["Jaws", FINCH, "Captain Rook", "Ana Sol"])
def test_facts_are_those_of_the_graph_in_its_own_direction(assistant: Assistant, name: str) -> None:
    entity = identity(assistant, name)
    assert sorted(labels(lookup.facts(assistant, entity))) == stated(name, True, True)
    assert sorted(labels(lookup.facts(assistant, entity, "out"))) == stated(name, True, False)
    assert sorted(labels(lookup.facts(assistant, entity, "in"))) == stated(name, False, True)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("direction", ["both", "out", "in"])
def test_pages_together_are_the_whole(assistant: Assistant, direction: lookup.Direction, limit: int) -> None:
    entity = identity(assistant, "Jaws")
    whole = lookup.facts(assistant, entity, direction, limit=200)
    offset: int | None = 0
    seen: list[tuple[str, str, str]] = []
    while offset is not None:
        page = lookup.facts(assistant, entity, direction, offset, limit)
        assert (page.total, page.offset) == (whole.total, offset)
        assert len(page.facts) <= limit
        seen += labels(page)
        offset = page.next_offset
    assert seen == labels(whole)
    assert len(seen) == whole.total


def test_beyond_the_last_fact_is_an_empty_last_page(assistant: Assistant) -> None:
    page = lookup.facts(assistant, identity(assistant, "Jaws"), offset=10**9)
    assert (page.facts, page.next_offset) == ([], None)


def test_an_entity_that_is_not_there_is_an_error(assistant: Assistant) -> None:
    with pytest.raises(UnknownEntityError, match="no entity"):
        lookup.facts(assistant, "urn:absent")


def test_entities_are_found_by_the_beginning_of_any_word(assistant: Assistant) -> None:
    assert [found.label for found in lookup.entities(assistant, "fin").entities] == [FINCH]
    assert len(lookup.entities(assistant, "j", 1).entities) == 1
    assert lookup.entities(assistant, "zzz").entities == []
