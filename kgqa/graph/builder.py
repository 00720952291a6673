"""From statements to a graph: which ids are entities, what they are called, and the triples between them."""

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

from kgqa.errors import GraphFormatError
from kgqa.graph.catalog import Catalog, ListTable, StringTable
from kgqa.graph.formats import Statement
from kgqa.graph.literals import Literal, recognise
from kgqa.graph.sparse import SparseGraph

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
OWL = "http://www.w3.org/2002/07/owl#"
LABELS = {RDFS + "label", SKOS + "prefLabel", "rdfs:label", "skos:prefLabel"}
ALIASES = {SKOS + "altLabel", "skos:altLabel"}
DESCRIPTIONS = {"http://schema.org/description", "https://schema.org/description", "schema:description"}
TYPES = {RDF + "type", "rdf:type"}
SCHEMA_CLASSES = {
    RDF + "Property", RDFS + "Class", OWL + "Class", OWL + "ObjectProperty", OWL + "DatatypeProperty",
    OWL + "Ontology",
}  # fmt: skip
IRI = re.compile(r"(?:https?://|urn:)\S+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
UNNAMED = "(unnamed)"

Places = npt.NDArray[np.int64]


class Built(NamedTuple):
    """The two halves of a graph."""

    catalog: Catalog
    sparse: SparseGraph


@dataclass
class Names:
    """Everything said about what one id is called."""

    labels: list[Literal]
    aliases: list[Literal]
    descriptions: list[Literal]

    def preferred(self) -> list[str]:
        """Labels that show something, English first, then those without a language."""
        return _ranked(self.labels)


class GraphBuilder:
    """Takes statements one by one; `build` makes the graph of them.

    Ids are numbered as they come (`nodes`); classes, relations and what is only described share the numbering.
    """

    def __init__(self) -> None:
        self.nodes: dict[str | Literal, int] = {}
        self.relations: dict[str, int] = {}
        self.subjects = array("q")
        self.predicates = array("q")
        self.objects = array("q")
        self.names: dict[str, Names] = defaultdict(lambda: Names([], [], []))
        self.types: dict[str, dict[str, None]] = defaultdict(dict)  # class ids in order of appearance
        self.tabled: set[str] = set()  # ids that came from a table, where they are names

    def add(self, statement: Statement, file: int = 0) -> None:
        """Take one statement of a file; blank nodes of different files are different."""
        subject, relation, object_, named = statement
        if file and not named:
            subject = _of_file(subject, file)
            object_ = _of_file(object_, file) if isinstance(object_, str) else object_
        if relation in LABELS:
            self.names[subject].labels.append(_text(object_))
        elif relation in ALIASES:
            self.names[subject].aliases.append(_text(object_))
        elif relation in DESCRIPTIONS:
            self.names[subject].descriptions.append(_text(object_))
        elif relation in TYPES:
            self.types[subject][_text(object_).text] = None
        else:
            self.subjects.append(self._node(subject))
            self.predicates.append(self.relations.setdefault(relation, len(self.relations)))
            self.objects.append(self._node(object_))
            if named and isinstance(object_, str):
                self.tabled.add(object_)
        if named:
            self.tabled.add(subject)
            self.tabled.add(relation)

    def build(self, source: str) -> Built:
        """Make the graph.

        Raises:
            GraphFormatError: if there are no triples, or no entity has a label; the message names the source.
        """
        if not self.subjects:
            raise GraphFormatError(f"{source}: no triples between entities; give a file that has some")
        self._number_described()
        ids, place = self._arranged()
        if not any(self._has_label(id_) for id_ in ids if isinstance(id_, str)):
            raise GraphFormatError(
                f"{source}: no entity has a label; add rdfs:label statements, or a file of them beside this one"
            )
        columns = (self.subjects, self.predicates, self.objects)
        subjects, relations, objects = (np.frombuffer(column, dtype=np.int64) for column in columns)
        sparse = SparseGraph.from_triples(place[subjects], relations, place[objects], len(ids), len(self.relations))
        return Built(self._catalog(ids), sparse)

    def _node(self, id_: str | Literal) -> int:
        return self.nodes.setdefault(id_, len(self.nodes))

    def _number_described(self) -> None:
        """What has names or a class but no triple is an entity too, unless it is a relation or a class."""
        classes = {class_ for classes in self.types.values() for class_ in classes}
        for id_ in [*self.names, *self.types]:
            schema = SCHEMA_CLASSES.intersection(self.types.get(id_, ()))
            if id_ not in self.relations and id_ not in classes and not schema:
                self._node(id_)

    def _arranged(self) -> tuple[list[str | Literal], Places]:
        """The entities, literals last, and where each node went: shape (nodes,)."""
        values = self._spelled_values()
        meant = [values.get(node, id_) for id_, node in self.nodes.items()]
        distinct = dict.fromkeys(meant)
        ids = [id_ for id_ in distinct if isinstance(id_, str)] + [id_ for id_ in distinct if isinstance(id_, Literal)]
        number = {id_: entity for entity, id_ in enumerate(ids)}
        return ids, np.fromiter((number[id_] for id_ in meant), dtype=np.int64, count=len(meant))

    def _spelled_values(self) -> dict[int, Literal]:
        """Nodes that only tables name, only as objects, and that spell a number or a date."""
        subjects = set(self.subjects)
        spelled = {}
        for id_ in self.tabled:
            node = self.nodes.get(id_)
            if node is not None and node not in subjects and id_ not in self.names and id_ not in self.types:
                literal = recognise(id_)
                if literal:
                    spelled[node] = literal
        return spelled

    def _has_label(self, id_: str) -> bool:
        return bool(id_ in self.names and self.names[id_].preferred()) or self._is_name(id_)

    def _is_name(self, id_: str) -> bool:
        return id_ in self.tabled and not IRI.fullmatch(id_)

    def _catalog(self, ids: list[str | Literal]) -> Catalog:
        names = [id_.id() if isinstance(id_, Literal) else id_ for id_ in ids]
        described = [self.names.get(id_) if isinstance(id_, str) else None for id_ in ids]
        labels = [self._label(id_) for id_ in ids]
        relation_names = [self.names.get(relation) for relation in self.relations]
        relation_labels = [self._relation_label(relation) for relation in self.relations]
        texts = {
            "entity_ids": names,
            "labels": labels,
            "descriptions": [_description(one) for one in described],
            "relation_ids": list(self.relations),
            "relation_labels": relation_labels,
            "relation_descriptions": [_description(one) for one in relation_names],
        }
        lists = {
            "alias_table": [_aliases(one, label) for one, label in zip(described, labels, strict=True)],
            "class_table": [self._classes(id_) for id_ in ids],
            "relation_alias_table": [
                _aliases(one, label) for one, label in zip(relation_names, relation_labels, strict=True)
            ],
        }
        arrays = {
            "is_value": np.array([isinstance(id_, Literal) for id_ in ids]),
            "values": np.array([id_.value() if isinstance(id_, Literal) else np.nan for id_ in ids]),
            "order": np.array(sorted(range(len(ids)), key=names.__getitem__), dtype=np.int32),
        }
        return Catalog(
            {name: StringTable.from_strings(table) for name, table in texts.items()},
            {name: ListTable.from_lists(table) for name, table in lists.items()},
            arrays,
        )

    def _label(self, id_: str | Literal) -> str:
        if isinstance(id_, Literal):
            return id_.label()
        given = self.names[id_].preferred() if id_ in self.names else []
        if given:
            return given[0]
        return id_ if self._is_name(id_) else last_part(id_).replace("_", " ").strip() or id_

    def _relation_label(self, relation: str) -> str:
        given = self.names[relation].preferred() if relation in self.names else []
        return given[0] if given else words(relation if self._is_name(relation) else last_part(relation))

    def _classes(self, id_: str | Literal) -> list[str]:
        if isinstance(id_, Literal):
            return []
        return list(dict.fromkeys(map(self._class_label, self.types.get(id_, ()))))

    def _class_label(self, class_: str) -> str:
        given = self.names[class_].preferred() if class_ in self.names else []
        return given[0] if given else words(last_part(class_) if ":" in class_ else class_)


def _of_file(id_: str, file: int) -> str:
    return f"_:{file}.{id_[2:]}" if id_.startswith("_:") else id_


def _text(object_: str | Literal) -> Literal:
    return object_ if isinstance(object_, Literal) else Literal(object_)


def _ranked(literals: Iterable[Literal]) -> list[str]:
    """Texts that show something, each once: English first, then without a language, then the rest as they came."""
    shown = [literal for literal in literals if literal.text.strip()]
    shown.sort(key=lambda literal: 0 if literal.language.lower().split("-")[0] == "en" else 1 + bool(literal.language))
    return list(dict.fromkeys(literal.text for literal in shown))


def _aliases(names: Names | None, label: str) -> list[str]:
    if names is None:
        return []
    others = [*names.preferred(), *_ranked(names.aliases)]
    return [text for text in dict.fromkeys(others) if text != label]


def _description(names: Names | None) -> str:
    return next(iter(_ranked(names.descriptions)), "") if names else ""


def last_part(iri: str) -> str:
    """The part of an IRI after the last slash, hash or colon, percent signs resolved."""
    if iri.startswith("_:"):
        return UNNAMED
    return unquote(re.split(r"[/#:]", iri.rstrip("/#:"))[-1]) or iri


def words(name: str) -> str:
    """`directed_by`, `directedBy` and `DirectedBy` as the words they are made of."""
    words = CAMEL.sub(" ", name.replace("_", " ")).split()
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words) or name
