"""The graph as sorted int32 arrays, and `follow`: one differentiable step along weighted relations.

Triples and their inverses are sorted by (subject, relation, object). `entity_pointers` leads from
an entity to its groups, one for each relation it has, and `group_pointers` from a group to its objects.
A step expands only the groups of live entities whose relation has weight, so that it costs what the
neighbourhood is large, not what the graph is. Base relation k is 2k forward and 2k + 1 inverse.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from kgqa.errors import InputError, ShapeError
from kgqa.graph.frontier import Frontier

__all__ = ["Frontier", "SparseGraph", "inverse"]

LARGEST = np.iinfo(np.int32).max
CROWDED = 0.1  # share of (entity, relation) pairs that are live, beyond which collecting is faster
ARRAYS = ("entity_pointers", "group_relations", "group_pointers", "objects")
Ints = npt.NDArray[np.integer]


def inverse(relation: int) -> int:
    """The relation that leads back: 2k and 2k + 1 are each other's inverse."""
    return relation ^ 1


class SparseGraph:
    """T triples between E entities along R relations, inverses included.

    Shapes, all int32: entity_pointers (E + 1), group_relations (G), group_pointers (G + 1), objects (2T).
    """

    def __init__(self, arrays: Mapping[str, Tensor], num_relations: int) -> None:
        self.entity_pointers = arrays["entity_pointers"]
        self.group_relations = arrays["group_relations"]
        self.group_pointers = arrays["group_pointers"]
        self.objects = arrays["objects"]
        self.num_relations = num_relations
        self.num_entities = self.entity_pointers.shape[0] - 1
        self.num_triples = self.objects.shape[0] // 2

    @classmethod
    def from_triples(
        cls, subjects: Ints, relations: Ints, objects: Ints, num_entities: int, num_base_relations: int
    ) -> "SparseGraph":
        """Sort base triples, three arrays of shape (T,), and their inverses; a triple given twice counts once.

        Raises:
            InputError: if an id is out of range, or the graph is too large for int32.
        """
        _check_range("entity", subjects, num_entities)
        _check_range("entity", objects, num_entities)
        _check_range("relation", relations, num_base_relations)
        if 2 * len(subjects) > LARGEST or num_entities >= LARGEST:
            raise InputError(f"{len(subjects)} triples are too many for one graph; at most {LARGEST // 2} fit")
        forward = np.asarray(relations, dtype=np.int64) * 2
        subject, relation, object_ = _sorted_distinct(
            np.concatenate([subjects, objects]).astype(np.int64),
            np.concatenate([forward, forward + 1]),
            np.concatenate([objects, subjects]).astype(np.int64),
            (num_entities, 2 * num_base_relations, num_entities),
        )
        return cls(_grouped(subject, relation, object_, num_entities), 2 * num_base_relations)

    @property
    def device(self) -> torch.device:
        return self.objects.device

    def arrays(self) -> dict[str, Tensor]:
        """The arrays that make the graph, by name."""
        return {name: getattr(self, name) for name in ARRAYS}

    def to(self, device: torch.device | str) -> "SparseGraph":
        """The same graph on another device."""
        return SparseGraph({name: array.to(device) for name, array in self.arrays().items()}, self.num_relations)

    def follow(self, entities: Tensor, relations: Tensor, threshold: float = 0.0) -> Tensor:
        """Move every weighted entity one step along the weighted relations.

        y[b, o] = sum over triples (s, r, o) of entities[b, s] * relations[b, r]   (Cohen et al. 2020)

        Differentiable in both arguments. Entities of weight 0, and relations whose weight is not above
        the threshold, are not expanded: they add nothing to the sum and get no gradient.

        Args:
            entities: shape (B, E), non-negative.
            relations: shape (B, R), non-negative; inverse relations included.
            threshold: relations of at most this weight are left out.
        Returns:
            shape (B, E).
        Raises:
            ShapeError: if the shapes do not fit the graph or each other; the message gives both.
        """
        self._check_shapes(tuple(entities.shape), relations)
        batch, entity = entities.detach().nonzero(as_tuple=True)  # (N,), (N,)
        walked = (relations.detach() > threshold).sum().item() / max(relations.numel(), 1)
        if entity.shape[0] * walked > CROWDED * entities.numel():
            return self._gather(entities, relations, threshold)
        return self._spread(batch, entity, entities, relations, threshold)

    def follow_frontier(self, frontier: Frontier, relations: Tensor, threshold: float = 0.0) -> Frontier:
        """`follow` for a frontier: the same sums, at a cost that does not depend on E.

        Args:
            frontier: the live entities of B questions.
            relations: shape (B, R), non-negative; inverse relations included.
            threshold: relations of at most this weight are left out.
        Returns:
            the entities reached, each once a question.
        Raises:
            ShapeError: if the shapes do not fit the graph or each other; the message gives both.
        """
        self._check_shapes((frontier.batch_size, frontier.num_entities), relations)
        cells, weight = self._expand(frontier.batch, frontier.entity, frontier.weight, relations, threshold)
        return Frontier.from_cells(cells, weight, frontier.batch_size, frontier.num_entities)

    def _spread(self, batch: Tensor, entity: Tensor, entities: Tensor, relations: Tensor, threshold: float) -> Tensor:
        """`follow` from the live entities to their neighbours: the cost is that of the edges walked."""
        cells, weight = self._expand(batch, entity, entities[batch, entity], relations, threshold)
        reached = torch.zeros(entities.numel(), dtype=weight.dtype, device=weight.device)
        return reached.index_add_(0, cells, weight).view(entities.shape)  # (B, E)

    def _gather(self, entities: Tensor, relations: Tensor, threshold: float) -> Tensor:
        """`follow` as every entity collecting from its neighbours: all edges, but B questions at a time.

        Edges that arrive at an entity are its own edges backwards, so its groups hold what it must add up.
        """
        live = (entities * (entities.detach() != 0)).T.contiguous()  # (E, B)
        taken = (relations * (relations.detach() > threshold)).T  # (R, B)
        sums = embedding_bag(self.objects, live, self.group_pointers, mode="sum", include_last_offset=True)  # (G, B)
        backwards = self.group_relations.long() ^ 1
        weighted = sums * taken.index_select(0, backwards)  # (G, B)
        every = torch.arange(weighted.shape[0], dtype=torch.int32, device=self.device)
        arrived = embedding_bag(every, weighted, self.entity_pointers, mode="sum", include_last_offset=True)
        return arrived.T  # (B, E)

    def _expand(
        self, batch: Tensor, entity: Tensor, weight: Tensor, relations: Tensor, threshold: float
    ) -> tuple[Tensor, Tensor]:
        """Every edge walked: the cell of the flattened (B, E) it arrives at (M,), and its weight (M,)."""
        owner, groups = _ranges(self.entity_pointers, entity)  # (G',), (G',)
        cell = (batch * self.num_relations).index_select(0, owner) + self.group_relations.index_select(0, groups)
        relation_weight = relations.reshape(-1).index_select(0, cell)  # (G',)
        walked = (relation_weight.detach() > threshold).nonzero().view(-1)  # (W,)
        owner, groups = owner.index_select(0, walked), groups.index_select(0, walked)
        group_weight = weight.index_select(0, owner) * relation_weight.index_select(0, walked)  # (W,)
        edge_group, edges = _ranges(self.group_pointers, groups)  # (M,), (M,)
        rows = (batch * self.num_entities).index_select(0, owner).index_select(0, edge_group)
        return rows + self.objects.index_select(0, edges), group_weight.index_select(0, edge_group)

    def objects_of(self, entity: int, relation: int) -> Tensor:
        """Where one relation leads from one entity: shape (N,) int64, rising; empty if nowhere."""
        first, last = self.entity_pointers[entity : entity + 2].tolist()
        groups = self.group_relations[first:last]
        group = first + int(torch.searchsorted(groups, relation))
        if group == last or int(self.group_relations[group]) != relation:
            return torch.empty(0, dtype=torch.int64, device=self.device)
        start, stop = self.group_pointers[group : group + 2].tolist()
        return self.objects[start:stop].long()

    def relations_of(self, entities: Tensor) -> tuple[Tensor, Tensor]:
        """The relations that each of (N,) entities has: row (M,), into `entities`, and relation (M,)."""
        row, groups = _ranges(self.entity_pointers, entities)
        return row, self.group_relations.index_select(0, groups).long()

    def degree(self, entities: Tensor) -> Tensor:
        """How many edges, inverse ones included, leave each of (N,) entities: shape (N,)."""
        first = self.entity_pointers.index_select(0, entities)
        last = self.entity_pointers.index_select(0, entities + 1)
        return (self.group_pointers.index_select(0, last) - self.group_pointers.index_select(0, first)).long()

    def contains(self, subject: int, relation: int, object_: int) -> bool:
        """Whether the graph states the triple (an inverse relation asks for it backwards)."""
        objects = self.objects_of(subject, relation)
        place = int(torch.searchsorted(objects, object_))
        return place < objects.shape[0] and int(objects[place]) == object_

    def triples(self) -> tuple[Tensor, Tensor, Tensor]:
        """The base triples: subjects, base relations and objects, each of shape (T,) int64."""
        entity = torch.arange(self.num_entities, device=self.device)
        owner, groups = _ranges(self.entity_pointers, entity)
        forward = (self.group_relations % 2 == 0).nonzero().view(-1)
        edge_group, edges = _ranges(self.group_pointers, groups.index_select(0, forward))
        group = forward.index_select(0, edge_group)
        relation = self.group_relations.index_select(0, group).long() // 2
        return owner.index_select(0, group), relation, self.objects.index_select(0, edges).long()

    def _check_shapes(self, entities: tuple[int, ...], relations: Tensor) -> None:
        if len(entities) != 2 or entities[1] != self.num_entities:
            raise ShapeError(f"entities have shape {entities}, the graph needs (B, {self.num_entities})")
        if tuple(relations.shape) != (entities[0], self.num_relations):
            raise ShapeError(
                f"relations have shape {tuple(relations.shape)}, the graph needs {(entities[0], self.num_relations)}"
                f" beside entities of shape {entities}"
            )


def _ranges(pointers: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Expand rows (N,) into what lies between their pointers: the row's position in `rows` (M,), the place (M,)."""
    start = pointers.index_select(0, rows).long()
    count = pointers.index_select(0, rows + 1) - start
    owner = torch.repeat_interleave(count)
    shift = start - count.cumsum(0) + count  # place of the row's first item less the items of the rows before
    return owner, torch.arange(owner.shape[0], device=owner.device) + shift.index_select(0, owner)


def _check_range(name: str, ids: Ints, limit: int) -> None:
    if len(ids) and (int(ids.min()) < 0 or int(ids.max()) >= limit):
        raise InputError(f"{name} ids run from {ids.min()} to {ids.max()}, but must be from 0 to {limit - 1}")


def _sorted_distinct(
    subject: Ints, relation: Ints, object_: Ints, sizes: tuple[int, int, int]
) -> tuple[Ints, Ints, Ints]:
    """Sort by subject, relation, object and keep each triple once; as one key where 63 bits hold it."""
    if sizes[0] * sizes[1] * sizes[2] < 2**63:
        keys = (subject * sizes[1] + relation) * sizes[2] + object_
        keys.sort()
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
        pair, object_ = np.divmod(keys, max(sizes[2], 1))
        return *np.divmod(pair, max(sizes[1], 1)), object_
    order = np.lexsort((object_, relation, subject))
    rows = np.stack([subject[order], relation[order], object_[order]])
    rows = rows[:, np.concatenate([[True], (rows[:, 1:] != rows[:, :-1]).any(axis=0)])]
    return rows[0], rows[1], rows[2]


def _grouped(subject: Ints, relation: Ints, object_: Ints, num_entities: int) -> dict[str, Tensor]:
    """Two levels of pointers over sorted triples."""
    new = np.ones(len(subject), dtype=bool)
    new[1:] = (subject[1:] != subject[:-1]) | (relation[1:] != relation[:-1])
    first = np.flatnonzero(new)  # (G,)
    groups_of = np.bincount(subject[first], minlength=num_entities)  # (E,)
    arrays = {
        "entity_pointers": np.concatenate([[0], np.cumsum(groups_of)]),
        "group_relations": relation[first],
        "group_pointers": np.concatenate([first, [len(subject)]]),
        "objects": object_,
    }
    return {name: torch.from_numpy(array.astype(np.int32)) for name, array in arrays.items()}
