"""The way back: from answers to the seed, the hops and the facts that led to them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kgqa.graph.frontier import Frontier
from kgqa.graph.sparse import SparseGraph, inverse

SHARE_OF_TOP = 0.1
LEAST_STOP = 0.02
TRACED_ANSWERS = 10
SUBJECTS_PER_OBJECT = 3
OBJECTS_PER_HOP = 30

Fact = tuple[int, int, int]


@dataclass(frozen=True)
class Step:
    """One hop: its relation (inverses included), the attention on it, and where it led."""

    relation: int
    weight: float
    entities: tuple[int, ...]


@dataclass(frozen=True)
class Route:
    """How one slot got from its seed to the answers; `facts` are base triples."""

    seed: int
    steps: tuple[Step, ...]
    facts: tuple[Fact, ...]

    @property
    def way(self) -> tuple[int, ...]:
        """The seed and the relation of each hop."""
        return (self.seed, *(step.relation for step in self.steps))


def trace(
    graph: SparseGraph,
    seeds: Frontier,
    relations: Tensor,
    stop: Tensor,
    answers: Sequence[int],
    stay: float = 0.0,
    together: Sequence[int] = (),
) -> Route | None:
    """The likeliest seed and number of hops that reach the answers, and the facts on the way.

    Args:
        seeds: one slot's seed distribution, a frontier of batch size 1.
        relations: attention at each hop, shape (H, R).
        stop: probability of each length, shape (H,).
        answers: the answers to explain, best first; those beyond the first ten are not traced.
        stay: probability that the seeds themselves are the answers.
        together: entities that are started from as one, if the seed is one of them.
    Returns:
        None where no seed reaches an answer along the relations that matter.
    """
    kept = torch.where(relations >= SHARE_OF_TOP * relations.amax(1, keepdim=True), relations, 0.0)  # (H, R)
    targets = torch.tensor(list(answers[:TRACED_ANSWERS]))
    lengths = torch.cat([stop.new_tensor([stay]), (1 - stay) * stop])  # (H + 1,)
    best = _best_start(graph, seeds, kept, lengths, targets)
    if best is None:
        return None
    hops, seed = best
    layers = _layers(graph, {*together} if seed in together else {seed}, kept[:hops])
    return _collect(graph, seed, kept[:hops], layers, targets.tolist())


def _best_start(
    graph: SparseGraph, seeds: Frontier, relations: Tensor, lengths: Tensor, targets: Tensor
) -> tuple[int, int] | None:
    """Walk back from the answers: the (hops, seed) with the most probability; that of each length is given."""
    place = dict(zip(seeds.entity.tolist(), seeds.weight.tolist(), strict=True))
    best, found = 0.0, None
    for hops in range(len(lengths)):
        if float(lengths[hops]) < LEAST_STOP:
            continue
        back = Frontier.from_cells(targets, torch.ones(len(targets)), 1, graph.num_entities)
        for hop in reversed(range(hops)):
            turned = relations[hop].view(-1, 2).flip(1).reshape(1, -1)  # (1, R): every relation's inverse
            back = graph.follow_frontier(back, turned)
        for entity, weight in zip(back.entity.tolist(), back.weight.tolist(), strict=True):
            score = float(lengths[hops]) * place.get(entity, 0.0) * min(weight, 1.0)
            if score > best:
                best, found = score, (hops, entity)
    return found


def _layers(graph: SparseGraph, starts: set[int], relations: Tensor) -> list[set[int]]:
    """The entities that each hop reaches from the starts, these themselves first."""
    frontier = Frontier.from_cells(torch.tensor(sorted(starts)), torch.ones(len(starts)), 1, graph.num_entities)
    layers = [starts]
    for attention in relations:
        frontier = graph.follow_frontier(frontier, attention.unsqueeze(0))
        layers.append(set(frontier.entity.tolist()))
    return layers


def _collect(graph: SparseGraph, seed: int, relations: Tensor, layers: list[set[int]], targets: list[int]) -> Route:
    """Walk back hop by hop within the layers, keeping the triples that were used."""
    facts: dict[Fact, None] = {}
    steps: list[Step] = []
    for hop in reversed(range(len(relations))):
        used: dict[int, int] = {}
        before: dict[int, None] = {}
        for target in targets:
            for relation in relations[hop].nonzero().view(-1).tolist():
                subjects = [s for s in graph.objects_of(target, inverse(relation)).tolist() if s in layers[hop]]
                for subject in subjects[:SUBJECTS_PER_OBJECT]:
                    facts[_stated(subject, relation, target)] = None
                    used[relation] = used.get(relation, 0) + 1
                    before[subject] = None
        main = _main(used, relations[hop])
        steps.append(Step(main, float(relations[hop, main]), tuple(targets)))
        targets = list(before)[:OBJECTS_PER_HOP]
    return Route(seed, tuple(reversed(steps)), tuple(reversed(facts)))


def _main(used: dict[int, int], attention: Tensor) -> int:
    """The relation that carried most: how often it was used, times the attention on it."""
    return max(used, key=lambda relation: (used[relation] * float(attention[relation]), -relation))


def _stated(subject: int, relation: int, object_: int) -> Fact:
    """The base triple behind a step: an inverse relation was stated the other way round."""
    return (object_, relation // 2, subject) if relation % 2 else (subject, relation // 2, object_)
