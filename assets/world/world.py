"""World: the entities and facts gathered so far, and how they are written down as N-Triples."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from assets.world.names import distinct, label_of, slug
from assets.world.schema import CLASSES, RELATIONS, SYMMETRIC, YEAR, variant
from assets.world.tables import read_rows

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
ALT_LABEL = "http://www.w3.org/2004/02/skos/core#altLabel"
DESCRIPTION = "https://schema.org/description"
XSD = "http://www.w3.org/2001/XMLSchema#"
RELATION_PREFIX = "urn:world:r:"
CLASS_PREFIX = "urn:world:c:"
OTHER_NAMES = Path(__file__).parent / "relation_names.tsv"


@dataclass(frozen=True)
class Value:
    """A typed number: `text` as it stands in the graph, `kind` one of year, integer, decimal."""

    text: str
    kind: str

    def to_ntriples(self) -> str:
        datatype = "gYear" if self.kind == YEAR else self.kind
        return f'"{self.text}"^^<{XSD}{datatype}>'


@dataclass
class Entity:
    iri: str
    key: str
    label: str
    kind: str
    aliases: list[str] = field(default_factory=list)
    description: str = ""


class World:
    """Entities by class and key: a film and a book of one name are two entities, without anyone's care."""

    def __init__(self) -> None:
        self.entities: dict[tuple[str, str], Entity] = {}
        self.facts: dict[str, dict[str, dict[str | Value, None]]] = defaultdict(lambda: defaultdict(dict))
        self.report: Counter[str] = Counter()
        self._iris: dict[str, Entity] = {}
        self._same: dict[tuple[str, str], str] = {}

    def __getitem__(self, iri: str) -> Entity:
        return self._iris[iri]

    def get(self, kind: str, key: str) -> Entity | None:
        return self.entities.get((kind, self._same.get((kind, key), key)))

    def merge(self, kind: str, key: str, into: str) -> None:
        """From now on the key means the entity of another key."""
        self._same[kind, key] = into

    def entity(self, kind: str, key: str, *, label: str = "", aliases: list[str] | None = None) -> Entity:
        """The entity of this class and key, made when there is none yet."""
        found = self.get(kind, key)
        if found is None:
            if kind not in CLASSES:
                raise KeyError(f"unknown class {kind!r} for {key!r}")
            found = Entity(f"urn:world:{kind}/{slug(key)}", key, label or label_of(key), kind)
            if found.iri in self._iris:
                raise ValueError(f"two entities have the IRI {found.iri}: {key!r}, {self._iris[found.iri].key!r}")
            self.entities[kind, key] = self._iris[found.iri] = found
        found.aliases.extend(aliases or [])
        return found

    def add(self, subject: Entity, relation: str, target: Entity | Value) -> None:
        if relation not in RELATIONS:
            raise KeyError(f"unknown relation {relation!r}")
        self.facts[relation][subject.iri][target if isinstance(target, Value) else target.iri] = None
        if relation in SYMMETRIC and isinstance(target, Entity):
            self.facts[relation][target.iri][subject.iri] = None

    def objects(self, subject: Entity, relation: str) -> list[str | Value]:
        return list(self.facts[relation].get(subject.iri, ()))

    def labels(self, subject: Entity, relation: str) -> list[str]:
        """Labels (or texts) of the objects of one relation, in the order in which they were added."""
        found = self.objects(subject, relation)
        return [target.text if isinstance(target, Value) else self._iris[target].label for target in found]

    def problem(self, message: str) -> None:
        """Note something a person should look at; the graph is written all the same."""
        self.report[message] += 1

    def triples(self) -> Iterator[str]:
        for kind, label in CLASSES.items():
            yield triple(CLASS_PREFIX + kind, RDFS_LABEL, literal(label))
        for entity in self.entities.values():
            yield from self._names(entity)
        used: set[tuple[str, str]] = set()
        for relation, subjects in self.facts.items():
            for subject, targets in subjects.items():
                kind = self[subject].kind
                used.add((relation, kind))
                for target in targets:
                    text = target.to_ntriples() if isinstance(target, Value) else f"<{target}>"
                    yield triple(subject, RELATION_PREFIX + variant(relation, kind), text)
        for relation, kind in sorted(used):
            yield from relation_names(relation, kind)

    @staticmethod
    def _names(entity: Entity) -> Iterator[str]:
        yield triple(entity.iri, RDF_TYPE, f"<{CLASS_PREFIX}{entity.kind}>")
        yield triple(entity.iri, RDFS_LABEL, literal(entity.label))
        if entity.description:
            yield triple(entity.iri, DESCRIPTION, literal(entity.description))
        for alias in distinct(entity.label, entity.aliases):
            yield triple(entity.iri, ALT_LABEL, literal(alias))

    def write(self, path: Path) -> int:
        """Write sorted, gzipped N-Triples without a time stamp, so that equal worlds are equal files."""
        lines = sorted(set(self.triples()))
        with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as stream:
            stream.write("".join(lines).encode())
        return len(lines)


def relation_names(relation: str, kind: str) -> Iterator[str]:
    """Label, description and other names of a relation as one class has it."""
    name, about = variant(relation, kind), RELATIONS[relation]
    label = about.label if name == relation else f"{about.label} ({CLASSES[kind]})"
    yield triple(RELATION_PREFIX + name, RDFS_LABEL, literal(label))
    if about.description and name == relation:
        yield triple(RELATION_PREFIX + name, DESCRIPTION, literal(about.description))
    for other in other_names().get(label, ()):
        yield triple(RELATION_PREFIX + name, ALT_LABEL, literal(other))


@cache
def other_names() -> dict[str, list[str]]:
    """What others call the relations of these labels."""
    return {row["relation"]: row.values("called") for row in read_rows(OTHER_NAMES)}


def literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def triple(subject: str, predicate: str, target: str) -> str:
    return f"<{subject}> <{predicate}> {target} .\n"
