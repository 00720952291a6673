"""Looking things up in the graph that answers: entities by name, and what is stated of one, page by page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kgqa.chat.assistant import Assistant, Suggestion

if TYPE_CHECKING:
    from kgqa.chat.assistant import Graph

Direction = Literal["both", "out", "in"]
PAGE, LARGEST_PAGE = 50, 200
FOUND, MOST_FOUND = 10, 50
LONGEST_ID = 2000


class Record(BaseModel):
    """A record that is sent out."""

    model_config = ConfigDict(frozen=True)


class Named(Record):
    """An id of the graph with its label."""

    id: Annotated[str, Field(description="The id in the graph.")]
    label: Annotated[str, Field(description="What it is called.")]


class Entity(Named):
    """An entity with what tells it from its namesakes."""

    description: Annotated[str, Field(description="What it is, in a few words; perhaps empty.")]


class Entities(Record):
    """Entities whose name begins in a certain way."""

    prefix: Annotated[str, Field(description="The beginning of a name that was asked for.")]
    entities: Annotated[list[Entity], Field(description="Those called exactly so first, then the best connected.")]


class Fact(Record):
    """One statement of the graph, in the direction in which the graph makes it."""

    subject: Named
    relation: Named
    object: Named


class FactPage(Record):
    """Some of the facts about an entity."""

    entity: Entity
    direction: Annotated[Direction, Field(description="Which facts: with the entity as subject, as object, or both.")]
    total: Annotated[int, Field(description="How many such facts the graph has.")]
    offset: Annotated[int, Field(description="How many of them come before this page.")]
    facts: list[Fact]
    next_offset: Annotated[int | None, Field(description="The offset of the next page; null on the last one.")]


def entities(assistant: Assistant, prefix: str, limit: int = FOUND) -> Entities:
    """Entities one of whose names, or a word of it, begins like this."""
    return Entities(prefix=prefix, entities=[_entity(found) for found in assistant.suggest(prefix, limit)])


def facts(
    assistant: Assistant, entity_id: str, direction: Direction = "both", offset: int = 0, limit: int = PAGE
) -> FactPage:
    """One page of the facts about an entity, relation by relation.

    The cost is that of the page and of the entity's relations, not of its facts.

    Raises:
        UnknownEntityError: if the graph has no entity with this id.
    """
    graph = assistant.model.graph
    number = graph.catalog.entity(entity_id)
    groups = list(_groups(graph, number, direction))
    total = sum(stop - start for _, start, stop in groups)
    rows = [_fact(graph, number, *edge) for edge in _page(graph, groups, offset, limit)]
    following = offset + len(rows)
    return FactPage(
        entity=_entity(assistant.entity(entity_id)),
        direction=direction,
        total=total,
        offset=offset,
        facts=rows,
        next_offset=following if rows and following < total else None,
    )


def _groups(graph: "Graph", entity: int, direction: Direction) -> Iterator[tuple[int, int, int]]:
    """(relation, start, stop) of each group of an entity's edges; inverse relations are odd."""
    sparse = graph.sparse
    first, last = sparse.entity_pointers[entity : entity + 2].tolist()
    relations = sparse.group_relations[first:last].tolist()
    pointers = sparse.group_pointers[first : last + 1].tolist()
    for relation, start, stop in zip(relations, pointers, pointers[1:], strict=False):
        if direction == "both" or (relation % 2 == 0) == (direction == "out"):
            yield relation, start, stop


def _page(graph: "Graph", groups: list[tuple[int, int, int]], offset: int, limit: int) -> Iterator[tuple[int, int]]:
    """(relation, other end) of the edges offset to offset + limit."""
    for relation, start, stop in groups:
        first = min(start + offset, stop)
        offset -= first - start
        last = min(first + limit, stop)
        limit -= last - first
        yield from ((relation, other) for other in graph.sparse.objects[first:last].tolist())
        if not limit:
            return


def _fact(graph: "Graph", entity: int, relation: int, other: int) -> Fact:
    ends = (other, entity) if relation % 2 else (entity, other)
    subject, object_ = (Named(id=graph.catalog.entity_ids[end], label=graph.catalog.labels[end]) for end in ends)
    base = relation // 2
    label = Named(id=graph.catalog.relation_ids[base], label=graph.catalog.relation_labels[base])
    return Fact(subject=subject, relation=label, object=object_)


def _entity(found: Suggestion) -> Entity:
    return Entity(id=found.id, label=found.label, description=found.description)
