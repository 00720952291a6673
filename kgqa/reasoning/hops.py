"""Hops: from a seed distribution along attended relations, with learned stopping and no going back."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kgqa.graph.algebra import Weights, cap, leave_out, weighted_sum
from kgqa.graph.frontier import Frontier
from kgqa.graph.schema import Schema
from kgqa.graph.sparse import SparseGraph
from kgqa.reasoning.encoder import attend

REPEATING = -3.0  # nor is what was followed before followed again
STAYING = -3.0  # before any training, what was said before is seldom itself what is asked for
BOUND = 1.0  # how far, before any training, a plan is bound to the relations that are there
LEAST_THERE = 1e-3  # a relation that is not there may still be what is asked for


@dataclass(frozen=True)
class GivenHop:
    """What a person says that a hop, counted from 0, follows: on the path that starts from a mention, characters
    `start` to `end` of the question."""

    start: int
    end: int
    hop: int
    relation: int


@dataclass(frozen=True)
class Plan:
    """What each slot wants to follow, decided before any edge is walked."""

    relations: Tensor  # (B, M, H, R) attention over relations at each hop
    stop: Tensor  # (B, M, H) probability that the path ends after hop h + 1
    leave_out: Tensor  # (B, M, H) how much of where it came from hop h leaves out
    there: Tensor  # (B, M, H) how much of what the question alone would follow at each hop is there to be followed
    own: Tensor | None = None  # (B, M, H, R) the attention of the question alone, where a person gave a hop
    stay: Tensor | None = None  # (B, M) probability that what was said before is itself what is asked for
    again: Tensor | None = None  # (B, M) probability of going the way of the question before

    @property
    def asked(self) -> Tensor:
        """The attention over relations that the question alone gives at each hop: shape (B, M, H, R)."""
        return self.relations if self.own is None else self.own


class Planner(nn.Module):
    """Reads the question once per hop and slot, and attends over relations.

    c[t] = attend(W [question; mention; c[t-1]] + hop[t] + slot[m], tokens); the relation scores are
    c[t] . v[r] + bound[t] log there[t, r], with the relation vectors v. A relation is there as far as the entity has
    it, at the first hop, and later as far as what the last hop's relations lead to has it. Without a schema nothing is
    bound; without the gate no path leaves out where it came from.
    """

    def __init__(
        self, dimension: int, width: int, slots: int, hops: int, schema: Schema | None, gate: bool = True
    ) -> None:
        super().__init__()
        self.gate = gate
        self.hops = hops
        self.schema = schema
        self.bound = nn.Parameter(torch.full((hops,), BOUND))
        self.query = nn.Linear(2 * dimension + width, dimension)
        self.hop = nn.Parameter(torch.randn(hops, dimension) * 0.02)
        self.slot = nn.Parameter(torch.randn(slots, dimension) * 0.02)
        self.read = nn.Sequential(nn.Linear(2 * dimension + width, width), nn.GELU(), nn.Linear(width, width))
        self.stop = nn.Sequential(nn.Linear(2 * dimension + width, 128), nn.GELU(), nn.Linear(128, hops))
        self.back = nn.Linear(width, 1)
        self.stay = nn.Linear(dimension + width, 1)
        self.again = nn.Linear(dimension + width, 1)
        for layer, beginning in ((self.stay, STAYING), (self.again, REPEATING)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, beginning)

    def forward(
        self,
        states: Tensor,
        mask: Tensor,
        pooled: Tensor,
        mentions: Tensor,
        had: Tensor,
        relations: Tensor,
        given: Tensor | None = None,
        referred: Tensor | None = None,
        before: Tensor | None = None,
    ) -> Plan:
        """Plan from token states, mentions, what relations their entities have, and relation vectors.

        Args:
            states: shape (B, L, D), and their mask (B, L), and their mean `pooled` (B, D).
            mentions: shape (B, M, W).
            had: the probability that a slot's entity has a relation, shape (B, M, R).
            relations: shape (R, W).
            given: relations that take all the attention of their hop, shape (B, M, H), -1 where none does.
            referred: how far each slot starts from what was said before, shape (B, M).
            before: the relations that the question before followed, shape (B, H), -1 after the last.
        """
        question = pooled.unsqueeze(1).expand(-1, mentions.shape[1], -1)  # (B, M, D)
        context = torch.zeros_like(question)  # (B, M, D)
        repeat = Repeat.of(self.again(torch.cat([question, mentions], -1)).sigmoid(), before, len(relations))
        asked, attention, gates, found = [], [], [], []
        for hop in range(self.hops):
            query = self.query(torch.cat([question, mentions, context], -1)) + self.hop[hop] + self.slot  # (B, M, D)
            context = attend(query, states, mask)  # (B, M, D)
            read = self.read(torch.cat([context, query, mentions], -1))  # (B, M, W)
            scores = read @ relations.T / relations.shape[-1] ** 0.5  # (B, M, R)
            wanted = _given_or(repeat.relation(scores.softmax(-1), hop), given, hop)  # (B, M, R)
            found.append((wanted * had).sum(-1))  # (B, M)
            if self.schema is not None:
                scores = scores + self.bound[hop] * had.clamp(LEAST_THERE, 1).log()
            asked.append(repeat.relation(scores.softmax(-1), hop))  # (B, M, R)
            attention.append(_given_or(asked[-1], given, hop))  # (B, M, R)
            if self.schema is not None:
                had = self.schema.after(attention[-1].flatten(0, 1)).view_as(had)
            gates.append(self.back(read).squeeze(-1).sigmoid() * self.gate)  # (B, M)
        stop = self.stop(torch.cat([question, context, mentions], -1))  # (B, M, H)
        lengths = repeat.end(stop.softmax(-1))  # (B, M, H)
        if given is not None:  # a path that a person changed ends as it would by itself
            own_end = stop.masked_fill(_before_last(given), torch.finfo(stop.dtype).min).softmax(-1)
            lengths = torch.where((given >= 0).any(-1, keepdim=True), own_end, lengths)
        own = None if given is None else torch.stack(asked, 2)  # (B, M, H, R)
        followed, back, there = (torch.stack(each, 2) for each in (attention, gates, found))
        stay = None
        if referred is not None:
            stay = referred * self.stay(torch.cat([question, mentions], -1)).squeeze(-1).sigmoid()  # (B, M)
        return Plan(followed, lengths, back, there, own, stay, repeat.share)


@dataclass(frozen=True)
class Repeat:
    """Going the way of the question before once more, instead of an own one: its relations, and its end.

    A question before whose way is not known is not repeated.
    """

    share: Tensor | None  # (B, M) the probability of it, or None where no question was before
    relations: Tensor  # (B, 1, H, R)
    last: Tensor  # (B, 1, H)

    @classmethod
    def of(cls, wish: Tensor, before: Tensor | None, relations: int) -> "Repeat":
        """From how much is for it, shape (B, M, 1), and the relations (B, H) that were followed, -1 after the last."""
        if before is None:
            return cls(None, wish, wish)
        is_known = before >= 0  # (B, H)
        ways = nn.functional.one_hot(before.clamp(min=0), relations) * is_known.unsqueeze(-1)  # (B, H, R)
        last = is_known & ~nn.functional.pad(is_known, (0, 1))[:, 1:]  # (B, H)
        share = wish.squeeze(-1) * is_known[:, :1]  # (B, M)
        return cls(share, ways.unsqueeze(1).to(wish), last.unsqueeze(1).to(wish))

    def relation(self, own: Tensor, hop: int) -> Tensor:
        """The attention (B, M, R) at a hop; after the end of the way before it is the question's own."""
        if self.share is None:
            return own
        there = self.relations[:, :, hop].sum(-1)  # (B, 1)
        share = (self.share * there).unsqueeze(-1)  # (B, M, 1)
        return own + share * (self.relations[:, :, hop] - own)

    def end(self, own: Tensor) -> Tensor:
        """The distribution over lengths (B, M, H)."""
        return own if self.share is None else own + self.share.unsqueeze(-1) * (self.last - own)


def _given_or(attention: Tensor, given: Tensor | None, hop: int) -> Tensor:
    """The attention (B, M, R) of a hop, all of it on the given relation where there is one."""
    if given is None:
        return attention
    here = given[..., hop : hop + 1]  # (B, M, 1)
    whole = torch.zeros_like(attention).scatter(-1, here.clamp(min=0), 1.0)  # (B, M, R)
    return torch.where(here >= 0, whole, attention)


def _before_last(given: Tensor) -> Tensor:
    """The lengths that end before the last hop that is given, shape (B, M, H): a path takes every hop given to it."""
    reversed_ = (given >= 0).flip(-1).long().cumsum(-1).flip(-1)  # (B, M, H) how many are given from here on
    return torch.nn.functional.pad(reversed_, (0, 1))[..., 1:] > 0


def walk(graph: SparseGraph, seeds: Weights, plan: Plan, threshold: float = 0.0) -> Weights:
    """Follow a plan from its seeds, one row for every slot of every question.

    x[t] = relu(cap(follow(x[t-1], r[t])) - gate[t] x[t-2]), y = sum over t of stop[t] x[t]. Where several
    paths lead back to the start their sum is capped first, or one gate could not leave it out. Where a plan may stay,
    the seeds themselves share in the sum.

    Args:
        seeds: shape (B * M, E), dense or a frontier.
        plan: of B questions and M slots.
        threshold: relations with no more attention than this are not expanded.
    Returns:
        shape (B * M, E), values in [0, 1], in the form of the seeds.
    """
    relations, stop, gates = plan.relations.flatten(0, 1), plan.stop.flatten(0, 1), plan.leave_out.flatten(0, 1)
    visited = [seeds]
    for hop in range(relations.shape[1]):
        step = cap(_follow(graph, visited[-1], relations[:, hop], threshold))
        if hop > 0:
            step = leave_out(step, visited[-2], gates[:, hop : hop + 1])
        visited.append(step)
    if plan.stay is None:
        return weighted_sum(visited[1:], stop)
    stay = plan.stay.flatten(0, 1).unsqueeze(-1)  # (B * M, 1)
    return weighted_sum(visited, torch.cat([stay, (1 - stay) * stop], -1))


def way_there(plan: Plan) -> Tensor:
    """How much of the way that the question alone would go is there, as its stop expects: shape (B, M)."""
    expected: Tensor = (plan.stop * plan.there.cumprod(-1)).sum(-1)
    return expected if plan.stay is None else plan.stay + (1 - plan.stay) * expected


def _follow(graph: SparseGraph, weights: Weights, relations: Tensor, threshold: float) -> Weights:
    if isinstance(weights, Frontier):
        return graph.follow_frontier(weights, relations, threshold)
    return graph.follow(weights, relations, threshold)
