"""The living graph as a reviewer reaches it: names to pick, a fact as it will be added, and the adding."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from kgqa.chat.assistant import Assistant
from kgqa.chat.markup import visible
from kgqa.errors import InputError, UnknownEntityError
from kgqa.graph.catalog import Catalog
from kgqa.graph.change import GraphChange
from kgqa.graph.formats import Statement
from kgqa.graph.literals import recognise
from kgqa.graph.store import KnowledgeGraph
from kgqa.reasoning.facts import change_facts

LONGEST_PART = 300
PARTS = ("subject", "relation", "object")
SUGGESTED = 8


@dataclass(frozen=True)
class Part:
    """A part of a fact: its id or the name typed for it, its label, and what it is."""

    id: str
    label: str
    about: str
    new: bool = False


@dataclass(frozen=True)
class Proposal:
    """A fact as it will be added, and whether the graph states it already."""

    subject: Part
    relation: Part
    object: Part
    stated: bool

    def to_dict(self) -> dict[str, str]:
        """The fact as it is kept: ids or names, and beside them how they read."""
        parts: dict[str, Part] = {name: getattr(self, name) for name in PARTS}
        ids = {name: part.id for name, part in parts.items()}
        labels = {f"{name}_label": part.label for name, part in parts.items()}
        return {**ids, **labels, "new": " ".join(name for name in ("subject", "object") if parts[name].new)}


class LivingGraph:
    """The graph of the model directory that is served; the running app notices a change by itself."""

    def __init__(self, directory: Path, assistant: Assistant) -> None:
        self.directory, self.assistant = directory, assistant

    def relations(self, text: str) -> list[Part]:
        """Relations of whose label some word begins like this."""
        wanted = visible(text).casefold().strip()
        catalog = self._graph().catalog
        labels = list(catalog.relation_labels)
        found = [number for number, label in enumerate(labels) if f" {wanted}" in f" {label.casefold()}"]
        found.sort(key=lambda number: (not labels[number].casefold().startswith(wanted), labels[number]))
        return [self._relation(catalog, number) for number in found[:SUGGESTED]]

    def relation_label(self, identifier: str) -> str | None:
        """The label of the relation with this id; None if there is none."""
        catalog = self._graph().catalog
        try:
            return catalog.relation_labels[catalog.relation(identifier)]
        except UnknownEntityError:
            return None

    def propose(self, given: Mapping[str, str]) -> Proposal:
        """The fact that these parts make, each an id or a name.

        Raises:
            InputError: if a part is missing, or a name is that of several entities.
        """
        named = {name: visible(given.get(name, "")).strip() for name in PARTS}
        for name, text in named.items():
            if not text or len(text) > LONGEST_PART:
                raise InputError(f"Say the {name} of the fact, in at most {LONGEST_PART} characters.")
        graph = self._graph()
        subject, object_ = (self._part(graph, named[name], name) for name in ("subject", "object"))
        relation = self._find_relation(graph, named["relation"])
        stated = not (subject.new or relation.new or object_.new) and graph.sparse.contains(
            graph.catalog.entity(subject.id), 2 * graph.catalog.relation(relation.id), graph.catalog.entity(object_.id)
        )
        return Proposal(subject, relation, object_, stated)

    def change(self, fact: Mapping[str, str], take: bool = False) -> int:
        """Add a fact to the model directory, or take it away; returns how many statements that changed.

        What was new with the fact, and has no other fact since, is taken away with it.
        """
        statement = Statement(fact["subject"], fact["relation"], fact["object"], True)
        lonely = [fact[name] for name in fact.get("new", "").split() if take and self._is_lonely(fact[name])]
        report = change_facts(self.directory, [statement], take, lonely)
        return report.removed if take else report.added

    def _is_lonely(self, name: str) -> bool:
        """Whether an entity has at most one fact; one that is not even known here was added a moment ago."""
        graph = self._graph()
        entity = GraphChange(graph).known(name)
        return entity is None or int(graph.sparse.degree(torch.tensor([entity]))[0]) <= 1

    def _graph(self) -> KnowledgeGraph:
        graph = self.assistant.model.graph
        assert isinstance(graph, KnowledgeGraph)
        return graph

    def _part(self, graph: KnowledgeGraph, text: str, name: str) -> Part:
        entity = GraphChange(graph).known(text)
        if entity is not None:
            catalog = graph.catalog
            about = catalog.descriptions[entity] or ("a value" if catalog.is_value[entity] else "in the graph")
            return Part(catalog.entity_ids[entity], catalog.labels[entity], about)
        value = recognise(text) if name == "object" else None
        return Part(text, text, "a value, new in the graph" if value else "new in the graph", True)

    def _find_relation(self, graph: KnowledgeGraph, text: str) -> Part:
        catalog = graph.catalog
        try:
            return self._relation(catalog, catalog.relation(text))
        except UnknownEntityError:
            called = [number for number, label in enumerate(catalog.relation_labels) if label == text]
        if len(called) > 1:
            raise InputError(f"Several relations are called “{text}”; pick one from the list.")
        return self._relation(catalog, called[0]) if called else Part(text, text, "a new relation", True)

    def _relation(self, catalog: Catalog, number: int) -> Part:
        about = catalog.relation_descriptions[number] or "a relation of the graph"
        return Part(catalog.relation_ids[number], catalog.relation_labels[number], about)
