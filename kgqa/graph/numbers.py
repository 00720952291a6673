"""Numbers of entities: the values that relations give them, and how many others a relation leads them to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kgqa.graph.catalog import Catalog
from kgqa.graph.sparse import SparseGraph
from kgqa.graph.store import KnowledgeGraph

Entities = NDArray[np.int64]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, order=True)
class Attribute:
    """What is measured of an entity: the value under a relation, or how many entities of a class one leads to.

    `relation` counts inverses; `class_` is -1 where any class counts.
    """

    relation: int
    counted: bool = False
    class_: int = -1


@dataclass(frozen=True)
class Numbers:
    """The numbers of all entities of a graph, exact; what is counted is counted when first asked for.

    `classes` are the labels of C classes, and `members` the entities of each, rising; `repeated` are the relations that
    say backwards just what they say forwards, so that they need not be walked, shape (R,).
    """

    catalog: Catalog
    sparse: SparseGraph
    values: tuple[Attribute, ...]
    counts: tuple[Attribute, ...]
    classes: tuple[str, ...]
    members: tuple[Entities, ...]
    repeated: Mask
    _counted: dict[Attribute, NDArray[np.float32]] = field(default_factory=dict, repr=False)

    @classmethod
    def of_graph(cls, graph: KnowledgeGraph) -> "Numbers":
        """Which relations lead to numbers, and which lead some entity to several others."""
        catalog, sparse = graph.catalog, graph.sparse
        classes, members = _classes(catalog)
        is_number = ~np.isnan(catalog.values)
        ends = _ends(sparse)
        relations = range(sparse.num_relations)
        values = tuple(Attribute(r) for r in relations if is_number[ends[r]].any())
        several = np.zeros(sparse.num_relations, dtype=bool)
        sizes = sparse.group_pointers.diff().numpy()
        several[sparse.group_relations.numpy()[sizes > 1]] = True
        repeated = _repeated(sparse, ends)
        several &= ~repeated
        named = [r for r in relations if several[r] and not catalog.is_value[np.append(ends[r], ends[r ^ 1])].any()]
        counts = tuple(Attribute(r, True, c) for r in named for c in (-1, *_leads_to(ends[r], members)))
        return cls(catalog, sparse, values, counts, classes, members, repeated)

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """All that can be measured: V values, then what can be counted."""
        return self.values + self.counts

    @cached_property
    def table(self) -> Floats:
        """The values of every entity, NaN where it has none, of several the largest: shape (E, V)."""
        columns = [self._valued(attribute) for attribute in self.values]
        return np.stack(columns, 1) if columns else np.empty((len(self.catalog), 0))

    @cached_property
    def in_class(self) -> Mask:
        """Which entities are of which class: shape (E, C)."""
        table = np.zeros((len(self.catalog), len(self.classes)), dtype=bool)
        for class_, own in enumerate(self.members):
            table[own, class_] = True
        return table

    @cached_property
    def class_has(self) -> Mask:
        """Whether some entity of a class has a relation: shape (C, R)."""
        table = np.zeros((len(self.classes), self.sparse.num_relations), dtype=bool)
        for relation in range(self.sparse.num_relations):
            table[:, relation] = self.in_class[np.unique(self.edges(relation)[0])].any(0)
        return table

    @cached_property
    def _column(self) -> dict[Attribute, int]:
        return {attribute: column for column, attribute in enumerate(self.values)}

    def of(self, entities: Entities, attribute: Attribute) -> Floats:
        """The number of each entity, NaN where it has none: shape (N,). Of several values the largest counts."""
        if not attribute.counted:
            column: Floats = self.table[entities, self._column[attribute]]
            return column
        if attribute not in self._counted:
            self._counted[attribute] = self._count(attribute)
        return self._counted[attribute][entities].astype(np.float64)

    def is_of_one(self, entities: Entities, attribute: Attribute) -> bool:
        """Whether just one of these has a number; how many others something is related to is told of a single one."""
        return len(entities) == 1 if attribute.counted else np.isfinite(self.of(entities, attribute)).sum() == 1

    def _valued(self, attribute: Attribute) -> Floats:
        starts, ends = self.edges(attribute.relation)
        found = self.catalog.values[ends]
        numbers = np.full(len(self.catalog), -np.inf)
        there = ~np.isnan(found)
        np.maximum.at(numbers, starts[there], found[there])
        return np.where(np.isneginf(numbers), np.nan, numbers)

    def _count(self, attribute: Attribute) -> NDArray[np.float32]:
        starts, ends = self.edges(attribute.relation)
        keep = np.ones(len(ends), dtype=bool)
        if attribute.class_ >= 0:
            keep = self.in_class[ends, attribute.class_]
        return np.bincount(starts[keep], minlength=len(self.catalog)).astype(np.float32)

    def are_counted(self, entities: Entities) -> bool:
        """Whether people ask how many these are: numbers are told, not counted."""
        return not len(entities) or bool(np.isnan(self.catalog.values[entities]).any())

    def edges(self, relation: int) -> tuple[Entities, Entities]:
        """The facts of a relation, from where to where, rising by where from: shapes (N,)."""
        return _edges(self.sparse, relation)

    def label(self, attribute: Attribute) -> str:
        """What a person calls it: "population", "number of rivers by flows through"."""
        label = self.catalog.relation_labels[attribute.relation // 2]
        if not attribute.counted:
            return label
        what = self.classes[attribute.class_] if attribute.class_ >= 0 else "what"
        return f"number of {what} {'that it is the' if attribute.relation % 2 else 'by'} {label}"


def _classes(catalog: Catalog) -> tuple[tuple[str, ...], tuple[Entities, ...]]:
    found: dict[str, list[int]] = {}
    for entity, labels in enumerate(catalog.class_table):
        for label in labels:
            found.setdefault(label, []).append(entity)
    names = tuple(sorted(found))
    return names, tuple(np.array(found[name], dtype=np.int64) for name in names)


def _ends(sparse: SparseGraph) -> list[Entities]:
    """Where each relation leads, each entity once."""
    return [np.unique(_edges(sparse, relation)[1]) for relation in range(sparse.num_relations)]


def _repeated(sparse: SparseGraph, leads_to: Sequence[Entities]) -> Mask:
    """The inverses of relations that are their own inverse: shape (R,), from where each relation leads."""
    found = np.zeros(sparse.num_relations, dtype=bool)
    for inverse in range(1, sparse.num_relations, 2):
        if not len(leads_to[inverse]) or not np.array_equal(leads_to[inverse - 1], leads_to[inverse]):
            continue
        (starts, ends), (back, forth) = _edges(sparse, inverse - 1), _edges(sparse, inverse)
        if np.array_equal(starts, back):
            pairs, turned = starts * sparse.num_entities + ends, back * sparse.num_entities + forth
            found[inverse] = np.array_equal(np.sort(pairs), np.sort(turned))
    return found


def _edges(sparse: SparseGraph, relation: int) -> tuple[Entities, Entities]:
    """The facts of a relation, from where to where: shapes (N,)."""
    groups = (sparse.group_relations == relation).nonzero().view(-1).numpy()  # (G,)
    pointers = sparse.group_pointers.numpy().astype(np.int64)
    sizes = pointers[groups + 1] - pointers[groups]
    owners = np.searchsorted(sparse.entity_pointers.numpy(), groups, side="right") - 1
    places = np.repeat(pointers[groups] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    return np.repeat(owners, sizes), sparse.objects.numpy()[places].astype(np.int64)


def _leads_to(ends: Entities, members: tuple[Entities, ...]) -> Iterator[int]:
    """The classes of some, but not of all, of these entities."""
    for class_, own in enumerate(members):
        share = np.isin(ends, own)
        if share.any() and not share.all():
            yield class_
