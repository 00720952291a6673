"""A change of a graph: facts, entities and names added or taken away, every number that was given staying as it is."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kgqa.errors import InputError, UnknownEntityError
from kgqa.graph.builder import ALIASES, last_part, words
from kgqa.graph.catalog import Catalog, ListTable, StringTable
from kgqa.graph.formats import Statement
from kgqa.graph.literals import Literal, recognise
from kgqa.graph.row import Row, change_of_names
from kgqa.graph.sparse import SparseGraph
from kgqa.graph.store import KnowledgeGraph

SHOWN = 3  # namesakes in a message

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Changed:
    """The graph after a change, the names that entities got and lost, and how many statements changed something."""

    graph: KnowledgeGraph
    gained: tuple[tuple[int, str], ...]
    lost: tuple[tuple[int, str], ...]
    added: int
    removed: int


@dataclass
class GraphChange:
    """Collects statements to add and to take away, and applies them all at once.

    Entities and relations keep their numbers and new ones come last, so that whatever is kept by number beside the
    graph stays right. An entity that is taken away keeps its number and has neither names nor facts.

    In statements of tables an entity may be given by its label or an alias, if only one entity goes by it.
    """

    graph: KnowledgeGraph
    _ids: dict[str, int] = field(default_factory=dict)  # of new entities
    _literals: dict[int, Literal] = field(default_factory=dict)
    _relations: dict[str, int] = field(default_factory=dict)  # new ones
    _rows: dict[int, Row] = field(default_factory=dict)  # of entities whose names or classes were looked at
    _added: dict[Triple, None] = field(default_factory=dict)
    _removed: dict[Triple, None] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)  # statements that changed something

    def add(self, statement: Statement) -> None:
        """State a fact or a name; what the graph states already is no mistake.

        Raises:
            InputError: if a name is that of several entities.
        """
        subject, relation, object_, named = statement
        kind = change_of_names(relation)
        entity = self._entity(subject, named)
        if kind is not None:
            row = self._row(entity)
            before = replace(row, aliases=[*row.aliases], classes=[*row.classes])
            kind(row, _text(object_))
            self._counts["added"] += row != before
            return
        triple = entity, self._relation(relation), self._entity(object_, named)
        self._counts["added"] += triple in self._removed or not (triple in self._added or self._states(triple))
        self._removed.pop(triple, None)
        if not self._states(triple):
            self._added[triple] = None

    def remove(self, statement: Statement) -> None:
        """Take back a fact or an alias.

        Raises:
            InputError: if the graph does not state it.
        """
        subject, relation, object_, named = statement
        entity = self._known(subject, named)
        self._counts["removed"] += 1
        if relation in ALIASES:
            self._take_alias(entity, _text(object_))
            return
        if change_of_names(relation) is not None:
            raise InputError(f"{relation!r} of {subject!r} cannot be taken away; add another, or remove the entity")
        triple = entity, self._known_relation(relation), self._known(object_, named)
        if triple in self._added:
            del self._added[triple]
        elif self._states(triple) and triple not in self._removed:
            self._removed[triple] = None
        else:
            raise InputError(f"the graph does not state {subject!r} {relation!r} {_text(object_)!r}")

    def remove_entity(self, name: str) -> None:
        """Take an entity away, by id or by a name that it alone has: its names and every fact about it.

        Raises:
            InputError: if there is none, or several go by the name.
        """
        entity = self._known(name, named=True)
        self._counts["removed"] += len(self._row(entity).names)
        self._rows[entity] = Row("", "", [], [])
        subjects, relations, objects = self._triples
        own = np.flatnonzero((subjects == entity) | (objects == entity)).tolist()
        self._counts["removed"] += len(own)
        for place in own:
            self._removed[int(subjects[place]), int(relations[place]), int(objects[place])] = None
        self._added = {triple: None for triple in self._added if entity not in (triple[0], triple[2])}

    def known(self, name: str) -> int | None:
        """The entity that a statement of a table means by this id or name; None where it would be a new one.

        Raises:
            InputError: if it is the name of several entities.
        """
        found = self._find(name, named=True)
        literal = recognise(name) if found is None else None
        return self._find(literal, named=True) if literal else found

    def apply(self) -> Changed:
        """The graph as the statements leave it."""
        old = {entity: self._old_row(entity) for entity in self._rows}
        gained = [(entity, name) for entity, row in self._rows.items() for name in row.beyond(old[entity])]
        lost = [(entity, name) for entity, row in self._rows.items() for name in old[entity].beyond(row)]
        catalog = self._catalog()
        return Changed(
            KnowledgeGraph(catalog, self._sparse(len(catalog), len(catalog.relation_ids))),
            tuple(gained),
            tuple(lost),
            self._counts["added"],
            self._counts["removed"],
        )

    @cached_property
    def _triples(self) -> tuple[npt.NDArray[np.int64], ...]:
        return tuple(column.cpu().numpy() for column in self.graph.sparse.triples())

    def _called(self, name: str) -> list[int]:
        """Entities by label, and after them those by alias."""
        catalog = self.graph.catalog
        return [*catalog.labels.rows_of(name), *catalog.alias_table.rows_of(name)]

    def _entity(self, id_: str | Literal, named: bool) -> int:
        """The number of an entity or value, a new one where the graph has none such."""
        found = self._find(id_, named)
        if found is not None:
            return found
        literal = id_ if isinstance(id_, Literal) else recognise(id_) if named else None
        if literal is not None and not isinstance(id_, Literal):
            return self._entity(literal, named)
        key = literal.id() if literal else str(id_)
        entity = len(self.graph.catalog) + len(self._ids)
        self._ids[key] = entity
        if literal:
            self._literals[entity] = literal
        self._rows[entity] = Row(literal.label() if literal else _label(key, named), "", [], [])
        return entity

    def _known(self, id_: str | Literal, named: bool) -> int:
        found = self._find(id_, named)
        if found is None and named and isinstance(id_, str) and (literal := recognise(id_)):
            found = self._find(literal, named)
        if found is None:
            raise UnknownEntityError(f"the graph has no entity {_text(id_)!r}")
        return found

    def _find(self, id_: str | Literal, named: bool) -> int | None:
        key = id_.id() if isinstance(id_, Literal) else id_
        if key in self._ids:
            return self._ids[key]
        try:
            return self.graph.catalog.entity(key)
        except UnknownEntityError:
            pass
        if not named or isinstance(id_, Literal):
            return None
        fresh = [entity for entity, row in self._rows.items() if id_ in row.names]
        namesakes = list(dict.fromkeys([*self._called(id_), *fresh]))
        if len(namesakes) > 1:
            ids = ", ".join(self.graph.catalog.entity_ids[entity] for entity in namesakes[:SHOWN])
            more = ", …" if len(namesakes) > SHOWN else ""
            raise InputError(f"{id_!r} is the name of {len(namesakes)} entities; give the id of one ({ids}{more})")
        return namesakes[0] if namesakes else None

    def _relation(self, id_: str) -> int:
        found = self._find_relation(id_)
        if found is None:
            found = self._relations[id_] = len(self.graph.catalog.relation_ids) + len(self._relations)
        return found

    def _known_relation(self, id_: str) -> int:
        found = self._find_relation(id_)
        if found is None:
            raise UnknownEntityError(f"the graph has no relation {id_!r}")
        return found

    def _find_relation(self, id_: str) -> int | None:
        """By id, or by a label that no other relation has."""
        catalog = self.graph.catalog
        if id_ in self._relations:
            return self._relations[id_]
        try:
            return catalog.relation(id_)
        except UnknownEntityError:
            called = [number for number, label in enumerate(catalog.relation_labels) if label == id_]
            return called[0] if len(called) == 1 else None

    def _states(self, triple: Triple) -> bool:
        subject, relation, object_ = triple
        catalog = self.graph.catalog
        if max(subject, object_) >= len(catalog) or relation >= len(catalog.relation_ids):
            return False
        return self.graph.sparse.contains(subject, 2 * relation, object_)

    def _row(self, entity: int) -> Row:
        if entity not in self._rows:
            self._rows[entity] = self._old_row(entity)
        return self._rows[entity]

    def _old_row(self, entity: int) -> Row:
        catalog = self.graph.catalog
        if entity >= len(catalog):
            return Row("", "", [], [])
        return Row(
            catalog.labels[entity], catalog.descriptions[entity], catalog.aliases(entity), catalog.classes(entity)
        )

    def _take_alias(self, entity: int, alias: str) -> None:
        row = self._row(entity)
        if alias not in row.aliases:
            raise InputError(f"{row.label!r} has no alias {alias!r}")
        row.aliases.remove(alias)

    def _catalog(self) -> Catalog:
        old = self.graph.catalog
        new_relations = list(self._relations)
        labels = [words(last_part(id_) if ":" in id_ else id_) for id_ in new_relations]
        texts = {
            "entity_ids": old.entity_ids.changed({}, list(self._ids)),
            "labels": self._texts(old.labels, "label"),
            "descriptions": self._texts(old.descriptions, "description"),
            "relation_ids": old.relation_ids.changed({}, new_relations),
            "relation_labels": old.relation_labels.changed({}, labels),
            "relation_descriptions": old.relation_descriptions.changed({}, [""] * len(labels)),
        }
        lists = {
            "alias_table": self._lists(old.alias_table, "aliases"),
            "class_table": self._lists(old.class_table, "classes"),
            "relation_alias_table": old.relation_alias_table.changed({}, [[] for _ in labels]),
        }
        literals = [self._literals.get(entity) for entity in self._ids.values()]
        arrays = {
            "is_value": np.concatenate([old.is_value, np.array([one is not None for one in literals], dtype=bool)]),
            "values": np.concatenate([old.values, np.array([one.value() if one else np.nan for one in literals])]),
            "order": _order(old, list(self._ids)),
        }
        return Catalog(texts, lists, arrays)

    def _texts(self, table: StringTable, part: str) -> StringTable:
        values: dict[int, str] = {entity: getattr(row, part) for entity, row in self._rows.items()}
        return table.changed(values, [values[entity] for entity in self._ids.values()])

    def _lists(self, table: ListTable, part: str) -> ListTable:
        values: dict[int, list[str]] = {entity: getattr(row, part) for entity, row in self._rows.items()}
        return table.changed(values, [values[entity] for entity in self._ids.values()])

    def _sparse(self, num_entities: int, num_relations: int) -> SparseGraph:
        subjects, relations, objects = self._triples
        removed = np.array(list(self._removed), dtype=np.int64).reshape(-1, 3)
        added = np.array(list(self._added), dtype=np.int64).reshape(-1, 3)
        gone = _keys(removed[:, 0], removed[:, 1], removed[:, 2], num_entities)
        kept = ~np.isin(_keys(subjects, relations, objects, num_entities), gone)
        old = (subjects[kept], relations[kept], objects[kept])
        subjects, relations, objects = (np.concatenate(pair) for pair in zip(old, added.T, strict=True))
        return SparseGraph.from_triples(subjects, relations, objects, num_entities, num_relations)


def _text(object_: str | Literal) -> str:
    return object_.text if isinstance(object_, Literal) else object_


def _label(id_: str, named: bool) -> str:
    return id_ if named and ":" not in id_ else last_part(id_).replace("_", " ").strip() or id_


def _order(old: Catalog, ids: list[str]) -> npt.NDArray[np.int32]:
    """The entities by id, the new ones set in where they belong."""
    order = np.asarray(old.order)
    key = lambda entity: old.entity_ids[int(entity)]  # noqa: E731
    ranked = sorted(range(len(ids)), key=ids.__getitem__)
    places = [bisect_left(order, ids[number], key=key) for number in ranked]
    return np.insert(order, places, [len(old) + number for number in ranked]).astype(np.int32)


def _keys(
    subjects: npt.NDArray[np.int64], relations: npt.NDArray[np.int64], objects: npt.NDArray[np.int64], size: int
) -> npt.NDArray[np.int64]:
    """One number for each triple: the same for the same one."""
    return (relations * size + subjects) * size + objects
